//! What operations cost, as the service reports it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use metrics::{
    Counter, CounterFn, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
    set_default_local_recorder,
};
use portcullis_adapter_dynamodb::emulator::Kind;
use portcullis_ports::storage::{Direction, Expect, Query, Range, Write};

use crate::stores::{Place, THINGS, delete, key, put};

#[derive(Default)]
struct Sum(AtomicU64);

impl CounterFn for Sum {
    fn increment(&self, value: u64) {
        self.0.fetch_add(value, Ordering::SeqCst);
    }

    fn absolute(&self, value: u64) {
        self.0.store(value, Ordering::SeqCst);
    }
}

/// Counters by name and labels.
#[derive(Default)]
struct Counters(Mutex<BTreeMap<String, Arc<Sum>>>);

impl Counters {
    /// The capacity of one operation since the last look.
    fn taken(&self, operation: &str, kind: &str) -> u64 {
        let name = format!("portcullis_store_capacity_units_total {kind} {operation}");
        let counters = self.0.lock().unwrap();
        counters
            .get(&name)
            .map_or(0, |sum| sum.0.swap(0, Ordering::SeqCst))
    }
}

impl Recorder for Counters {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let mut labels: Vec<&str> = key.labels().map(metrics::Label::value).collect();
        labels.sort_by_key(|label| label.starts_with(char::is_uppercase));
        let name = format!("{} {}", key.name(), labels.join(" "));
        let sum = Arc::clone(self.0.lock().unwrap().entry(name).or_default());
        Counter::from_arc(sum)
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

async fn costs(kind: Kind) {
    let Some(place) = Place::new(kind) else { return };
    let counters = Counters::default();
    let guard = set_default_local_recorder(&counters);
    let store = place.open().await.records;
    drop(guard);
    counters.taken("GetItem", "read");
    let one = key("costs", "one");
    let two = key("costs", "two");

    let first = store.commit(&[put(&one, 1, Expect::Absent)]).await.unwrap()[0].unwrap();
    assert_eq!(counters.taken("PutItem", "write"), 1, "{kind:?}: a small put");
    store.get(&one).await.unwrap();
    assert_eq!(counters.taken("GetItem", "read"), 1, "{kind:?}: a small get");
    let body = format!("\"{}\"", "x".repeat(2000));
    store
        .commit(&[put(&one, &body, Expect::Version(first))])
        .await
        .unwrap();
    assert_eq!(counters.taken("PutItem", "write"), 2, "{kind:?}: a put of two KB");
    let writes = [put(&one, 2, Expect::Present), put(&two, 2, Expect::Absent)];
    store.commit(&writes).await.unwrap();
    // The first replaces two KB, and the larger of both states counts.
    assert_eq!(
        counters.taken("TransactWriteItems", "write"),
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
        counters.taken("TransactWriteItems", "write"),
        checked,
        "{kind:?}: a transaction with a check"
    );
    assert_eq!(
        counters.taken("TransactWriteItems", "read"),
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
    assert_eq!(counters.taken("Query", "read"), 1, "{kind:?}: a small query");
    let third = store
        .commit(&[put(&key("costs", "three"), 1, Expect::Absent)])
        .await
        .unwrap()[0]
        .unwrap();
    let removal = delete(&key("costs", "three"), Expect::Version(third));
    store.commit(&[removal]).await.unwrap();
    assert_eq!(counters.taken("DeleteItem", "write"), 1, "{kind:?}: a delete");
    store.commit(&[delete(&one, Expect::Any)]).await.unwrap();
    assert_eq!(
        counters.taken("TransactWriteItems", "write"),
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
