//! A record store in memory, with a switch that makes it fail on demand.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::clock::{Clock, Timestamp};
use crate::probe::Probe;
use crate::storage::{
    Collection, Direction, Expect, Key, Page, Query, Range, Record, RecordStore, Scan, ScanPage, StoreError,
    Version, Write, check_commit, check_key, check_query, check_scan,
};

/// Keeps every rule of [`RecordStore`] except that nothing survives the process.
pub struct MemoryStore {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

/// One partition by sort key; `str` orders bytewise, as the contract wants.
type Partition = BTreeMap<String, Stored>;

#[derive(Default)]
struct State {
    partitions: BTreeMap<(&'static str, String), Partition>,
    last_version: u64,
    failing: usize,
    lose_answer: bool,
}

struct Stored {
    version: Version,
    expires_at: Option<Timestamp>,
    body: Arc<str>,
}

impl MemoryStore {
    /// An empty store that tells expired records by `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            state: Mutex::default(),
        }
    }

    /// Makes the next `n` calls answer [`StoreError::Unavailable`] and do nothing.
    pub fn fail_next(&self, n: usize) {
        self.lock().failing = n;
    }

    /// Makes the next commit lose its answer: it is decided as always, but the caller gets
    /// [`StoreError::Unavailable`].
    pub fn commit_then_fail_next(&self) {
        self.lock().lose_answer = true;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state, unless this call was told to fail.
    fn reach(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        let mut state = self.lock();
        if state.failing > 0 {
            state.failing -= 1;
            return Err(unavailable("the test told it to fail"));
        }
        Ok(state)
    }
}

#[async_trait]
impl RecordStore for MemoryStore {
    async fn get(&self, key: &Key) -> Result<Option<Record>, StoreError> {
        check_key(key)?;
        let now = self.clock.now();
        let state = self.reach()?;
        Ok(state
            .find(key, now)
            .map(|stored| stored.record(key.collection, &key.partition, &key.sort)))
    }

    async fn query(&self, query: &Query) -> Result<Page, StoreError> {
        check_query(query)?;
        let now = self.clock.now();
        let state = self.reach()?;
        let place = (query.collection.name, query.partition.clone());
        let Some(partition) = state.partitions.get(&place) else {
            return Ok(Page {
                records: Vec::new(),
                next: None,
            });
        };
        let wanted = |(sort, stored): &(&String, &Stored)| stored.visible(now) && asks_for(query, sort);
        let mut found: Vec<(&String, &Stored)> = match query.direction {
            Direction::Ascending => partition.iter().filter(wanted).take(query.limit + 1).collect(),
            Direction::Descending => partition
                .iter()
                .rev()
                .filter(wanted)
                .take(query.limit + 1)
                .collect(),
        };
        let more = found.len() > query.limit;
        found.truncate(query.limit);
        let records: Vec<Record> = found
            .into_iter()
            .map(|(sort, stored)| stored.record(query.collection, &query.partition, sort))
            .collect();
        let next = records
            .last()
            .filter(|_| more)
            .map(|record| record.key.sort.clone());
        Ok(Page { records, next })
    }

    async fn commit(&self, writes: &[Write]) -> Result<Vec<Option<Version>>, StoreError> {
        check_commit(writes)?;
        let now = self.clock.now();
        let mut state = self.reach()?;
        let done = state.commit(writes, now);
        if std::mem::take(&mut state.lose_answer) {
            return Err(unavailable("the test told it to lose the answer of this commit"));
        }
        done
    }
}

#[async_trait]
impl Scan for MemoryStore {
    async fn scan(
        &self,
        collection: &Collection,
        after: Option<&str>,
        limit: usize,
    ) -> Result<ScanPage, StoreError> {
        check_scan(limit)?;
        let behind: Option<(String, String)> = match after {
            None => None,
            Some(cursor) => serde_json::from_str(cursor)
                .map_err(|_| StoreError::Refused("this is not a cursor of a scan".to_owned()))?,
        };
        let now = self.clock.now();
        let state = self.reach()?;
        let (partition, sort) = behind.unwrap_or_default();
        let first = (collection.name, partition.clone());
        let of_family = state
            .partitions
            .range(first..)
            .take_while(|((name, _), _)| *name == collection.name);
        let found: Vec<Record> = of_family
            .flat_map(|((_, partition), records)| {
                let visible = records.iter().filter(|(_, stored)| stored.visible(now));
                visible.map(move |(sort, stored)| (partition, sort, stored))
            })
            .filter(|place| (place.0, place.1) > (&partition, &sort))
            .take(limit)
            .map(|(partition, sort, stored)| stored.record(*collection, partition, sort))
            .collect();
        let next = found.last().map(|record| {
            let key = (&record.key.partition, &record.key.sort);
            serde_json::json!(key).to_string()
        });
        Ok(ScanPage { records: found, next })
    }
}

#[async_trait]
impl Probe for MemoryStore {
    async fn check(&self) -> crate::Result<String> {
        drop(self.reach()?);
        Ok("records are kept in memory".to_owned())
    }
}

impl State {
    fn find(&self, key: &Key, now: Timestamp) -> Option<&Stored> {
        self.partitions
            .get(&(key.collection.name, key.partition.clone()))?
            .get(&key.sort)
            .filter(|stored| stored.visible(now))
    }

    fn commit(&mut self, writes: &[Write], now: Timestamp) -> Result<Vec<Option<Version>>, StoreError> {
        let holds = |write: &Write| {
            let found = self.find(write.key(), now).map(|stored| stored.version);
            match write.expect() {
                Expect::Any => true,
                Expect::Absent => found.is_none(),
                Expect::Present => found.is_some(),
                Expect::Version(version) => found == Some(version),
            }
        };
        let failed: Vec<usize> = writes
            .iter()
            .enumerate()
            .filter(|(_, write)| !holds(write))
            .map(|(position, _)| position)
            .collect();
        if failed.is_empty() {
            Ok(writes.iter().map(|write| self.apply(write)).collect())
        } else {
            Err(StoreError::Conflict(failed))
        }
    }

    fn apply(&mut self, write: &Write) -> Option<Version> {
        let place = (write.key().collection.name, write.key().partition.clone());
        match write {
            Write::Put {
                key,
                body,
                expires_at,
                ..
            } => {
                // One counter for all keys: no key ever sees a version twice.
                self.last_version += 1;
                let stored = Stored {
                    version: Version(self.last_version),
                    expires_at: *expires_at,
                    body: Arc::clone(body),
                };
                let version = stored.version;
                self.partitions
                    .entry(place)
                    .or_default()
                    .insert(key.sort.clone(), stored);
                Some(version)
            }
            Write::Delete { key, .. } => {
                if let Some(partition) = self.partitions.get_mut(&place) {
                    partition.remove(&key.sort);
                }
                None
            }
            Write::Check { .. } => None,
        }
    }
}

impl Stored {
    fn visible(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }

    fn record(&self, collection: Collection, partition: &str, sort: &str) -> Record {
        Record {
            key: Key {
                collection,
                partition: partition.to_owned(),
                sort: sort.to_owned(),
            },
            version: self.version,
            expires_at: self.expires_at,
            body: Arc::clone(&self.body),
        }
    }
}

fn asks_for(query: &Query, sort: &str) -> bool {
    let inside = match &query.range {
        Range::All => true,
        Range::Prefix(prefix) => sort.starts_with(prefix.as_str()),
        Range::Between(from, to) => (from.as_str()..=to.as_str()).contains(&sort),
    };
    let behind = query.after.as_deref().is_none_or(|after| match query.direction {
        Direction::Ascending => sort > after,
        Direction::Descending => sort < after,
    });
    inside && behind
}

fn unavailable(why: &str) -> StoreError {
    StoreError::Unavailable {
        detail: why.to_owned(),
        retry: None,
    }
}
