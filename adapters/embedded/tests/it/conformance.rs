//! The suites of the ports.

use portcullis_ports::registry::PortSpec;
use portcullis_ports::storage::Storage;
use portcullis_ports::testkit::plugin;
use portcullis_ports::testkit::storage::{StoreSubject, SubjectClock, conforms};
use serde_json::json;

use crate::stores::Place;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_store_passes_the_suite() {
    let place = Place::new();
    let store = place.open().await;
    for _ in 0..2 {
        let subject = StoreSubject::new(&store, SubjectClock::Fake(place.clock.clone()));
        conforms(&subject).await.unwrap();
    }
}

#[tokio::test]
async fn it_passes_without_any_memory_and_with_one_reader() {
    let place = Place::new();
    let settings = json!({ "folder": place.store(), "cache": 0, "readers": 1 });
    let store = place.open_with(settings).await;
    let subject = StoreSubject::new(&store, SubjectClock::Fake(place.clock.clone()));
    conforms(&subject).await.unwrap();
}

#[tokio::test]
async fn it_passes_with_a_memory_that_is_always_full() {
    let place = Place::new();
    let settings = json!({ "folder": place.store(), "cache": "16KiB" });
    let store = place.open_with(settings).await;
    let subject = StoreSubject::new(&store, SubjectClock::Fake(place.clock.clone()));
    conforms(&subject).await.unwrap();
}

#[test]
fn the_plugin_is_declared_as_the_house_wants() {
    plugin::conforms(&PortSpec::of::<Storage>(), &["embedded"]);
}
