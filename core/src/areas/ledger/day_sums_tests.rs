//! The sums of days: the same whether they are folded, in whichever zone, and with whatever kinds.

use std::collections::BTreeMap;
use std::time::Duration;

use super::testing::{LedgerBed, captured, dollars, ledger, main, payment, sold, subject};
use super::*;

const HOUR: Duration = Duration::from_hours(1);

async fn days(ledger: &Ledger) -> BTreeMap<(String, String), Vec<(Option<EntryKind>, u64, i64)>> {
    let days = ledger.house_days("2000-01-01", "2999-12-31").await.unwrap();
    days.into_iter()
        .map(|day| {
            let mut kinds: Vec<_> = day
                .kinds
                .iter()
                .map(|one| (one.kind, one.lines, one.moved.net()))
                .collect();
            kinds.sort_unstable();
            ((day.account.to_string(), day.day), kinds)
        })
        .collect()
}

/// Business of four days, one transaction every seven hours.
async fn business(bed: &LedgerBed) {
    for _ in 0..14 {
        bed.post(&subject("ada"), &[sold(100), captured(40)])
            .await
            .unwrap();
        let fee = HouseTransaction::fee(&main(), dollars(2), payment());
        bed.post_house(&fee).await.unwrap();
        bed.base.clock.advance(7 * HOUR);
    }
}

#[tokio::test]
async fn a_day_is_the_same_before_and_after_it_is_folded() {
    let bed = ledger().await;
    business(&bed).await;
    let before = days(&bed.ledger).await;
    let of_vendor = || before.iter().filter(|((name, _), _)| name == "processor/main");
    assert_eq!(of_vendor().count(), 5);
    let came: i64 = of_vendor().flat_map(|(_, kinds)| kinds).map(|kind| kind.2).sum();
    assert_eq!(came, 14 * (40 - 2));
    let kinds = of_vendor().next().unwrap().1;
    let named: Vec<_> = kinds.iter().map(|kind| kind.0).collect();
    assert_eq!(named, [Some(EntryKind::Capture), Some(EntryKind::Fee)]);
    for _ in 0..3 {
        bed.ledger.fold().await.unwrap();
        assert_eq!(days(&bed.ledger).await, before);
        bed.base.clock.advance(300 * HOUR);
    }
}

#[tokio::test]
async fn a_line_that_is_late_lands_on_the_day_when_it_was_booked() {
    let bed = ledger().await;
    business(&bed).await;
    bed.ledger.fold().await.unwrap();
    let before = days(&bed.ledger).await;
    // A node whose clock is behind by two days.
    bed.base.clock.set_back(48 * HOUR);
    let fee = HouseTransaction::fee(&main(), dollars(5), payment());
    bed.post_house(&fee).await.unwrap();
    let told = days(&bed.ledger).await;
    bed.base.clock.advance(48 * HOUR);
    assert_ne!(told, before);
    assert_eq!(bed.ledger.fold().await.unwrap().lines, 2);
    assert_eq!(days(&bed.ledger).await, told);
}

#[tokio::test]
async fn days_begin_where_the_zone_says() {
    let bed = ledger().await;
    business(&bed).await;
    // Of two readings of the same lines only the borders differ.
    let samoa = Zone::parse("Pacific/Apia").unwrap();
    let there = bed.ledger.clone().with_days_of(&samoa);
    let (here, moved) = (days(&bed.ledger).await, days(&there).await);
    assert_ne!(here, moved);
    let sum = |days: &BTreeMap<_, Vec<(Option<EntryKind>, u64, i64)>>| -> i64 {
        days.values().flatten().map(|kind| kind.2).sum()
    };
    assert_eq!(sum(&here), sum(&moved));
    bed.base.clock.advance(2 * HOUR);
    there.fold().await.unwrap();
    assert_eq!(days(&there).await, moved);
}

#[tokio::test]
async fn a_sum_that_somebody_else_wrote_is_not_believed() {
    use portcullis_ports::storage::{Expect, RecordStore as _, Scan as _, Write};

    let bed = ledger().await;
    business(&bed).await;
    bed.ledger.fold().await.unwrap();
    let page = bed.base.store.scan(&LEDGER_OPEN, None, 1000).await.unwrap();
    let sum = page
        .records
        .into_iter()
        .find(|record| record.key.sort.starts_with(DaySum::PREFIX))
        .unwrap();
    let forged = sum.body.replacen("\"debits\":", "\"debits\":1", 1);
    assert_ne!(*forged, *sum.body);
    let put = Write::Put {
        key: sum.key,
        body: forged.as_str().into(),
        expires_at: None,
        expect: Expect::Any,
    };
    bed.base.store.commit(&[put]).await.unwrap();
    let refused = bed.ledger.house_days("2000-01-01", "2999-12-31").await;
    assert_eq!(refused.unwrap_err().code(), LEDGER_BROKEN);
    let mut found = 0;
    bed.ledgers().verify_all(None, &mut |_| found += 1).await.unwrap();
    assert!(found > 0);
}
