//! What is counted of messages and reports: once for what was written down, however often that met somebody faster.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use metrics::{
    Counter, CounterFn, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
    with_local_recorder,
};
use portcullis_ports::notification::DeliveryState;
use tokio::runtime::Builder;

use super::*;
use crate::foundation::testing::Observed;
use crate::services::testing::vendor::{Heard, Vendor, report};
use crate::services::testing::{Bed, BedSettings, Office, observed_bed};

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

/// Keeps counters by name and labels, and nothing else.
#[derive(Default)]
struct Counters(Mutex<BTreeMap<String, Arc<Sum>>>);

impl Counters {
    /// What was counted since the last look under names that begin like this.
    fn taken(&self, name: &str) -> Vec<(String, u64)> {
        let counters = self.0.lock().unwrap();
        let taken = counters
            .iter()
            .map(|(key, sum)| (key.clone(), sum.0.swap(0, Ordering::SeqCst)));
        taken
            .filter(|(key, count)| key.starts_with(name) && *count > 0)
            .collect()
    }
}

impl Recorder for Counters {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let labels: Vec<&str> = key.labels().map(metrics::Label::value).collect();
        let name = format!("{} {}", key.name(), labels.join(" "));
        Counter::from_arc(Arc::clone(self.0.lock().unwrap().entry(name).or_default()))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

async fn heard() -> (Heard<Bed>, Arc<Observed>) {
    let vendor = Arc::new(Vendor::default());
    let offices = vec![Office::new("main").hearing(vendor.clone())];
    let (bed, store) = observed_bed(BedSettings::default(), offices).await;
    (
        Heard {
            deployment: bed,
            vendor,
        },
        store,
    )
}

#[test]
fn what_collides_is_counted_once_and_what_fails_not_at_all() {
    let counters = Counters::default();
    let runtime = Builder::new_current_thread().build().unwrap();
    with_local_recorder(&counters, || {
        runtime.block_on(async {
            let (heard, store) = heard().await;
            let outbox = &heard.deployment.services.outbox;
            heard.deployment.queue_code("ada@example.com").await;
            let id = outbox.waiting_ids(Lane::Codes).await.remove(0);
            outbox.drain(Lane::Codes).await.unwrap();
            let sent = [("portcullis_messages_total email main done".to_owned(), 1)];
            assert_eq!(counters.taken("portcullis_messages_total"), sent);

            store.collisions.store(3, Ordering::SeqCst);
            let news = || report(id.as_str(), DeliveryState::Delivered);
            heard.hear("1", 0, news()).await.unwrap();
            assert_eq!(store.collisions.load(Ordering::SeqCst), 0, "all of them were met");
            let applied = [("portcullis_delivery_events_total main applied".to_owned(), 1)];
            assert_eq!(counters.taken("portcullis_delivery_events_total"), applied);

            store.forgetful.store(true, Ordering::SeqCst);
            heard.hear("2", 0, news()).await.unwrap_err();
            assert_eq!(counters.taken("portcullis_delivery_events_total"), []);
        });
    });
}
