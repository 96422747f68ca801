//! What moved: complete, each line once, whatever the span and however many lines there are.

use std::collections::BTreeSet;
use std::time::Duration;

use portcullis_ports::payments::{Activity, ActivityKind, DisputeKind, TimeSpan};
use portcullis_ports::testkit::payments::{Counterparty as _, Deed};
use portcullis_ports::{Clock as _, Timestamp};
use portcullis_provider_paypal::simulator::Behaviour;

use crate::account::{Account, done, money, pending, usd};

async fn lines(account: &Account, span: TimeSpan) -> Vec<Activity> {
    let reports = account.connected.reports.as_ref().unwrap();
    let (mut lines, mut after) = (Vec::new(), None);
    loop {
        let page = reports.activity(&span, after.as_ref()).await.unwrap();
        lines.extend(page.lines);
        after = page.next;
        if after.is_none() {
            return lines;
        }
    }
}

#[tokio::test]
async fn months_are_read_in_parts_and_a_part_that_is_too_large_in_halves() {
    let account = Account::new().await;
    let from = account.runtime.clock.now();
    let mut ours = BTreeSet::new();
    for _ in 0..40 {
        let order = account.stored(Behaviour::Account);
        done(account.charge(&order).await);
        ours.insert(order.id);
        account
            .runtime
            .clock
            .advance(Duration::from_hours(53) + Duration::from_millis(700));
    }
    account.runtime.clock.advance(Duration::from_hours(4));
    let to = account.runtime.clock.now();
    account.vendor.report_at_most(3);
    let whole = lines(&account, TimeSpan { from, to }).await;
    assert_eq!(whole.len(), 40, "each once");
    let names: BTreeSet<_> = whole.iter().map(|line| line.theirs.clone()).collect();
    let found: BTreeSet<_> = whole.iter().filter_map(|line| line.ours.clone()).collect();
    assert_eq!((names.len(), found), (40, ours));
    // Two spans that meet give each line to one of them, wherever they meet.
    for middle in [
        from + Duration::from_hours(53),
        from + Duration::from_millis(53 * 3_600_000 + 700),
    ] {
        let parts = [TimeSpan { from, to: middle }, TimeSpan { from: middle, to }];
        let mut sum = 0;
        for part in parts {
            sum += lines(&account, part).await.len();
        }
        assert_eq!(sum, 40);
    }
    assert!(lines(&account, TimeSpan { from: to, to }).await.is_empty());
}

#[tokio::test]
async fn every_kind_of_line_is_told_with_its_sign_and_its_fee() {
    let account = Account::new().await;
    let from = account.runtime.clock.now();
    let order = account.stored(Behaviour::Account);
    let made = done(account.charge(&order).await);
    let refund = done(
        account
            .connected
            .payments
            .refund(&account.refund(&made, 500))
            .await,
    );
    assert!(account.vendor.does(Deed::RefundFails(&refund.theirs)));
    assert!(account.vendor.does(Deed::Disputes(
        made.theirs.as_ref().unwrap(),
        DisputeKind::Chargeback
    )));
    let dispute = account.now(&made, &order).await.disputes[0].theirs.clone();
    assert!(account.vendor.does(Deed::Decides(&dispute, true)));
    pending(account.charge(&account.stored(Behaviour::Cheque)).await);
    account
        .runtime
        .clock
        .advance(Duration::from_hours(3) - Duration::from_secs(1));
    let span = |to: Timestamp| TimeSpan { from, to };
    assert!(
        lines(&account, span(account.runtime.clock.now()))
            .await
            .is_empty(),
        "the report is hours late"
    );
    account.runtime.clock.advance(Duration::from_secs(1));
    let told = lines(&account, span(account.runtime.clock.now())).await;
    let told: Vec<_> = told
        .into_iter()
        .map(|line| (line.kind, line.amount.minor, line.fee.minor))
        .collect();
    let expected = [
        (ActivityKind::Payment, 2_000, 60),
        (ActivityKind::Refund, -500, 0),
        (ActivityKind::RefundReversal, 500, 0),
        (ActivityKind::Dispute, -2_000, 0),
        (ActivityKind::DisputeReversal, 2_000, 0),
    ];
    assert_eq!(told, expected, "what is pending has moved nothing");
    let holdings = account
        .connected
        .reports
        .as_ref()
        .unwrap()
        .holdings()
        .await
        .unwrap();
    assert_eq!(holdings[0].available, money(1_940, "USD"));
    assert_eq!(holdings[0].pending, usd(1_940).get(), "a cheque");
}

#[tokio::test]
async fn events_that_were_missed_are_caught_up_with_each_once() {
    let account = Account::new().await;
    let since = account.runtime.clock.now();
    for _ in 0..130 {
        done(account.charge(&account.stored(Behaviour::Account)).await);
    }
    let posted: Vec<_> = account.events().await;
    let reports = account.connected.reports.as_ref().unwrap();
    let (mut events, mut after, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = reports.events_since(since, after.as_ref()).await.unwrap();
        events.extend(page.events);
        (after, pages) = (page.next, pages + 1);
        if after.is_none() {
            break;
        }
    }
    assert_eq!((events == posted, pages), (true, 2));
}
