//! What all areas stand on: store, keys, time, randomness and the root secret of one deployment.

use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use portcullis_ports::connections::Connections;
use portcullis_ports::identity::Subject;
use portcullis_ports::keys::{KeyManager, Keys};
use portcullis_ports::passwords::{PasswordHasher, Passwords};
use portcullis_ports::storage::{Collection, RecordStore, STORE_CONFLICT, Storage, StorageCapability};
use portcullis_ports::{Clock, Entropy, Result, Timestamp};

use crate::foundation::cache::Cache;
use crate::foundation::former_keys::key_manager;
use crate::foundation::guard::{GuardedKeys, Guards};
use crate::foundation::keyring::Keyring;
use crate::foundation::links::Links;
use crate::foundation::locations::Locations;
use crate::foundation::retry::retry_on_conflict;
use crate::foundation::subject_locks::SubjectLocks;
use crate::foundation::table::{Batch, Stored, Table};
use crate::foundation::texts::Texts;
use crate::foundation::wakeups::Wakeups;

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
    /// Tell workers of this process that one of its commits put something into their queue.
    pub(crate) wakeups: Wakeups,
}

/// What a context is opened with.
pub(crate) struct ContextParts<'a> {
    pub(crate) connections: &'a Connections,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    /// Where browsers reach the panel, as scheme, host and port.
    pub(crate) panel: Option<String>,
    /// Where this service is reached, as scheme, host and port.
    pub(crate) public_url: Option<String>,
    pub(crate) texts: Texts,
    /// The most records that are cached.
    pub(crate) cached: usize,
    /// Every family of records.
    pub(crate) collections: Vec<Collection>,
}

impl Context {
    /// Opens the root secret.
    ///
    /// # Errors
    /// Whatever store or key manager answer.
    pub(crate) async fn open(parts: ContextParts<'_>) -> Result<Arc<Self>> {
        let ContextParts {
            connections,
            clock,
            entropy,
            panel,
            public_url,
            texts,
            cached,
            collections,
        } = parts;
        let guards = Guards::new(&clock);
        let keys: Arc<dyn KeyManager> = Arc::new(GuardedKeys {
            inner: key_manager(connections)?,
            guard: guards.around::<Keys>(connections.one()?),
        });
        let connected = connections.one::<Storage>()?;
        let store = Arc::clone(&connected.records);
        let shared = connected.declares(StorageCapability::Shared);
        let hasher = Arc::clone(&connections.one::<Passwords>()?.hasher);
        let store_name = connected.name();
        let locations = Locations::new(connections, &guards);
        let named = (&store, store_name.as_str());
        let keyring = Keyring::open(named, keys.as_ref(), clock.as_ref(), entropy.as_ref()).await?;
        let cache = Cache::new(&store, &clock, shared, cached, collections);
        Ok(Arc::new(Self {
            store,
            keys,
            hasher,
            guards,
            clock,
            entropy,
            keyring,
            cache,
            links: Links::new(panel, public_url),
            locations,
            texts,
            locks: SubjectLocks::new(),
            wakeups: Wakeups::default(),
        }))
    }

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

    /// Does a batch; once it is done, counts what it says and wakes the workers of the queues that it put something into.
    pub(crate) async fn commit(&self, mut batch: Batch) -> Result<()> {
        let wakes = std::mem::take(&mut batch.wakes);
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
        for (queue, due) in wakes {
            self.wakeups.notify(queue, due);
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
        retry_on_conflict(self.clock.as_ref(), self.entropy.as_ref(), attempt).await
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
