//! Planning, running, failing, giving up.

use std::time::Duration;

use futures_util::FutureExt;
use portcullis_ports::Clock as _;

use super::testing::*;
use super::*;

#[tokio::test]
async fn a_task_is_run_once_when_it_is_due_however_often_it_was_planned() {
    let bed = bed().await;
    assert!(bed.plan(&WORK, "a", 60).await);
    assert!(!bed.plan(&WORK, "a", 5).await, "there is one");
    let mut batch = Batch::default();
    let now = bed.clock.now();
    assert!(bed.tasks.plan(&mut batch, &WORK, "b", now, &7).await.unwrap());
    assert!(!bed.tasks.plan(&mut batch, &WORK, "b", now, &7).await.unwrap());
    bed.context.commit(batch).await.unwrap();
    assert_eq!(bed.drain(&WORK).await, ran(&["b"]));
    bed.wait(59);
    assert_eq!(bed.drain(&WORK).await, []);
    bed.wait(1);
    assert_eq!(bed.drain(&WORK).await, ran(&["a"]));
    assert_eq!(bed.stored().await, 0);
    assert!(bed.plan(&WORK, "a", 0).await, "what is done may be planned anew");
}

#[tokio::test]
async fn two_commits_that_plan_one_task_plan_it_once() {
    let bed = bed().await;
    let now = bed.clock.now();
    let (mut one, mut other) = (Batch::default(), Batch::default());
    assert!(bed.tasks.plan(&mut one, &WORK, "a", now, &1).await.unwrap());
    assert!(
        bed.tasks
            .plan(&mut other, &WORK, "a", now + Duration::from_secs(1), &2)
            .await
            .unwrap()
    );
    bed.context.commit(one).await.unwrap();
    let lost = bed.context.commit(other).await.unwrap_err();
    assert_eq!(lost.code(), portcullis_ports::storage::STORE_CONFLICT);
    assert_eq!(bed.stored().await, 1);
}

#[tokio::test]
async fn a_task_is_moved_and_cancelled_by_its_id() {
    let bed = bed().await;
    assert!(!bed.move_to(&WORK, "a", 0).await && !bed.cancel(&WORK, "a").await);
    bed.plan(&WORK, "a", 600).await;
    assert!(bed.move_to(&WORK, "a", 5).await);
    bed.wait(5);
    assert_eq!(bed.drain(&WORK).await, ran(&["a"]));
    bed.plan(&WORK, "a", 5).await;
    assert!(bed.cancel(&WORK, "a").await);
    bed.wait(600);
    assert_eq!(bed.drain(&WORK).await, []);
    assert_eq!(bed.stored().await, 0);
}

#[tokio::test]
async fn what_was_planned_first_is_moved_cancelled_and_run_like_any_other() {
    let bed = bed().await;
    let first = bed.clock.now() + Duration::from_mins(1);
    let plan = async |id: &str| {
        let mut batch = Batch::default();
        Tasks::plan_first(&mut batch, &WORK, id, first, &7).unwrap();
        bed.context.commit(batch).await
    };
    let cancel = async |id: &str| {
        let mut batch = Batch::default();
        let found = bed
            .tasks
            .cancel_first(&mut batch, &WORK, (id, first))
            .await
            .unwrap();
        bed.context.commit(batch).await.unwrap();
        found
    };
    let move_to = async |id: &str, seconds: u64| {
        let mut batch = Batch::default();
        let due = bed.clock.now() + Duration::from_secs(seconds);
        let found = bed
            .tasks
            .move_first_in(&mut batch, &WORK, (id, first), due)
            .await
            .unwrap();
        bed.context.commit(batch).await.unwrap();
        found
    };
    for id in ["cancelled", "moved", "moved and back", "run"] {
        plan(id).await.unwrap();
    }
    let again = plan("run").await.unwrap_err();
    assert_eq!(again.code(), portcullis_ports::storage::STORE_CONFLICT);
    assert!(cancel("cancelled").await && !cancel("cancelled").await);
    assert!(
        move_to("moved", 5).await
            && move_to("moved and back", 5).await
            && move_to("moved and back", 60).await
    );
    assert!(cancel("moved and back").await && !move_to("moved and back", 5).await);
    assert!(
        bed.plan(&WORK, "moved and back", 70).await,
        "nothing of it is left"
    );
    bed.wait(5);
    assert_eq!(bed.drain(&WORK).await, ran(&["moved"]));
    bed.wait(55);
    assert_eq!(bed.drain(&WORK).await, ran(&["run"]));
    bed.wait(10);
    assert_eq!(bed.drain(&WORK).await, ran(&["moved and back"]));
    assert_eq!(bed.stored().await, 0);
}

#[tokio::test]
async fn failures_are_tried_again_after_growing_waits_and_end_among_the_dead_letters() {
    let bed = bed().await;
    bed.plan(&WORK, "a", 0).await;
    bed.script.says([Act::Fails, Act::Panics, Act::Fails]);
    assert_eq!(bed.drain(&WORK).await.len(), 1);
    bed.wait(9);
    assert_eq!(bed.drain(&WORK).await, []);
    // The wait, and up to a quarter of it drawn by lot.
    bed.wait(4);
    assert_eq!(bed.drain(&WORK).await.len(), 1);
    bed.wait(59);
    assert_eq!(bed.drain(&WORK).await, []);
    assert!(bed.given_up().is_empty());
    bed.wait(16);
    assert_eq!(bed.drain(&WORK).await.len(), 1);
    let [(id, reason)] = &bed.given_up()[..] else {
        panic!("its runner is told once")
    };
    assert_eq!(id, "a");
    assert!(reason.starts_with("internal"), "{reason}");
    bed.wait(100_000);
    assert_eq!(bed.drain(&WORK).await, []);
    let letters = bed.runners.dead_letters().await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!((letters[0].id.as_str(), letters[0].runs), ("a", 3));
    assert!(letters[0].reason.contains("internal"), "{:?}", letters[0]);
    assert!(!bed.plan(&WORK, "a", 0).await, "it is still there");
    bed.runners.replay("work", "a").await.unwrap();
    assert_eq!(bed.drain(&WORK).await, ran(&["a"]));
    assert_eq!(bed.stored().await, 0);
    assert_eq!(
        bed.runners.replay("work", "a").await.unwrap_err().code(),
        TASK_NOT_FOUND
    );
    assert_eq!(
        bed.runners.replay("play", "a").await.unwrap_err().code(),
        TASK_NOT_FOUND
    );
}

#[tokio::test]
async fn going_well_ends_the_count_of_failures_and_giving_up_is_at_once() {
    let bed = bed().await;
    bed.plan(&WORK, "a", 0).await;
    for _ in 0..5 {
        let soon = bed.clock.now() + Duration::from_secs(20);
        bed.script.says([Act::Fails, Act::Ends(Next::Again(soon))]);
        bed.drain(&WORK).await;
        bed.wait(15);
        bed.drain(&WORK).await;
        bed.wait(5);
    }
    assert!(bed.runners.dead_letters().await.unwrap().is_empty());
    bed.script.says([Act::Ends(Next::Dead("no such row".into()))]);
    bed.drain(&WORK).await;
    assert_eq!(bed.runners.dead_letters().await.unwrap()[0].reason, "no such row");
    assert_eq!(bed.given_up(), [("a".to_owned(), "no such row".to_owned())]);
    assert!(bed.move_to(&WORK, "a", 0).await, "who wants it again moves it");
    assert_eq!(bed.drain(&WORK).await, ran(&["a"]));
}

#[tokio::test]
async fn effect_and_end_are_one_commit() {
    let bed = bed().await;
    bed.plan(&WORK, "a", 0).await;
    bed.script.says([
        Act::Replans(Duration::from_secs(30)),
        Act::ComesBack(Duration::from_secs(30)),
        Act::Commits,
    ]);
    for _ in 0..2 {
        assert_eq!(bed.drain(&WORK).await, ran(&["a"]));
        assert_eq!(bed.stored().await, 1);
        bed.wait(30);
    }
    assert_eq!(bed.drain(&WORK).await, ran(&["a"]));
    assert_eq!(bed.stored().await, 0);
}

#[tokio::test]
async fn a_task_whose_worker_died_is_run_again_or_looked_at() {
    let bed = bed().await;
    for (kind, expected) in [(&WORK, ran(&["a"])), (&MONEY, looked(&["a"]))] {
        bed.plan(kind, "a", 0).await;
        bed.script.says([Act::Hangs]);
        // The process ends here.
        assert!(bed.runners.drain(kind.name).now_or_never().is_none());
        assert_eq!(bed.script.runs(), ran(&["a"]));
        bed.wait(59);
        assert_eq!(bed.drain(kind).await, []);
        bed.wait(1);
        assert_eq!(bed.drain(kind).await, expected);
    }
    assert_eq!(bed.stored().await, 0);
}

#[tokio::test]
async fn a_failed_money_task_is_looked_at_as_well_until_it_went_well() {
    let bed = bed().await;
    bed.plan(&MONEY, "a", 0).await;
    let soon = bed.clock.now() + Duration::from_mins(5);
    bed.script
        .says([Act::Fails, Act::Panics, Act::Ends(Next::Again(soon))]);
    assert_eq!(bed.drain(&MONEY).await, ran(&["a"]));
    bed.wait(13);
    assert_eq!(bed.drain(&MONEY).await, looked(&["a"]));
    bed.wait(13);
    assert_eq!(bed.drain(&MONEY).await, looked(&["a"]));
    bed.wait(300);
    assert_eq!(bed.drain(&MONEY).await, ran(&["a"]), "nothing is open any more");
}

#[tokio::test]
async fn a_task_whose_workers_die_again_and_again_is_given_up() {
    let bed = bed().await;
    bed.plan(&MONEY, "a", 0).await;
    let dies = || {
        bed.script.says([Act::Hangs]);
        assert!(bed.runners.drain(MONEY.name).now_or_never().is_none());
        bed.wait(60);
    };
    dies();
    dies();
    bed.script.runs();
    assert_eq!(bed.drain(&MONEY).await, [], "it waits, as after a failure");
    assert!(bed.runners.dead_letters().await.unwrap().is_empty());
    bed.wait(13);
    dies();
    bed.script.runs();
    assert_eq!(bed.drain(&MONEY).await, []);
    assert_eq!(bed.runners.dead_letters().await.unwrap().len(), 1);
    assert_eq!(
        bed.given_up().len(),
        1,
        "its runner is told, though none of it is left"
    );
    bed.runners.replay("money", "a").await.unwrap();
    assert_eq!(
        bed.drain(&MONEY).await,
        looked(&["a"]),
        "an operator's wish is no licence"
    );
}
