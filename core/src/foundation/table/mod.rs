//! Typed records over the record store: reading, batching writes, and trying again when somebody was faster.

mod filtered_page;
#[cfg(test)]
mod filtered_page_tests;
mod pending;

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use async_lock::MutexGuardArc;
use portcullis_ports::storage::{
    Direction, Expect, Key, MAX_PAGE, Query, Range, Record, RecordStore, STORE_CONFLICT, Version, Write,
};
use portcullis_ports::{Error, Result, Timestamp};

use super::stored::unreadable;
pub(crate) use super::stored::{
    Memory, RECORD_UNREADABLE, Stored, decode_body, encode, set_aside_unreadable,
};
pub(crate) use filtered_page::PageRequest;

/// A value as it was read, with the version of that state.
#[derive(Debug, Clone)]
pub(crate) struct Versioned<T> {
    pub(crate) value: T,
    pub(crate) version: Version,
}

impl<T> Deref for Versioned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// A record that may not exist yet: its value, or the empty one, and its version if there is one.
#[derive(Debug, Clone)]
pub(crate) struct Slot<T> {
    pub(crate) value: T,
    version: Option<Version>,
}

impl<T> Slot<T> {
    /// A record that is not there yet.
    pub(crate) const fn absent(value: T) -> Self {
        Self { value, version: None }
    }

    /// Whether there is no record yet.
    pub(crate) fn is_new(&self) -> bool {
        self.version.is_none()
    }
}

/// Reads records of one type.
pub(crate) struct Table<T> {
    store: Arc<dyn RecordStore>,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for Table<T> {
    fn clone(&self) -> Self {
        Self {
            store: Arc::clone(&self.store),
            of: PhantomData,
        }
    }
}

impl<T: Stored> Table<T> {
    pub(crate) fn new(store: &Arc<dyn RecordStore>) -> Self {
        Self {
            store: Arc::clone(store),
            of: PhantomData,
        }
    }

    /// The record of that key, if there is one.
    pub(crate) async fn find(&self, partition: &str, sort: &str) -> Result<Option<Versioned<T>>> {
        let key = Key {
            collection: T::COLLECTION,
            partition: partition.to_owned(),
            sort: sort.to_owned(),
        };
        self.store.get(&key).await?.map(decode).transpose()
    }

    /// The record of that key, or `empty` if there is none yet.
    pub(crate) async fn slot(
        &self,
        partition: &str,
        sort: &str,
        empty: impl FnOnce() -> T,
    ) -> Result<Slot<T>> {
        Ok(match self.find(partition, sort).await? {
            Some(found) => Slot {
                value: found.value,
                version: Some(found.version),
            },
            None => Slot {
                value: empty(),
                version: None,
            },
        })
    }

    /// A slot for `value` in place of a record that is there and cannot be read.
    pub(crate) async fn slot_of_unreadable(&self, partition: &str, sort: &str, value: T) -> Result<Slot<T>> {
        let key = Key {
            collection: T::COLLECTION,
            partition: partition.to_owned(),
            sort: sort.to_owned(),
        };
        let version = self.store.get(&key).await?.map(|record| record.version);
        Ok(Slot { value, version })
    }

    /// All records of a partition, in the order of their sort keys.
    pub(crate) async fn all(&self, partition: &str) -> Result<Vec<Versioned<T>>> {
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let (records, next) = self.page(partition, Range::All, MAX_PAGE, after).await?;
            found.extend(records);
            match next {
                Some(next) => after = Some(next),
                None => return Ok(found),
            }
        }
    }

    /// One page of a partition, smallest sort key first. Records that cannot be read are set aside: they take nobody's
    /// place in the page.
    pub(crate) async fn page(
        &self,
        partition: &str,
        range: Range,
        limit: usize,
        after: Option<String>,
    ) -> Result<(Vec<Versioned<T>>, Option<String>)> {
        let (page, next) = self.page_with_bodies(partition, range, limit, after).await?;
        Ok((page.into_iter().map(|(record, _)| record).collect(), next))
    }

    /// The same, each with its stored bytes.
    pub(crate) async fn page_with_bodies(
        &self,
        partition: &str,
        range: Range,
        limit: usize,
        after: Option<String>,
    ) -> Result<(Vec<(Versioned<T>, Arc<str>)>, Option<String>)> {
        self.readable(query::<T>(partition, range, limit, after)).await
    }

    /// One page of a partition, largest sort key first.
    pub(crate) async fn page_newest_first(
        &self,
        partition: &str,
        range: Range,
        limit: usize,
        after: Option<String>,
    ) -> Result<(Vec<Versioned<T>>, Option<String>)> {
        let query = newest_first(query::<T>(partition, range, limit, after));
        let (page, next) = self.readable(query).await?;
        Ok((page.into_iter().map(|(record, _)| record).collect(), next))
    }

    /// The last record of a partition that can be read, with its stored bytes.
    pub(crate) async fn last_with_body(
        &self,
        partition: &str,
        range: Range,
    ) -> Result<Option<(Versioned<T>, Arc<str>)>> {
        let mut after = None;
        loop {
            let query = newest_first(query::<T>(partition, range.clone(), 1, after));
            let (mut page, next) = self.readable(query).await?;
            after = next;
            if !page.is_empty() || after.is_none() {
                return Ok(page.pop());
            }
        }
    }

    /// A full page of what can be read.
    async fn readable(&self, mut query: Query) -> Result<(Vec<(Versioned<T>, Arc<str>)>, Option<String>)> {
        let limit = query.limit;
        let mut found = Vec::new();
        loop {
            let page = self.store.query(&query).await?;
            let asked = page.records.len();
            let before = found.len();
            // What is left out was told of where it was read.
            found.extend(page.records.into_iter().filter_map(|record| {
                let body = Arc::clone(&record.body);
                decode(record).ok().map(|record| (record, body))
            }));
            let set_aside = asked > found.len() - before;
            if !set_aside || page.next.is_none() || found.len() >= limit {
                return Ok((found, page.next));
            }
            query.limit = limit - found.len();
            query.after = page.next;
        }
    }

    /// The same, failing if a record cannot be read: for what must miss nothing.
    pub(crate) async fn complete_page(
        &self,
        partition: &str,
        range: Range,
        limit: usize,
        after: Option<String>,
    ) -> Result<(Vec<Versioned<T>>, Option<String>)> {
        let query = query::<T>(partition, range, limit, after);
        let page = self.store.query(&query).await?;
        let records = page.records.into_iter().map(decode).collect::<Result<_>>()?;
        Ok((records, page.next))
    }
}

fn query<T: Stored>(partition: &str, range: Range, limit: usize, after: Option<String>) -> Query {
    Query {
        collection: T::COLLECTION,
        partition: partition.to_owned(),
        range,
        direction: Direction::Ascending,
        limit,
        after,
    }
}

fn newest_first(query: Query) -> Query {
    Query {
        direction: Direction::Descending,
        ..query
    }
}

/// The value of a record.
///
/// # Errors
/// [`RECORD_UNREADABLE`], which is counted, and told in the log once for each record.
pub(crate) fn decode<T: Stored>(record: Record) -> Result<Versioned<T>> {
    let value = decode_body(&record.body).map_err(|why| unreadable(&record.key, &why))?;
    Ok(Versioned {
        value,
        version: record.version,
    })
}

/// Writes that are done together or not at all.
#[derive(Default)]
pub(crate) struct Batch {
    /// No two of one key.
    writes: Vec<Write>,
    /// Whether two of its parts go by different states of one record, so that it cannot be done.
    torn: bool,
    /// The queues whose workers in this process learn of it once this is done, and when the first of it is due.
    pub(crate) wakes: BTreeMap<&'static str, Timestamp>,
    /// Remembered records that it changes in a way that other nodes must know at once.
    pub(crate) changed: Vec<Key>,
    /// Remembered records that it changes in a way that others may learn later.
    pub(crate) refreshed: Vec<Key>,
    /// What is counted once this is done.
    pub(crate) meters: Vec<metrics::Counter>,
    /// Held until this is done or dropped, so that others in this process wait instead of colliding.
    pub(crate) turns: Vec<MutexGuardArc<()>>,
    /// The turn of the person it is about, held as long.
    pub(crate) subject_lock: Option<MutexGuardArc<()>>,
}

impl Batch {
    /// Something in this queue is due then: its workers in this process are told.
    pub(crate) fn wake(&mut self, queue: &'static str, due: Timestamp) {
        let earliest = self.wakes.entry(queue).or_insert(due);
        *earliest = due.min(*earliest);
    }

    /// Adds a record that must not exist yet.
    pub(crate) fn insert<T: Stored>(&mut self, value: &T) -> Result<()> {
        self.insert_body(value).map(drop)
    }

    /// The same, and gives the bytes that are stored.
    pub(crate) fn insert_body<T: Stored>(&mut self, value: &T) -> Result<Arc<str>> {
        let (key, body) = (key_of(value), encode(value)?);
        if self
            .writes
            .iter()
            .any(|write| *write.key() == key && matches!(write, Write::Put { .. }))
        {
            let collection = T::COLLECTION.name;
            return Err(Error::internal(format!(
                "a commit adds a record of {collection} twice"
            )));
        }
        if T::MEMORY == Memory::RecordsAndAbsence {
            self.changed.push(key.clone());
        }
        self.place(Write::Put {
            key,
            body: Arc::clone(&body),
            expires_at: value.expires_at(),
            expect: Expect::Absent,
        });
        Ok(body)
    }

    /// Replaces the state that was read by `value`, which must have the same key.
    pub(crate) fn replace<T: Stored>(&mut self, read: &Versioned<T>, value: &T) -> Result<()> {
        self.put(value, Expect::Version(read.version))
    }

    /// The same for a change that other nodes need not know at once.
    pub(crate) fn refresh<T: Stored>(&mut self, read: &Versioned<T>, value: &T) -> Result<()> {
        let write = put(value, Expect::Version(read.version))?;
        self.refreshed.push(write.key().clone());
        self.place(write);
        Ok(())
    }

    /// Writes a slot, provided that nobody else did since it was read.
    pub(crate) fn save<T: Stored>(&mut self, slot: &Slot<T>) -> Result<()> {
        self.put(&slot.value, slot.version.map_or(Expect::Absent, Expect::Version))
    }

    /// Fails if the slot was written since it was read; as [`Batch::check`].
    pub(crate) fn check_slot<T: Stored>(&mut self, slot: &Slot<T>) {
        let expect = slot.version.map_or(Expect::Absent, Expect::Version);
        self.expect(key_of(&slot.value), expect);
    }

    /// Fails if the record was written since it was read. No commit names a record twice: one that it writes or checks
    /// already goes by the state that was read first.
    pub(crate) fn check<T: Stored>(&mut self, read: &Versioned<T>) {
        self.expect(key_of(&read.value), Expect::Version(read.version));
    }

    fn expect(&mut self, key: Key, expect: Expect) {
        if self.writes.iter().all(|write| *write.key() != key) {
            self.writes.push(Write::Check { key, expect });
        }
    }

    /// Writes whatever is there.
    pub(crate) fn overwrite<T: Stored>(&mut self, value: &T) -> Result<()> {
        self.put(value, Expect::Any)
    }

    /// Removes the state that was read.
    pub(crate) fn remove<T: Stored>(&mut self, read: &Versioned<T>) {
        let key = key_of(&read.value);
        self.note::<T>(&key);
        self.place(Write::Delete {
            key,
            expect: Expect::Version(read.version),
        });
    }

    /// Removes whatever is there, provided that there is something.
    pub(crate) fn remove_present<T: Stored>(&mut self, partition: String, sort: String) {
        self.delete::<T>(partition, sort, Expect::Present);
    }

    /// Removes whatever is there.
    pub(crate) fn clear<T: Stored>(&mut self, partition: String, sort: String) {
        self.delete::<T>(partition, sort, Expect::Any);
    }

    /// Removes whatever is there under a key, of whichever type; `remembered` if nodes keep such records in memory.
    pub(crate) fn erase(&mut self, key: Key, remembered: bool) {
        if remembered {
            self.changed.push(key.clone());
        }
        self.place(Write::Delete {
            key,
            expect: Expect::Any,
        });
    }

    /// Whether it writes this record.
    pub(crate) fn puts<T: Stored>(&self, partition: &str, sort: &str) -> bool {
        let pending = self.pending::<T>(partition, sort);
        matches!(pending, Some(Write::Put { .. }))
    }

    /// Whether it removes this record.
    pub(crate) fn removes<T: Stored>(&self, partition: &str, sort: &str) -> bool {
        let pending = self.pending::<T>(partition, sort);
        matches!(pending, Some(Write::Delete { .. }))
    }

    fn pending<T: Stored>(&self, partition: &str, sort: &str) -> Option<&Write> {
        self.writes.iter().find(|write| {
            let key = write.key();
            key.collection == T::COLLECTION && key.partition == partition && key.sort == sort
        })
    }

    /// How many writes it holds.
    pub(crate) fn len(&self) -> usize {
        self.writes.len()
    }

    /// Does it.
    ///
    /// # Errors
    /// `store-conflict` if a record is not in the state that was read, or was read in two states.
    pub(crate) async fn commit(self, store: &dyn RecordStore) -> Result<()> {
        if self.torn {
            return Err(STORE_CONFLICT.error());
        }
        if self.writes.is_empty() {
            return Ok(());
        }
        store.commit(&self.writes).await?;
        Ok(())
    }

    fn put<T: Stored>(&mut self, value: &T, expect: Expect) -> Result<()> {
        let write = put(value, expect)?;
        self.note::<T>(write.key());
        self.place(write);
        Ok(())
    }

    fn delete<T: Stored>(&mut self, partition: String, sort: String, expect: Expect) {
        let key = Key {
            collection: T::COLLECTION,
            partition,
            sort,
        };
        self.note::<T>(&key);
        self.place(Write::Delete { key, expect });
    }

    /// Adds a write. One to a record that the batch writes or checks already takes its place, and goes by the state that
    /// was read first.
    fn place(&mut self, mut write: Write) {
        let Some(earlier) = self.writes.iter_mut().find(|other| other.key() == write.key()) else {
            self.writes.push(write);
            return;
        };
        let first = earlier.expect();
        // What the batch itself removes before is absent for who adds it again.
        let removed = matches!(earlier, Write::Delete { .. });
        let (Write::Put { expect, .. } | Write::Delete { expect, .. } | Write::Check { expect, .. }) =
            &mut write;
        if *expect == first || *expect == Expect::Any || (removed && *expect == Expect::Absent) {
            *expect = first;
            *earlier = write;
        } else {
            self.torn = true;
        }
    }

    fn note<T: Stored>(&mut self, key: &Key) {
        if T::MEMORY != Memory::No {
            self.changed.push(key.clone());
        }
    }
}

fn put<T: Stored>(value: &T, expect: Expect) -> Result<Write> {
    Ok(Write::Put {
        key: key_of(value),
        body: encode(value)?,
        expires_at: value.expires_at(),
        expect,
    })
}

fn key_of<T: Stored>(value: &T) -> Key {
    let (partition, sort) = value.key();
    Key {
        collection: T::COLLECTION,
        partition,
        sort,
    }
}
