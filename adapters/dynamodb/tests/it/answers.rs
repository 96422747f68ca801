//! Answers that are lost on the way back.

use std::sync::Arc;

use portcullis_adapter_dynamodb::emulator::Kind;
use portcullis_ports::storage::{ConnectedStore, Expect, StoreError, Write};
use serde_json::json;
use tokio::sync::Notify;

use crate::proxy::{Fault, Proxy};
use crate::stores::{Place, body, delete, impatient, key, put};

/// A store behind a proxy that treats the first request of one operation in another way than all others.
async fn store_behind(place: &Place, operation: &'static str, first: Fault) -> (ConnectedStore, Proxy) {
    drop(place.open().await);
    let proxy = Proxy::before(place.endpoint(), move |seen, before| {
        if seen == operation && before == 0 {
            first.clone()
        } else {
            Fault::Pass
        }
    })
    .await;
    let store = place
        .open_at(proxy.endpoint(), json!({ "create_missing": false }))
        .await;
    (store, proxy)
}

const BOTH: [Kind; 2] = [Kind::DynamodbLocal, Kind::Dynoxide];

#[tokio::test]
async fn a_put_whose_answer_was_lost_is_done_once_and_is_no_conflict() {
    for kind in BOTH {
        let Some(place) = Place::new(kind) else { return };
        let direct = place.open().await.records;
        let absent = key("lost", "absent");
        let present = key("lost", "present");
        let exact = key("lost", "exact");
        let any = key("lost", "any");
        direct.commit(&[put(&present, 1, Expect::Any)]).await.unwrap();
        let version = direct.commit(&[put(&exact, 1, Expect::Any)]).await.unwrap()[0].unwrap();
        for (key, expect, operation) in [
            (absent, Expect::Absent, "PutItem"),
            (present, Expect::Present, "TransactWriteItems"),
            (exact, Expect::Version(version), "PutItem"),
            (any, Expect::Any, "TransactWriteItems"),
        ] {
            let (store, proxy) = store_behind(&place, operation, Fault::LoseAnswer).await;
            let written = store.records.commit(&[put(&key, 2, expect)]).await.unwrap()[0].unwrap();
            assert_eq!(proxy.count(operation), 2, "{kind:?} {expect:?}");
            let found = body(&*direct, &key).await;
            assert_eq!(found, Some(("2".to_owned(), written)), "{kind:?} {expect:?}");
        }
    }
}

#[tokio::test]
async fn a_request_that_was_lost_is_sent_again() {
    let Some(place) = Place::new(Kind::Dynoxide) else {
        return;
    };
    for (expect, operation) in [(Expect::Absent, "PutItem"), (Expect::Any, "TransactWriteItems")] {
        let key = key("lost-request", operation);
        let (store, _gate) = store_behind(&place, operation, Fault::LoseRequest).await;
        let written = store.records.commit(&[put(&key, 2, expect)]).await.unwrap()[0].unwrap();
        assert_eq!(body(&*store.records, &key).await, Some(("2".to_owned(), written)));
        let (store, _gate) = store_behind(&place, "DeleteItem", Fault::LoseRequest).await;
        store
            .records
            .commit(&[delete(&key, Expect::Version(written))])
            .await
            .unwrap();
        assert_eq!(body(&*store.records, &key).await, None);
    }
}

#[tokio::test]
async fn what_nobody_can_know_is_called_neither_done_nor_a_conflict() {
    let Some(place) = Place::new(Kind::Dynoxide) else {
        return;
    };
    let taken = key("undecided", "taken");
    let first = [put(&taken, 1, Expect::Any)];
    let version = place.open().await.records.commit(&first).await.unwrap()[0].unwrap();
    // The conflict itself is lost; at the second try nobody can exclude that the first one was done and replaced.
    let (store, _gate) = store_behind(&place, "PutItem", Fault::LoseAnswer).await;
    let outcome = store.records.commit(&[put(&taken, 2, Expect::Absent)]).await;
    assert!(
        matches!(outcome, Err(StoreError::Unavailable { retry: Some(_), .. })),
        "{outcome:?}"
    );
    // Once an answer arrives, it is the plain truth.
    let outcome = store.records.commit(&[put(&taken, 2, Expect::Absent)]).await;
    assert!(matches!(outcome, Err(StoreError::Conflict(failed)) if failed == [0]));
    // Two callers may not both be told that they have removed the same state.
    let (store, _gate) = store_behind(&place, "DeleteItem", Fault::LoseAnswer).await;
    let outcome = store
        .records
        .commit(&[delete(&taken, Expect::Version(version))])
        .await;
    assert!(
        matches!(outcome, Err(StoreError::Unavailable { .. })),
        "{outcome:?}"
    );
    assert_eq!(body(&*store.records, &taken).await, None);
}

#[tokio::test]
async fn a_removal_that_expects_nothing_is_done_once() {
    let Some(place) = Place::new(Kind::Dynoxide) else {
        return;
    };
    let gone = key("removed", "one");
    place
        .open()
        .await
        .records
        .commit(&[put(&gone, 1, Expect::Any)])
        .await
        .unwrap();
    let (store, proxy) = store_behind(&place, "TransactWriteItems", Fault::LoseAnswer).await;
    store.records.commit(&[delete(&gone, Expect::Any)]).await.unwrap();
    assert_eq!(proxy.count("TransactWriteItems"), 2);
    assert_eq!(body(&*store.records, &gone).await, None);
}

#[tokio::test]
async fn what_others_built_on_a_write_survives_that_it_is_sent_again() {
    for kind in BOTH {
        let Some(place) = Place::new(kind) else { return };
        let direct = place.open().await.records;
        for (sort, removes, expect) in [
            ("put-any", false, Expect::Any),
            ("put-present", false, Expect::Present),
            ("delete-any", true, Expect::Any),
            ("delete-present", true, Expect::Present),
        ] {
            let key = key("built-on", sort);
            direct.commit(&[put(&key, 1, Expect::Any)]).await.unwrap();
            let (came, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
            let again = Fault::Wait(Arc::clone(&came), Arc::clone(&go));
            let proxy = Proxy::before(place.endpoint(), move |operation, before| {
                match (
                    operation.ends_with("Item") || operation.ends_with("Items"),
                    before,
                ) {
                    (true, 0) if operation != "GetItem" => Fault::LoseAnswer,
                    (true, 1) if operation != "GetItem" => again.clone(),
                    _ => Fault::Pass,
                }
            })
            .await;
            let store = place
                .open_at(proxy.endpoint(), json!({ "create_missing": false }))
                .await
                .records;
            let write = if removes {
                delete(&key, expect)
            } else {
                put(&key, 2, expect)
            };
            let others = async {
                came.notified().await;
                let found = body(&*direct, &key).await;
                let state = found.map_or(Expect::Absent, |(_, version)| Expect::Version(version));
                let written = direct.commit(&[put(&key, 3, state)]).await.unwrap()[0].unwrap();
                go.notify_one();
                written
            };
            let writes = [write];
            let (done, written) = tokio::join!(store.commit(&writes), others);
            assert!(done.is_ok(), "{kind:?} {sort}: {done:?}");
            let found = body(&*direct, &key).await;
            assert_eq!(found, Some(("3".to_owned(), written)), "{kind:?} {sort}");
        }
    }
}

#[tokio::test]
async fn a_transaction_whose_answer_was_lost_is_done_once() {
    for kind in BOTH {
        let Some(place) = Place::new(kind) else { return };
        let (store, proxy) = store_behind(&place, "TransactWriteItems", Fault::LoseAnswer).await;
        let (one, two) = (key("lost-batch", "one"), key("lost-batch", "two"));
        let writes: [Write; 2] = [put(&one, 1, Expect::Absent), put(&two, 1, Expect::Absent)];
        let versions = store.records.commit(&writes).await.unwrap();
        assert_eq!(proxy.count("TransactWriteItems"), 2, "{kind:?}");
        for (key, version) in [one, two].iter().zip(versions) {
            assert_eq!(
                body(&*store.records, key).await.map(|(_, found)| found),
                version,
                "{kind:?}"
            );
        }
    }
}

#[tokio::test]
async fn answers_that_are_always_lost_end_as_unavailable() {
    let Some(place) = Place::new(Kind::Dynoxide) else {
        return;
    };
    drop(place.open().await);
    let proxy = Proxy::before(place.endpoint(), |operation, _| {
        if operation == "TransactWriteItems" {
            Fault::LoseAnswer
        } else {
            Fault::Pass
        }
    })
    .await;
    let store = place.open_at(proxy.endpoint(), impatient()).await;
    let any = key("always-lost", "any");
    let outcome = store.records.commit(&[put(&any, 1, Expect::Any)]).await;
    assert!(
        matches!(outcome, Err(StoreError::Unavailable { .. })),
        "{outcome:?}"
    );
}
