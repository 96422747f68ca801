//! What is counted of messages and reports: once for what was written down, however often that met somebody faster.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use metrics::with_local_recorder;
use portcullis_ports::notification::DeliveryState;
use portcullis_ports::testkit::Counters;
use tokio::runtime::Builder;

use super::*;
use crate::foundation::testing::Observed;
use crate::services::testing::vendor::{Heard, Vendor, report};
use crate::services::testing::{Bed, BedSettings, Office, observed_bed};

/// What was counted since the last look under names that begin like this.
fn taken(counters: &Counters, name: &str) -> Vec<(String, u64)> {
    counters.taken(|counter| counter.starts_with(name))
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
            assert_eq!(taken(&counters, "portcullis_messages_total"), sent);

            store.collisions.store(3, Ordering::SeqCst);
            let news = || report(id.as_str(), DeliveryState::Delivered);
            heard.hear("1", 0, news()).await.unwrap();
            assert_eq!(store.collisions.load(Ordering::SeqCst), 0, "all of them were met");
            let applied = [("portcullis_delivery_events_total main applied".to_owned(), 1)];
            assert_eq!(taken(&counters, "portcullis_delivery_events_total"), applied);

            store.forgetful.store(true, Ordering::SeqCst);
            heard.hear("2", 0, news()).await.unwrap_err();
            assert_eq!(taken(&counters, "portcullis_delivery_events_total"), []);
        });
    });
}
