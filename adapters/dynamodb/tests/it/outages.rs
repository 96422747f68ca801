//! A service that is overloaded, broken, silent or not there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use portcullis_adapter_dynamodb::emulator::Kind;
use portcullis_ports::Kind as ErrorKind;
use portcullis_ports::storage::{Direction, Expect, Query, Range, StoreError, Version};
use serde_json::json;

use crate::proxy::{Fault, Proxy};
use crate::stores::{Place, SOON, THINGS, connect, delete, impatient, key, put, runtime};

#[tokio::test]
async fn throttling_and_faults_of_the_service_are_tried_again() {
    for (status, code) in [
        (400, "ProvisionedThroughputExceededException"),
        (400, "ThrottlingException"),
        (400, "RequestLimitExceeded"),
        (400, "TransactionConflictException"),
        (400, "TransactionInProgressException"),
        (500, "InternalServerError"),
        (503, "ServiceUnavailable"),
    ] {
        let proxy = Proxy::alone(move |operation, before| {
            // The first look-up is that of connecting.
            let first = usize::from(operation == "GetItem");
            if (first..3).contains(&before) {
                Fault::error(status, code)
            } else {
                Fault::Answer(200, "{}".to_owned())
            }
        })
        .await;
        let store = connect(&runtime(), json!({ "endpoint": proxy.endpoint() }))
            .await
            .unwrap();
        let one = key("p", "s");
        let two = key("p", "t");
        assert_eq!(store.records.get(&one).await.unwrap(), None, "{code}");
        store
            .records
            .commit(&[put(&one, 1, Expect::Absent)])
            .await
            .unwrap();
        store
            .records
            .commit(&[delete(&one, Expect::Version(Version(1)))])
            .await
            .unwrap();
        let both = [put(&one, 1, Expect::Absent), put(&two, 1, Expect::Absent)];
        store.records.commit(&both).await.unwrap();
        let all = Query {
            collection: THINGS,
            partition: "p".to_owned(),
            range: Range::All,
            direction: Direction::Ascending,
            limit: 10,
            after: None,
        };
        store.records.query(&all).await.unwrap();
        for operation in ["GetItem", "PutItem", "DeleteItem", "TransactWriteItems", "Query"] {
            assert_eq!(proxy.count(operation), 4, "{code}: {operation}");
        }
    }
}

#[tokio::test]
async fn endless_throttling_ends_as_unavailable_and_says_when_to_come_back() {
    let proxy = Proxy::alone(|_, before| match before {
        0 => Fault::Answer(200, "{}".to_owned()),
        _ => Fault::error(400, "ThrottlingException"),
    })
    .await;
    let mut settings = impatient();
    settings["endpoint"] = json!(proxy.endpoint());
    let store = connect(&runtime(), settings).await.unwrap();
    let begun = Instant::now();
    let outcome = store.records.get(&key("p", "s")).await;
    let Err(StoreError::Unavailable {
        detail,
        retry: Some(_),
    }) = outcome
    else {
        panic!("{outcome:?}");
    };
    assert!(detail.contains("ThrottlingException"), "{detail}");
    assert!(begun.elapsed() < SOON);
    assert!(proxy.count("GetItem") > 3);
}

#[tokio::test]
async fn a_service_that_falls_silent_is_unavailable_within_the_deadline() {
    let Some(place) = Place::new(Kind::Dynoxide) else {
        return;
    };
    let silent = Arc::new(AtomicBool::new(false));
    let fallen = Arc::clone(&silent);
    let proxy = Proxy::before(place.endpoint(), move |_, _| {
        if fallen.load(Ordering::SeqCst) {
            Fault::Silence
        } else {
            Fault::Pass
        }
    })
    .await;
    let store = place.open_at(proxy.endpoint(), impatient()).await;
    let one = key("p", "s");
    let writes = [put(&one, 1, Expect::Any)];
    store.records.commit(&writes).await.unwrap();
    silent.store(true, Ordering::SeqCst);
    let begun = Instant::now();
    let read = store.records.get(&one).await;
    assert!(matches!(read, Err(StoreError::Unavailable { .. })), "{read:?}");
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    let written = store.records.commit(&writes).await;
    assert!(
        matches!(written, Err(StoreError::Unavailable { .. })),
        "{written:?}"
    );
    let probed = store.probe.check().await.unwrap_err();
    assert_eq!(probed.kind(), ErrorKind::Unavailable);
    silent.store(false, Ordering::SeqCst);
    assert!(store.records.get(&one).await.unwrap().is_some());
}

#[tokio::test]
async fn a_table_that_refuses_writes_is_not_ready_until_it_takes_them_again() {
    let refusing = Arc::new(AtomicBool::new(true));
    let refuses = Arc::clone(&refusing);
    let proxy = Proxy::alone(move |operation, _| {
        if operation != "GetItem" && refuses.load(Ordering::SeqCst) {
            Fault::error(400, "AccessDeniedException")
        } else {
            Fault::Answer(200, "{}".to_owned())
        }
    })
    .await;
    let mut settings = impatient();
    settings["endpoint"] = json!(proxy.endpoint());
    let store = connect(&runtime(), settings).await.unwrap();
    // Nothing was written yet, so the probe writes nothing either.
    store.probe.check().await.unwrap();
    assert_eq!(proxy.count("PutItem"), 0);
    let write = [put(&key("p", "s"), 1, Expect::Any)];
    store.records.commit(&write).await.unwrap_err();
    for tried in 1..=2 {
        let error = store.probe.check().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert_eq!(proxy.count("PutItem"), tried);
    }
    refusing.store(false, Ordering::SeqCst);
    // Without any traffic.
    store.probe.check().await.unwrap();
    store.probe.check().await.unwrap();
    assert_eq!(
        proxy.count("PutItem"),
        3,
        "once it is well nothing is written any more"
    );
}

#[tokio::test]
async fn a_commit_that_is_done_ends_the_trouble_of_its_table() {
    let refusing = Arc::new(AtomicBool::new(true));
    let refuses = Arc::clone(&refusing);
    let proxy = Proxy::alone(move |operation, _| {
        if operation != "GetItem" && refuses.load(Ordering::SeqCst) {
            Fault::error(400, "ThrottlingException")
        } else {
            Fault::Answer(200, "{}".to_owned())
        }
    })
    .await;
    let mut settings = impatient();
    settings["endpoint"] = json!(proxy.endpoint());
    let store = connect(&runtime(), settings).await.unwrap();
    let write = [put(&key("p", "s"), 1, Expect::Absent)];
    store.records.commit(&write).await.unwrap_err();
    refusing.store(false, Ordering::SeqCst);
    store.records.commit(&write).await.unwrap();
    let before = proxy.count("PutItem");
    store.probe.check().await.unwrap();
    assert_eq!(proxy.count("PutItem"), before);
}

#[tokio::test]
async fn a_missing_table_is_named_with_its_remedy() {
    let Some(place) = Place::new(Kind::Dynoxide) else {
        return;
    };
    let settings = json!({ "endpoint": place.endpoint(), "table": "nowhere" });
    let error = connect(&place.runtime, settings).await.err().unwrap();
    let detail = error.detail();
    assert!(
        detail.contains("nowhere") && detail.contains("portcullis tables create"),
        "{detail}"
    );
    // One that is dropped while it is in use.
    let store = place.open().await;
    place.tables(json!({})).delete(&[THINGS]).await.unwrap();
    let outcome = store.records.get(&key("p", "s")).await;
    let Err(StoreError::Unavailable { detail, .. }) = outcome else {
        panic!("{outcome:?}");
    };
    assert!(detail.contains("portcullis tables create"), "{detail}");
}

#[tokio::test]
async fn nobody_at_the_address_is_told_at_once() {
    let proxy = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", proxy.local_addr().unwrap());
    drop(proxy);
    let mut settings = impatient();
    settings["endpoint"] = json!(endpoint);
    let begun = Instant::now();
    let error = connect(&runtime(), settings).await.err().unwrap();
    assert_eq!(error.code().name(), "store-access");
    assert!(begun.elapsed() < SOON);
}

#[tokio::test]
async fn a_refused_permission_is_named() {
    let proxy = Proxy::alone(|_, _| Fault::error(400, "AccessDeniedException")).await;
    let error = connect(&runtime(), json!({ "endpoint": proxy.endpoint() }))
        .await
        .err()
        .unwrap();
    let detail = error.detail();
    assert!(
        detail.contains("AccessDenied") && detail.contains("policy"),
        "{detail}"
    );
    assert_eq!(proxy.count("GetItem"), 1, "trying again is useless");
}

#[tokio::test]
async fn a_broken_answer_is_none_and_stays_out_of_the_log() {
    let proxy = Proxy::alone(|_, before| match before {
        0 => Fault::Answer(200, "{}".to_owned()),
        _ => Fault::Answer(200, r#"{"Item":{"body":{"S":"a private text"}"#.to_owned()),
    })
    .await;
    let mut settings = impatient();
    settings["endpoint"] = json!(proxy.endpoint());
    let store = connect(&runtime(), settings).await.unwrap();
    let outcome = store.records.get(&key("p", "s")).await;
    let Err(StoreError::Unavailable { detail, .. }) = outcome else {
        panic!("{outcome:?}");
    };
    assert!(!detail.contains("private"), "{detail}");
}
