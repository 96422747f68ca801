//! What all areas stand on: store, keys, time, randomness and the root secret of one deployment.

use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use event_listener::Event;
use portcullis_ports::identity::Subject;
use portcullis_ports::keys::KeyManager;
use portcullis_ports::passwords::PasswordHasher;
use portcullis_ports::storage::{RecordStore, STORE_CONFLICT};
use portcullis_ports::{Clock, Entropy, Result, Timestamp};

use crate::foundation::cache::Cache;
use crate::foundation::guard::Guards;
use crate::foundation::keyring::Keyring;
use crate::foundation::links::Links;
use crate::foundation::locations::Locations;
use crate::foundation::subject_locks::SubjectLocks;
use crate::foundation::table::{Batch, Stored, Table, retry_on_conflict};
use crate::foundation::texts::Texts;

/// One deployment. Shared by all services of all areas.
pub(crate) struct Context {
    pub(crate) store: Arc<dyn RecordStore>,
    pub(crate) keys: Arc<dyn KeyManager>,
    pub(crate) hasher: Arc<dyn PasswordHasher>,
    pub(crate) guards: Guards,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) keyring: Keyring,
    pub(crate) cache: Cache,
    pub(crate) links: Links,
    pub(crate) locations: Locations,
    pub(crate) texts: Texts,
    pub(crate) locks: SubjectLocks,
    /// Ring when a message was queued by this process, one for each lane and channel.
    pub(crate) mail: [Event; 4],
}

impl Context {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Reads again which signing keys there are.
    pub(crate) async fn refresh_keyring(&self) -> Result<()> {
        let (keys, clock) = (self.keys.as_ref(), self.clock.as_ref());
        self.keyring.refresh(&self.store, keys, clock).await
    }

    /// The same for a key that somebody names and that is not known here; at most once a second, because strangers can.
    pub(crate) async fn look_for_key(&self, id: &str) -> Result<()> {
        let (keys, clock) = (self.keys.as_ref(), self.clock.as_ref());
        self.keyring.look_for(id, &self.store, keys, clock).await
    }

    pub(crate) fn table<T: Stored>(&self) -> Table<T> {
        Table::new(&self.store)
    }

    /// Does a batch; once it is done, counts what it says and wakes the delivery if it queued a message.
    pub(crate) async fn commit(&self, mut batch: Batch) -> Result<()> {
        let mail = batch.mail;
        let meters = std::mem::take(&mut batch.meters);
        let changed = std::mem::take(&mut batch.changed);
        let refreshed = std::mem::take(&mut batch.refreshed);
        if let Some(announcement) = self.cache.announcement(&changed, self.entropy.as_ref())? {
            batch.insert(&announcement)?;
        }
        let pending_invalidation = self
            .cache
            .pending_invalidation(changed.into_iter().chain(refreshed).collect());
        let done = batch.commit(self.store.as_ref()).await;
        match &done {
            Err(error) if error.code() != STORE_CONFLICT => drop(pending_invalidation),
            _ => pending_invalidation.settle(),
        }
        done?;
        for meter in meters {
            meter.increment(1);
        }
        for (at, bell) in self.mail.iter().enumerate() {
            if mail & (1 << at) != 0 {
                bell.notify(usize::MAX);
            }
        }
        Ok(())
    }

    /// Waits for the turn of a person, and keeps it until the batch is done or dropped. Whoever takes it before reading
    /// what the commit depends on collides with nobody in this process.
    pub(crate) async fn lock_subject(&self, batch: &mut Batch, subject: &Subject) {
        // A batch is about one person; a second turn could wait for somebody who waits for the first.
        if batch.subject_lock.is_none() {
            batch.subject_lock = Some(self.locks.lock(subject).await);
        }
    }

    /// Runs a use case again while others change the same records.
    pub(crate) async fn retried<T, F>(&self, attempt: impl FnMut() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        retry_on_conflict(self.clock.as_ref(), attempt).await
    }

    /// 256 unpredictable bits in URL-safe text.
    pub(crate) fn random_text(&self) -> Result<String> {
        let mut bytes = zeroize::Zeroizing::new([0; 32]);
        self.entropy.fill(bytes.as_mut_slice())?;
        Ok(BASE64URL_NOPAD.encode(bytes.as_slice()))
    }

    /// Six decimal digits, each combination equally likely.
    pub(crate) fn random_code(&self) -> Result<String> {
        const RANGE: u32 = 1_000_000;
        loop {
            let mut bytes = [0; 4];
            self.entropy.fill(&mut bytes)?;
            let drawn = u32::from_be_bytes(bytes);
            if drawn < u32::MAX - u32::MAX % RANGE {
                return Ok(format!("{:06}", drawn % RANGE));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use metrics::{Counter, CounterFn};

    use super::*;
    use crate::foundation::source::Source;
    use crate::services::audit::Event;
    use crate::settings::Settings;
    use crate::testing::{home, observed};

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
    async fn what_happened_is_counted_once_and_only_if_it_was_committed() {
        let (world, store) = observed(Settings::default()).await;
        let ada = world.sign_up("ada@example.com").await;
        let sum = Arc::new(Sum::default());
        let context = &world.app.context;
        let source: Source = home();
        let batch = async || {
            let mut batch = Batch::default();
            let event = Event::failure("sign_in", &source);
            world
                .app
                .audit
                .append(&mut batch, &ada.subject, &[event])
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
}
