//! The accounts of the house: totals, folding, and nodes that fold at once.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use portcullis_ports::storage::{STORE_CONFLICT, Scan as _, Write};
use portcullis_ports::testkit::MemoryStore;

use super::testing::{LedgerBed, captured, dollars, ledger, ledger_on, main, payment, sold, subject, usd};
use super::*;
use crate::foundation::testing::Node;

const DAY: Duration = Duration::from_hours(24);

async fn totals(bed: &LedgerBed) -> Vec<(String, i64)> {
    let totals = bed.ledger.house_totals().await.unwrap();
    totals
        .into_iter()
        .map(|total| (total.account.to_string(), total.moved.net()))
        .collect()
}

async fn lines(store: &MemoryStore) -> usize {
    let page = store.scan(&LEDGER_OPEN, None, 1000).await.unwrap();
    let is_line = |sort: &str| sort.starts_with("txn_");
    page.records
        .iter()
        .filter(|record| is_line(&record.key.sort))
        .count()
}

async fn intact(bed: &LedgerBed) {
    let summary = bed
        .ledgers()
        .verify_all(None, &mut |found| panic!("{found:?}"))
        .await
        .unwrap();
    assert_eq!(summary.findings, 0);
}

/// A few days of business.
async fn days(bed: &LedgerBed, count: u32) {
    for _ in 0..count {
        for name in ["ada", "bob", "eve"] {
            bed.post(&subject(name), &[sold(100), captured(40)])
                .await
                .unwrap();
        }
        let fee = HouseTransaction::fee(&main(), dollars(2), payment());
        bed.post_house(&fee).await.unwrap();
        bed.base.clock.advance(DAY);
    }
}

#[tokio::test]
async fn totals_are_the_same_before_and_after_folding() {
    let bed = ledger().await;
    days(&bed, 5).await;
    let before = totals(&bed).await;
    let expected = [
        ("fees/main", 10),
        ("processor/main", 5 * (120 - 2)),
        ("revenue", -1500),
    ];
    assert_eq!(before, expected.map(|(name, net)| (name.to_owned(), net)));
    let all = lines(&bed.base.store).await;
    bed.post_one(&subject("ada"), sold(100)).await;
    let before = totals(&bed).await;
    // What is younger than an hour stays.
    let folded = bed.ledger.fold().await.unwrap();
    assert_eq!((folded.lines, all), (5 * 8, 5 * 8));
    assert_eq!(lines(&bed.base.store).await, 1);
    assert_eq!(totals(&bed).await, before);
    intact(&bed).await;
    assert_eq!(bed.ledger.fold().await.unwrap(), Folded::default());
    bed.base.clock.advance(30 * DAY);
    let folded = bed.ledger.fold().await.unwrap();
    assert_eq!((folded.lines, folded.days), (1, 16));
    assert_eq!(totals(&bed).await, before);
    intact(&bed).await;
}

#[tokio::test]
async fn a_long_day_is_folded_in_many_commits_and_every_one_of_them_holds() {
    let bed = ledger().await;
    let many: Vec<Transaction> = (0..40).map(|_| sold(1)).collect();
    for _ in 0..50 {
        bed.post(&subject("ada"), &many).await.unwrap();
    }
    bed.base.clock.advance(3 * DAY);
    // Every second commit is refused by the store.
    let mut folded = 0;
    for _ in 0..200 {
        bed.base.store.fail_next(1);
        assert!(bed.ledger.fold().await.is_err());
        folded += bed.ledger.fold().await.map_or(0, |done| done.lines);
        assert_eq!(totals(&bed).await, [("revenue".to_owned(), -2000)]);
        if lines(&bed.base.store).await == 0 {
            break;
        }
    }
    assert_eq!(lines(&bed.base.store).await, 0);
    assert!(folded > 0);
    intact(&bed).await;
}

#[tokio::test]
async fn nodes_that_fold_at_once_fold_every_line_once() {
    let Node { clock, memory, .. } = Node::default();
    let mut beds = Vec::new();
    for seed in 1..4 {
        let node = Node {
            shared: true,
            seed,
            ..Node::over(memory.clone(), clock.clone())
        };
        beds.push(ledger_on(node).await);
    }
    days(&beds[0], 6).await;
    let before = totals(&beds[0]).await;
    let done = join_all(beds.iter().map(|bed| bed.ledger.fold())).await;
    let folded: u64 = done.into_iter().map(|done| done.unwrap().lines).sum();
    assert_eq!(folded, 6 * 8);
    for bed in &beds {
        assert_eq!(totals(bed).await, before);
        intact(bed).await;
    }
}

#[tokio::test]
async fn a_total_that_is_read_while_it_is_folded_is_right() {
    let (node, observed) = Node::observed();
    let bed = Arc::new(ledger_on(node).await);
    days(&bed, 4).await;
    let before = totals(&bed).await;
    // Whoever folds lets others read before each commit.
    let reader = Arc::clone(&bed);
    let expected = before.clone();
    observed.before_commits(move |writes| {
        let folds = writes.iter().any(|write| matches!(write, Write::Delete { .. }));
        let (reader, expected) = (Arc::clone(&reader), expected.clone());
        folds.then(|| -> futures_util::future::BoxFuture<'static, ()> {
            Box::pin(async move {
                assert_eq!(totals(&reader).await, expected);
                intact(&reader).await;
            })
        })
    });
    assert!(bed.ledger.fold().await.unwrap().lines > 0);
    assert_eq!(totals(&bed).await, before);
}

#[tokio::test]
async fn a_total_that_somebody_else_wrote_is_not_believed() {
    let bed = ledger().await;
    days(&bed, 4).await;
    bed.ledger.fold().await.unwrap();
    let page = bed.base.store.scan(&LEDGER_OPEN, None, 1000).await.unwrap();
    let total = page
        .records
        .into_iter()
        .find(|record| record.key.sort == "total")
        .unwrap();
    let forged = total.body.replacen("\"debits\":", "\"debits\":1", 1);
    let put = Write::Put {
        key: total.key,
        body: forged.as_str().into(),
        expires_at: None,
        expect: portcullis_ports::storage::Expect::Any,
    };
    portcullis_ports::storage::RecordStore::commit(bed.base.store.as_ref(), &[put])
        .await
        .unwrap();
    let refused = bed.ledger.house_totals().await.unwrap_err();
    assert_eq!(refused.code(), LEDGER_BROKEN);
    let mut found = 0;
    bed.ledgers().verify_all(None, &mut |_| found += 1).await.unwrap();
    assert!(found > 0);
}

#[tokio::test]
async fn what_is_under_way_is_left_out_of_the_sums() {
    let bed = ledger().await;
    bed.post_one(&subject("ada"), sold(100)).await;
    bed.base.clock.advance(Duration::from_mins(5));
    let cut = portcullis_ports::Clock::now(bed.base.clock.as_ref());
    bed.post_one(&subject("ada"), sold(7)).await;
    let mut nothing = |found: &Finding| panic!("{found:?}");
    let summary = bed.ledgers().verify_all(Some(cut), &mut nothing).await.unwrap();
    assert_eq!(summary.customers, [(usd(), 100)]);
    assert_eq!(summary.entries, 2, "chains are proven to their ends");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_total_that_is_read_between_the_commits_of_folding_counts_every_line_once() {
    let bed = Arc::new(ledger().await);
    let many: Vec<Transaction> = (0..40).map(|_| sold(1)).collect();
    for _ in 0..100 {
        bed.post(&subject("ada"), &many).await.unwrap();
    }
    bed.base.clock.advance(3 * DAY);
    let folding = tokio::spawn({
        let bed = Arc::clone(&bed);
        async move { bed.ledger.fold().await.unwrap() }
    });
    while !folding.is_finished() {
        match bed.ledger.house_totals().await {
            Ok(totals) => assert_eq!(totals[0].moved.net(), -4000),
            // It was folded again and again while it was read.
            Err(error) => assert_eq!(error.code(), STORE_CONFLICT),
        }
    }
    assert_eq!(folding.await.unwrap().lines, 4000);
    assert_eq!(totals(&bed).await, [("revenue".to_owned(), -4000)]);
}
