//! What is asked of a vendor that collects, and what it takes, where one of them was not expected.

use portcullis_ports::payments::SubscriptionState;
use portcullis_ports::testkit::payments::PaymentFault;

use super::collected::{collected, gym};
use super::*;
use crate::areas::payments::{Finding, Purpose};
use crate::areas::plans::{ChangePlan, PlanStatus};
use crate::services::payment_vendors::{NextActionType, VENDOR_UNCLEAR};
use crate::testing::world_over;

#[tokio::test]
async fn a_charge_that_is_not_certain_holds_those_up_that_came_after_it() {
    let club = gym().await;
    let begun = Box::pin(club.agree("gym")).await;
    club.world().wait(65 * DAY);
    let charges = club.shop.vendor.subscriptions()[0].charges.clone();
    club.shop.vendor.refuse_lookups_of(&charges[1].theirs, true);
    club.work_with_vendor().await;
    assert_eq!(club.totals().await, [3_000]);
    club.days_with_vendor(2, false).await;
    assert_eq!(club.read(&begun).await.status, SubscriptionStatus::Active);
    club.shop.vendor.refuse_lookups_of(&charges[1].theirs, false);
    club.days_with_vendor(1, false).await;
    assert_eq!(club.totals().await, [3_000; 3]);
    club.every_charge_is_explained().await;
}

#[tokio::test]
async fn who_has_agreed_is_waited_for_until_the_first_payment_is_certain() {
    let club = gym().await;
    let begun = club.try_to_subscribe("gym", "gym").await.unwrap().subscription;
    assert!(club.shop.vendor.agree(&club.theirs(&begun).await));
    let charge = club.shop.vendor.subscriptions()[0].charges[0].clone();
    club.shop.vendor.refuse_lookups_of(&charge.theirs, true);
    club.hear().await;
    club.days_with_vendor(2, false).await;
    assert_eq!(club.read(&begun).await.status, SubscriptionStatus::Incomplete);
    club.shop.vendor.refuse_lookups_of(&charge.theirs, false);
    club.days_with_vendor(1, false).await;
    assert_eq!(club.read(&begun).await.status, SubscriptionStatus::Active);
    assert_eq!(club.totals().await, [3_000]);
    club.every_charge_is_explained().await;
}

#[tokio::test]
async fn what_is_taken_after_a_cancellation_begins_no_period() {
    let club = gym().await;
    let begun = Box::pin(club.agree("gym")).await;
    club.hear().await;
    club.cancel(&begun, CancelWhen::PeriodEnd, false).await;
    // Nobody has asked the vendor by the time it charges.
    club.world().wait(30 * DAY);
    club.hear().await;
    let canceling = club.read(&begun).await;
    assert_eq!(
        (canceling.status, canceling.current_period_end),
        (SubscriptionStatus::Canceling, begun.current_period_end)
    );
    assert_eq!((club.totals().await, club.owed().await), (vec![3_000], -3_000));
    let payments = club.payments().await;
    let late = payments.iter().find(|one| one.purpose == Purpose::Balance);
    assert_eq!(late.unwrap().findings, [Finding::AfterEnd]);
    club.days_with_vendor(1, true).await;
    assert_eq!(club.there(), SubscriptionState::Ended);
    assert_eq!(club.read(&begun).await.status, SubscriptionStatus::Ended);
    club.every_charge_is_explained().await;
}

#[tokio::test]
async fn a_page_whose_order_was_lost_is_told_again_to_who_asks() {
    let club = gym().await;
    club.shop.vendor.will(PaymentFault::RequestLost);
    let begun = club.try_to_subscribe("gym", "gym").await.unwrap().subscription;
    let ada = &club.shop.ada;
    let again = club.app().complete(ada, &begun.subscription_id).await.unwrap();
    assert_eq!(again.next_action.unwrap().kind, NextActionType::Redirect);
    assert_eq!(club.shop.vendor.subscriptions().len(), 1);
}

#[tokio::test]
async fn a_page_that_was_used_twice_begins_one_and_the_other_is_cancelled_and_credited() {
    let club = gym().await;
    let begun = Box::pin(club.agree("gym")).await;
    let second = club.shop.vendor.agree_again(&club.theirs(&begun).await).unwrap();
    club.hear().await;
    assert_eq!((club.totals().await, club.owed().await), (vec![3_000], -3_000));
    club.work_with_vendor().await;
    let there = club.shop.vendor.subscriptions();
    let states: Vec<_> = there.iter().map(|one| (one.theirs.clone(), one.state)).collect();
    let first = Some(club.theirs(&begun).await);
    assert_eq!(
        states,
        [
            (first, SubscriptionState::Active),
            (Some(second), SubscriptionState::Ended)
        ]
    );
    let findings: Vec<_> = club
        .payments()
        .await
        .into_iter()
        .map(|one| one.findings)
        .collect();
    assert!(findings.contains(&vec![Finding::AfterEnd]), "{findings:?}");
    assert_eq!(club.entitled().await, ["projects"]);
    club.days_with_vendor(31, true).await;
    // The credit pays nothing of what the vendor collects.
    assert_eq!((club.totals().await, club.owed().await), (vec![3_000; 2], -3_000));
    assert_eq!(club.read(&begun).await.status, SubscriptionStatus::Active);
    club.every_charge_is_explained().await;
}

#[tokio::test]
async fn money_that_comes_after_the_end_is_to_the_credit_of_who_paid() {
    let club = gym().await;
    let begun = club.try_to_subscribe("gym", "gym").await.unwrap().subscription;
    club.days_with_vendor(2, false).await;
    let over = club.read(&begun).await;
    assert_eq!(over.end_reason, Some(EndReason::NeverPaid));
    // The payer agrees after all, on a page that was left open.
    assert!(club.shop.vendor.agree(&club.theirs(&begun).await));
    club.hear().await;
    let payments = club.payments().await;
    assert_eq!(payments.len(), 1);
    assert_eq!(
        (&payments[0].purpose, payments[0].findings.as_slice()),
        (&Purpose::Balance, &[Finding::AfterEnd][..])
    );
    assert_eq!((club.owed().await, club.totals().await), (-3_000, vec![]));
    club.work_with_vendor().await;
    assert_eq!(club.there(), SubscriptionState::Ended, "and it is ended there");
    club.every_charge_is_explained().await;
}

#[tokio::test]
async fn a_plan_whose_vendor_is_gone_can_still_be_renamed_and_archived() {
    let node = Node::default();
    let vendor = FakePayments::new(node.clock.clone());
    let club = club_on(&node, vendor).await;
    club.offer(&collected("gym", 3_000)).await;
    let alone = world_over(node.memory.clone(), node.clock.clone()).await;
    let (plans, id) = (&alone.app.plans, plan_id("gym"));
    let archived = ChangePlan {
        status: Some(PlanStatus::Archived),
        ..ChangePlan::default()
    };
    plans.change(&club.admin, &id, &archived).await.unwrap();
    let dearer = ChangePlan {
        prices: Some(vec![price("USD", 4_000)]),
        ..ChangePlan::default()
    };
    let refused = plans.change(&club.admin, &id, &dearer).await.unwrap_err();
    assert_eq!(refused.code(), VENDOR_UNCLEAR);
}
