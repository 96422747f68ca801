//! What a commit counts of the events in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use metrics::{Counter, CounterFn};
use portcullis_ports::storage::STORE_CONFLICT;

use super::tests::SIGN_IN;
use super::*;
use crate::foundation::testing::home;
use crate::services::testing::{BedSettings, Office, observed_bed};

#[derive(Default)]
struct Sum(AtomicU64);

impl CounterFn for Sum {
    fn increment(&self, value: u64) {
        self.0.fetch_add(value, Ordering::Relaxed);
    }

    fn absolute(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn areas_that_share_a_commit_write_one_history() {
    let bed = crate::services::testing::bed().await;
    let ada = Subject::parse("usr_ada").unwrap();
    let (audit, source) = (&bed.services.audit, home());
    for _ in 0..2 {
        let mut batch = Batch::default();
        for number in 0..3 {
            let event = Event::success(SIGN_IN, &source).with("number", number);
            audit.append(&mut batch, &ada, &[event]).await.unwrap();
        }
        assert_eq!(batch.len(), 4, "three entries and one head");
        bed.context.commit(batch).await.unwrap();
    }
    let verified = audit.verify(&ada).await.unwrap().unwrap();
    assert_eq!(verified.entries, 6);
}

#[tokio::test]
async fn what_happened_is_counted_once_and_only_if_it_was_committed() {
    let (bed, store) = observed_bed(BedSettings::default(), vec![Office::new("main")]).await;
    let ada = Subject::parse("usr_ada").unwrap();
    let sum = Arc::new(Sum::default());
    let context = &bed.context;
    let source: Source = home();
    let batch = async || {
        let mut batch = Batch::default();
        let event = Event::failure(SIGN_IN, &source);
        bed.services
            .audit
            .append(&mut batch, &ada, &[event])
            .await
            .unwrap();
        assert_eq!(batch.meters.len(), 1, "events are counted by the commit");
        batch.meters = vec![Counter::from_arc(Arc::clone(&sum))];
        // As another process would, which does not wait for this one.
        batch.subject_lock = None;
        batch
    };
    let (first, second) = (batch().await, batch().await);
    context.commit(first).await.unwrap();
    let late = context.commit(second).await.unwrap_err();
    assert_eq!(late.code(), STORE_CONFLICT);
    store.forgetful.store(true, Ordering::SeqCst);
    context.commit(batch().await).await.unwrap_err();
    assert_eq!(sum.0.load(Ordering::Relaxed), 1);
}
