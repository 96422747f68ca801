//! Two nodes, one store: what is remembered, and for how long.

use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use portcullis_ports::{Clock, Result};

use portcullis_ports::storage::Key;

use crate::areas::accounts::ChangePassword;
use crate::areas::challenges::Started;
use crate::areas::sessions::SignedIn;
use crate::areas::sessions::{Granted, SESSION_ENDED, StartSession};
use crate::foundation::cache::*;
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::table::Stored;
use crate::foundation::testing::{Observed, home, secret};
use crate::testing::{World, two_nodes, world};

async fn granted(world: &World, email: &str) -> Granted {
    let who = world.sign_up(email).await;
    match world
        .app
        .challenges
        .start(&who, StartSession::default())
        .await
        .unwrap()
    {
        Started::Granted(granted) => granted,
        Started::Challenged(_) => unreachable!("no factor is enrolled"),
    }
}

async fn resume(world: &World, granted: &Granted) -> Result<SignedIn> {
    world
        .app
        .sessions
        .resume(granted.credential.expose(), None, &home())
        .await
}

fn counted(observed: &Observed) -> (usize, usize) {
    (observed.gets.swap(0, SeqCst), observed.queries.swap(0, SeqCst))
}

#[tokio::test]
async fn what_is_ended_on_one_node_is_over_on_the_other_within_a_second() {
    let [(a, _), (b, _)] = two_nodes().await;
    let granted = granted(&a, "ada@example.com").await;
    // In the worst case the other node has read the list of changes just before.
    for _ in 0..3 {
        let who = resume(&b, &granted).await.unwrap();
        assert_eq!(who.session.id, granted.session.id);
        b.clock.advance(Duration::from_millis(100));
    }
    let who = resume(&a, &granted).await.unwrap();
    a.app.sessions.end(&who).await.unwrap();
    b.clock.advance(Duration::from_secs(1));
    assert_eq!(resume(&b, &granted).await.unwrap_err().code(), SESSION_ENDED);
    assert_eq!(resume(&a, &granted).await.unwrap_err().code(), SESSION_ENDED);
}

#[tokio::test]
async fn a_fresh_proof_and_a_new_password_are_known_to_the_other_node_within_a_second() {
    let [(a, _), (b, _)] = two_nodes().await;
    let granted = granted(&a, "ada@example.com").await;
    let token = a.sign_in("ada@example.com", &home()).await.unwrap();
    let who = resume(&b, &granted).await.unwrap();
    b.identified(&token).await;
    b.wait(20);
    let mut batch = crate::foundation::table::Batch::default();
    let sessions = &a.app.sessions;
    sessions
        .strengthen(
            &mut batch,
            &who.session.id,
            who.subject(),
            std::collections::BTreeMap::new(),
        )
        .await
        .unwrap();
    a.app.context.commit(batch).await.unwrap();
    let command = ChangePassword {
        current_password: secret(crate::foundation::testing::PASSWORD),
        new_password: secret("another long phrase of mine"),
    };
    a.app.accounts.change_password(&who, command).await.unwrap();
    b.wait(1);
    let now = resume(&b, &granted).await.unwrap();
    assert!(now.session.stepped_up_at > who.session.stepped_up_at);
    let refused = b
        .app
        .accounts
        .identify(
            &crate::foundation::testing::Bearer(token.access_token),
            None,
            &home(),
        )
        .await;
    assert!(refused.is_err(), "a token from before the new password");
}

#[tokio::test]
async fn most_requests_are_answered_from_memory() {
    let [(a, seen), _] = two_nodes().await;
    let granted = granted(&a, "ada@example.com").await;
    counted(&seen);
    for _ in 0..200 {
        resume(&a, &granted).await.unwrap();
        a.clock.advance(Duration::from_millis(100));
    }
    let (gets, queries) = counted(&seen);
    assert_eq!(gets, 1, "20 seconds of one session");
    // One look in 450 ms, on a clock that moves by 100 ms.
    assert!((1..=40).contains(&queries), "{queries}");
}

#[tokio::test]
async fn nothing_is_trusted_while_the_list_cannot_be_read() {
    let [(a, _), (b, seen)] = two_nodes().await;
    let granted = granted(&a, "ada@example.com").await;
    resume(&b, &granted).await.unwrap();
    seen.deaf.store(true, SeqCst);
    let who = resume(&a, &granted).await.unwrap();
    a.app.sessions.end(&who).await.unwrap();
    b.clock.advance(Duration::from_secs(1));
    assert_eq!(resume(&b, &granted).await.unwrap_err().code(), SESSION_ENDED);
}

#[tokio::test]
async fn those_who_wait_for_a_list_that_cannot_be_read_wait_once() {
    let [(a, seen), _] = two_nodes().await;
    let granted = granted(&a, "ada@example.com").await;
    resume(&a, &granted).await.unwrap();
    a.wait(1);
    seen.deaf.store(true, SeqCst);
    counted(&seen);
    let all = futures_util::future::join_all((0..8).map(|_| resume(&a, &granted))).await;
    assert!(all.iter().all(Result::is_ok));
    // Session, epoch of the person, epoch of everybody.
    assert_eq!(counted(&seen), (24, 1));
}

#[tokio::test]
async fn a_use_noted_by_one_node_keeps_the_session_awake_on_the_other() {
    let [(a, _), (b, _)] = two_nodes().await;
    let granted = granted(&a, "ada@example.com").await;
    resume(&b, &granted).await.unwrap();
    // Only one node is asked for longer than a session may sleep.
    for _ in 0..40 {
        a.wait(30);
        resume(&a, &granted).await.unwrap();
    }
    resume(&b, &granted).await.unwrap();
}

#[tokio::test]
async fn what_changed_while_it_was_read_is_not_remembered() {
    let [(a, _), _] = two_nodes().await;
    let granted = granted(&a, "ada@example.com").await;
    let who = resume(&a, &granted).await.unwrap();
    let cache = &a.app.context.cache;
    let (partition, sort) = Stored::key(&*who.session);
    let key = Key {
        collection: <crate::areas::sessions::Session as Stored>::COLLECTION,
        partition,
        sort,
    };
    let old = cache.remembered(&key).unwrap();
    a.clock.advance(Duration::from_millis(5));
    cache.forget(&key);
    cache.keep(key.clone(), old.clone());
    assert!(cache.remembered(&key).is_none());
    a.clock.advance(Duration::from_millis(5));
    let read_at = a.clock.now();
    let read = Remembered {
        read_at,
        ..old.clone()
    };
    let under_way = cache.pending_invalidation(vec![key.clone()]);
    cache.keep(key.clone(), read.clone());
    assert!(cache.remembered(&key).is_none(), "while it is being changed");
    under_way.settle();
    cache.keep(key.clone(), read);
    assert!(
        cache.remembered(&key).is_none(),
        "read before the change was done"
    );
    a.clock.advance(Duration::from_millis(5));
    drop(cache.pending_invalidation(vec![key.clone()]));
    a.clock.advance(LOST);
    let read = Remembered {
        read_at: a.clock.now(),
        ..old.clone()
    };
    cache.keep(key.clone(), read);
    assert!(
        cache.remembered(&key).is_none(),
        "a commit that nobody waited for may still have come"
    );
    a.clock.advance(Duration::from_millis(5));
    let read_at = a.clock.now();
    cache.keep(key.clone(), Remembered { read_at, ..old });
    assert!(cache.remembered(&key).is_some());
}

#[tokio::test]
async fn one_node_alone_knows_its_own_changes_at_once() {
    let world = world().await;
    let granted = granted(&world, "ada@example.com").await;
    world.wait(1);
    let who = resume(&world, &granted).await.unwrap();
    let kinds = async || world.app.factors.recent_kinds(who.subject()).await.unwrap();
    assert!(kinds().await.is_empty());
    // The absence is remembered, and the first device ends that.
    world.wait(1);
    assert!(kinds().await.is_empty());
    world.wait(1);
    world.enrol_totp(&who).await;
    assert_eq!(kinds().await, [FactorKind::Totp]);
    world.wait(1);
    resume(&world, &granted).await.unwrap();
    world.app.sessions.end(&who).await.unwrap();
    assert_eq!(resume(&world, &granted).await.unwrap_err().code(), SESSION_ENDED);
}

#[tokio::test]
async fn a_change_by_a_slow_clock_is_known_to_a_node_that_was_not_asked_for_long() {
    let [(a, _), (b, _)] = two_nodes().await;
    let granted = granted(&a, "ada@example.com").await;
    a.wait(120);
    let who = resume(&a, &granted).await.unwrap();
    b.wait(10);
    resume(&b, &granted).await.unwrap();
    let (partition, sort) = Stored::key(&*who.session);
    let key = Key {
        collection: <crate::areas::sessions::Session as Stored>::COLLECTION,
        partition: partition.clone(),
        sort: sort.clone(),
    };
    assert!(b.app.context.cache.remembered(&key).is_some());
    // As the other node ends it with a clock that is half a minute behind.
    let collection = key.collection.name.to_owned();
    let mut batch = crate::foundation::table::Batch::default();
    batch.clear::<crate::areas::sessions::Session>(partition.clone(), sort.clone());
    batch
        .insert(&Change {
            at: a.clock.now() - Duration::from_secs(30),
            mark: "slow".into(),
            records: vec![(collection, partition, sort)],
        })
        .unwrap();
    batch.commit(a.store.as_ref()).await.unwrap();
    b.wait(45);
    assert_eq!(resume(&b, &granted).await.unwrap_err().code(), SESSION_ENDED);
}

#[tokio::test]
async fn what_is_read_right_after_a_change_was_seen_is_not_remembered() {
    let [(a, _), (b, seen)] = two_nodes().await;
    let granted = granted(&a, "ada@example.com").await;
    let who = resume(&b, &granted).await.unwrap();
    let (partition, sort) = Stored::key(&*who.session);
    let collection = <crate::areas::sessions::Session as Stored>::COLLECTION;
    let key = Key {
        collection,
        partition,
        sort,
    };
    let cache = &b.app.context.cache;
    cache.forget(&key);
    b.clock.advance(Duration::from_millis(5));
    // The store may show the list before it shows what the same commit did to the record.
    resume(&b, &granted).await.unwrap();
    assert!(cache.remembered(&key).is_none());
    b.clock.advance(SETTLING);
    counted(&seen);
    resume(&b, &granted).await.unwrap();
    resume(&b, &granted).await.unwrap();
    assert_eq!(counted(&seen).0, 1, "then it is remembered again");
}

#[tokio::test]
async fn what_a_commit_without_an_answer_changes_is_not_remembered_for_a_while() {
    let [(a, seen), _] = two_nodes().await;
    let granted = granted(&a, "ada@example.com").await;
    let who = resume(&a, &granted).await.unwrap();
    let (partition, sort) = Stored::key(&*who.session);
    let key = Key {
        collection: <crate::areas::sessions::Session as Stored>::COLLECTION,
        partition,
        sort,
    };
    a.wait(1);
    seen.forgetful.store(true, SeqCst);
    a.app.sessions.end(&who).await.unwrap_err();
    seen.forgetful.store(false, SeqCst);
    a.wait(1);
    resume(&a, &granted).await.unwrap();
    assert!(a.app.context.cache.remembered(&key).is_none());
}
