//! Subscriptions that the vendor collects: each of its charges is one invoice and one payment, and nobody else collects them.

use portcullis_ports::payments::{PaymentEvent, SubscriptionState, SubscriptionStep, VendorRef};
use portcullis_ports::testkit::payments::PaymentFault;

use super::invariants::{payments_of, what_is_owed_adds_up};
use super::*;
use crate::areas::payments::{AgreementEvents as _, PaymentView, Purpose, Status};
use crate::foundation::calendar::Unit;
use crate::services::payment_vendors::{NOT_OFFERED, NextActionType, VENDOR_UNCLEAR};

/// What is run, in the order in which it is due.
const KINDS: [&str; 5] = [
    "vendor-subscriptions",
    "renewals",
    "dunning",
    "payments-watch",
    "vendor-subscriptions",
];

/// A plan that the vendor collects every 30 days.
pub(super) fn collected(id: &str, cents: i64) -> CreatePlan {
    CreatePlan {
        interval: Unit::Day,
        interval_count: Some(30),
        time_zone: None,
        collector: Some("main".to_owned()),
        ..monthly(id, cents)
    }
}

impl Club {
    /// The vendor's name for a subscription.
    pub(super) async fn theirs(&self, of: &SubscriptionView) -> VendorRef {
        let now = self.read(of).await;
        VendorRef::parse(&now.collector.unwrap().reference.unwrap()).unwrap()
    }

    /// Ada subscribes, and agrees on the vendor's page.
    pub(super) async fn agree(&self, plan: &str) -> SubscriptionView {
        let begun = self.try_to_subscribe(plan, plan).await.unwrap();
        assert!(begun.next_action.is_some(), "{begun:?}");
        let begun = begun.subscription;
        assert_eq!(begun.status, SubscriptionStatus::Incomplete);
        assert!(self.shop.vendor.agree(&self.theirs(&begun).await));
        let ada = &self.shop.ada;
        self.app()
            .complete(ada, &begun.subscription_id)
            .await
            .unwrap()
            .subscription
    }

    pub(super) async fn told(&self, event: &PaymentEvent) {
        self.app().told("main", event).await.unwrap();
    }

    pub(super) async fn hear(&self) {
        for event in self.shop.vendor.take_events() {
            self.told(&event).await;
        }
    }

    pub(super) async fn work_with_vendor(&self) {
        for kind in KINDS {
            self.world().app.tasks.drain(kind).await.unwrap();
        }
    }

    /// So many days go by; the vendor's news arrive if they are heard.
    pub(super) async fn days_with_vendor(&self, days: u64, heard: bool) {
        for _ in 0..days {
            self.world().wait(DAY);
            if heard {
                self.hear().await;
            }
            self.work_with_vendor().await;
        }
    }

    pub(super) async fn payments(&self) -> Vec<PaymentView> {
        payments_of(self.world(), self.shop.ada.subject()).await
    }

    pub(super) fn there(&self) -> SubscriptionState {
        self.shop.vendor.subscriptions()[0].state
    }

    /// Each charge of the vendor is one payment, and all of it adds up.
    pub(super) async fn every_charge_is_explained(&self) {
        let (invoices, payments) = (self.invoices().await, self.payments().await);
        for subscription in self.shop.vendor.subscriptions() {
            for charge in subscription.charges {
                let name = Some(charge.theirs.to_string());
                let of_it: Vec<_> = payments.iter().filter(|one| one.reference == name).collect();
                assert_eq!(of_it.len(), 1, "{charge:?} {payments:#?}");
                assert_eq!(of_it[0].captured, charge.amount);
            }
        }
        what_is_owed_adds_up(&invoices, &payments, self.owed().await);
        self.shop.ledger_holds().await;
    }
}

pub(super) async fn gym() -> Club {
    let club = club().await;
    club.offer(&collected("gym", 3_000)).await;
    club
}

#[tokio::test]
async fn what_the_vendor_takes_is_invoiced_paid_and_entitled_to_period_by_period() {
    let club = gym().await;
    let begun = Box::pin(club.agree("gym")).await;
    assert_eq!(begun.status, SubscriptionStatus::Active);
    assert_eq!(club.entitled().await, ["projects"]);
    assert_eq!((club.totals().await, club.owed().await), (vec![3_000], 0));
    let mut end = begun.current_period_end;
    for periods in 2..=4 {
        club.days_with_vendor(30, true).await;
        let now = club.read(&begun).await;
        assert_eq!(now.current_period_start, end, "periods follow each other");
        end = now.current_period_end;
        assert_eq!(club.totals().await, vec![3_000; periods]);
    }
    let payments = club.payments().await;
    assert_eq!(payments.len(), 4);
    assert!(
        payments
            .iter()
            .all(|one| one.status == Status::Succeeded && one.findings.is_empty())
    );
    assert!(
        payments
            .iter()
            .all(|one| matches!(one.purpose, Purpose::Invoice { .. }))
    );
    assert!(
        club.invoices()
            .await
            .iter()
            .all(|one| one.state == InvoiceState::Paid)
    );
    club.every_charge_is_explained().await;
}

#[tokio::test]
async fn news_that_are_lost_come_twice_or_backwards_change_nothing() {
    let club = gym().await;
    let begun = Box::pin(club.agree("gym")).await;
    // Nothing of what the vendor posts arrives: the end of the period has it asked.
    club.days_with_vendor(61, false).await;
    assert_eq!(club.totals().await, [3_000; 3]);
    let mut events = club.shop.vendor.take_events();
    events.reverse();
    for event in events.iter().chain(&events) {
        club.told(event).await;
    }
    assert_eq!(club.totals().await, [3_000; 3]);
    assert_eq!(club.read(&begun).await.status, SubscriptionStatus::Active);
    club.every_charge_is_explained().await;
}

#[tokio::test]
async fn charges_of_months_in_which_nobody_looked_are_each_billed_for_their_own_period() {
    let club = gym().await;
    let begun = Box::pin(club.agree("gym")).await;
    club.world().wait(95 * DAY);
    club.work_with_vendor().await;
    assert_eq!(club.totals().await, [3_000; 4]);
    assert!(club.read(&begun).await.current_period_end > club.now().seconds());
    club.every_charge_is_explained().await;
}

#[tokio::test]
async fn a_lost_answer_to_the_order_is_sent_again_under_its_key_and_begins_one() {
    for fault in [PaymentFault::AnswerLost, PaymentFault::RequestLost] {
        let club = gym().await;
        club.shop.vendor.will(fault);
        let begun = club.try_to_subscribe("gym", "gym").await.unwrap();
        let (begun, action) = (begun.subscription, begun.next_action);
        let asked = begun.collector.unwrap().asked;
        assert_eq!(asked, Some(AskedOfVendor::Start), "{fault:?}");
        assert_eq!(action.unwrap().kind, NextActionType::Wait, "{fault:?}");
        club.world().wait(120);
        club.work_with_vendor().await;
        let there = club.shop.vendor.subscriptions();
        assert_eq!(there.len(), 1, "{fault:?}");
        let begun = club
            .app()
            .get(club.shop.ada.subject(), &begun.subscription_id)
            .await
            .unwrap();
        assert!(club.shop.vendor.agree(&club.theirs(&begun).await));
        club.hear().await;
        assert_eq!(club.read(&begun).await.status, SubscriptionStatus::Active);
        assert!(club.shop.vendor.acted_twice().is_empty());
        club.every_charge_is_explained().await;
    }
}

#[tokio::test]
async fn a_charge_that_failed_is_past_due_and_no_other_collects_it() {
    let club = gym().await;
    club.keep_a_card("card").await;
    let begun = Box::pin(club.agree("gym")).await;
    let theirs = club.theirs(&begun).await;
    club.shop.vendor.refuse_charges(&theirs, true);
    club.days_with_vendor(31, true).await;
    let due = club.read(&begun).await;
    assert_eq!(due.status, SubscriptionStatus::PastDue);
    assert_eq!(club.entitled().await, ["projects"]);
    club.days_with_vendor(8, true).await;
    assert!(club.read(&begun).await.restricted);
    assert_eq!(club.entitled().await, [""; 0]);
    assert_eq!((club.totals().await, club.taken()), (vec![3_000], 3_000));
    // The next one is taken: it goes on, and what was not charged is not billed.
    club.shop.vendor.refuse_charges(&theirs, false);
    club.world().wait(5 * DAY);
    club.work_with_vendor().await;
    club.shop.vendor.refuse_charges(&theirs, false);
    let now = club.read(&begun).await;
    if now.status == SubscriptionStatus::PastDue {
        club.days_with_vendor(1, true).await;
    }
    club.every_charge_is_explained().await;
}

#[tokio::test]
async fn what_is_not_paid_for_too_long_ends_here_and_there() {
    let club = gym().await;
    let begun = Box::pin(club.agree("gym")).await;
    club.shop.vendor.refuse_charges(&club.theirs(&begun).await, true);
    club.days_with_vendor(48, true).await;
    let over = club.read(&begun).await;
    assert_eq!(
        (over.status, over.end_reason),
        (SubscriptionStatus::Canceled, Some(EndReason::Unpaid))
    );
    assert_eq!(club.there(), SubscriptionState::Ended);
}

#[tokio::test]
async fn a_cancellation_is_asked_of_the_vendor_until_it_has_confirmed() {
    let club = gym().await;
    let begun = Box::pin(club.agree("gym")).await;
    for fault in [
        PaymentFault::Refused,
        PaymentFault::RequestLost,
        PaymentFault::AnswerLost,
    ] {
        club.shop.vendor.will(fault);
    }
    let canceled = club.cancel(&begun, CancelWhen::PeriodEnd, false).await;
    assert_eq!(canceled.status, SubscriptionStatus::Canceling);
    assert_eq!(canceled.collector.unwrap().asked, Some(AskedOfVendor::Cancel));
    club.work_with_vendor().await;
    assert_eq!(club.there(), SubscriptionState::Active);
    club.days_with_vendor(1, false).await;
    club.days_with_vendor(1, false).await;
    assert_eq!(club.there(), SubscriptionState::Ended);
    assert_eq!(club.read(&begun).await.collector.unwrap().asked, None);
    let resumed = club.app().resume(&club.shop.ada, &begun.subscription_id).await;
    assert_eq!(resumed.unwrap_err().code(), COLLECTED_BY_VENDOR);
    club.days_with_vendor(30, true).await;
    let ended = club.read(&begun).await;
    assert_eq!(
        (ended.status, ended.ends_at),
        (SubscriptionStatus::Ended, Some(canceled.current_period_end))
    );
    assert_eq!(club.totals().await, [3_000]);
}

#[tokio::test]
async fn what_is_done_at_the_vendor_is_followed() {
    let club = gym().await;
    let begun = Box::pin(club.agree("gym")).await;
    let theirs = club.theirs(&begun).await;
    let vendor = &club.shop.vendor;
    for (step, status) in [
        (SubscriptionStep::Pause, SubscriptionStatus::Paused),
        (SubscriptionStep::Resume, SubscriptionStatus::Active),
        (SubscriptionStep::Cancel, SubscriptionStatus::Canceling),
    ] {
        assert!(vendor.steer_there(&theirs, step));
        club.hear().await;
        assert_eq!(club.read(&begun).await.status, status, "{step:?}");
    }
    club.days_with_vendor(31, true).await;
    let over = club.read(&begun).await;
    assert_eq!(
        (over.status, over.end_reason),
        (SubscriptionStatus::Ended, Some(EndReason::Vendor))
    );
}

#[tokio::test]
async fn it_rests_at_the_vendor_and_goes_on_there() {
    let club = gym().await;
    let begun = Box::pin(club.agree("gym")).await;
    let ada = &club.shop.ada;
    club.app().pause(ada, &begun.subscription_id).await.unwrap();
    club.work_with_vendor().await;
    assert_eq!(club.there(), SubscriptionState::Paused);
    club.days_with_vendor(40, true).await;
    assert_eq!(club.totals().await, [3_000]);
    let resumed = club.app().resume(ada, &begun.subscription_id).await.unwrap();
    assert!(resumed.restricted, "what is over is paid first");
    club.days_with_vendor(25, true).await;
    assert_eq!(club.there(), SubscriptionState::Active);
    let now = club.read(&begun).await;
    assert_eq!((now.status, now.restricted), (SubscriptionStatus::Active, false));
    assert_eq!(club.totals().await, [3_000; 2]);
    club.every_charge_is_explained().await;
}

#[tokio::test]
async fn a_freeze_ends_it_at_the_vendor() {
    let club = gym().await;
    let begun = Box::pin(club.agree("gym")).await;
    let why = crate::areas::ledger::Reason::parse("The bank asks").unwrap();
    let operators = &club.world().app.operators;
    operators
        .freeze(&club.admin, club.shop.ada.subject(), &why)
        .await
        .unwrap();
    assert_eq!(club.read(&begun).await.status, SubscriptionStatus::Canceling);
    club.work_with_vendor().await;
    assert_eq!(club.there(), SubscriptionState::Ended);
}

#[tokio::test]
async fn a_trial_is_counted_by_the_vendor_and_charged_when_it_ends() {
    let club = gym().await;
    let plan = CreatePlan {
        trial_days: Some(14),
        ..collected("tried", 2_000)
    };
    club.offer(&plan).await;
    let begun = Box::pin(club.agree("tried")).await;
    assert_eq!((begun.status, club.taken()), (SubscriptionStatus::Trialing, 0));
    assert_eq!(club.entitled().await, ["projects"]);
    club.days_with_vendor(15, true).await;
    let paid = club.read(&begun).await;
    assert_eq!(paid.status, SubscriptionStatus::Active);
    assert_eq!(paid.current_period_start, begun.current_period_end);
    assert_eq!(club.totals().await, [2_000]);
    club.every_charge_is_explained().await;
}

#[tokio::test]
async fn what_a_vendor_cannot_do_is_refused_with_what_would_do() {
    let club = gym().await;
    let by_month = CreatePlan {
        interval: Unit::Month,
        interval_count: None,
        ..collected("a", 100)
    };
    let anchored = CreatePlan {
        anchor_day: Some(1),
        ..by_month.clone()
    };
    let tried = CreatePlan {
        trial_days: Some(366),
        ..collected("c", 100)
    };
    let elsewhere = CreatePlan {
        collector: Some("other".to_owned()),
        ..collected("e", 100)
    };
    for (plan, code, pointer) in [
        (by_month, NOT_OFFERED, "/interval"),
        (anchored, NOT_OFFERED, "/anchor_day"),
        (tried, NOT_OFFERED, "/trial_days"),
        (collected("d", 1), NOT_OFFERED, "/prices"),
        (elsewhere, VENDOR_UNCLEAR, "/collector"),
    ] {
        let refused = club
            .world()
            .app
            .plans
            .create(&club.admin, &plan)
            .await
            .unwrap_err();
        assert_eq!(
            (refused.code(), refused.fields()[0].pointer.as_str()),
            (code, pointer),
            "{plan:?}"
        );
    }
    let begun = Box::pin(club.agree("gym")).await;
    let change = club.change("change", &begun, "pro", ChangeWhen::Now).await;
    assert_eq!(change.unwrap_err().code(), COLLECTED_BY_VENDOR);
    let method = ChangeMethod {
        payment_method_id: None,
    };
    let other = club
        .app()
        .change_method(&club.shop.ada, &begun.subscription_id, &method)
        .await;
    assert_eq!(other.unwrap_err().code(), COLLECTED_BY_VENDOR);
    let command = Subscribe {
        plan_id: plan_id("team"),
        currency: None,
        payment_method_id: None,
        collector: Some("main".to_owned()),
        trial: None,
    };
    let monthly = club
        .app()
        .subscribe(&club.shop.ada, &key("monthly"), &command)
        .await;
    let monthly = monthly.unwrap_err();
    assert_eq!(
        (monthly.code(), monthly.fields()[0].pointer.as_str()),
        (NOT_OFFERED, "/collector")
    );
}

#[tokio::test]
async fn a_stored_method_is_charged_by_the_vendor_at_once_and_again() {
    let club = gym().await;
    club.keep_a_card("card").await;
    let methods = club
        .world()
        .app
        .payment_methods
        .list(club.shop.ada.subject())
        .await
        .unwrap();
    let command = Subscribe {
        plan_id: plan_id("gym"),
        currency: None,
        payment_method_id: Some(methods[0].payment_method_id.clone()),
        collector: None,
        trial: None,
    };
    let begun = club
        .app()
        .subscribe(&club.shop.ada, &key("card"), &command)
        .await
        .unwrap();
    club.hear().await;
    let begun = club.read(&begun.subscription).await;
    assert_eq!(begun.status, SubscriptionStatus::Active);
    club.days_with_vendor(31, true).await;
    assert_eq!(club.totals().await, [3_000; 2]);
    club.every_charge_is_explained().await;
}

#[tokio::test]
async fn money_that_the_vendors_desk_gives_back_is_booked_with_its_payment() {
    let club = gym().await;
    let begun = Box::pin(club.agree("gym")).await;
    let charge = club.shop.vendor.subscriptions()[0].charges[0].clone();
    club.shop
        .vendor
        .refund_at_vendor(&charge.theirs, charge.amount)
        .unwrap();
    let subject = club.shop.ada.subject();
    for event in club.shop.vendor.take_events() {
        club.told(&event).await;
        club.world()
            .app
            .payments
            .apply_event("main", &event)
            .await
            .unwrap();
    }
    let payments = payments_of(club.world(), subject).await;
    assert_eq!(payments[0].refunded.minor, 3_000);
    assert_eq!(club.read(&begun).await.status, SubscriptionStatus::Active);
    club.every_charge_is_explained().await;
}
