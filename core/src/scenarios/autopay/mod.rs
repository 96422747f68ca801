//! Automatic payment: what is due is collected once, within its bounds, and told.

mod crashes;
mod days;
mod refusals;
mod rules;

use std::sync::Arc;

use portcullis_ports::money::Currency;
use portcullis_ports::payments::{Expiry, MethodRef, Reuse, StoredMethod};
use portcullis_ports::testkit::payments::{Behaviour, Counterparty, FakePayments};

use crate::areas::accounts::{ResendVerification, VerifyEmail};
use crate::areas::autopay::{AutopayResult, AutopayTrigger, AutopayView, SetAutopay};
use crate::areas::payment_methods::PaymentMethodId;
use crate::areas::payments::Status;
use crate::foundation::table::Batch;
use crate::foundation::testing::{home, secret};
use crate::scenarios::payments::{Shop, balance_payment, shop, usd};
use crate::services::billing_freezes::BillingFreezes;
use crate::services::outbox::Lane;
use crate::testing::World;

/// What Ada wants, where nothing else is said.
fn on() -> SetAutopay {
    SetAutopay {
        enabled: true,
        currency: Some(Currency::parse("USD").unwrap()),
        ..SetAutopay::default()
    }
}

/// A shop in which Ada has proven her address, and keeps a method that behaves so.
async fn saver(behaviour: Behaviour) -> Shop {
    let shop = shop().await;
    settle_in(&shop, behaviour).await;
    shop
}

async fn settle_in(shop: &Shop, behaviour: Behaviour) {
    prove_address(&shop.world).await;
    keep(shop, &shop.vendor, behaviour).await;
}

pub(super) async fn prove_address(world: &World) {
    let email = || Some("ada@example.com".parse().unwrap());
    let again = ResendVerification {
        email: email(),
        sign_up_id: None,
    };
    world.wait(120);
    world
        .app
        .accounts
        .resend_verification(again, &home())
        .await
        .unwrap();
    let command = VerifyEmail {
        email: email(),
        sign_up_id: None,
        code: secret(&world.code_to("ada@example.com").await),
        password: None,
    };
    world.app.accounts.verify_email(command, &home()).await.unwrap();
}

/// Has the vendor keep a method of Ada.
async fn keep(shop: &Shop, vendor: &Arc<FakePayments>, behaviour: Behaviour) -> PaymentMethodId {
    let MethodRef {
        theirs,
        customer,
        kind,
    } = vendor.stored(behaviour, None).unwrap();
    let stored = StoredMethod {
        reference: MethodRef {
            theirs,
            customer,
            kind,
        },
        label: "Visa".to_owned(),
        last4: Some("4242".to_owned()),
        expires: Some(Expiry {
            year: 2040,
            month: 12,
        }),
        reuse: Reuse::Many,
        fingerprint: None,
        mandate: None,
    };
    let (methods, subject) = (&shop.world.app.payment_methods, shop.ada.subject());
    let mut batch = Batch::default();
    methods.adopt(&mut batch, subject, "main", &stored).await.unwrap();
    shop.world.app.context.commit(batch).await.unwrap();
    let known = methods.list(subject).await.unwrap();
    known.last().unwrap().payment_method_id.clone()
}

impl Shop {
    async fn set(&self, command: &SetAutopay) -> AutopayView {
        self.world.app.autopay.set(&self.ada, command).await.unwrap()
    }

    async fn rule(&self) -> AutopayView {
        let list = self.world.app.autopay.list(self.ada.subject()).await.unwrap();
        list.rules.into_iter().next().unwrap()
    }

    /// Everything that is due is looked at.
    async fn collect(&self) {
        self.world.app.tasks.drain("autopay").await.unwrap();
        self.world.app.outbox.drain(Lane::Notices).await.unwrap();
    }

    /// What was told by mail, by a word of it, oldest first.
    async fn told(&self, words: &[&str]) -> Vec<String> {
        self.world.app.outbox.drain(Lane::Notices).await.unwrap();
        let sent = self.world.post.sent().into_iter();
        let texts = sent.map(|message| message.text.clone());
        texts
            .filter(|text| words.iter().any(|word| text.contains(word)))
            .collect()
    }

    async fn result(&self) -> Option<AutopayResult> {
        self.rule().await.last.map(|last| last.result)
    }

    /// How much was taken by payments so far.
    fn taken(&self) -> i64 {
        let payments = self.vendor.payments();
        payments.iter().map(|payment| payment.captured.minor).sum()
    }
}

const DAY: u64 = 24 * 3600;

#[tokio::test]
async fn what_becomes_due_is_collected_once_and_told() {
    let shop = saver(Behaviour::Succeeds).await;
    let set = shop.set(&on()).await;
    assert_eq!((set.enabled, set.trigger), (true, AutopayTrigger::Due));
    shop.collect().await;
    assert!(shop.vendor.payments().is_empty(), "nothing is due");
    shop.charge(usd(5_000)).await;
    shop.collect().await;
    let balance = shop.balance().await;
    assert_eq!((balance.owed, balance.payable, balance.collecting), (0, 0, None));
    assert_eq!((shop.vendor.payments().len(), shop.taken()), (1, 5_000));
    let rule = shop.rule().await;
    let last = rule.last.unwrap();
    assert_eq!(
        (last.result, last.amount, rule.month_taken, rule.open_payment_id),
        (AutopayResult::Succeeded, 5_000, 5_000, None)
    );
    let payment = shop
        .payments()
        .get(shop.ada.subject(), &last.payment_id.unwrap())
        .await
        .unwrap();
    assert_eq!(payment.status, Status::Succeeded);
    shop.world.wait(DAY);
    shop.collect().await;
    assert_eq!(shop.vendor.payments().len(), 1);
    assert_eq!(shop.told(&["50.00 USD was collected"]).await.len(), 1);

    shop.charge(usd(700)).await;
    shop.collect().await;
    assert_eq!((shop.balance().await.owed, shop.taken()), (0, 5_700));
}

#[tokio::test]
async fn what_was_due_before_is_collected_as_soon_as_it_is_turned_on() {
    let shop = saver(Behaviour::Succeeds).await;
    shop.charge(usd(5_000)).await;
    shop.collect().await;
    assert!(shop.vendor.payments().is_empty());
    shop.set(&on()).await;
    shop.collect().await;
    assert_eq!(shop.taken(), 5_000);
}

#[tokio::test]
async fn a_threshold_waits_until_it_is_reached() {
    let shop = saver(Behaviour::Succeeds).await;
    let command = SetAutopay {
        trigger: Some(AutopayTrigger::Threshold),
        threshold: Some(2_000),
        ..on()
    };
    shop.set(&command).await;
    shop.charge(usd(1_500)).await;
    shop.collect().await;
    shop.world.wait(40 * DAY);
    shop.collect().await;
    assert!(shop.vendor.payments().is_empty());
    shop.charge(usd(500)).await;
    shop.collect().await;
    assert_eq!(shop.taken(), 2_000);
}

#[tokio::test]
async fn a_bank_debit_that_takes_days_is_collected_once() {
    let shop = saver(Behaviour::BankDebit).await;
    shop.set(&on()).await;
    shop.charge(usd(5_000)).await;
    shop.collect().await;
    let open = shop.rule().await.open_payment_id.unwrap();
    shop.charge(usd(300)).await;
    for _ in 0..3 {
        shop.world.wait(DAY);
        shop.collect().await;
    }
    assert_eq!(shop.vendor.payments().len(), 1, "one at a time");
    let theirs = shop.vendor.payments()[0].theirs.clone().unwrap();
    assert!(shop.vendor.settle(&theirs));
    shop.watch().await;
    let rule = shop.rule().await;
    assert_eq!(rule.last.unwrap().payment_id, Some(open));
    shop.collect().await;
    assert_eq!(
        shop.vendor.payments().len(),
        2,
        "what became due meanwhile follows"
    );
    assert_eq!(shop.vendor.payments()[1].amount, usd(300).get());
}

#[tokio::test]
async fn it_stands_aside_while_somebody_pays_by_hand() {
    let shop = saver(Behaviour::Succeeds).await;
    shop.set(&on()).await;
    shop.charge(usd(5_000)).await;
    let by_hand = shop.begin("hand", &balance_payment(None)).await;
    shop.collect().await;
    assert_eq!(shop.vendor.payments().len(), 1, "one collector for one debt");
    shop.payments()
        .cancel(&shop.ada, &by_hand.id, &home())
        .await
        .unwrap();
    shop.collect().await;
    assert_eq!((shop.vendor.payments().len(), shop.taken()), (2, 5_000));
}

#[tokio::test]
async fn frozen_billing_collects_nothing_until_it_is_thawed() {
    let shop = saver(Behaviour::Succeeds).await;
    shop.set(&on()).await;
    set_frozen(&shop, true).await;
    shop.charge(usd(5_000)).await;
    shop.collect().await;
    assert!(shop.vendor.payments().is_empty());
    set_frozen(&shop, false).await;
    shop.world.wait(DAY);
    shop.collect().await;
    assert_eq!(shop.taken(), 5_000);
}

/// An operator freezes Ada's billing, or thaws it.
async fn set_frozen(shop: &Shop, frozen: bool) {
    let mut batch = Batch::default();
    let by = frozen.then_some((shop.operator.subject(), "a stolen card"));
    let freezes = BillingFreezes::new(&shop.world.app.context);
    freezes.set(&mut batch, shop.ada.subject(), by).await.unwrap();
    shop.world.app.context.commit(batch).await.unwrap();
}
