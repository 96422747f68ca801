//! Two nodes, one store.

use std::time::Duration;

use portcullis_ports::identity::UNAUTHENTICATED;

use super::{ada, made, reading, rotation, used, used_from};
use crate::areas::api_keys::RevokeApiKey;
use crate::areas::closures::FinalizeClosure;
use crate::foundation::testing::home;
use crate::testing::two_nodes;

#[tokio::test]
async fn a_key_that_is_revoked_on_one_node_is_refused_by_the_other_within_a_second() {
    let [(a, _), (b, _)] = two_nodes().await;
    let who = ada(&a).await;
    let key = made(&a, &who, &reading()).await;
    for _ in 0..3 {
        assert_eq!(used(&b, &key).await.unwrap().key_id(), &key.key_id);
        b.clock.advance(Duration::from_millis(100));
    }
    used(&a, &key).await.unwrap();
    let command = RevokeApiKey {
        key_id: key.key_id.clone(),
    };
    a.app.api_keys.revoke(&who, &command).await.unwrap();
    assert_eq!(used(&a, &key).await.unwrap_err().code(), UNAUTHENTICATED);
    b.clock.advance(Duration::from_secs(1));
    assert_eq!(used(&b, &key).await.unwrap_err().code(), UNAUTHENTICATED);
}

#[tokio::test]
async fn all_keys_of_an_account_that_is_closed_are_refused_within_a_second_and_for_good() {
    let [(a, _), (b, _)] = two_nodes().await;
    let who = ada(&a).await;
    let key = made(&a, &who, &reading()).await;
    used(&b, &key).await.unwrap();
    let proven = FinalizeClosure { challenge_id: None };
    a.app.closures.finalize(&who, &proven).await.unwrap();
    b.clock.advance(Duration::from_secs(1));
    for node in [&a, &b] {
        assert_eq!(used(node, &key).await.unwrap_err().code(), UNAUTHENTICATED);
    }
    let refused = a.app.api_keys.create(&who, &reading()).await.unwrap_err();
    assert_eq!(refused.code().name(), "account-closed");
    a.app.closures.take_back(&who).await.unwrap();
    b.clock.advance(Duration::from_secs(1));
    assert!(used(&b, &key).await.is_err(), "it stays revoked");
    let another = made(&a, &who, &reading()).await;
    used(&a, &another).await.unwrap();
}

#[tokio::test]
async fn a_new_secret_is_valid_on_the_other_node_at_once() {
    let [(a, _), (b, _)] = two_nodes().await;
    let who = ada(&a).await;
    let key = made(&a, &who, &reading()).await;
    used(&b, &key).await.unwrap();
    let rotated = a.app.api_keys.rotate(&who, &rotation(&key, 0)).await.unwrap();
    used_from(&b, &rotated.api_key, &home()).await.unwrap();
    b.clock.advance(Duration::from_secs(1));
    assert!(used(&b, &key).await.is_err());
}

#[tokio::test]
async fn a_check_reads_and_writes_nothing_most_of_the_time() {
    let [(a, seen), _] = two_nodes().await;
    let who = ada(&a).await;
    let key = made(&a, &who, &reading()).await;
    // What was changed is not remembered for some seconds after the list of changes was read.
    for _ in 0..2 {
        used(&a, &key).await.unwrap();
        a.clock.advance(Duration::from_secs(10));
    }
    used(&a, &key).await.unwrap();
    let before = seen.work();
    for _ in 0..200 {
        used(&a, &key).await.unwrap();
        a.clock.advance(Duration::from_millis(10));
    }
    let work = seen.work();
    // Two seconds: what other nodes changed is looked at twice in each.
    assert!(work.queries <= 5, "{before:?} {work:?}");
    assert!(work.commits <= 2 && work.gets <= 6, "{before:?} {work:?}");
}
