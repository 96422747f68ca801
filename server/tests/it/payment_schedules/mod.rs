//! Random schedules of commands, faults, deeds of payers and banks, lost commits and waits, on every store.
//!
//! Some things hold at every moment, the others when all is quiet.

mod acts;
mod check;
mod faulty_store;
mod interposed;
mod play;
mod posted;
mod shop;
mod stores;

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tokio::runtime::{Builder, Runtime};

use self::acts::{Act, schedules};
use self::play::Play;
use self::stores::Place;

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Plays a schedule to its end. Gives what was seen to happen in it.
async fn played(place: Place, nodes: usize, schedule: Vec<(usize, Act)>) -> BTreeSet<&'static str> {
    let play = Box::pin(Play::begin(place, nodes)).await;
    for (node, act) in schedule {
        play.act(node, act).await;
        play.keeps_its_word().await;
    }
    play.nothing_is_forgotten().await;
    play.quiet().await;
    play.check().await
}

fn some(part: u32) -> ProptestConfig {
    let all = ProptestConfig::default();
    ProptestConfig {
        cases: (all.cases / part).max(1),
        failure_persistence: None,
        ..all
    }
}

proptest! {
    #![proptest_config(some(1))]

    #[test]
    fn when_all_is_quiet_every_cent_is_where_the_vendor_has_it(schedule in schedules()) {
        runtime().block_on(played(Place::in_memory(), 1, schedule));
    }
}

proptest! {
    #![proptest_config(some(2))]

    #[test]
    fn two_nodes_that_get_in_each_others_way_lose_no_cent(schedule in schedules()) {
        runtime().block_on(played(Place::in_memory(), 2, schedule));
    }
}

// A folder or a process for each: fewer of them.
proptest! {
    #![proptest_config(some(20))]

    #[test]
    fn on_the_embedded_store_no_cent_is_lost_either(schedule in schedules()) {
        runtime().block_on(async { Box::pin(played(Place::embedded().await, 1, schedule)).await });
    }

    #[test]
    fn on_dynamodb_two_nodes_lose_no_cent_either(schedule in schedules()) {
        runtime().block_on(async {
            if let Some(place) = Place::dynamodb().await {
                Box::pin(played(place, 2, schedule)).await;
            }
        });
    }
}

#[test]
fn schedules_draw_whatever_payments_can_meet() {
    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeSet::new();
    for _ in 0..80 {
        let schedule = schedules().new_tree(&mut runner).unwrap().current();
        seen.append(&mut runtime().block_on(played(Place::in_memory(), 2, schedule)));
    }
    let wanted = BTreeSet::from([
        "a capture of a part",
        "a dispute of a balance that was lost",
        "a dispute that was won",
        "a payment that was called off",
        "a purchase that was contested and lost",
        "a refund that came back",
        "a refund that was made at the vendor",
        "a second currency",
        "a stored card",
        "money that came late",
        "something in the middle of a call",
        "the balance paid",
    ]);
    let missing: Vec<_> = wanted.difference(&seen).collect();
    assert!(missing.is_empty(), "nobody drew: {missing:?}");
}

#[test]
fn a_request_that_arrives_late_beside_its_own_repeat_takes_money_once() {
    let contested = Act::Contested {
        balance: false,
        won: false,
        again: false,
    };
    let schedule = [
        Act::Meanwhile(true, Box::new(contested)),
        Act::Store(true),
        Act::Late,
        Act::Void(2),
    ];
    for nodes in [1, 2] {
        let schedule = schedule.iter().map(|act| (0, act.clone())).collect();
        runtime().block_on(Box::pin(played(Place::in_memory(), nodes, schedule)));
    }
}
