//! When vendors are compared: once a day without a gap, and when an operator asks.

use std::time::Duration;

use super::*;
use crate::areas::operators::Operator;

const DAY: i64 = 86_400;

/// A day passes, and the workers do what is due.
async fn next_day(shop: &Shop) -> ReconciliationView {
    shop.world.wait(24 * HOUR);
    turn(shop).await
}

async fn turn(shop: &Shop) -> ReconciliationView {
    let tasks = &shop.world.app.tasks;
    tasks.drain("reconciliation-daily").await.unwrap();
    shop.world.wait(300);
    assert_eq!(tasks.drain("reconciliation").await.unwrap(), 1);
    newest(shop).await.remove(0)
}

async fn newest(shop: &Shop) -> Vec<ReconciliationView> {
    let reconciliation = &shop.world.app.reconciliation;
    let page = reconciliation
        .list(&ListReconciliations::default())
        .await
        .unwrap();
    page.reconciliations
}

#[tokio::test]
async fn every_day_goes_on_where_the_last_complete_one_ended() {
    let shop = shop().await;
    let first = turn(&shop).await;
    assert_eq!(
        (first.state, first.begun_by.as_str()),
        (RunState::Complete, "schedule")
    );
    assert_eq!(first.to - first.from, 7 * DAY);
    let second = next_day(&shop).await;
    assert_eq!(second.from, first.to - DAY);
    shop.vendor.fail_reports_after(Some(0));
    let third = next_day(&shop).await;
    assert_eq!(third.state, RunState::Incomplete);
    shop.vendor.fail_reports_after(None);
    let fourth = next_day(&shop).await;
    assert_eq!(
        (fourth.state, fourth.from),
        (RunState::Complete, second.to - DAY),
        "what could not be read is read again"
    );
    assert_eq!(newest(&shop).await.len(), 4);
    shop.world.app.reconciliation.measure().await.unwrap();
}

#[tokio::test]
async fn a_vendor_is_asked_for_what_its_reports_hold_and_for_no_longer_spans() {
    let lag = Duration::from_hours(3);
    let shop = shop_with(|terms| {
        terms.report_lag = lag;
        terms.report_span = Some(Duration::from_hours(24));
    })
    .await;
    // Too young for the report, and not called missing for that.
    paid(&shop).await;
    let before = shop.vendor.pages_read();
    let run = compare(&shop).await;
    assert_eq!(shop.vendor.pages_read() - before, 7, "a page for each day");
    assert_eq!((run.lines, run.opened), (0, 0));
    let now = shop.world.app.clock().now().seconds();
    assert_eq!(run.to, now - 3 * 3_600);
    shop.world.wait(4 * HOUR);
    let run = compare(&shop).await;
    assert_eq!((run.lines, run.opened), (1, 0));
}

async fn begin(
    shop: &Shop,
    who: &Operator,
    from: Option<i64>,
) -> portcullis_ports::Result<ReconciliationView> {
    let command = BeginReconciliation {
        from: from.map(portcullis_ports::Timestamp::from_seconds),
        ..BeginReconciliation::default()
    };
    let reconciliation = &shop.world.app.reconciliation;
    reconciliation.begin(who, &command, &home()).await
}

#[tokio::test]
async fn an_operator_has_a_span_compared_by_a_worker_and_not_without_end() {
    let shop = shop().await;
    paid(&shop).await;
    shop.world.wait(40 * 24 * HOUR);
    let from = shop.world.app.clock().now().seconds() - 41 * DAY;
    let begun = begin(&shop, &shop.operator, Some(from)).await.unwrap();
    assert_eq!((begun.state, begun.from), (RunState::Running, from));
    assert_eq!(begun.operator.as_ref(), Some(shop.operator.subject()));
    shop.world.app.tasks.drain("reconciliation").await.unwrap();
    let ended = newest(&shop).await.remove(0);
    assert_eq!(ended.reconciliation_id, begun.reconciliation_id);
    assert_eq!(
        (ended.state, ended.lines, ended.opened),
        (RunState::Complete, 1, 0)
    );

    let long = begin(&shop, &shop.operator, Some(from - 60 * DAY))
        .await
        .unwrap_err();
    assert_eq!(long.fields()[0].pointer, "/from");
    for _ in 0..11 {
        begin(&shop, &shop.operator, None).await.unwrap();
    }
    let often = begin(&shop, &shop.operator, None).await.unwrap_err();
    assert_eq!(often.code(), TOO_MANY_RECONCILIATIONS);
}

#[tokio::test]
async fn lists_go_on_where_a_page_ends() {
    let shop = shop().await;
    for number in 0..5 {
        shop.vendor.paid_elsewhere(usd(100 + number).get(), nothing());
        compare(&shop).await;
    }
    let reconciliation = &shop.world.app.reconciliation;
    let (mut runs, mut found) = (Vec::new(), Vec::new());
    let (mut cursor, mut place) = (None, None);
    for _ in 0..3 {
        let command = ListReconciliations {
            vendor: Some("main".to_owned()),
            cursor: cursor.take(),
            limit: Some(2),
        };
        let page = reconciliation.list(&command).await.unwrap();
        runs.extend(page.reconciliations.into_iter().map(|run| run.begun_at));
        cursor = page.next_cursor;
        let command = ListDifferences {
            cursor: place.take(),
            limit: Some(2),
            ..ListDifferences::default()
        };
        let page = reconciliation.differences(&command).await.unwrap();
        found.extend(
            page.differences
                .into_iter()
                .map(|one| one.reported.unwrap().amount),
        );
        place = page.next_cursor;
    }
    assert_eq!((cursor, place), (None, None));
    assert!(runs.len() == 5 && runs.is_sorted_by(|a, b| a > b), "{runs:?}");
    assert_eq!(found, [104, 103, 102, 101, 100]);
    let other = DifferenceFilter {
        vendor: Some("other".to_owned()),
        state: None,
    };
    let command = ListDifferences {
        filter: other,
        ..ListDifferences::default()
    };
    assert!(
        reconciliation
            .differences(&command)
            .await
            .unwrap()
            .differences
            .is_empty()
    );
}
