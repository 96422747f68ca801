//! Answers that are lost on the way back.

use portcullis_adapter_dynamodb::emulator::Kind;
use portcullis_ports::storage::{ConnectedStore, Expect, StoreError, Write};
use serde_json::json;

use crate::gate::{Fate, Gate};
use crate::stores::{Place, body, delete, impatient, key, put};

/// A store behind a gate that treats the first request of one operation in another way than all others.
async fn store_behind(place: &Place, operation: &'static str, first: Fate) -> (ConnectedStore, Gate) {
    drop(place.open().await);
    let gate = Gate::before(place.endpoint(), move |seen, before| {
        if seen == operation && before == 0 {
            first.clone()
        } else {
            Fate::Pass
        }
    })
    .await;
    let store = place
        .open_at(gate.endpoint(), json!({ "create_missing": false }))
        .await;
    (store, gate)
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
        for (key, expect) in [
            (absent, Expect::Absent),
            (present, Expect::Present),
            (exact, Expect::Version(version)),
            (any, Expect::Any),
        ] {
            let (store, gate) = store_behind(&place, "PutItem", Fate::LoseAnswer).await;
            let written = store.records.commit(&[put(&key, 2, expect)]).await.unwrap()[0].unwrap();
            assert_eq!(gate.count("PutItem"), 2, "{kind:?} {expect:?}");
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
    for (sort, expect) in [("absent", Expect::Absent), ("any", Expect::Any)] {
        let key = key("lost-request", sort);
        let (store, _gate) = store_behind(&place, "PutItem", Fate::LoseRequest).await;
        let written = store.records.commit(&[put(&key, 2, expect)]).await.unwrap()[0].unwrap();
        assert_eq!(body(&*store.records, &key).await, Some(("2".to_owned(), written)));
    }
    let kept = key("lost-request", "absent");
    let (store, _gate) = store_behind(&place, "DeleteItem", Fate::LoseRequest).await;
    store
        .records
        .commit(&[delete(&kept, Expect::Present)])
        .await
        .unwrap();
    assert_eq!(body(&*store.records, &kept).await, None);
}

#[tokio::test]
async fn what_nobody_can_know_is_called_neither_done_nor_a_conflict() {
    let Some(place) = Place::new(Kind::Dynoxide) else {
        return;
    };
    let taken = key("undecided", "taken");
    place
        .open()
        .await
        .records
        .commit(&[put(&taken, 1, Expect::Any)])
        .await
        .unwrap();
    // The conflict itself is lost; at the second try nobody can exclude that the first one was done and replaced.
    let (store, _gate) = store_behind(&place, "PutItem", Fate::LoseAnswer).await;
    let outcome = store.records.commit(&[put(&taken, 2, Expect::Absent)]).await;
    assert!(
        matches!(outcome, Err(StoreError::Unavailable { retry: Some(_), .. })),
        "{outcome:?}"
    );
    // Once an answer arrives, it is the plain truth.
    let outcome = store.records.commit(&[put(&taken, 2, Expect::Absent)]).await;
    assert!(matches!(outcome, Err(StoreError::Conflict(failed)) if failed == [0]));
    // Two callers may not both be told that they have removed the same state.
    let (store, _gate) = store_behind(&place, "DeleteItem", Fate::LoseAnswer).await;
    let outcome = store.records.commit(&[delete(&taken, Expect::Present)]).await;
    assert!(
        matches!(outcome, Err(StoreError::Unavailable { .. })),
        "{outcome:?}"
    );
    assert_eq!(body(&*store.records, &taken).await, None);
}

#[tokio::test]
async fn a_removal_that_expects_nothing_is_simply_done_again() {
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
    let (store, gate) = store_behind(&place, "DeleteItem", Fate::LoseAnswer).await;
    store.records.commit(&[delete(&gone, Expect::Any)]).await.unwrap();
    assert_eq!(gate.count("DeleteItem"), 2);
    assert_eq!(body(&*store.records, &gone).await, None);
}

#[tokio::test]
async fn a_transaction_whose_answer_was_lost_is_done_once() {
    for kind in BOTH {
        let Some(place) = Place::new(kind) else { return };
        let (store, gate) = store_behind(&place, "TransactWriteItems", Fate::LoseAnswer).await;
        let (one, two) = (key("lost-batch", "one"), key("lost-batch", "two"));
        let writes: [Write; 2] = [put(&one, 1, Expect::Absent), put(&two, 1, Expect::Absent)];
        let versions = store.records.commit(&writes).await.unwrap();
        assert_eq!(gate.count("TransactWriteItems"), 2, "{kind:?}");
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
    let gate = Gate::before(place.endpoint(), |operation, _| {
        if operation == "PutItem" {
            Fate::LoseAnswer
        } else {
            Fate::Pass
        }
    })
    .await;
    let store = place.open_at(gate.endpoint(), impatient()).await;
    let any = key("always-lost", "any");
    let outcome = store.records.commit(&[put(&any, 1, Expect::Any)]).await;
    assert!(
        matches!(outcome, Err(StoreError::Unavailable { .. })),
        "{outcome:?}"
    );
}
