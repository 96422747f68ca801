//! An exact copy of recently used records in memory.
//!
//! Two things keep it exact. First, before a commit becomes visible in the file, the writer raises a flag for each of
//! its keys, and lowers it when the memory has the new state: whoever reads such a key in between is sent to the file.
//! Second, a reader that fills a gap holds a ticket from before it looked into the file, and whatever the writer does to
//! the key in the meantime makes the ticket worthless. So once anybody has seen a commit, nobody sees what was before.

mod flags;

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use portcullis_ports::Timestamp;
use portcullis_ports::storage::{Key, Version};
use quick_cache::sync::{Cache, GuardResult};
use quick_cache::{Equivalent, Weighter};

pub(crate) use flags::Announced;
use flags::{Flag, Flags};

/// What an entry takes beside its texts: the table's slot, three allocations and the counters of the body.
const OVERHEAD: usize = 200;
/// A guess for sizing the table; it grows when records turn out smaller.
const TYPICAL_WEIGHT: u64 = 700;

/// A record without its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) version: Version,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) body: Arc<str>,
}

impl Stored {
    pub(crate) fn visible(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

/// The name of a record as the engine sees it: only the name of its collection counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Name<'a> {
    pub(crate) collection: &'a str,
    pub(crate) partition: &'a str,
    pub(crate) sort: &'a str,
}

impl<'a> From<&'a Key> for Name<'a> {
    fn from(key: &'a Key) -> Self {
        Self {
            collection: key.collection.name,
            partition: &key.partition,
            sort: &key.sort,
        }
    }
}

/// The same, on its own feet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnedName {
    collection: &'static str,
    partition: Box<str>,
    sort: Box<str>,
}

impl OwnedName {
    pub(crate) fn borrow(&self) -> Name<'_> {
        Name {
            collection: self.collection,
            partition: &self.partition,
            sort: &self.sort,
        }
    }
}

impl From<Key> for OwnedName {
    fn from(key: Key) -> Self {
        Self {
            collection: key.collection.name,
            partition: key.partition.into_boxed_str(),
            sort: key.sort.into_boxed_str(),
        }
    }
}

impl Hash for OwnedName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.borrow().hash(state);
    }
}

impl Equivalent<OwnedName> for Name<'_> {
    fn equivalent(&self, key: &OwnedName) -> bool {
        *self == key.borrow()
    }
}

/// A record, or the knowledge that there is none.
type Entry = Option<Stored>;

#[derive(Debug, Clone)]
struct Weight;

impl Weighter<OwnedName, Entry> for Weight {
    fn weight(&self, name: &OwnedName, entry: &Entry) -> u64 {
        weight(name.borrow(), entry.as_ref())
    }
}

fn weight(name: Name<'_>, stored: Option<&Stored>) -> u64 {
    let texts = name.collection.len() + name.partition.len() + name.sort.len();
    let body = stored.map_or(0, |stored| stored.body.len());
    u64::try_from(OVERHEAD + texts + body).unwrap_or(u64::MAX)
}

/// What the memory knows about a key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// This is what the file holds.
    Settled(Option<Stored>),
    /// A commit is on its way: ask the file, and do not keep the answer.
    InFlight,
    /// Ask the file.
    Nothing,
}

/// The records in memory.
pub(crate) struct RecordCache<F = AtomicBool> {
    entries: Cache<OwnedName, Entry, Weight>,
    flags: Flags<F>,
    /// Heavier entries would push out everything else.
    heaviest: u64,
}

impl RecordCache {
    /// A cache of at most so many bytes; none at all for zero.
    pub(crate) fn new(bytes: u64) -> Self {
        Self::with(bytes, Flags::new())
    }
}

impl<F: Flag> RecordCache<F> {
    fn with(bytes: u64, flags: Flags<F>) -> Self {
        let items = usize::try_from(bytes / TYPICAL_WEIGHT).unwrap_or(usize::MAX);
        let entries = Cache::with_weighter(items.max(1), bytes, Weight);
        let heaviest = entries.shard_capacity() / 4;
        Self {
            entries,
            flags,
            heaviest,
        }
    }

    /// Looks up a record for a reader.
    pub(crate) fn get(&self, name: Name<'_>) -> Known {
        if self.flags.is_raised(name) {
            return Known::InFlight;
        }
        self.entries.get(&name).map_or(Known::Nothing, Known::Settled)
    }

    /// Looks up a record for the writer: whatever is announced is its own, and it does not count as a use.
    pub(crate) fn peek(&self, name: Name<'_>) -> Known {
        self.entries.peek(&name).map_or(Known::Nothing, Known::Settled)
    }

    /// Reads a record that the memory does not know, and keeps the answer unless the writer came in between.
    pub(crate) fn fill<E>(
        &self,
        key: &Key,
        read: impl FnOnce() -> Result<Option<Stored>, E>,
    ) -> Result<Option<Stored>, E> {
        let name = OwnedName::from(key.clone());
        match self.entries.get_value_or_guard(&name, Some(Duration::ZERO)) {
            GuardResult::Value(stored) => Ok(stored),
            // Somebody else is reading it this moment; waiting for them would take longer than reading it, too.
            GuardResult::Timeout => read(),
            GuardResult::Guard(ticket) => {
                let stored = read()?;
                if weight(name.borrow(), stored.as_ref()) <= self.heaviest {
                    // Refused if the ticket is worthless by now, and that is what it is for.
                    drop(ticket.insert(stored.clone()));
                }
                Ok(stored)
            }
        }
    }

    /// The writer is about to make new states of these records visible in the file.
    pub(crate) fn announce<'n>(&self, names: impl Iterator<Item = &'n OwnedName>) -> Announced {
        Announced(names.map(|name| self.flags.raise(name.borrow())).collect())
    }

    /// The writer has made this state durable and visible.
    pub(crate) fn settle(&self, name: OwnedName, stored: Option<Stored>) {
        if weight(name.borrow(), stored.as_ref()) <= self.heaviest {
            self.entries.insert(name, stored);
        } else {
            self.forget(name.borrow());
        }
    }

    /// Nobody knows what the file holds now: the next reader finds out.
    pub(crate) fn forget(&self, name: Name<'_>) {
        self.entries.remove(&name);
    }

    /// All of these records are settled or forgotten.
    pub(crate) fn conclude(&self, announced: Announced) {
        self.flags.lower(announced);
    }
}

#[cfg(test)]
mod interleavings;
#[cfg(test)]
mod tests;
