//! What people may not get by asking twice, in another way, or at the right moment.

use portcullis_ports::payments::{DisputeKind, RefundReason};
use portcullis_ports::testkit::payments::FakePayments;
use portcullis_ports::{Code, Span};

use super::invariants::payments_of;
use super::{Club, DAY, club, club_with, settings};
use crate::areas::payments::{Filter, PaymentView, RefundPayment};
use crate::areas::plans::CreatePlan;
use crate::areas::step_up::STEP_UP_REQUIRED;
use crate::areas::subscriptions::*;
use crate::foundation::calendar::{Unit, Zone};
use crate::foundation::testing::{Node, home};
use crate::scenarios::payments::{key, reference, usd};
use crate::scenarios::plans::{monthly, plan_id};

fn refusal<T>(answer: portcullis_ports::Result<T>) -> Code {
    match answer {
        Ok(_) => unreachable!("it is refused"),
        Err(error) => error.code(),
    }
}

fn tried(id: &str, cents: i64) -> CreatePlan {
    CreatePlan {
        trial_days: Some(14),
        ..monthly(id, cents)
    }
}

impl Club {
    async fn first_payment(&self) -> PaymentView {
        let payments = self.shop.payments();
        let subject = self.shop.ada.subject();
        let all = Filter::default();
        let list = payments.list(subject, &all, 100, None).await.unwrap();
        list.items.into_iter().next_back().unwrap()
    }

    async fn refund(&self, minor: Option<i64>) {
        let command = RefundPayment {
            amount: minor.map(usd),
            reason: RefundReason::Requested,
        };
        let (payment, shop) = (self.first_payment().await, &self.shop);
        shop.payments()
            .refund(&shop.operator, &key("refund"), &payment.id, &command, &home())
            .await
            .unwrap();
    }

    /// All that was taken is given back.
    pub(super) async fn refund_all(&self) {
        let payments = payments_of(self.world(), self.shop.ada.subject()).await;
        for (number, payment) in payments.iter().enumerate() {
            let command = RefundPayment {
                amount: None,
                reason: RefundReason::Requested,
            };
            let (shop, name) = (&self.shop, key(&format!("refund-{number}")));
            shop.payments()
                .refund(&shop.operator, &name, &payment.id, &command, &home())
                .await
                .unwrap();
        }
    }

    async fn count(&self) -> usize {
        let list = ListSubscriptions::default();
        let list = self.app().list(self.shop.ada.subject(), &list).await;
        list.unwrap().items.len()
    }
}

/// Whoever spends 20 dollars or more has to have proven within the last hour who they are.
async fn careful() -> Club {
    let node = Node::default();
    let vendor = FakePayments::new(node.clock.clone());
    let mut settings = settings();
    settings.sessions.step_up = Span::hours(1);
    settings.billing.step_up_from = 2_000;
    let club = club_with(&node, vendor, settings).await;
    for plan in [tried("trial", 3_000), monthly("small", 1_000)] {
        club.offer(&plan).await;
    }
    club.keep_a_card("card").await;
    club
}

#[tokio::test]
async fn whatever_comes_to_cost_much_needs_the_proof_that_paying_it_needs() {
    let club = careful().await;
    let begun = club.subscribe("pro").await;
    club.world().wait(7_200);
    let (ada, id) = (&club.shop.ada, &begun.subscription_id);
    for plan in ["team", "trial"] {
        let refused = club.try_to_subscribe(plan, plan).await;
        assert_eq!(refusal(refused), STEP_UP_REQUIRED, "{plan}");
    }
    assert_eq!(club.count().await, 1, "nothing was begun");
    for at in [ChangeWhen::Now, ChangeWhen::PeriodEnd] {
        let refused = club.change("dearer", &begun, "team", at).await;
        assert_eq!(refusal(refused), STEP_UP_REQUIRED);
    }
    let shown = ChangeSubscription {
        plan_id: plan_id("team"),
        at: None,
        preview: Some(true),
    };
    club.app().change(ada, &key("shown"), id, &shown).await.unwrap();
    let method = ChangeMethod {
        payment_method_id: None,
    };
    let refused = club.app().change_method(ada, id, &method).await;
    assert_eq!(refusal(refused), STEP_UP_REQUIRED);
    club.app().pause(ada, id).await.unwrap();
    assert_eq!(refusal(club.app().resume(ada, id).await), STEP_UP_REQUIRED);
    // What costs little is not asked for.
    let small = club.subscribe("small").await;
    assert_eq!(small.status, SubscriptionStatus::Active);
    club.cancel(&small, CancelWhen::PeriodEnd, false).await;
    club.app().resume(ada, &small.subscription_id).await.unwrap();
}

#[tokio::test]
async fn cancelling_and_going_over_to_what_is_cheaper_need_no_proof() {
    let club = careful().await;
    let begun = club.subscribe("team").await;
    club.world().wait(7_200);
    let down = club.change("down", &begun, "pro", ChangeWhen::PeriodEnd).await;
    assert_eq!(down.unwrap().subscription.next_plan_id, Some(plan_id("pro")));
    let canceling = club.cancel(&begun, CancelWhen::PeriodEnd, false).await;
    assert_eq!(canceling.status, SubscriptionStatus::Canceling);
    let (ada, id) = (&club.shop.ada, &begun.subscription_id);
    assert_eq!(refusal(club.app().resume(ada, id).await), STEP_UP_REQUIRED);
}

#[tokio::test]
async fn what_was_refunded_is_not_credited_once_more() {
    let whole = club().await;
    whole.keep_a_card("card").await;
    let begun = whole.subscribe("pro").await;
    whole.refund(None).await;
    whole.cancel(&begun, CancelWhen::Now, true).await;
    assert_eq!((whole.totals().await, whole.owed().await), (vec![3_000], 0));

    let part = club().await;
    part.keep_a_card("card").await;
    let begun = part.subscribe("pro").await;
    part.refund(Some(1_000)).await;
    part.cancel(&begun, CancelWhen::Now, true).await;
    assert_eq!(
        (part.totals().await, part.owed().await),
        (vec![3_000, -2_000], -2_000)
    );
}

#[tokio::test]
async fn a_refund_takes_back_what_was_credited_before_and_no_money_leaves_twice() {
    let club = club().await;
    club.keep_a_card("card").await;
    let begun = club.subscribe("pro").await;
    club.cancel(&begun, CancelWhen::Now, true).await;
    assert_eq!(
        (club.totals().await, club.owed().await),
        (vec![3_000, -3_000], -3_000)
    );
    let refunds = async |name, minor| {
        let command = RefundPayment {
            amount: Some(usd(minor)),
            reason: RefundReason::Requested,
        };
        let (payment, shop) = (club.first_payment().await, &club.shop);
        let refunded = shop
            .payments()
            .refund(&shop.operator, &key(name), &payment.id, &command, &home())
            .await;
        refunded.unwrap().payment.refunds.into_iter().next_back().unwrap()
    };
    refunds("first", 1_000).await;
    assert_eq!(club.owed().await, -2_000);
    refunds("second", 2_000).await;
    assert_eq!(club.owed().await, 0);
    let invoice = club.invoices().await.remove(0);
    assert_eq!((invoice.refunded, invoice.credited), (3_000, 3_000));
    club.shop.ledger_holds().await;
}

#[tokio::test]
async fn what_paid_a_period_pays_that_of_another_plan_and_is_given_back_once() {
    for refund_first in [false, true] {
        let club = club().await;
        let weekly = CreatePlan {
            interval: Unit::Week,
            ..monthly("weekly", 2_900)
        };
        club.offer(&weekly).await;
        club.keep_a_card("card").await;
        let begun = club.subscribe("pro").await;
        club.change("over", &begun, "weekly", ChangeWhen::Now)
            .await
            .unwrap();
        assert_eq!(club.owed().await, -100);
        if refund_first {
            club.refund(None).await;
            club.cancel(&begun, CancelWhen::Now, true).await;
        } else {
            club.cancel(&begun, CancelWhen::Now, true).await;
            assert_eq!(club.owed().await, -3_000);
            club.refund(None).await;
        }
        assert_eq!(club.owed().await, 0, "refunded first: {refund_first}");
        club.shop.ledger_holds().await;
    }
}

#[tokio::test]
async fn a_refund_that_comes_back_gives_the_credit_back_first() {
    let club = club().await;
    club.keep_a_card("card").await;
    let begun = club.subscribe("pro").await;
    // Half of the month is used.
    let half = u64::try_from(begun.current_period_end - begun.current_period_start).unwrap() / 2;
    club.world().wait(half);
    club.cancel(&begun, CancelWhen::Now, true).await;
    let credit = -club.owed().await;
    let used = 3_000 - credit;
    assert!(credit > 1_000 && used > 1_000);
    club.refund(Some(used + 500)).await;
    assert_eq!(
        club.owed().await,
        500 - credit,
        "what was used was given back, and 500 of the credit"
    );
    let refund = club.shop.vendor.payments()[0].refunds[0].theirs.clone();
    assert!(club.shop.vendor.fail_refund(&refund));
    let payment = club.first_payment().await;
    club.shop.complete(&payment).await;
    assert_eq!(club.owed().await, -credit, "all is as it was before");
    club.shop.ledger_holds().await;
}

#[tokio::test]
async fn a_change_after_a_refund_takes_it_off_once() {
    let club = club().await;
    club.keep_a_card("card").await;
    let begun = club.subscribe("pro").await;
    club.refund(None).await;
    let up = club.change("up", &begun, "team", ChangeWhen::Now).await.unwrap();
    assert_eq!(up.preview.unwrap().total, 9_000);
    club.work().await;
    let down = club.change("down", &begun, "pro", ChangeWhen::Now).await.unwrap();
    assert_eq!(down.preview.unwrap().total, -6_000);
    assert_eq!(club.owed().await, -6_000);
}

#[tokio::test]
async fn a_plan_is_tried_once_and_a_trial_is_not_lengthened_by_another_plan() {
    let club = club().await;
    for plan in [tried("first", 3_000), tried("second", 5_000)] {
        club.offer(&plan).await;
    }
    club.keep_a_card("card").await;
    let begun = club.subscribe("first").await;
    club.days(3).await;
    let changed = club
        .change("over", &begun, "second", ChangeWhen::Now)
        .await
        .unwrap();
    assert_eq!(changed.subscription.trial_end, begun.trial_end);
    club.cancel(&begun, CancelWhen::Now, false).await;
    for plan in ["first", "second"] {
        let again = club.try_to_subscribe(&format!("again-{plan}"), plan).await;
        assert_eq!(refusal(again), TRIAL_USED, "{plan}");
    }
    assert_eq!((club.count().await, club.taken()), (1, 0));
    let paid = Subscribe {
        plan_id: plan_id("first"),
        currency: None,
        payment_method_id: None,
        collector: None,
        trial: Some(false),
    };
    let paid = club
        .app()
        .subscribe(&club.shop.ada, &key("paid"), &paid)
        .await
        .unwrap();
    assert_eq!(paid.subscription.status, SubscriptionStatus::Active);
    assert_eq!((paid.subscription.trial_end, club.taken()), (None, 3_000));
}

#[tokio::test]
async fn of_changes_that_wait_the_last_one_is_made_and_no_second_subscription_to_its_plan() {
    let club = club().await;
    club.offer(&monthly("big", 20_000)).await;
    club.keep_a_card("card").await;
    let begun = club.subscribe("pro").await;
    for (name, plan) in [("one", "team"), ("two", "big")] {
        club.change(name, &begun, plan, ChangeWhen::PeriodEnd)
            .await
            .unwrap();
    }
    let refused = club.try_to_subscribe("beside", "big").await;
    assert_eq!(refusal(refused), SUBSCRIPTION_EXISTS);
    club.world().wait(60);
    let other = club.subscribe("team").await;
    let refused = club.change("both", &other, "big", ChangeWhen::Now).await;
    assert_eq!(refusal(refused), SUBSCRIPTION_EXISTS);
    // Invoices of one moment have no order.
    club.world().wait(1);
    club.cancel(&other, CancelWhen::Now, true).await;
    club.days(31).await;
    let now = club.read(&begun).await;
    assert_eq!((now.plan_id, now.next_plan_id), (plan_id("big"), None));
    assert_eq!(club.totals().await, [3_000, 9_000, -9_000, 20_000]);
    // Whoever wants the present plan again takes the change back.
    club.change("three", &begun, "pro", ChangeWhen::PeriodEnd)
        .await
        .unwrap();
    let back = club
        .change("four", &begun, "big", ChangeWhen::PeriodEnd)
        .await
        .unwrap();
    assert_eq!(back.subscription.next_plan_id, None);
}

#[tokio::test]
async fn without_a_key_a_repeat_is_refused_and_names_the_subscription() {
    let club = club().await;
    club.keep_a_card("card").await;
    let command = Subscribe {
        plan_id: plan_id("pro"),
        currency: None,
        payment_method_id: None,
        collector: None,
        trial: None,
    };
    let ada = &club.shop.ada;
    club.app().subscribe_unkeyed(ada, &command).await.unwrap();
    let again = club.app().subscribe_unkeyed(ada, &command).await;
    assert_eq!(refusal(again), SUBSCRIPTION_EXISTS);
    assert_eq!((club.count().await, club.taken()), (1, 3_000));
}

#[tokio::test]
async fn whoever_contests_a_payment_gets_no_more_and_keeps_what_there_is() {
    let club = club().await;
    club.keep_a_card("card").await;
    let begun = club.subscribe("pro").await;
    let payment = club.first_payment().await;
    let vendor = &club.shop.vendor;
    let dispute = vendor
        .dispute(&reference(&payment), DisputeKind::Chargeback)
        .unwrap();
    club.shop.complete(&payment).await;
    let refused = club.try_to_subscribe("more", "team").await;
    assert_eq!(refusal(refused), CUSTOMER_RESTRICTED);
    let refused = club.change("up", &begun, "team", ChangeWhen::Now).await;
    assert_eq!(refusal(refused), CUSTOMER_RESTRICTED);
    club.days(1).await;
    assert_eq!(club.entitled().await, ["projects"]);
    assert!(vendor.decide_dispute(&dispute, true));
    club.shop.complete(&payment).await;
    club.change("later", &begun, "team", ChangeWhen::Now)
        .await
        .unwrap();
}

#[tokio::test]
async fn whoever_does_not_pay_for_too_long_gets_no_more() {
    let club = club().await;
    club.keep_a_card("card").await;
    club.subscribe("pro").await;
    club.days(29).await;
    club.days_without_money(9).await;
    let refused = club.try_to_subscribe("more", "team").await;
    assert_eq!(refusal(refused), CUSTOMER_RESTRICTED);
}

#[tokio::test]
async fn periods_are_counted_in_the_zone_of_the_plan_that_was_agreed() {
    let club = club().await;
    let zone = |name| Zone::parse(name).unwrap();
    club.offer(&CreatePlan {
        time_zone: Some(zone("Asia/Kathmandu")),
        anchor_day: Some(1),
        ..monthly("far", 9_000)
    })
    .await;
    club.keep_a_card("card").await;
    let begun = club.subscribe("pro").await;
    assert_eq!(begun.time_zone, zone("Europe/Berlin"));
    club.world().wait(DAY);
    let changed = club.change("over", &begun, "far", ChangeWhen::Now).await.unwrap();
    let changed = changed.subscription;
    assert_eq!(changed.time_zone, zone("Asia/Kathmandu"));
    // Midnight there is a quarter past six in the evening of the day before, by UTC.
    assert_eq!(changed.current_period_end.rem_euclid(86_400), 18 * 3_600 + 900);
}
