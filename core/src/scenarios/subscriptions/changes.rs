//! Subscriptions that are changed, paused and ended.

use super::{DAY, club};
use crate::areas::plans::ChangePlan;
use crate::areas::subscriptions::*;
use crate::scenarios::operators;
use crate::scenarios::payments::key;
use crate::scenarios::plans::{entitlement, plan_id, price};

#[tokio::test]
async fn a_change_is_shown_before_it_is_made_and_costs_what_was_shown() {
    let club = club().await;
    club.keep_a_card("card").await;
    let begun = club.subscribe("pro").await;
    club.days(10).await;
    let change = |plan: &str, preview| ChangeSubscription {
        plan_id: plan_id(plan),
        at: None,
        preview: Some(preview),
    };
    let id = &begun.subscription_id;
    let ada = &club.shop.ada;
    let shown = club
        .app()
        .change(ada, &key("up"), id, &change("team", true))
        .await
        .unwrap();
    let preview = shown.preview.unwrap();
    assert_eq!(shown.subscription.plan_id, plan_id("pro"));
    assert_eq!(club.totals().await, [3_000]);
    assert!(preview.lines[0].amount < 0 && preview.lines[1].amount > 0);
    assert_eq!(preview.total, preview.lines[0].amount + preview.lines[1].amount);
    let made = club
        .app()
        .change(ada, &key("up"), id, &change("team", false))
        .await
        .unwrap();
    assert_eq!(made.preview, Some(preview.clone()));
    assert_eq!(made.subscription.plan_id, plan_id("team"));
    assert_eq!(made.subscription.current_period_end, begun.current_period_end);
    // The same key changes it once.
    let again = club
        .app()
        .change(ada, &key("up"), id, &change("team", false))
        .await
        .unwrap();
    assert_eq!(again.preview, None);
    club.work().await;
    assert_eq!(club.totals().await, [3_000, preview.total]);
    assert_eq!((club.taken(), club.owed().await), (3_000 + preview.total, 0));
    // Back again on the same day gives the same back, to the credit of the next invoice.
    let down = club
        .app()
        .change(ada, &key("down"), id, &change("pro", false))
        .await
        .unwrap();
    assert_eq!(down.preview.unwrap().total, -preview.total);
    assert_eq!(club.owed().await, -preview.total);
    club.days(25).await;
    assert_eq!(club.totals().await.len(), 4);
    assert_eq!(club.taken(), 3_000 + preview.total);
    assert_eq!(club.owed().await, 3_000 - preview.total);
}

#[tokio::test]
async fn a_change_with_the_next_period_costs_nothing_before() {
    let club = club().await;
    club.keep_a_card("card").await;
    let begun = club.subscribe("team").await;
    let later = ChangeSubscription {
        plan_id: plan_id("pro"),
        at: Some(ChangeWhen::PeriodEnd),
        preview: None,
    };
    let id = &begun.subscription_id;
    let planned = club
        .app()
        .change(&club.shop.ada, &key("down"), id, &later)
        .await
        .unwrap();
    assert_eq!(planned.subscription.next_plan_id, Some(plan_id("pro")));
    assert_eq!(planned.subscription.plan_id, plan_id("team"));
    club.days(32).await;
    let now = club.read(&begun).await;
    assert_eq!((now.plan_id, now.next_plan_id), (plan_id("pro"), None));
    assert_eq!(club.totals().await, [9_000, 3_000]);
}

#[tokio::test]
async fn cancelled_to_its_end_it_entitles_until_then_and_may_go_on_before() {
    let club = club().await;
    club.keep_a_card("card").await;
    let begun = club.subscribe("pro").await;
    let canceling = club.cancel(&begun, CancelWhen::PeriodEnd, false).await;
    assert_eq!(canceling.status, SubscriptionStatus::Canceling);
    assert_eq!(canceling.ends_at, Some(begun.current_period_end));
    assert_eq!(club.entitled().await, ["projects"]);
    let ada = &club.shop.ada;
    let resumed = club.app().resume(ada, &begun.subscription_id).await.unwrap();
    assert_eq!(
        (resumed.status, resumed.ends_at),
        (SubscriptionStatus::Active, None)
    );
    club.cancel(&begun, CancelWhen::PeriodEnd, false).await;
    club.days(32).await;
    let ended = club.read(&begun).await;
    assert_eq!(ended.status, SubscriptionStatus::Ended);
    assert_eq!(ended.end_reason, Some(EndReason::Customer));
    assert!(club.entitled().await.is_empty());
    assert_eq!(club.totals().await, [3_000]);
    // What is over never comes back.
    let refused = club.app().resume(ada, &begun.subscription_id).await.unwrap_err();
    assert_eq!(refused.code(), SUBSCRIPTION_STATE);
    assert_eq!(
        club.cancel(&begun, CancelWhen::Now, false).await.status,
        SubscriptionStatus::Ended
    );
}

#[tokio::test]
async fn even_if_nobody_works_access_ends_with_the_period_that_was_cancelled() {
    let club = club().await;
    club.keep_a_card("card").await;
    let begun = club.subscribe("pro").await;
    club.cancel(&begun, CancelWhen::PeriodEnd, false).await;
    club.world().wait(DAY * 32);
    assert!(club.entitled().await.is_empty());
    let refused = club.app().resume(&club.shop.ada, &begun.subscription_id).await;
    assert_eq!(refused.unwrap_err().code(), SUBSCRIPTION_STATE);
}

#[tokio::test]
async fn cancelled_at_once_the_days_that_are_left_go_to_the_balance_if_wished() {
    let club = club().await;
    club.keep_a_card("card").await;
    let begun = club.subscribe("pro").await;
    club.days(10).await;
    let canceled = club.cancel(&begun, CancelWhen::Now, true).await;
    assert_eq!(canceled.status, SubscriptionStatus::Canceled);
    assert!(club.entitled().await.is_empty());
    let back = club.owed().await;
    assert!((-3_000..0).contains(&back), "{back}");
    assert_eq!(club.totals().await, [3_000, back]);
    club.days(40).await;
    assert_eq!(club.taken(), 3_000);
    // Without the wish nothing is given back.
    let other = club.subscribe("team").await;
    let paid = club.owed().await;
    club.cancel(&other, CancelWhen::Now, false).await;
    assert_eq!(club.owed().await, paid);
}

#[tokio::test]
async fn what_rests_is_not_billed_and_begins_anew_when_its_period_is_over() {
    let club = club().await;
    club.keep_a_card("card").await;
    let begun = club.subscribe("pro").await;
    let (ada, id) = (&club.shop.ada, &begun.subscription_id);
    let paused = club.app().pause(ada, id).await.unwrap();
    assert_eq!(paused.status, SubscriptionStatus::Paused);
    assert!(club.entitled().await.is_empty());
    // Within the period that was paid it goes on.
    let resumed = club.app().resume(ada, id).await.unwrap();
    assert_eq!(resumed.current_period_end, begun.current_period_end);
    assert_eq!(club.totals().await, [3_000]);
    club.app().pause(ada, id).await.unwrap();
    club.days(50).await;
    assert_eq!(club.totals().await, [3_000]);
    let anew = club.app().resume(ada, id).await.unwrap();
    assert_eq!(anew.current_period_start, club.now().seconds());
    club.work().await;
    assert_eq!(club.totals().await, [3_000, 3_000]);
    assert_eq!(club.entitled().await, ["projects"]);
    assert_eq!(club.taken(), 6_000);
}

#[tokio::test]
async fn another_price_of_the_plan_leaves_those_alone_who_have_it() {
    let club = club().await;
    club.keep_a_card("card").await;
    let begun = club.subscribe("pro").await;
    let dearer = ChangePlan {
        prices: Some(vec![price("USD", 4_000)]),
        entitlements: Some(vec![entitlement("export", None)]),
        ..ChangePlan::default()
    };
    let plans = &club.world().app.plans;
    plans.change(&club.admin, &plan_id("pro"), &dearer).await.unwrap();
    assert_eq!(club.entitled().await, ["projects"]);
    club.days(32).await;
    assert_eq!(club.totals().await, [3_000, 3_000]);
    assert_eq!(club.read(&begun).await.amount, 3_000);
    // What it entitles to follows with the period.
    assert_eq!(club.entitled().await, ["export"]);
}

#[tokio::test]
async fn an_operator_cancels_for_a_customer_and_stands_in_both_histories() {
    let club = club().await;
    club.keep_a_card("card").await;
    let begun = club.subscribe("pro").await;
    let command = OperatorCancel {
        at: None,
        credit: None,
        reason: crate::areas::ledger::Reason::parse("Asked by telephone").unwrap(),
    };
    let subject = club.shop.ada.subject();
    let cancelled = club
        .app()
        .cancel_for(&club.shop.operator, subject, &begun.subscription_id, &command)
        .await
        .unwrap();
    assert_eq!(cancelled.status, SubscriptionStatus::Canceling);
    assert_eq!(cancelled.end_reason, Some(EndReason::Operator));
    for who in [subject, club.shop.operator.subject()] {
        let history = operators::history(club.world(), who).await;
        let told = history
            .iter()
            .any(|entry| entry.event == "operator_subscription_cancel");
        assert!(told, "{history:?}");
    }
    let list = ListSubscriptions::default();
    let listed = club
        .app()
        .list_for(&club.shop.operator, subject, &list)
        .await
        .unwrap();
    assert_eq!(listed.items, [club.read(&begun).await]);
}
