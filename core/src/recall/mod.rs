//! What this node remembers of records it has read, and how it learns that another node changed them.
//!
//! Every request of a signed-in person needs the same two records, its session and its account. Where this process
//! alone uses the store, a look-up is cheap and only the decoding is saved: what is remembered is used if the store
//! still has the same version. Where several nodes share the store, the look-up is saved as well: whoever changes such
//! a record says so in the same commit, in a short list that every node reads before it trusts its memory. The list is
//! never older than [`FRESH`], so one second after a change was acknowledged no node goes by the old state.

#[cfg(test)]
mod tests;

use std::any::Any;
use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_lock::Mutex as AsyncMutex;
use portcullis_ports::storage::{Collection, Key, Range, RecordStore, Version};
use portcullis_ports::{Clock, Entropy, Result, Timestamp};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};

use crate::table::{Stored, Table, decode};

/// What was changed lately, for other nodes to forget.
pub(crate) const CHANGES: Collection = Collection {
    name: "changes",
    table: "changes",
    variable: "CHANGES_TABLE_NAME",
};

/// How old the list of changes may be when memory is trusted. What is left of a second is for the answer to travel.
const FRESH: Duration = Duration::from_millis(900);
/// From this age on the list is read again, while it may still be used.
const AGEING: Duration = Duration::from_millis(450);
/// How long a record is remembered at most: the limit of every mistake.
const LIFE: Duration = Duration::from_secs(60);
/// How far back the list is read: as far as the clocks of two nodes may differ, and a commit may take to arrive.
const OVERLAP: Duration = Duration::from_secs(60);
/// How long a change stays in the list.
const KEPT: Duration = Duration::from_mins(5);
/// How many records are remembered.
const ROOM: usize = 8192;

/// The memory of one node.
pub(crate) struct Recall {
    store: Arc<dyn RecordStore>,
    clock: Arc<dyn Clock>,
    memory: Cache<Key, Remembered>,
    /// Present where other nodes change records as well.
    news: Option<News>,
}

#[derive(Clone)]
struct Remembered {
    value: Arc<dyn Any + Send + Sync>,
    version: Version,
    read_at: Timestamp,
    expires_at: Option<Timestamp>,
}

impl Remembered {
    fn is_usable(&self, now: Timestamp) -> bool {
        now.since(self.read_at) < LIFE && self.expires_at.is_none_or(|end| now < end)
    }
}

/// What is known of the changes that other nodes made.
struct News {
    /// When the last complete look at the list began, in milliseconds.
    looked_at: AtomicI64,
    /// The places in the list that were read, held by whoever reads it.
    looking: AsyncMutex<BTreeSet<String>>,
    /// When this node learned that a record had changed: what was read before may be old.
    changed: Mutex<HashMap<Key, Timestamp>>,
}

/// One commit that changed remembered records.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Change {
    at: Timestamp,
    /// Tells changes of the same moment apart.
    mark: String,
    /// Collection, partition and sort key of each.
    records: Vec<(String, String, String)>,
}

impl Change {
    const PARTITION: &'static str = "all";

    fn place(at: Timestamp) -> String {
        format!("{:015}", at.millis())
    }
}

impl Stored for Change {
    const COLLECTION: Collection = CHANGES;

    fn key(&self) -> (String, String) {
        (
            Self::PARTITION.into(),
            format!("{}#{}", Self::place(self.at), self.mark),
        )
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.at + KEPT)
    }
}

impl Recall {
    /// An empty memory. `shared` says whether other nodes use the store as well.
    pub(crate) fn new(store: &Arc<dyn RecordStore>, clock: &Arc<dyn Clock>, shared: bool) -> Self {
        let news = || News {
            looked_at: AtomicI64::new(0),
            looking: AsyncMutex::default(),
            changed: Mutex::default(),
        };
        Self {
            store: Arc::clone(store),
            clock: Arc::clone(clock),
            memory: Cache::new(ROOM),
            news: shared.then(news),
        }
    }

    /// The record of that key as it was within the last second.
    pub(crate) async fn find<T: Stored>(&self, partition: &str, sort: &str) -> Result<Option<Arc<T>>> {
        let key = Key {
            collection: T::COLLECTION,
            partition: partition.to_owned(),
            sort: sort.to_owned(),
        };
        if let Some(news) = &self.news
            && self.remembered(&key).is_some()
            && self.is_up_to_date(news).await
            && let Some(known) = self.remembered(&key)
            && let Ok(value) = known.value.downcast()
        {
            return Ok(Some(value));
        }
        let read_at = self.clock.now();
        let Some(record) = self.store.get(&key).await? else {
            self.memory.remove(&key);
            return Ok(None);
        };
        if self.news.is_none()
            && let Some(known) = self.memory.get(&key)
            && known.version == record.version
            && let Ok(value) = known.value.downcast()
        {
            return Ok(Some(value));
        }
        let expires_at = record.expires_at;
        let version = record.version;
        let value: Arc<T> = Arc::new(decode(record)?.value);
        let remembered = Remembered {
            value: value.clone(),
            version,
            read_at,
            expires_at,
        };
        self.keep(key, remembered);
        Ok(Some(value))
    }

    fn remembered(&self, key: &Key) -> Option<Remembered> {
        self.memory
            .get(key)
            .filter(|known| known.is_usable(self.clock.now()))
    }

    /// Remembers what was read, unless it changed since.
    fn keep(&self, key: Key, read: Remembered) {
        let Some(news) = &self.news else {
            self.memory.insert(key, read);
            return;
        };
        let changed = news.changed.lock().unwrap_or_else(PoisonError::into_inner);
        if changed.get(&key).is_none_or(|at| *at < read.read_at) {
            self.memory.insert(key, read);
        }
    }

    /// Forgets records that this node has just changed, or tried to.
    pub(crate) fn forget(&self, keys: impl IntoIterator<Item = Key>) {
        let Some(news) = &self.news else { return };
        let now = self.clock.now();
        let mut changed = news.changed.lock().unwrap_or_else(PoisonError::into_inner);
        changed.retain(|_, at| now.since(*at) < OVERLAP);
        for key in keys {
            self.memory.remove(&key);
            changed.insert(key, now);
        }
    }

    /// What tells other nodes that these records change, for the commit that changes them. `None` if there are none.
    pub(crate) fn announcement(&self, keys: &[Key], entropy: &dyn Entropy) -> Result<Option<impl Stored>> {
        if self.news.is_none() || keys.is_empty() {
            return Ok(None);
        }
        let mut mark = [0; 8];
        entropy.fill(&mut mark)?;
        let records = keys.iter().map(|key| {
            let collection = key.collection.name.to_owned();
            (collection, key.partition.clone(), key.sort.clone())
        });
        Ok(Some(Change {
            at: self.clock.now(),
            mark: data_encoding::HEXLOWER.encode(&mark),
            records: records.collect(),
        }))
    }

    /// Whether the list of changes was read recently enough; reads it again if that is due.
    async fn is_up_to_date(&self, news: &News) -> bool {
        let age = self.age(news);
        if age.is_some_and(|age| age < AGEING) {
            return true;
        }
        let place = match news.looking.try_lock() {
            Some(place) => Some(place),
            // Somebody is reading it; until that is done the last state will do, if it is recent enough.
            None if age.is_some_and(|age| age < FRESH) => None,
            None => Some(news.looking.lock().await),
        };
        if let Some(mut read) = place
            && self.age(news).is_none_or(|age| age >= AGEING)
            && let Err(error) = self.look(news, &mut read).await
        {
            tracing::warn!(
                ?error,
                "the list of changes cannot be read; records are read instead of remembered"
            );
        }
        self.age(news).is_some_and(|age| age < FRESH)
    }

    /// How old the list of changes is; `None` if the clock was set back meanwhile.
    fn age(&self, news: &News) -> Option<Duration> {
        let age = self.clock.now().millis() - news.looked_at.load(Ordering::SeqCst);
        u64::try_from(age).ok().map(Duration::from_millis)
    }

    /// Reads what is new in the list, and forgets what it names.
    async fn look(&self, news: &News, read: &mut BTreeSet<String>) -> Result<()> {
        let began = self.clock.now();
        let horizon = Change::place(began - OVERLAP);
        *read = read.split_off(&horizon);
        let mut after = None;
        loop {
            let range = Range::Between(horizon.clone(), "~".into());
            let (changes, next) = Table::<Change>::new(&self.store)
                .page(Change::PARTITION, range, 1000, after)
                .await?;
            for change in changes {
                if read.insert(change.key().1) {
                    self.forget(change.value.records.into_iter().filter_map(key));
                }
            }
            match next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        news.looked_at.store(began.millis(), Ordering::SeqCst);
        Ok(())
    }
}

/// The key that a change names; `None` for a collection that only a newer node knows.
fn key((collection, partition, sort): (String, String, String)) -> Option<Key> {
    let known = crate::collections()
        .into_iter()
        .find(|known| known.name == collection);
    known.map(|collection| Key {
        collection,
        partition,
        sort,
    })
}
