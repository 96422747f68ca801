//! Subscriptions that PayPal collects: agreed to, charged, refused, suspended, cancelled, given back.

use std::num::NonZeroU16;
use std::time::Duration;

use portcullis_ports::id::{RefundId, SubscriptionId};
use portcullis_ports::outcome::{Outcome, Reference, Resolution};
use portcullis_ports::payments::{
    AttemptId, EventTopic, KnownOrder, KnownRefund, Offer, PaymentStatus, PeriodLength, PeriodUnit,
    RefundOrder, RefundReason, RefundStatus, Snapshot, Sought, SoughtSubscription, SubscriptionChange,
    SubscriptionOrder, SubscriptionSnapshot, SubscriptionState, SubscriptionStep, VendorRef,
};
use portcullis_ports::testkit::payments::{Counterparty as _, Deed};
use portcullis_ports::{Clock as _, Timestamp};
use portcullis_provider_paypal::simulator::{Behaviour, PayPalFault};

use crate::account::{Account, done, money, pending, present, usd};

const DAY: Duration = Duration::from_hours(24);

struct Agreed<'a> {
    account: &'a Account,
    order: SubscriptionOrder,
    theirs: VendorRef,
}

fn order(account: &Account, offer: Option<VendorRef>, trial_days: u16) -> SubscriptionOrder {
    SubscriptionOrder {
        id: SubscriptionId::random(&*account.runtime.entropy).unwrap(),
        key: account.key(),
        resend: false,
        offer,
        amount: usd(2_000),
        period: month(),
        trial_days,
        method: None,
        presence: present(),
        tag: portcullis_ports::payments::Tag::parse("tag-1").unwrap(),
    }
}

fn month() -> PeriodLength {
    PeriodLength {
        unit: PeriodUnit::Month,
        count: NonZeroU16::MIN,
    }
}

async fn ordered(account: &Account, trial_days: u16) -> SubscriptionOrder {
    let offer = Offer {
        name: account
            .key()
            .to_string()
            .replace('_', "-")
            .chars()
            .take(40)
            .collect(),
        key: account.key(),
        title: "Pro".to_owned(),
        amount: usd(2_000),
        period: month(),
        trial_days,
    };
    let vendor = account.connected.subscriptions.as_ref().unwrap();
    let theirs = done(vendor.offer(&offer).await);
    // Its product is known by then: that is no refusal.
    let again = Offer {
        key: account.key(),
        ..offer
    };
    done(vendor.offer(&again).await);
    order(account, theirs, trial_days)
}

async fn agreed(account: &Account, trial_days: u16) -> Agreed<'_> {
    let order = ordered(account, trial_days).await;
    let vendor = account.connected.subscriptions.as_ref().unwrap();
    let shown = pending(vendor.start(&order).await);
    assert!(account.vendor.does(Deed::Agrees(&shown)));
    Agreed {
        account,
        order,
        theirs: shown.theirs.unwrap(),
    }
}

impl Agreed<'_> {
    async fn read(&self) -> SubscriptionSnapshot {
        self.read_since(self.account.runtime.clock.now() - DAY * 400)
            .await
    }

    async fn read_since(&self, since: Timestamp) -> SubscriptionSnapshot {
        let vendor = self.account.connected.subscriptions.as_ref().unwrap();
        let now = self.account.runtime.clock.now();
        let sought = SoughtSubscription {
            reference: Reference::Theirs(self.theirs.to_string()),
            sent_at: now,
            amount: self.order.amount,
            since,
            due: None,
            booked: 0,
        };
        let Resolution::Found(outcome) = vendor.read(&sought).await else {
            panic!("it is there");
        };
        outcome.snapshot().unwrap().clone()
    }

    async fn change(&self, step: SubscriptionStep) -> Outcome<(), portcullis_ports::payments::Decline> {
        let vendor = self.account.connected.subscriptions.as_ref().unwrap();
        let change = SubscriptionChange {
            subscription: self.theirs.clone(),
            step,
            key: self.account.key(),
        };
        vendor.change(&change).await
    }

    async fn find(&self, theirs: &VendorRef, refunds: Vec<KnownRefund>) -> Snapshot {
        let sought = Sought {
            reference: Reference::Theirs(theirs.to_string()),
            customer: None,
            key: self.account.key(),
            sent_at: self.account.runtime.clock.now(),
            known: Some(KnownOrder {
                amount: self.order.amount,
                method: None,
                booked: money(0, "USD"),
                refunds,
                called_off: false,
                latest: true,
            }),
        };
        let Resolution::Found(outcome) = self.account.connected.payments.find(&sought).await else {
            panic!("it is there");
        };
        outcome.snapshot().unwrap().clone()
    }

    fn refund(&self, charge: &VendorRef, minor: i64) -> RefundOrder {
        let id = self.account.order(
            portcullis_ports::payments::Source::HostedPage,
            portcullis_ports::payments::Presence::Absent,
        );
        RefundOrder {
            id: RefundId::random(&*self.account.runtime.entropy).unwrap(),
            key: self.account.key(),
            resend: false,
            payment: charge.clone(),
            attempt: AttemptId {
                payment: id.id.payment,
                attempt: 1,
            },
            amount: usd(minor),
            of_payments: None,
            reason: RefundReason::Requested,
        }
    }
}

/// Everything that can be asked about subscriptions, with refusals.
pub(crate) async fn everything(account: &Account) {
    for trial_days in [0, 14] {
        let agreed = agreed(account, trial_days).await;
        account.runtime.clock.advance(DAY * 32);
        let shown = agreed.read().await;
        let charge = shown.charges[0].theirs.clone();
        done(
            account
                .connected
                .payments
                .refund(&agreed.refund(&charge, 500))
                .await,
        );
        let refused = account
            .connected
            .payments
            .refund(&agreed.refund(&charge, 5_000))
            .await;
        assert!(matches!(refused, Outcome::Declined(_)), "{refused:?}");
        agreed.find(&charge, Vec::new()).await;
        done(agreed.change(SubscriptionStep::Pause).await);
        done(agreed.change(SubscriptionStep::Pause).await);
        done(agreed.change(SubscriptionStep::Resume).await);
        done(agreed.change(SubscriptionStep::Cancel).await);
        done(agreed.change(SubscriptionStep::Cancel).await);
    }
}

#[tokio::test]
async fn months_are_charged_on_their_day_and_each_charge_is_found_as_a_payment() {
    let account = Account::new().await;
    let agreed = agreed(&account, 0).await;
    account.runtime.clock.advance(DAY * 65);
    let shown = agreed.read().await;
    assert_eq!((shown.state, shown.charges.len()), (SubscriptionState::Active, 3));
    assert_eq!(shown.ours, Some(agreed.order.id.clone()));
    assert!(shown.next_charge_at.unwrap() > account.runtime.clock.now());
    for charge in &shown.charges {
        let payment = agreed.find(&charge.theirs, Vec::new()).await;
        assert_eq!(
            (payment.status, payment.captured, payment.fee),
            (PaymentStatus::Succeeded, usd(2_000).get(), Some(usd(60).get()))
        );
    }
}

#[tokio::test]
async fn a_payment_that_is_completed_late_is_shown_after_a_newer_one_is_known() {
    let account = Account::new().await;
    let agreed = agreed(&account, 0).await;
    let name = agreed.theirs.as_str();
    assert!(account.vendor.payer_behaves(name, Behaviour::Cheque));
    account.runtime.clock.advance(DAY * 32);
    let pending = agreed.read().await;
    assert_eq!((pending.charges.len(), pending.counts_more), (1, true));
    assert!(account.vendor.payer_behaves(name, Behaviour::Account));
    account.runtime.clock.advance(DAY * 31);
    let newest = agreed.read().await.charges.last().unwrap().at;
    assert!(account.vendor.clear_cheques(name));
    let shown = agreed.read_since(newest).await;
    assert_eq!((shown.charges.len(), shown.counts_more), (2, false));
    assert!(shown.charges[0].at < newest);
}

#[tokio::test]
async fn what_paypal_takes_ahead_of_our_clock_is_shown() {
    let account = Account::new().await;
    let agreed = agreed(&account, 0).await;
    account.vendor.advance(DAY * 32);
    assert_eq!(agreed.read().await.charges.len(), 2);
}

#[tokio::test]
async fn a_refund_is_found_by_its_own_name_and_with_its_payment() {
    let account = Account::new().await;
    let agreed = agreed(&account, 0).await;
    let charge = agreed.read().await.charges[0].theirs.clone();
    let order = agreed.refund(&charge, 500);
    let refund = done(account.connected.payments.refund(&order).await);
    assert_eq!(
        (refund.status, refund.ours),
        (RefundStatus::Succeeded, Some(order.id.clone()))
    );
    let by_its_name = agreed.find(&refund.theirs, Vec::new()).await;
    assert_eq!(by_its_name.theirs.as_ref(), Some(&charge));
    assert_eq!(by_its_name.refunds.len(), 1);
    let known = KnownRefund {
        id: order.id.clone(),
        theirs: Some(refund.theirs.clone()),
        amount: order.amount,
        sent_at: account.runtime.clock.now(),
        open: false,
    };
    let with_it = agreed.find(&charge, vec![known]).await;
    assert_eq!(with_it.refunds[0].ours, Some(order.id));
}

#[tokio::test]
async fn payments_that_fail_are_past_due_and_suspend_it() {
    let account = Account::new().await;
    let agreed = agreed(&account, 0).await;
    assert!(
        account
            .vendor
            .payer_behaves(agreed.theirs.as_str(), Behaviour::Declined)
    );
    account.runtime.clock.advance(DAY * 32);
    let shown = agreed.read().await;
    assert_eq!(shown.state, SubscriptionState::PastDue);
    account.runtime.clock.advance(DAY * 62);
    assert_eq!(
        agreed.read().await.state,
        SubscriptionState::PastDue,
        "suspended by PayPal"
    );
    assert!(
        account
            .vendor
            .payer_behaves(agreed.theirs.as_str(), Behaviour::Account)
    );
    done(agreed.change(SubscriptionStep::Resume).await);
    account.runtime.clock.advance(DAY * 31);
    let shown = agreed.read().await;
    assert_eq!((shown.state, shown.charges.len()), (SubscriptionState::Active, 2));
}

#[tokio::test]
async fn an_order_whose_answer_is_lost_is_made_once_under_its_key() {
    let account = Account::new().await;
    let order = ordered(&account, 0).await;
    let vendor = account.connected.subscriptions.as_ref().unwrap();
    account.vendor.will(PayPalFault::ActsThenFails);
    let lost = vendor.start(&order).await;
    assert!(matches!(lost, Outcome::Unknown(_)), "{lost:?}");
    let again = SubscriptionOrder {
        resend: true,
        ..order
    };
    let (first, second) = (
        pending(vendor.start(&again).await),
        pending(vendor.start(&again).await),
    );
    assert_eq!(first.theirs, second.theirs);
}

#[tokio::test]
async fn events_name_the_subscription_and_what_is_ours() {
    let account = Account::new().await;
    let agreed = agreed(&account, 0).await;
    let charge = agreed.read().await.charges[0].theirs.clone();
    done(
        account
            .connected
            .payments
            .refund(&agreed.refund(&charge, 500))
            .await,
    );
    let told = account.events().await;
    let of = |name: &str| told.iter().find(|event| event.name == name).unwrap();
    for name in ["BILLING.SUBSCRIPTION.ACTIVATED", "PAYMENT.SALE.COMPLETED"] {
        let event = of(name);
        assert_eq!(event.topic, EventTopic::Subscription, "{name}");
        assert_eq!(event.subscription.as_ref(), Some(&agreed.theirs), "{name}");
        assert_eq!(event.our_subscription.as_ref(), Some(&agreed.order.id), "{name}");
    }
    let refunded = of("PAYMENT.SALE.REFUNDED");
    assert_eq!(
        (&refunded.topic, &refunded.payment),
        (&EventTopic::Refund, &refunded.theirs)
    );
}
