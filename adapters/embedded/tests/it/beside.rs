//! A store that is read beside the process that uses it.

use portcullis_ports::storage::{ConnectedStore, Expect, StoreError};

use crate::stores::{Place, key, number, put, write};

async fn value(store: &ConnectedStore) -> u64 {
    number(&*store.records, &key("p", "a")).await.unwrap().0
}

#[tokio::test]
async fn whoever_reads_beside_sees_every_commit_and_changes_nothing() {
    let place = Place::new();
    let used = place.open().await.records;
    write(&*used, key("p", "a"), 1).await;
    let reading = place.open_beside().await.unwrap();
    for n in 2..20 {
        assert_eq!(value(&reading).await, n - 1);
        write(&*used, key("p", "a"), n).await;
    }
    let page = reading
        .scan
        .scan(&crate::stores::COLLECTION, None, 10)
        .await
        .unwrap();
    assert_eq!(page.records.len(), 1);
    let refused = reading
        .records
        .commit(&[put(key("p", "b"), 1, Expect::Any)])
        .await;
    assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
    // The one that uses it is not disturbed, and another still finds it in use.
    drop(reading);
    write(&*used, key("p", "a"), 20).await;
    assert!(place.refusal().await.contains("in use"));
    drop(used);
    let reading = place.open_beside().await.unwrap();
    assert_eq!(value(&reading).await, 20);
    // Nobody is kept from using it.
    write(&*place.open().await.records, key("p", "a"), 21).await;
}

#[tokio::test]
async fn a_store_that_is_not_there_is_not_made() {
    let place = Place::new();
    let said = place.open_beside().await.err().unwrap();
    assert!(said.detail().contains("There is no store"), "{}", said.detail());
    assert!(!place.store().exists());
}
