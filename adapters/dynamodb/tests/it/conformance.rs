//! The suites of the ports, against both emulators, and what the service must be allowed for them.

use std::collections::BTreeSet;

use portcullis_adapter_dynamodb::emulator::Kind;
use portcullis_ports::registry::PortSpec;
use portcullis_ports::storage::Storage;
use portcullis_ports::testkit::plugin;
use portcullis_ports::testkit::storage::{COLLECTIONS, StoreSubject, SubjectClock, conforms};
use serde_json::{Value, json};

use crate::proxy::{Fault, Proxy};
use crate::stores::Place;

async fn passes(kind: Kind) {
    let Some(place) = Place::new(kind) else { return };
    let store = place.open().await;
    let begun = std::time::Instant::now();
    let subject = StoreSubject::new(&store, SubjectClock::Fake(place.clock()));
    conforms(&subject).await.unwrap();
    eprintln!("{kind:?}: the suite took {} ms", begun.elapsed().as_millis());
    store.probe.check().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_store_passes_the_suite_on_dynamodb_local() {
    passes(Kind::DynamodbLocal).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_store_passes_the_suite_on_dynoxide() {
    passes(Kind::Dynoxide).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_passes_with_tables_of_its_own_and_is_allowed_what_it_does() {
    let Some(place) = Place::new(Kind::Dynoxide) else {
        return;
    };
    let tables = json!({ "tables": { "suite_left": "left", "suite_right": "right" } });
    // The tables first, so that the proxy sees the service alone.
    drop(place.open_at(place.endpoint(), tables.clone()).await);
    let proxy = Proxy::before(place.endpoint(), |_, _| Fault::Pass).await;
    let mut settings = tables.clone();
    settings["create_missing"] = json!(false);
    let store = place.open_at(proxy.endpoint(), settings).await;
    let subject = StoreSubject::new(&store, SubjectClock::Fake(place.clock()));
    conforms(&subject).await.unwrap();

    let policy: Value = serde_json::from_str(&place.tables(tables).policy(&COLLECTIONS)).unwrap();
    let resources = &policy["Statement"][0]["Resource"];
    assert_eq!(
        *resources,
        json!([
            "arn:aws:dynamodb:REGION:ACCOUNT:table/left",
            "arn:aws:dynamodb:REGION:ACCOUNT:table/right"
        ])
    );
    let allowed: BTreeSet<String> = serde_json::from_value(policy["Statement"][0]["Action"].clone()).unwrap();
    let needed: BTreeSet<String> = proxy.seen().keys().flat_map(|call| permissions(call)).collect();
    assert_eq!(allowed, needed);
}

/// What the service asks for, call by call; a transaction has no permission of its own.
fn permissions(operation: &str) -> Vec<String> {
    let names: &[&str] = match operation {
        "TransactWriteItems" => &["ConditionCheckItem", "DeleteItem", "PutItem"],
        other => &[other],
    };
    names.iter().map(|name| format!("dynamodb:{name}")).collect()
}

#[test]
fn the_plugin_is_declared_as_the_house_wants() {
    plugin::conforms(&PortSpec::of::<Storage>(), &["dynamodb"]);
}
