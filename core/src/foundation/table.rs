//! Typed records over the record store: reading, batching writes, and trying again when somebody was faster.

use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_lock::MutexGuardArc;
use portcullis_ports::storage::{
    Collection, Direction, Expect, Key, MAX_PAGE, Query, Range, Record, RecordStore, STORE_CONFLICT, Version,
    Write,
};
use portcullis_ports::{Clock, Code, Error, Kind, Result, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::foundation::fingerprint::fingerprint;

/// Whether nodes remember the records of a type, so that changes must be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Memory {
    /// They are read whenever they are needed.
    No,
    /// They are remembered. That there is none is not: a stranger could fill the memory with names that do not exist.
    Records,
    /// They are remembered, and also that there is none.
    RecordsAndAbsence,
}

/// A type that is kept in a collection. Its key follows from its value.
pub(crate) trait Stored: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The family it belongs to.
    const COLLECTION: Collection;
    /// The version of its shape, which records name from the second on. Who changes the shape raises it, writes an arm of
    /// [`Stored::upgrade`], and keeps the bytes of before among the fixtures of the areas.
    const VERSION: u32 = 1;
    /// Whether nodes remember records of this type.
    const MEMORY: Memory = Memory::No;

    /// Partition and sort key.
    fn key(&self) -> (String, String);

    /// When it becomes invisible.
    fn expires_at(&self) -> Option<Timestamp> {
        None
    }

    /// Brings the body of a record of version `from` into the shape of today. As it stands here, for shapes that only
    /// gained fields which may be missing.
    fn upgrade(from: u32, body: serde_json::Value) -> serde_json::Result<Self> {
        debug_assert!(from < Self::VERSION);
        serde_json::from_value(body)
    }
}

/// A stored record cannot be read: it was damaged, or a newer version of the program wrote it.
pub(crate) const RECORD_UNREADABLE: Code = Code::new(
    "record-unreadable",
    Kind::Internal,
    "Something that is stored cannot be read.",
);

/// What the body of a record begins with that names its version.
const VERSION_MEMBER: &str = "{\"v\":";
/// Of how many records a process remembers that it has told of them. Further ones are counted only.
const TOLD: usize = 1_000;
/// The unreadable records that the log has named, by the fingerprints of their keys.
static NAMED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// A value as it was read, with the mark of that state.
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

/// A record that may not exist yet: its value, or the empty one, and the mark if there is one.
#[derive(Debug, Clone)]
pub(crate) struct Slot<T> {
    pub(crate) value: T,
    version: Option<Version>,
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
        let mut query = query::<T>(partition, range, limit, after);
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

/// Why a body cannot be read. Says nothing of what stands in it.
#[derive(Debug)]
pub(crate) enum BodyError {
    /// It is not what the type expects.
    Shape(serde_json::Error),
    /// The type has this version of a later program.
    Newer(u32),
    /// The version is no number.
    Version,
}

impl From<serde_json::Error> for BodyError {
    fn from(error: serde_json::Error) -> Self {
        Self::Shape(error)
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // The message of the parser may quote a value.
            Self::Shape(error) => write!(f, "{:?} error at column {}", error.classify(), error.column()),
            Self::Newer(version) => write!(f, "a newer program wrote it, in version {version}"),
            Self::Version => f.write_str("its version is no number"),
        }
    }
}

/// The value that a body holds, of whatever version it is.
pub(crate) fn decode_body<T: Stored>(body: &str) -> Result<T, BodyError> {
    // It stands in front, so that the body is parsed once, and straight into its type if it is of today.
    let version = match body.strip_prefix(VERSION_MEMBER) {
        None => 1,
        Some(rest) => {
            let digits = rest.split([',', '}']).next().unwrap_or(rest);
            digits.parse().map_err(|_| BodyError::Version)?
        }
    };
    if version > T::VERSION {
        return Err(BodyError::Newer(version));
    }
    if version == T::VERSION {
        return Ok(serde_json::from_str(body)?);
    }
    Ok(T::upgrade(version, serde_json::from_str(body)?)?)
}

/// Raises the alarm for a record that cannot be read. Keys may name people, so the log has their fingerprint.
fn unreadable(key: &Key, why: &BodyError) -> Error {
    let collection = key.collection.name;
    metrics::counter!("portcullis_unreadable_records_total", "collection" => collection).increment(1);
    let mut key = fingerprint(&format!("{collection}/{}/{}", key.partition, key.sort));
    key.truncate(16);
    let mut named = NAMED.lock().unwrap_or_else(PoisonError::into_inner);
    if named.len() < TOLD && named.insert(key.clone()) {
        tracing::error!(collection, key, %why, "a stored record cannot be read and is set aside");
    }
    RECORD_UNREADABLE
        .error()
        .with_context("collection", collection.to_owned())
        .with_context("key", key)
}

/// For lists: what a direct read found, or nothing if it cannot be read.
pub(crate) fn set_aside_unreadable<T>(found: Result<Option<T>>) -> Result<Option<T>> {
    match found {
        Err(error) if error.code() == RECORD_UNREADABLE => Ok(None),
        found => found,
    }
}

/// Writes that are done together or not at all.
#[derive(Default)]
pub(crate) struct Batch {
    writes: Vec<Write>,
    /// The bells of the deployment that ring once this is done, one bit each: messages wait for delivery.
    pub(crate) mail: u8,
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
    /// Adds a record that must not exist yet.
    pub(crate) fn insert<T: Stored>(&mut self, value: &T) -> Result<()> {
        self.insert_body(value).map(drop)
    }

    /// The same, and gives the bytes that are stored.
    pub(crate) fn insert_body<T: Stored>(&mut self, value: &T) -> Result<Arc<str>> {
        let (key, body) = (key_of(value), encode(value)?);
        if T::MEMORY == Memory::RecordsAndAbsence {
            self.changed.push(key.clone());
        }
        self.writes.push(Write::Put {
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
        self.writes.push(write);
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
        self.writes.push(Write::Delete {
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

    /// How many writes it holds.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.writes.len()
    }

    /// Does it.
    pub(crate) async fn commit(self, store: &dyn RecordStore) -> Result<()> {
        if self.writes.is_empty() {
            return Ok(());
        }
        store.commit(&self.writes).await?;
        Ok(())
    }

    fn put<T: Stored>(&mut self, value: &T, expect: Expect) -> Result<()> {
        let write = put(value, expect)?;
        self.note::<T>(write.key());
        self.writes.push(write);
        Ok(())
    }

    fn delete<T: Stored>(&mut self, partition: String, sort: String, expect: Expect) {
        let key = Key {
            collection: T::COLLECTION,
            partition,
            sort,
        };
        self.note::<T>(&key);
        self.writes.push(Write::Delete { key, expect });
    }

    fn note<T: Stored>(&mut self, key: &Key) {
        if T::MEMORY != Memory::No {
            self.changed.push(key.clone());
        }
    }
}

/// The bytes that are stored.
pub(crate) fn encode<T: Stored>(value: &T) -> Result<Arc<str>> {
    let body = serde_json::to_string(value).map_err(|error| {
        Error::internal(format!("a record of {} cannot be written", T::COLLECTION.name)).with_source(error)
    })?;
    Ok(match (T::VERSION, body.strip_prefix('{')) {
        (2.., Some(members)) => format!("{VERSION_MEMBER}{},{members}", T::VERSION).into(),
        _ => body.into(),
    })
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

/// How often a use case starts over before it tells the caller to come back.
const ATTEMPTS: u32 = 24;

/// Runs a use case again from its reads while others change the same records.
///
/// The waits grow and differ from try to try, so that many contenders do not keep meeting.
pub(crate) async fn retry_on_conflict<T, F>(clock: &dyn Clock, mut attempt: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    for round in 1..ATTEMPTS {
        match attempt().await {
            Err(error) if error.code() == STORE_CONFLICT => {
                if round > 2 {
                    let spread = clock.now().millis().unsigned_abs() % u64::from(round);
                    clock
                        .sleep(Duration::from_millis(u64::from(round) + spread))
                        .await;
                }
            }
            decided => return decided,
        }
    }
    attempt().await
}
