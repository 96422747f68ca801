//! Reports: every line of the account, its balance, its events.

use std::collections::BTreeSet;

use portcullis_ports::Clock as _;
use portcullis_ports::payments::{ActivityKind, MethodKind, TimeSpan};
use portcullis_ports::testkit::payments::Behaviour;

use crate::account::{Account, done, usd};

#[tokio::test]
async fn every_line_is_in_one_page_and_adds_up_to_what_lies_there() {
    let account = Account::new().await;
    let reports = account.connected.reports.as_ref().unwrap();
    let from = account.runtime.clock.now();
    let mut orders = Vec::new();
    for _ in 0..120 {
        let order = account.stored(Behaviour::Succeeds).await;
        let made = done(account.charge(&order).await);
        orders.push((order, made));
    }
    done(
        account
            .connected
            .payments
            .refund(&account.refund(&orders[0].1, 500))
            .await,
    );
    let contested = account.token("pm_card_createDispute", MethodKind::Card).await;
    done(account.charge(&contested).await);
    let span = TimeSpan {
        from,
        to: from + std::time::Duration::from_hours(1),
    };
    let (mut after, mut lines, mut pages) = (None, Vec::new(), 0);
    loop {
        let page = reports.activity(&span, after.as_ref()).await.unwrap();
        lines.extend(page.lines);
        pages += 1;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(
        (pages, lines.len()),
        (2, 123),
        "121 payments, a refund, a dispute"
    );
    let names: BTreeSet<_> = lines.iter().map(|line| line.theirs.clone()).collect();
    assert_eq!(names.len(), lines.len());
    for (order, made) in &orders {
        let line = lines
            .iter()
            .find(|line| line.ours.as_ref() == Some(&order.id) && line.kind == ActivityKind::Payment);
        let line = line.unwrap();
        assert_eq!(
            (line.payment.clone(), line.amount),
            (made.theirs.clone(), usd(2_000).get())
        );
    }
    let of = |kind| {
        lines
            .iter()
            .filter(|line| line.kind == kind)
            .map(|line| line.amount.minor)
            .sum::<i64>()
    };
    assert_eq!(
        (of(ActivityKind::Refund), of(ActivityKind::Dispute)),
        (-500, -2_000)
    );
    let sum: i64 = lines.iter().map(|line| line.amount.minor - line.fee.minor).sum();
    let holdings = reports.holdings().await.unwrap();
    assert_eq!(holdings[0].available.minor + holdings[0].pending.minor, sum);
    let earlier = TimeSpan {
        from: from - std::time::Duration::from_hours(1),
        to: from,
    };
    assert_eq!(reports.activity(&earlier, None).await.unwrap().lines, []);
}

#[tokio::test]
async fn missed_events_can_be_read() {
    let account = Account::new().await;
    let order = account.stored(Behaviour::Succeeds).await;
    done(account.charge(&order).await);
    let posted = account.events().await;
    let reports = account.connected.reports.as_ref().unwrap();
    let from = account.runtime.clock.now() - std::time::Duration::from_mins(1);
    let mut read = reports.events_since(from, None).await.unwrap().events;
    read.reverse();
    assert_eq!(read, posted);
}
