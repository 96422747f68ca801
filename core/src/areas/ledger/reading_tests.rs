//! Reading: one get for a balance, one query for a page, filters, and cursors that belong to their list.

use std::time::Duration;

use portcullis_ports::Clock as _;

use super::testing::{LedgerBed, captured, held, ledger, ledger_on, sold, subject, usd};
use super::*;
use crate::foundation::cursor::{INVALID_CURSOR, SignedCursor};
use crate::foundation::testing::Node;

/// Sales of 1, 2, 3 … cents, ten seconds apart, every third one a payment.
async fn fill(bed: &LedgerBed, count: i64) {
    for minor in 1..=count {
        let transaction = if minor % 3 == 0 {
            captured(minor)
        } else {
            sold(minor)
        };
        bed.post_one(&subject("ada"), transaction).await;
        bed.base.clock.advance(Duration::from_secs(10));
    }
}

async fn numbers(bed: &LedgerBed, filter: EntryFilter, limit: usize) -> Vec<Vec<u64>> {
    let mut command = ListEntries {
        filter,
        limit: Some(limit),
        ..ListEntries::all(usd())
    };
    let mut pages = Vec::new();
    loop {
        let page = bed.ledger.entries(&subject("ada"), &command).await.unwrap();
        pages.push(page.entries.iter().map(|entry| entry.number).collect());
        command.cursor = page.next_cursor;
        if command.cursor.is_none() {
            return pages;
        }
    }
}

#[tokio::test]
async fn a_balance_is_one_get_and_a_page_one_query() {
    let (node, observed) = Node::observed();
    let bed = ledger_on(node).await;
    fill(&bed, 30).await;
    observed.work();
    bed.ledger.balance(&subject("ada"), usd()).await.unwrap();
    let work = observed.work();
    assert_eq!((work.gets, work.queries), (1, 0));
    let command = ListEntries {
        limit: Some(10),
        ..ListEntries::all(usd())
    };
    let page = bed.ledger.entries(&subject("ada"), &command).await.unwrap();
    let work = observed.work();
    assert_eq!((work.gets, work.queries), (0, 1));
    assert_eq!(page.entries.len(), 10);
}

#[tokio::test]
async fn pages_are_complete_and_newest_first() {
    let bed = ledger().await;
    assert_eq!(numbers(&bed, EntryFilter::default(), 4).await, [[0_u64; 0]]);
    fill(&bed, 10).await;
    let pages = numbers(&bed, EntryFilter::default(), 4).await;
    assert_eq!(pages, [vec![10, 9, 8, 7], vec![6, 5, 4, 3], vec![2, 1]]);
    let pages = numbers(&bed, EntryFilter::default(), 5).await;
    assert_eq!(pages, [[10, 9, 8, 7, 6], [5, 4, 3, 2, 1]]);
}

#[tokio::test]
async fn filters_leave_out_what_is_not_wanted() {
    let bed = ledger().await;
    let begun = bed.base.clock.now();
    fill(&bed, 20).await;
    let captures = EntryFilter {
        kinds: vec![EntryKind::Capture],
        ..EntryFilter::default()
    };
    assert_eq!(
        numbers(&bed, captures, 4).await,
        [vec![18, 15, 12, 9], vec![6, 3]]
    );
    for (first, behind) in [(0, 20), (1, 2), (5, 12), (7, 7), (19, 25), (30, 40)] {
        // Entry n was written 10 (n - 1) seconds after the beginning.
        let span = EntryFilter {
            from: Some(begun + Duration::from_secs(10 * first)),
            until: Some(begun + Duration::from_secs(10 * behind)),
            ..EntryFilter::default()
        };
        let found: Vec<u64> = numbers(&bed, span, 3).await.concat();
        let expected: Vec<u64> = (first + 1..=behind.min(20)).rev().collect();
        assert_eq!(found, expected, "{first} to {behind}");
    }
    let pending = EntryFilter {
        phase: Some(EntryPhase::Pending),
        ..EntryFilter::default()
    };
    assert_eq!(numbers(&bed, pending, 3).await, [[0_u64; 0]]);
}

#[tokio::test]
async fn the_end_of_a_span_is_found_without_reading_what_is_behind_it() {
    let (node, observed) = Node::observed();
    let bed = ledger_on(node).await;
    let begun = bed.base.clock.now();
    fill(&bed, 300).await;
    observed.work();
    let command = ListEntries {
        filter: EntryFilter {
            until: Some(begun + Duration::from_secs(55)),
            ..EntryFilter::default()
        },
        ..ListEntries::all(usd())
    };
    let page = bed.ledger.entries(&subject("ada"), &command).await.unwrap();
    assert_eq!(page.entries[0].number, 6);
    let work = observed.work();
    assert!(work.gets <= 11 && work.queries == 1, "{work:?}");
}

#[tokio::test]
async fn a_rare_kind_is_looked_for_in_steps() {
    let bed = ledger().await;
    bed.post_one(&subject("ada"), captured(1)).await;
    let sales: Vec<Transaction> = (0..30).map(|_| sold(1)).collect();
    for _ in 0..70 {
        bed.post(&subject("ada"), &sales).await.unwrap();
    }
    let rare = EntryFilter {
        kinds: vec![EntryKind::Capture],
        ..EntryFilter::default()
    };
    assert_eq!(numbers(&bed, rare, 5).await, [vec![], vec![1]]);
}

#[tokio::test]
async fn a_cursor_belongs_to_its_account_and_filter() {
    let bed = ledger().await;
    fill(&bed, 5).await;
    bed.post_one(&subject("bob"), sold(1)).await;
    let command = ListEntries {
        limit: Some(2),
        ..ListEntries::all(usd())
    };
    let page = bed.ledger.entries(&subject("ada"), &command).await.unwrap();
    let cursor = page.next_cursor.unwrap();
    let with = |command: ListEntries| ListEntries {
        cursor: Some(cursor.clone()),
        ..command
    };
    let filtered = ListEntries {
        filter: EntryFilter {
            kinds: vec![EntryKind::Sale],
            ..EntryFilter::default()
        },
        ..command.clone()
    };
    let yen = ListEntries::all("JPY".parse().unwrap());
    let (ada, bob) = (subject("ada"), subject("bob"));
    for (who, wrong) in [
        (&bob, with(command.clone())),
        (&ada, with(filtered)),
        (&ada, with(yen)),
        (
            &ada,
            ListEntries {
                cursor: Some(SignedCursor::parse("AAAA").unwrap()),
                ..command.clone()
            },
        ),
    ] {
        let refused = bed.ledger.entries(who, &wrong).await.unwrap_err();
        assert_eq!(refused.code(), INVALID_CURSOR);
    }
    bed.ledger.entries(&ada, &with(command)).await.unwrap();
}

#[tokio::test]
async fn a_page_says_what_is_still_open() {
    let bed = ledger().await;
    let ada = subject("ada");
    bed.post(&ada, &[sold(10), held(4), held(6)]).await.unwrap();
    bed.post_one(&ada, captured(5).settling(2)).await;
    let page = bed.ledger.entries(&ada, &ListEntries::all(usd())).await.unwrap();
    let shown: Vec<_> = page
        .entries
        .iter()
        .map(|entry| {
            (
                entry.number,
                entry.phase,
                entry.open,
                entry.resolves,
                entry.amount,
                entry.owed_after,
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            (4, EntryPhase::Posted, false, Some(2), -5, 5),
            (3, EntryPhase::Pending, true, None, -6, 10),
            (2, EntryPhase::Pending, false, None, -4, 10),
            (1, EntryPhase::Posted, false, None, 10, 10),
        ]
    );
}
