//! What operations cost, as the service reports it.

use metrics::set_default_local_recorder;
use portcullis_adapter_dynamodb::emulator::Kind;
use portcullis_ports::storage::{Direction, Expect, Query, Range, Write};
use portcullis_ports::testkit::Counters;

use crate::stores::{Place, THINGS, delete, key, put};

/// The capacity of one operation since the last look.
fn taken(counters: &Counters, operation: &str, kind: &str) -> u64 {
    let is_of = |counter: &str| {
        let mut words = counter.split(' ');
        words.next() == Some("portcullis_store_capacity_units_total")
            && words.clone().any(|word| word == operation)
            && words.any(|word| word == kind)
    };
    counters.taken(is_of).into_iter().map(|(_, units)| units).sum()
}

async fn costs(kind: Kind) {
    let Some(place) = Place::new(kind) else { return };
    let counters = Counters::default();
    let guard = set_default_local_recorder(&counters);
    let store = place.open().await.records;
    drop(guard);
    taken(&counters, "GetItem", "read");
    let one = key("costs", "one");
    let two = key("costs", "two");

    let first = store.commit(&[put(&one, 1, Expect::Absent)]).await.unwrap()[0].unwrap();
    assert_eq!(taken(&counters, "PutItem", "write"), 1, "{kind:?}: a small put");
    store.get(&one).await.unwrap();
    assert_eq!(taken(&counters, "GetItem", "read"), 1, "{kind:?}: a small get");
    let body = format!("\"{}\"", "x".repeat(2000));
    store
        .commit(&[put(&one, &body, Expect::Version(first))])
        .await
        .unwrap();
    assert_eq!(
        taken(&counters, "PutItem", "write"),
        2,
        "{kind:?}: a put of two KB"
    );
    let writes = [put(&one, 2, Expect::Present), put(&two, 2, Expect::Absent)];
    store.commit(&writes).await.unwrap();
    // The first replaces two KB, and the larger of both states counts.
    assert_eq!(
        taken(&counters, "TransactWriteItems", "write"),
        6,
        "{kind:?}: a transaction"
    );
    let check = Write::Check {
        key: one.clone(),
        expect: Expect::Present,
    };
    store.commit(&[check, put(&two, 3, Expect::Any)]).await.unwrap();
    // AWS's emulator reports nothing for the check itself.
    let checked = if kind == Kind::DynamodbLocal { 2 } else { 4 };
    assert_eq!(
        taken(&counters, "TransactWriteItems", "write"),
        checked,
        "{kind:?}: a transaction with a check"
    );
    assert_eq!(
        taken(&counters, "TransactWriteItems", "read"),
        0,
        "{kind:?}: a transaction reads nothing"
    );
    let query = Query {
        collection: THINGS,
        partition: "costs".to_owned(),
        range: Range::All,
        direction: Direction::Ascending,
        limit: 10,
        after: None,
    };
    store.query(&query).await.unwrap();
    assert_eq!(taken(&counters, "Query", "read"), 1, "{kind:?}: a small query");
    let third = store
        .commit(&[put(&key("costs", "three"), 1, Expect::Absent)])
        .await
        .unwrap()[0]
        .unwrap();
    let removal = delete(&key("costs", "three"), Expect::Version(third));
    store.commit(&[removal]).await.unwrap();
    assert_eq!(taken(&counters, "DeleteItem", "write"), 1, "{kind:?}: a delete");
    store.commit(&[delete(&one, Expect::Any)]).await.unwrap();
    assert_eq!(
        taken(&counters, "TransactWriteItems", "write"),
        2,
        "{kind:?}: a delete whatever is there"
    );
}

#[tokio::test]
async fn capacity_is_counted_exactly_on_dynamodb_local() {
    costs(Kind::DynamodbLocal).await;
}

#[tokio::test]
async fn capacity_is_counted_exactly_on_dynoxide() {
    costs(Kind::Dynoxide).await;
}
