//! What this node remembers of records it has read, and how it learns that another node changed them.
//!
//! Every request of a signed-in person needs the same few records. Where this process alone uses the store it knows of
//! every change itself. Where several nodes share the store, whoever changes such a record says so in the same commit,
//! in a short list that every node reads before it trusts its memory. The list is never older than [`FRESH`], so one
//! second after a change was acknowledged no node goes by the old state.

#[cfg(test)]
mod machine_tests;
mod settings;

use std::any::Any;
use std::collections::BTreeSet;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_lock::Mutex as AsyncMutex;
use portcullis_ports::storage::{Collection, Key, Range, RecordStore};
use portcullis_ports::{Clock, Entropy, Result, Timestamp};
use quick_cache::Equivalent;
use quick_cache::sync::Cache as QuickCache;
use serde::{Deserialize, Serialize};

pub(crate) use settings::Settings;

use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::table::{Memory, Stored, Table, decode};

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    families: &[Family::new(
        CHANGES,
        Personal::Expiring,
        &[shape::<Change>("change")],
    )],
    ..Area::EMPTY
};

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
/// How long the list is not read again after that failed.
const RETRY: Duration = Duration::from_millis(50);
/// How long a record is remembered at most: the limit of every mistake.
const LIFE: Duration = Duration::from_mins(1);
/// How far behind the last look the list is read: as far as the clocks of two nodes may differ, and a commit may take
/// to arrive.
const OVERLAP: Duration = Duration::from_mins(1);
/// How long a change stays in the list.
const RETENTION: Duration = Duration::from_mins(5);
/// How long after a change was seen in the list the record may still be read as it was: a store may show what one
/// commit wrote piece by piece.
pub(crate) const SETTLING: Duration = Duration::from_secs(5);
/// How long a commit may still arrive whose answer nobody waits for.
pub(crate) const LOST: Duration = Duration::from_secs(30);
/// How finely changes are told apart: two keys of one slot only cost each other a look at the store.
const SLOTS: usize = 1024;

/// The memory of one node.
pub(crate) struct Cache {
    store: Arc<dyn RecordStore>,
    clock: Arc<dyn Clock>,
    /// Those of which changes are heard.
    collections: Vec<Collection>,
    memory: QuickCache<Key, Remembered>,
    /// What is being changed and was changed lately. Keys share slots, by their hash.
    slots: Box<[Mutex<Activity>]>,
    hasher: RandomState,
    /// Present where other nodes change records as well.
    change_feed: Option<ChangeFeed>,
}

/// A [`Key`] that owns nothing. It has the same hash.
#[derive(Hash)]
struct Name<'a> {
    collection: Collection,
    partition: &'a str,
    sort: &'a str,
}

impl Name<'_> {
    fn to_key(&self) -> Key {
        Key {
            collection: self.collection,
            partition: self.partition.to_owned(),
            sort: self.sort.to_owned(),
        }
    }
}

impl Equivalent<Key> for Name<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.partition == key.partition && self.sort == key.sort && self.collection == key.collection
    }
}

/// A record as it was read, or that there was none.
#[derive(Clone)]
pub(crate) struct Remembered {
    pub(crate) value: Option<Arc<dyn Any + Send + Sync>>,
    pub(crate) read_at: Timestamp,
    pub(crate) expires_at: Option<Timestamp>,
}

impl Remembered {
    fn is_usable(&self, now: Timestamp) -> bool {
        now.since(self.read_at) < LIFE && self.expires_at.is_none_or(|end| now < end)
    }
}

/// What goes on with some keys.
struct Activity {
    /// Commits of this node that are under way.
    pending: usize,
    /// What was read up to this moment may be old.
    changed_at: Timestamp,
}

/// What is known of the changes that other nodes made.
struct ChangeFeed {
    /// When the last complete look at the list began, in milliseconds.
    polled_at: AtomicI64,
    /// When the last look failed, in milliseconds.
    failed_at: AtomicI64,
    /// How many looks have ended, also in vain.
    polls: AtomicU64,
    /// The places in the list that were read, held by whoever reads it.
    polling: AsyncMutex<BTreeSet<String>>,
}

/// A commit under way: what it changes is not remembered until it is settled.
pub(crate) struct PendingInvalidation<'a> {
    cache: &'a Cache,
    keys: Vec<Key>,
}

impl PendingInvalidation<'_> {
    /// The commit is done, or known to have failed: from now on, reading tells.
    pub(crate) fn settle(mut self) {
        let now = self.cache.clock.now();
        self.cache.end(std::mem::take(&mut self.keys), now);
    }
}

impl Drop for PendingInvalidation<'_> {
    /// Given up, or nobody knows: the commit may still be done, though not much later.
    fn drop(&mut self) {
        let until = self.cache.clock.now() + LOST;
        self.cache.end(std::mem::take(&mut self.keys), until);
    }
}

/// One commit that changed remembered records.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Change {
    pub(crate) at: Timestamp,
    /// Tells changes of the same moment apart.
    pub(crate) mark: String,
    /// Collection, partition and sort key of each.
    pub(crate) records: Vec<(String, String, String)>,
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
        Some(self.at + RETENTION)
    }
}

impl Cache {
    /// An empty memory. `shared` says whether other nodes use the store as well.
    pub(crate) fn new(
        store: &Arc<dyn RecordStore>,
        clock: &Arc<dyn Clock>,
        shared: bool,
        capacity: usize,
        collections: Vec<Collection>,
    ) -> Self {
        let change_feed = || ChangeFeed {
            polled_at: AtomicI64::new(0),
            failed_at: AtomicI64::new(0),
            polls: AtomicU64::new(0),
            polling: AsyncMutex::default(),
        };
        let slot = || {
            Mutex::new(Activity {
                pending: 0,
                changed_at: Timestamp::from_millis(0),
            })
        };
        Self {
            store: Arc::clone(store),
            clock: Arc::clone(clock),
            collections,
            memory: QuickCache::new(capacity),
            slots: std::iter::repeat_with(slot).take(SLOTS).collect(),
            hasher: RandomState::new(),
            change_feed: shared.then(change_feed),
        }
    }

    /// The record of that key as it was within the last second.
    pub(crate) async fn find<T: Stored>(&self, partition: &str, sort: &str) -> Result<Option<Arc<T>>> {
        let name = Name {
            collection: T::COLLECTION,
            partition,
            sort,
        };
        if let Some(known) = self.trusted(&name).await {
            match known.value.map(Arc::downcast) {
                None => return Ok(None),
                Some(Ok(value)) => return Ok(Some(value)),
                Some(Err(_)) => {}
            }
        }
        // Rare: on the heap, so that whoever asks does not carry the room for it.
        Box::pin(self.read::<T>(name.to_key())).await
    }

    /// The record as the store has it, to be remembered.
    async fn read<T: Stored>(&self, key: Key) -> Result<Option<Arc<T>>> {
        let read_at = self.clock.now();
        let record = self.store.get(&key).await?;
        let expires_at = record.as_ref().and_then(|record| record.expires_at);
        let value: Option<Arc<T>> = record.map(decode).transpose()?.map(|found| Arc::new(found.value));
        if value.is_some() || T::MEMORY == Memory::RecordsAndAbsence {
            let remembered = Remembered {
                value: value.clone().map(|value| value as Arc<dyn Any + Send + Sync>),
                read_at,
                expires_at,
            };
            self.keep(key, remembered);
        }
        Ok(value)
    }

    /// What is remembered, if that may be trusted.
    async fn trusted(&self, name: &Name<'_>) -> Option<Remembered> {
        let known = self.remembered(name)?;
        match &self.change_feed {
            None => Some(known),
            Some(feed) if self.age(feed).is_some_and(|age| age < AGEING) => Some(known),
            // Looking at the list may show that it has changed.
            Some(feed) if Box::pin(self.is_up_to_date(feed)).await => self.remembered(name),
            Some(_) => None,
        }
    }

    pub(crate) fn remembered(&self, name: &(impl Hash + Equivalent<Key>)) -> Option<Remembered> {
        self.memory
            .get(name)
            .filter(|known| known.is_usable(self.clock.coarse_now()))
    }

    /// Remembers what was read, unless it changed since or is about to.
    pub(crate) fn keep(&self, key: Key, read: Remembered) {
        let slot = self.slot(&key);
        if slot.pending == 0 && slot.changed_at < read.read_at {
            self.memory.insert(key, read);
        }
    }

    /// Forgets records that are about to be changed by this node.
    pub(crate) fn pending_invalidation(&self, keys: Vec<Key>) -> PendingInvalidation<'_> {
        for key in &keys {
            self.slot(key).pending += 1;
            self.memory.remove(key);
        }
        PendingInvalidation { cache: self, keys }
    }

    fn end(&self, keys: Vec<Key>, changed_at: Timestamp) {
        for key in keys {
            let mut slot = self.slot(&key);
            slot.pending -= 1;
            slot.changed_at = slot.changed_at.max(changed_at);
        }
    }

    /// Forgets a record that another node changed.
    pub(crate) fn forget(&self, key: &Key) {
        let mut slot = self.slot(key);
        slot.changed_at = slot.changed_at.max(self.clock.now() + SETTLING);
        self.memory.remove(key);
    }

    #[expect(clippy::cast_possible_truncation, reason = "any bits of a hash will do")]
    fn slot(&self, key: &Key) -> MutexGuard<'_, Activity> {
        let at = self.hasher.hash_one(key) as usize % SLOTS;
        self.slots[at].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What tells other nodes that these records change, for the commit that changes them. `None` if there are none.
    pub(crate) fn announcement(&self, keys: &[Key], entropy: &dyn Entropy) -> Result<Option<impl Stored>> {
        if self.change_feed.is_none() || keys.is_empty() {
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
    async fn is_up_to_date(&self, change_feed: &ChangeFeed) -> bool {
        let age = self.age(change_feed);
        if age.is_some_and(|age| age < AGEING) {
            return true;
        }
        if self.failed_a_moment_ago(change_feed) {
            return age.is_some_and(|age| age < FRESH);
        }
        let looks = change_feed.polls.load(Ordering::SeqCst);
        let place = match change_feed.polling.try_lock() {
            Some(place) => Some(place),
            // Somebody is reading it; until that is done the last state will do, if it is recent enough.
            None if age.is_some_and(|age| age < FRESH) => None,
            None => Some(change_feed.polling.lock().await),
        };
        // Whoever waited for a look in vain does not wait for another one: all would, one after the other.
        if let Some(mut read) = place
            && change_feed.polls.load(Ordering::SeqCst) == looks
            && self.age(change_feed).is_none_or(|age| age >= AGEING)
        {
            let polled = self.poll(change_feed, &mut read).await;
            change_feed.polls.fetch_add(1, Ordering::SeqCst);
            if let Err(error) = polled {
                change_feed
                    .failed_at
                    .store(self.clock.now().millis(), Ordering::SeqCst);
                tracing::warn!(
                    ?error,
                    "the list of changes cannot be read; records are read instead of remembered"
                );
            }
        }
        self.age(change_feed).is_some_and(|age| age < FRESH)
    }

    /// One request needs several records: each of them does not wait for the list again.
    fn failed_a_moment_ago(&self, change_feed: &ChangeFeed) -> bool {
        let since = self.clock.now().millis() - change_feed.failed_at.load(Ordering::SeqCst);
        u64::try_from(since).is_ok_and(|since| Duration::from_millis(since) < RETRY)
    }

    /// How old the list of changes is; `None` if the clock was set back meanwhile.
    fn age(&self, change_feed: &ChangeFeed) -> Option<Duration> {
        let age = self.clock.now().millis() - change_feed.polled_at.load(Ordering::SeqCst);
        u64::try_from(age).ok().map(Duration::from_millis)
    }

    /// What was committed before this moment concerns nothing that is remembered: the last look has seen it, or all that
    /// was read before is too old by now.
    fn since(change_feed: &ChangeFeed, began: Timestamp) -> Timestamp {
        let oldest = began - LIFE;
        let last = Timestamp::from_millis(change_feed.polled_at.load(Ordering::SeqCst));
        // A look in the future means that the clock was set back.
        if last > began { oldest } else { oldest.max(last) }
    }

    /// Reads what is new in the list, and forgets what it names.
    async fn poll(&self, change_feed: &ChangeFeed, read: &mut BTreeSet<String>) -> Result<()> {
        let began = self.clock.now();
        let horizon = Change::place(Self::since(change_feed, began) - OVERLAP);
        *read = read.split_off(&horizon);
        let mut after = None;
        loop {
            let range = Range::Between(horizon.clone(), "~".into());
            let (changes, next) = Table::<Change>::new(&self.store)
                .complete_page(Change::PARTITION, range, 1000, after)
                .await?;
            for change in changes {
                if read.insert(change.key().1) {
                    for record in change.value.records {
                        if let Some(key) = key(&self.collections, record) {
                            self.forget(&key);
                        }
                    }
                }
            }
            match next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        change_feed.polled_at.store(began.millis(), Ordering::SeqCst);
        Ok(())
    }
}

/// The key that a change names; `None` for a collection that only a newer node knows.
fn key(collections: &[Collection], (collection, partition, sort): (String, String, String)) -> Option<Key> {
    let known = collections.iter().find(|known| known.name == collection);
    known.map(|known| Key {
        collection: *known,
        partition,
        sort,
    })
}
