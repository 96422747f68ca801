//! Readers and writers at the same time: what was seen once is never unseen.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use portcullis_ports::storage::{Direction, Expect, Query, Range, RecordStore, Write};
use serde_json::json;

use crate::stores::{COLLECTION, Place, key, number, put};

const WRITERS: usize = 6;
const ROUNDS: u64 = 250;

/// One writer's two records, always written together, and the round that was last acknowledged.
struct Pair {
    partition: String,
    acknowledged: AtomicU64,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_reader_never_sees_less_than_anybody_saw_before() {
    watch(json!("16MiB")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nor_does_it_while_the_memory_forgets_all_the_time() {
    watch(json!("24KiB")).await;
}

async fn watch(cache: serde_json::Value) {
    let place = Place::new();
    let settings = json!({ "folder": place.store(), "cache": cache });
    let store = place.open_with(settings).await.records;
    let pairs: Arc<Vec<Pair>> = Arc::new(
        (0..WRITERS)
            .map(|writer| Pair {
                partition: format!("pair-{writer}"),
                acknowledged: AtomicU64::new(0),
            })
            .collect(),
    );
    let done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let (store, pairs, done) = (store.clone(), pairs.clone(), done.clone());
            tokio::spawn(async move {
                let mut reads = 0_usize;
                while !done.load(Ordering::SeqCst) {
                    look(&*store, &pairs[reads % WRITERS]).await;
                    reads += 1;
                    tokio::task::yield_now().await;
                }
                reads
            })
        })
        .collect();
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (store, pairs) = (store.clone(), pairs.clone());
            tokio::spawn(async move { work(&*store, &pairs[writer]).await })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    done.store(true, Ordering::SeqCst);
    for reader in readers {
        assert!(reader.await.unwrap() > 0);
    }
}

async fn work(store: &dyn RecordStore, pair: &Pair) {
    for round in 1..=ROUNDS {
        let record = |sort: &str| put(key(&pair.partition, sort), round, Expect::Any);
        let mut writes = vec![record("left"), record("right")];
        // Absence is remembered, too, and must be forgotten in time.
        let marker = key(&pair.partition, "marker");
        writes.push(if round % 2 == 0 {
            Write::Delete {
                key: marker,
                expect: Expect::Present,
            }
        } else {
            put(marker, round, Expect::Absent)
        });
        store.commit(&writes).await.unwrap();
        pair.acknowledged.store(round, Ordering::SeqCst);
    }
}

/// Reads the pair in several ways, one after the other: the round may only grow.
async fn look(store: &dyn RecordStore, pair: &Pair) {
    let mut least = pair.acknowledged.load(Ordering::SeqCst);
    let grows = |least: &mut u64, round: u64, how: &str| {
        assert!(
            round >= *least,
            "{how} of {}: {round} after {least}",
            pair.partition
        );
        *least = round;
    };
    let read = async |sort: &str| {
        let found = number(store, &key(&pair.partition, sort)).await;
        found.map_or(0, |(round, _)| round)
    };
    grows(&mut least, read("left").await, "left");
    grows(&mut least, read("right").await, "right");
    let query = Query {
        collection: COLLECTION,
        partition: pair.partition.clone(),
        range: Range::All,
        direction: Direction::Descending,
        limit: 10,
        after: None,
    };
    let page = store.query(&query).await.unwrap();
    let listed = page
        .records
        .iter()
        .find(|record| record.key.sort == "right")
        .map_or(0, |record| record.body.parse().unwrap());
    grows(&mut least, listed, "listing");
    grows(&mut least, read("left").await, "left again");
    // The marker stands after odd rounds only, so its own round is the last odd one.
    let marker = read("marker").await;
    let now = pair.acknowledged.load(Ordering::SeqCst);
    if marker > 0 {
        assert!(
            marker % 2 == 1 && marker >= least,
            "marker {marker} after {least}"
        );
    } else {
        let even = |round: u64| round.is_multiple_of(2);
        // Absent: some even round from what was seen before to the one that may be on its way.
        assert!(
            (least..=now + 1).any(even),
            "no marker between {least} and {}",
            now + 1
        );
    }
    grows(&mut least, read("right").await, "right again");
}
