//! Payments through a vendor that fails in every way: taken once, booked once, given back once.

mod news;
mod refunds;
mod silence;
mod timeline;
mod unknown;

use std::sync::Arc;

use futures_util::future::join_all;
use portcullis_ports::id::PaymentId;
use portcullis_ports::money::{Amount, Currency, Money};
use portcullis_ports::payments::{DeclineClass, Handed, NextAction, VendorRef};
use portcullis_ports::testkit::payments::FakePayments;

use crate::areas::ledger::{BalanceView, Cause, CauseId, Sale, Transaction};
use crate::areas::operators::{Operator, Role};
use crate::areas::payments::*;
use crate::areas::sessions::SignedIn;
use crate::foundation::testing::home;
use crate::scenarios::operators::operator;
use crate::services::idempotency::{IdempotencyKey, KEY_REUSED};
use crate::settings::Settings;
use crate::testing::{World, world_paying};

pub(super) fn usd(minor: i64) -> Amount {
    Amount::new(Money::new(minor, Currency::parse("USD").unwrap())).unwrap()
}

pub(super) fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::parse(text).unwrap()
}

/// Ada, and a shop that takes her money.
pub(super) struct Shop {
    pub(super) world: World,
    pub(super) vendor: Arc<FakePayments>,
    pub(super) ada: SignedIn,
    pub(super) operator: Operator,
}

pub(super) async fn shop() -> Shop {
    let (world, vendor) = Box::pin(world_paying(Settings::default())).await;
    shop_in(world, vendor).await
}

/// The same in a world, with the vendor that stands behind it.
pub(super) async fn shop_in(world: World, vendor: Arc<FakePayments>) -> Shop {
    let ada = world.sign_up("ada@example.com").await;
    let ada = world.session(&ada).await;
    let operator = operator(&world, "grace@example.com", Role::Support).await;
    // Commits are counted from here: whose customer she is at the vendor is known by then.
    let main = world.app.payment_vendors.named("main").unwrap();
    let methods = &world.app.payment_methods;
    methods.customer(main, ada.subject()).await.unwrap();
    Shop {
        world,
        vendor,
        ada,
        operator,
    }
}

pub(super) fn purchase(amount: Amount) -> CreatePayment {
    CreatePayment {
        purpose: Purpose::Purchase { reference: None },
        amount: Some(amount),
        at_most: None,
        currency: None,
        vendor: None,
        with: PayWith::Fresh { save: false },
        capture: CaptureMode::Now,
        description: "Plum kettle".to_owned(),
    }
}

pub(super) fn balance_payment(amount: Option<Amount>) -> CreatePayment {
    CreatePayment {
        purpose: Purpose::Balance,
        amount,
        ..purchase(usd(1))
    }
}

impl Shop {
    pub(super) fn payments(&self) -> &Payments {
        &self.world.app.payments
    }

    pub(super) async fn begin(&self, name: &str, command: &CreatePayment) -> PaymentView {
        let begun = self
            .payments()
            .create(&self.ada, &key(name), command, &home())
            .await;
        begun.unwrap()
    }

    pub(super) async fn get(&self, payment: &PaymentView) -> PaymentView {
        self.payments()
            .get(self.ada.subject(), &payment.id)
            .await
            .unwrap()
    }

    pub(super) async fn complete(&self, payment: &PaymentView) -> PaymentView {
        let done = self
            .payments()
            .complete(&self.ada, &payment.id, &Handed::default(), &home())
            .await;
        done.unwrap()
    }

    /// A payment that was paid.
    pub(super) async fn paid(&self, name: &str, command: &CreatePayment) -> PaymentView {
        let begun = self.begin(name, command).await;
        assert!(self.vendor.pay(&reference(&begun)));
        self.complete(&begun).await
    }

    /// What Ada owes is put on her balance.
    pub(super) async fn charge(&self, amount: Amount) {
        let ledger = &self.world.app.ledger;
        let cause = Cause::Order(CauseId::parse("order-1").unwrap());
        let sale = Transaction::sale(&Sale::untaxed(amount), cause);
        ledger.record(self.ada.subject(), &[sale]).await.unwrap();
    }

    pub(super) async fn balance(&self) -> BalanceView {
        let balances = self.world.app.ledger.balances(self.ada.subject()).await.unwrap();
        balances.into_iter().next().unwrap()
    }

    /// Everything that is due is looked at.
    pub(super) async fn watch(&self) {
        self.world.app.tasks.drain("payments-watch").await.unwrap();
    }
}

pub(super) fn reference(payment: &PaymentView) -> VendorRef {
    VendorRef::parse(payment.reference.as_deref().unwrap()).unwrap()
}

#[tokio::test]
async fn a_purchase_is_paid_in_the_browser_and_owes_nothing_afterwards() {
    let shop = shop().await;
    let begun = shop.begin("one", &purchase(usd(1_999))).await;
    assert_eq!((begun.status, begun.captured.minor), (Status::RequiresAction, 0));
    assert!(matches!(begun.next_action, Some(NextAction::Confirm { .. })));
    assert_eq!(
        shop.get(&begun).await.next_action,
        None,
        "the secret is told to whoever acts"
    );
    let again = shop.complete(&begun).await;
    assert!(again.next_action.is_some(), "it is told again");

    assert!(shop.vendor.pay(&reference(&begun)));
    for _ in 0..2 {
        let done = shop.complete(&begun).await;
        assert_eq!((done.status, done.captured.minor), (Status::Succeeded, 1_999));
    }
    let balance = shop.balance().await;
    assert_eq!(
        (balance.owed, balance.debits_posted, balance.credits_posted),
        (0, 1_999, 1_999)
    );
    assert_eq!(shop.vendor.captured_for(&begun.id), 1_999);
}

#[tokio::test]
async fn who_pays_the_balance_pays_what_is_due_and_nobody_else_does_meanwhile() {
    let shop = shop().await;
    let nothing = shop
        .payments()
        .create(&shop.ada, &key("nothing"), &balance_payment(None), &home())
        .await;
    assert_eq!(nothing.unwrap_err().code(), NOTHING_DUE);
    shop.charge(usd(5_000)).await;
    let begun = shop.begin("one", &balance_payment(None)).await;
    let held = shop.balance().await;
    assert_eq!(
        (begun.amount, held.owed, held.payable),
        (usd(5_000).get(), 5_000, 0)
    );
    let second = shop
        .payments()
        .create(&shop.ada, &key("two"), &balance_payment(Some(usd(100))), &home())
        .await;
    assert_eq!(second.unwrap_err().code().name(), "collecting");

    assert!(shop.vendor.fail(&reference(&begun)));
    let refused = shop.complete(&begun).await;
    assert_eq!(
        refused.status,
        Status::RequiresAction,
        "another card may be tried"
    );
    let off = shop
        .payments()
        .cancel(&shop.ada, &begun.id, &home())
        .await
        .unwrap();
    assert_eq!(off.status, Status::Canceled);
    assert_eq!(
        (shop.balance().await.payable, shop.balance().await.credits_pending),
        (5_000, 0)
    );

    let paid = shop.paid("three", &balance_payment(None)).await;
    assert_eq!(paid.status, Status::Succeeded);
    let paid_up = shop.balance().await;
    assert_eq!(
        (paid_up.owed, paid_up.payable, paid_up.credits_pending),
        (0, 0, 0)
    );
}

#[tokio::test]
async fn one_key_is_one_payment_however_often_and_at_once_it_is_sent() {
    let shop = shop().await;
    let command = purchase(usd(700));
    let (one, source) = (key("one"), home());
    let asked = (0..12).map(|_| shop.payments().create(&shop.ada, &one, &command, &source));
    let answers: Vec<PaymentView> = join_all(asked)
        .await
        .into_iter()
        .map(|one| one.unwrap())
        .collect();
    assert!(answers.iter().all(|answer| answer.id == answers[0].id));
    assert_eq!(shop.vendor.payments().len(), 1);
    let other = shop
        .payments()
        .create(&shop.ada, &one, &purchase(usd(701)), &source)
        .await;
    assert_eq!(other.unwrap_err().code(), KEY_REUSED);
}

#[tokio::test]
async fn what_the_vendor_would_refuse_is_refused_before_it_is_asked() {
    let shop = shop().await;
    let of = |minor, code: &str| Amount::new(Money::new(minor, Currency::parse(code).unwrap())).unwrap();
    for (amount, field) in [
        (of(49, "USD"), "/amount"),
        (of(100_000_000, "USD"), "/amount"),
        (of(1_001, "KWD"), "/amount"),
        (of(500, "CHF"), "/currency"),
    ] {
        let refused = shop
            .payments()
            .create(&shop.ada, &key("x"), &purchase(amount), &home())
            .await
            .unwrap_err();
        assert_eq!(
            (refused.code(), refused.fields()[0].pointer.as_str()),
            (AMOUNT_NOT_TAKEN, field)
        );
    }
    assert!(shop.vendor.payments().is_empty());
    let begun = shop.begin("x", &purchase(usd(50))).await;
    assert_eq!(begun.status, Status::RequiresAction, "a refusal uses no key up");
}

#[tokio::test]
async fn nobody_sees_or_moves_the_payment_of_somebody_else() {
    let shop = shop().await;
    let begun = shop.begin("one", &purchase(usd(700))).await;
    let bob = shop.world.sign_up("bob@example.com").await;
    let bob = shop.world.session(&bob).await;
    let payments = shop.payments();
    let refusals = [
        payments.get(bob.subject(), &begun.id).await.err(),
        payments
            .complete(&bob, &begun.id, &Handed::default(), &home())
            .await
            .err(),
        payments.cancel(&bob, &begun.id, &home()).await.err(),
        payments.complete_return(begun.id.as_str(), &home()).await.err(),
        payments
            .complete_return(&format!("{}.{}", begun.id, "0".repeat(32)), &home())
            .await
            .err(),
    ];
    for refusal in refusals {
        assert_eq!(refusal.unwrap().code(), PAYMENT_NOT_FOUND);
    }
    let list = payments
        .list(bob.subject(), &Filter::default(), 50, None)
        .await
        .unwrap();
    assert!(list.items.is_empty());
}

#[tokio::test]
async fn money_that_is_held_is_captured_in_part_or_let_go() {
    let shop = shop().await;
    let later = CreatePayment {
        capture: CaptureMode::Later,
        ..purchase(usd(1_000))
    };
    let held = shop.paid("one", &later).await;
    assert_eq!((held.status, held.capturable.minor), (Status::Authorized, 1_000));
    let payments = shop.payments();
    let much = payments
        .capture(&shop.operator, &held.id, Some(usd(1_001)), &home())
        .await;
    assert_eq!(much.unwrap_err().code(), PAYMENT_STATE);
    let taken = payments
        .capture(&shop.operator, &held.id, Some(usd(400)), &home())
        .await
        .unwrap();
    assert_eq!(
        (taken.status, taken.captured.minor, taken.capturable.minor),
        (Status::Succeeded, 400, 0)
    );
    assert_eq!(shop.balance().await.owed, 0, "what is sold is what was taken");

    let held = shop.paid("two", &later).await;
    for _ in 0..2 {
        let gone = payments.void(&shop.operator, &held.id, &home()).await.unwrap();
        assert_eq!(gone.status, Status::Canceled);
    }
    assert_eq!(shop.vendor.captured_for(&held.id), 0);
}

#[tokio::test]
async fn what_is_captured_is_found_by_that_day_and_its_owner_by_its_id() {
    let shop = shop().await;
    let at_once = shop.paid("one", &purchase(usd(300))).await;
    let waits = shop.begin("two", &purchase(usd(400))).await;
    let begun_at = shop.world.app.context.now();
    shop.world.wait(36_000);
    let captured_at = shop.world.app.context.now();
    assert!(shop.vendor.pay(&reference(&waits)));
    shop.complete(&waits).await;
    let payments = shop.payments();
    for (moment, expected) in [(begun_at, &at_once.id), (captured_at, &waits.id)] {
        let (mut found, mut from) = (Vec::new(), None);
        loop {
            let (page, next) = payments
                .go_through(Among::CapturedOn(moment), from)
                .await
                .unwrap();
            found.extend(page.into_iter().map(|booked| booked.id));
            from = next;
            if from.is_none() {
                break;
            }
        }
        assert_eq!(found, std::slice::from_ref(expected));
        assert_eq!(payments.show(expected).await.unwrap().id, *expected);
    }
    for unknown in ["pay_00000000000000000000000000", "pay_zzzzzzzzzzzzzzzzzzzzzzzzzw"] {
        let unknown = PaymentId::parse(unknown).unwrap();
        assert_eq!(
            payments.show(&unknown).await.unwrap_err().code(),
            PAYMENT_NOT_FOUND
        );
    }
}

#[tokio::test]
async fn a_payment_that_waits_too_long_is_called_off_and_one_that_is_called_off_stays_so() {
    let shop = shop().await;
    let begun = shop.begin("one", &purchase(usd(700))).await;
    let canceled = shop
        .payments()
        .cancel(&shop.ada, &begun.id, &home())
        .await
        .unwrap();
    assert_eq!(canceled.status, Status::Canceled);
    assert!(!shop.vendor.pay(&reference(&begun)), "nobody can pay it any more");

    let begun = shop.begin("two", &purchase(usd(700))).await;
    for _ in 0..30 {
        shop.world.wait(3_600);
        shop.watch().await;
    }
    assert_eq!(shop.get(&begun).await.status, Status::Canceled);
    assert!(!shop.vendor.pay(&reference(&begun)));
}

#[tokio::test]
async fn lists_are_newest_first_and_end() {
    let shop = shop().await;
    let mut begun = Vec::new();
    for number in 0..7 {
        shop.world.wait(1);
        begun.push(shop.begin(&number.to_string(), &purchase(usd(700))).await.id);
    }
    begun.reverse();
    let payments = shop.payments();
    let now = shop.world.app.clock().now();
    let mut mine = Vec::new();
    let mut all = Vec::new();
    let (mut cursor, mut day) = (None, None);
    loop {
        let page = payments
            .list(shop.ada.subject(), &Filter::default(), 3, cursor.as_ref())
            .await
            .unwrap();
        mine.extend(page.items.into_iter().map(|one| one.id));
        let of_day = payments
            .of_day(now, &Filter::default(), 3, day.as_ref())
            .await
            .unwrap();
        all.extend(of_day.items.into_iter().map(|one| one.id));
        (cursor, day) = (page.next, of_day.next);
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(mine, begun);
    assert_eq!(all, begun);
    let other = crate::foundation::cursor::SignedCursor::parse("x").unwrap();
    let forged = payments
        .list(shop.ada.subject(), &Filter::default(), 3, Some(&other))
        .await;
    assert!(forged.is_err());
}

#[tokio::test]
async fn a_refusal_says_what_would_help_and_another_card_pays() {
    let shop = shop().await;
    let begun = shop.begin("one", &purchase(usd(700))).await;
    assert!(shop.vendor.fail(&reference(&begun)));
    let refused = shop.complete(&begun).await;
    assert_eq!(refused.status, Status::RequiresAction);
    assert!(
        matches!(
            refused.decline(),
            Some(DeclineClass::RetryLater | DeclineClass::OtherMethod)
        ),
        "{refused:?}"
    );
    assert!(shop.vendor.succeed_late(&reference(&begun)));
    let paid = shop.complete(&begun).await;
    assert_eq!((paid.status, paid.late), (Status::Succeeded, false));
    assert_eq!(shop.balance().await.owed, 0, "it buys what it was for");
}
