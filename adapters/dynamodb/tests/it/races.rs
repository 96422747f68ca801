//! Many writers at the same records.

use futures_util::future::join_all;
use portcullis_adapter_dynamodb::emulator::Kind;
use portcullis_ports::storage::{Expect, StoreError};

use crate::stores::{Place, body, key, put};

const WRITERS: usize = 16;
const EACH: usize = 5;

/// Every transaction touches one record of its own and one that all want: the service cancels those that meet, and a
/// cancelled one is not a conflict unless its expectation fails.
async fn transactions_that_meet_lose_nothing(kind: Kind) {
    let Some(place) = Place::new(kind) else { return };
    let store = place.open().await.records;
    let shared = key("meeting", "shared");
    store.commit(&[put(&shared, 0, Expect::Absent)]).await.unwrap();
    let writer = async |writer: usize| {
        for round in 0..EACH {
            let own = key("meeting", &format!("own-{writer}-{round}"));
            loop {
                let (count, version) = body(&*store, &shared).await.unwrap();
                let count: usize = count.parse().unwrap();
                let writes = [
                    put(&own, round, Expect::Absent),
                    put(&shared, count + 1, Expect::Version(version)),
                ];
                match store.commit(&writes).await {
                    Ok(_) => break,
                    Err(StoreError::Conflict(failed)) => assert_eq!(failed, [1]),
                    Err(other) => panic!("{other}"),
                }
            }
        }
    };
    join_all((0..WRITERS).map(writer)).await;
    let total = body(&*store, &shared).await.unwrap().0;
    assert_eq!(total, (WRITERS * EACH).to_string(), "{kind:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_writers_lose_nothing_on_dynamodb_local() {
    transactions_that_meet_lose_nothing(Kind::DynamodbLocal).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_writers_lose_nothing_on_dynoxide() {
    transactions_that_meet_lose_nothing(Kind::Dynoxide).await;
}
