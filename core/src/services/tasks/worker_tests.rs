//! Leases, workers, turns and stopping.

use std::sync::atomic::Ordering;
use std::time::Duration;

use event_listener::Event;
use futures_util::FutureExt;
use portcullis_ports::Clock as _;
use portcullis_ports::storage::{Expect, Key, RecordStore as _, STORE_UNAVAILABLE, Write};

use super::testing::*;
use super::*;
use crate::foundation::testing::{Node, Observed};

#[tokio::test]
async fn a_lease_is_renewed_while_a_runner_works_and_outlasts_what_it_guards() {
    let node = Node::default();
    let (one, other) = (
        bed_on(&node).await,
        bed_on(&Node {
            seed: 2,
            ..Node::over(node.memory.clone(), node.clock.clone())
        })
        .await,
    );
    one.plan(&MONEY, "a", 0).await;
    one.script.says([Act::Waits]);
    one.beside(async {
        settle().await;
        for _ in 0..300 {
            one.wait(1);
            settle().await;
            assert_eq!(other.drain(&MONEY).await, [], "it is being run");
        }
        one.script.released.notify(1);
        settle().await;
    })
    .await;
    assert_eq!(one.stored().await, 0);
    // A call that takes longer than the lease, in a process that cannot renew it meanwhile.
    one.plan(&MONEY, "b", 0).await;
    one.script.says([Act::HoldsFor(Duration::from_mins(3))]);
    let mut stalled = Box::pin(one.runners.drain(MONEY.name));
    assert!(futures_util::poll!(&mut stalled).is_pending());
    settle().await;
    assert!(futures_util::poll!(&mut stalled).is_pending());
    assert!(one.script.held.load(Ordering::SeqCst));
    one.wait(180);
    assert_eq!(other.drain(&MONEY).await, []);
    one.wait(15);
    assert_eq!(other.drain(&MONEY).await, looked(&["b"]));
}

#[tokio::test]
async fn whoever_lost_the_lease_holds_nothing_and_ends_nothing() {
    let node = Node::default();
    let one = bed_on(&node).await;
    let second = Node {
        seed: 2,
        ..Node::over(node.memory.clone(), node.clock.clone())
    };
    let other = bed_on(&second).await;
    one.plan(&MONEY, "a", 0).await;
    let page = one
        .context
        .table::<Task>()
        .page("money#0", Task::queued(), 1, None)
        .await
        .unwrap();
    let mut task = page.0[0].value.clone();
    task.lease = Some(records::Lease {
        holder: "one".into(),
        since: one.clock.now(),
    });
    task.due = one.clock.now() + Duration::from_mins(1);
    lease::lease(&one.context, &page.0[0], &task).await.unwrap();
    let leased = Leased::new(&one.tasks, &MONEY, task);
    one.wait(60);
    other.script.says([Act::Hangs]);
    assert!(other.runners.drain(MONEY.name).now_or_never().is_none());
    assert!(
        !leased
            .hold(one.clock.now() + Duration::from_secs(30))
            .await
            .unwrap()
    );
    let mut batch = Batch::default();
    assert!(!leased.finish_in(&mut batch).await.unwrap());
    assert_eq!(batch.len(), 0);
    assert_eq!(one.stored().await, 1, "it is the other's");
}

#[tokio::test]
async fn a_wish_during_a_run_is_kept() {
    let bed = bed().await;
    for ending in [Act::Waits, Act::Waits] {
        bed.plan(&WORK, "a", 0).await;
        bed.script.says([ending]);
        bed.beside(async {
            settle().await;
            assert_eq!(bed.script.runs(), ran(&["a"]));
            assert!(bed.move_to(&WORK, "a", 20).await);
            bed.script.released.notify(1);
            settle().await;
            bed.wait(19);
            settle().await;
            assert_eq!(bed.script.runs(), []);
            bed.wait(1);
            settle().await;
            assert_eq!(bed.script.runs(), ran(&["a"]), "and once only");
        })
        .await;
        assert_eq!(bed.stored().await, 0);
    }
}

#[tokio::test]
async fn a_wish_outlives_a_run_that_ends_for_ever() {
    let bed = bed().await;
    bed.plan(&WORK, "a", 0).await;
    bed.script.says([Act::WaitsAndDies]);
    bed.beside(async {
        settle().await;
        assert!(bed.move_to(&WORK, "a", 20).await);
        bed.script.released.notify(1);
        settle().await;
        assert_eq!(bed.script.runs(), ran(&["a"]));
        bed.wait(20);
        settle().await;
        assert_eq!(bed.script.runs(), ran(&["a"]), "whoever wished it knew more");
    })
    .await;
    assert!(bed.given_up().is_empty());
    assert_eq!(bed.stored().await, 0);
}

#[tokio::test]
async fn a_wish_takes_no_lease_away() {
    let (node, store): (Node, Arc<Observed>) = Node::observed();
    let bed = bed_on(&node).await;
    bed.plan(&WORK, "a", 0).await;
    bed.script.says([Act::Waits]);
    bed.beside(async {
        settle().await;
        // Somebody writes a wish down between a renewal's read and its commit.
        store.collisions.store(1, Ordering::SeqCst);
        bed.wait(31);
        settle().await;
        bed.wait(31);
        settle().await;
        bed.script.released.notify(1);
        settle().await;
    })
    .await;
    assert_eq!(bed.script.runs(), ran(&["a"]), "nobody else had it");
    assert_eq!(bed.stored().await, 0);
}

#[tokio::test]
async fn a_store_that_takes_no_lease_is_not_asked_again_at_once() {
    let (node, store): (Node, Arc<Observed>) = Node::observed();
    let bed = bed_on(&node).await;
    for id in ["a", "b", "c", "d", "e", "f"] {
        bed.plan(&MONEY, id, 0).await;
    }
    store.forgetful.store(true, Ordering::SeqCst);
    store.work();
    bed.beside(async {
        for _ in 0..20 {
            settle().await;
        }
        let asked = store.work();
        assert!(asked.commits < 20, "{} leases were tried", asked.commits);
        store.forgetful.store(false, Ordering::SeqCst);
        bed.wait(10);
        settle().await;
    })
    .await;
    assert_eq!(bed.script.runs().len(), 6);
}

#[tokio::test]
async fn a_task_that_is_cancelled_while_it_runs_does_not_come_back() {
    let bed = bed().await;
    bed.plan(&WORK, "a", 0).await;
    bed.script.says([Act::Waits]);
    bed.beside(async {
        settle().await;
        assert!(bed.cancel(&WORK, "a").await);
        bed.script.released.notify(1);
        settle().await;
    })
    .await;
    assert_eq!(bed.stored().await, 0);
}

#[tokio::test]
async fn workers_wake_for_what_was_planned_here_and_at_its_moment() {
    let bed = bed().await;
    bed.beside(async {
        settle().await;
        bed.plan(&WORK, "a", 0).await;
        settle().await;
        assert_eq!(
            bed.script.runs().last(),
            ran(&["a"]).last(),
            "without a second passing"
        );
        bed.plan(&WORK, "b", 3).await;
        bed.plan(&WORK, "c", 2).await;
        settle().await;
        for expected in [&[][..], &["c"], &["b"]] {
            bed.wait(1);
            settle().await;
            assert_eq!(bed.script.runs(), ran(expected));
        }
    })
    .await;
}

#[tokio::test]
async fn a_kind_that_hangs_keeps_no_other_from_anything() {
    let bed = bed().await;
    for id in ["a", "b", "c", "d", "e", "f"] {
        bed.plan(&MONEY, id, 0).await;
    }
    bed.script.says([const { Act::Hangs }; 4]);
    bed.beside(async {
        settle().await;
        assert_eq!(bed.script.runs().len(), 4, "no more at once than it may");
        bed.plan(&WORK, "x", 0).await;
        settle().await;
        assert_eq!(bed.script.runs(), ran(&["x"]));
    })
    .await;
}

#[tokio::test]
async fn each_turn_has_one_winner_and_missed_turns_are_left_out() {
    let node = Node::default();
    let one = bed_on(&node).await;
    let other = bed_on(&Node {
        seed: 2,
        ..Node::over(node.memory.clone(), node.clock.clone())
    })
    .await;
    let turns = async || {
        let (a, b) = futures_util::join!(one.runners.drain("hourly"), other.runners.drain("hourly"));
        a.unwrap() + b.unwrap()
    };
    assert_eq!(turns().await, 1);
    assert_eq!(turns().await, 0);
    one.wait(3_599);
    assert_eq!(turns().await, 0);
    one.wait(1);
    assert_eq!(turns().await, 1);
    one.wait(36_000);
    assert_eq!(turns().await, 1, "ten turns were missed");
    assert_eq!(turns().await, 0);
    // What fails is tried again, and goes on with its next turn when nothing helps.
    one.wait(3_600);
    one.turns.says([const { Act::Fails }; 20]);
    other.turns.says([const { Act::Fails }; 20]);
    for _ in 0..40 {
        turns().await;
        one.wait(300);
    }
    one.turns.acts.lock().unwrap().clear();
    other.turns.acts.lock().unwrap().clear();
    assert!(one.runners.dead_letters().await.unwrap().is_empty());
    one.wait(7_200);
    assert_eq!(turns().await, 1);
    // A clock that was years ahead did not plan the next turn for then.
    one.clock.advance(Duration::from_hours(24 * 365));
    assert_eq!(turns().await, 1);
    one.clock.set_back(Duration::from_hours(24 * 365));
    turns().await;
    one.wait(3_600);
    assert_eq!(turns().await, 1);
}

#[tokio::test]
async fn what_cannot_be_read_stops_no_lane() {
    let node = Node::default();
    let bed = bed_on(&node).await;
    let mut writes = Vec::new();
    for at in 0..40 {
        writes.push(Write::Put {
            key: Key {
                collection: TASKS,
                partition: "money#0".into(),
                sort: format!("{at:015}#x{at}"),
            },
            body: "{\"v\":99}".into(),
            expires_at: None,
            expect: Expect::Any,
        });
    }
    node.memory.commit(&writes).await.unwrap();
    bed.plan(&MONEY, "a", 0).await;
    assert_eq!(bed.drain(&MONEY).await, ran(&["a"]));
}

#[tokio::test]
async fn an_end_is_written_down_once_the_store_is_back() {
    let (node, store): (Node, Arc<Observed>) = Node::observed();
    let bed = bed_on(&node).await;
    bed.plan(&MONEY, "a", 0).await;
    bed.script.says([Act::Waits]);
    bed.beside(async {
        settle().await;
        let failing = store.clone();
        store.before_commits(move |_| {
            failing.forgetful.store(true, Ordering::SeqCst);
            None
        });
        bed.script.released.notify(1);
        settle().await;
        assert_eq!(bed.stored().await, 1);
        store.before_commits(|_| None);
        store.forgetful.store(false, Ordering::SeqCst);
        bed.wait(1);
        settle().await;
        assert_eq!(bed.stored().await, 0);
        assert_eq!(bed.script.runs(), ran(&["a"]));
    })
    .await;
    assert_eq!(STORE_UNAVAILABLE.kind(), Kind::Unavailable);
}

#[tokio::test]
async fn stopping_lets_what_is_under_way_end_and_begins_nothing() {
    let bed = bed().await;
    for id in ["a", "b", "c", "d", "e", "f"] {
        bed.plan(&MONEY, id, 0).await;
    }
    bed.script.says([const { Act::Waits }; 4]);
    let stop = Arc::new(Event::new());
    let worker = bed
        .runners
        .workers()
        .into_iter()
        .find(|one| one.name() == "money")
        .unwrap();
    assert_eq!(
        worker.grace(),
        MONEY.lease,
        "money calls end before the process does"
    );
    let told = stop.listen();
    let work = worker.work(told.boxed());
    let test = async {
        settle().await;
        stop.notify(1);
        settle().await;
        bed.script.released.notify(usize::MAX);
    };
    futures_util::join!(work, test);
    assert_eq!(bed.script.runs().len(), 4);
    assert_eq!(bed.stored().await, 2);
}

#[tokio::test]
async fn a_kind_without_a_runner_or_with_two_is_found_at_the_start() {
    let mut bed = bed().await;
    bed.runners
        .require([&WORK, &MONEY, &EVERY_HOUR].into_iter())
        .unwrap();
    assert!(bed.runners.require([&WORK, &MONEY].into_iter()).is_err());
    assert!(
        bed.runners
            .require([&WORK, &MONEY, &EVERY_HOUR, &OTHER].into_iter())
            .is_err()
    );
    bed.runners.repeating(&WORK, Scripted(bed.script.clone()));
    assert!(
        bed.runners
            .require([&WORK, &MONEY, &EVERY_HOUR].into_iter())
            .is_err()
    );
}
