//! Counting while others fold: everything counts once, on its day.

use std::time::Duration;

use futures_util::future::join_all;
use portcullis_ports::storage::Scan as _;
use portcullis_ports::testkit::MemoryStore;
use proptest::prelude::*;

use super::*;
use crate::foundation::testing::Node;
use crate::services::testing::{Bed, BedSettings, Office, bed_on};

const DAY: Duration = Duration::from_hours(24);

async fn bed(node: Node) -> Bed {
    bed_on(&node, BedSettings::default(), vec![Office::new("main")]).await
}

fn euro() -> Currency {
    Currency::parse("EUR").unwrap()
}

async fn happens(bed: &Bed, happened: Vec<Tallied>) {
    let mut batch = Batch::default();
    bed.services.tallies.add(&mut batch, happened).unwrap();
    bed.context.commit(batch).await.unwrap();
}

async fn lines(store: &MemoryStore) -> usize {
    let page = store.scan(&TALLIES, None, 1_000).await.unwrap();
    let lines = page
        .records
        .iter()
        .filter(|record| record.key.sort.starts_with("tly_"));
    lines.count()
}

async fn all(bed: &Bed) -> Counted {
    bed.services.tallies.since("0").await.unwrap()
}

#[tokio::test]
async fn what_is_folded_and_what_is_not_counts_alike() {
    let bed = bed(Node::default()).await;
    for _ in 0..3 {
        let fell = Tallied::once("fell", euro());
        happens(
            &bed,
            vec![
                fell.clone(),
                fell.of("apples"),
                Tallied::change("worth", -5, euro()),
            ],
        )
        .await;
        bed.clock.advance(DAY);
    }
    let before = all(&bed).await;
    assert_eq!((before.all_time.len(), before.days.len()), (3, 3));
    assert_eq!((before.all_time[0].count, before.all_time[2].minor), (3, -15));
    let last = before.days.keys().next_back().unwrap();
    assert_eq!(bed.services.tallies.since(last).await.unwrap().days.len(), 1);
    assert_eq!(bed.services.tallies.fold().await.unwrap(), 3);
    assert_eq!(lines(&bed.store).await, 0);
    assert_eq!(all(&bed).await, before);
    assert_eq!(bed.services.tallies.fold().await.unwrap(), 0);
}

#[tokio::test]
async fn nodes_that_fold_at_once_and_fail_on_the_way_fold_every_line_once() {
    let Node { clock, memory, .. } = Node::default();
    let mut beds = Vec::new();
    for seed in 1..4 {
        let node = Node {
            shared: true,
            seed,
            ..Node::over(memory.clone(), clock.clone())
        };
        beds.push(bed(node).await);
    }
    for round in 0..400 {
        happens(&beds[round % 3], vec![Tallied::once("fell", euro())]).await;
        clock.advance(Duration::from_hours(3));
    }
    for failing in 1..6 {
        beds[0].store.fail_next(failing);
        // Whatever it came to, nothing is lost and nothing counts twice.
        drop(beds[0].services.tallies.fold().await);
        beds[0].store.fail_next(0);
        assert_eq!(all(&beds[1]).await.all_time[0].count, 400);
    }
    join_all(
        beds.iter()
            .map(|bed| async { bed.services.tallies.fold().await.unwrap() }),
    )
    .await;
    let counted = all(&beds[2]).await;
    assert_eq!(counted.all_time[0].count, 400);
    assert_eq!(counted.days.values().map(|day| day[0].count).sum::<i64>(), 400);
    assert_eq!(lines(&memory).await, 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn days_add_up_to_all_time(steps in prop::collection::vec((0..4_u64, 0..30_u64, any::<bool>(), -9..9_i64), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let bed = bed(Node::default()).await;
            let mut expected = 0;
            for (sort, hours, fold, minor) in steps {
                let of = format!("sort {sort}");
                happens(&bed, vec![Tallied { minor, ..Tallied::once("fell", euro()).of(&of) }]).await;
                expected += minor;
                bed.clock.advance(Duration::from_hours(hours));
                if fold {
                    bed.services.tallies.fold().await.unwrap();
                }
            }
            let counted = all(&bed).await;
            let of = |all: &[Tallied]| all.iter().map(|one| one.minor).sum::<i64>();
            assert_eq!(of(&counted.all_time), expected);
            assert_eq!(counted.days.values().map(|day| of(day)).sum::<i64>(), expected);
        });
    }
}
