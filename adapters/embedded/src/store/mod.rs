//! The record store: reads from memory or the file, commits through the writer.

mod probe;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use portcullis_ports::clock::Clock;
use portcullis_ports::storage::{
    Collection, ConnectedStore, Key, Page, Query, Record, RecordStore, Scan, ScanPage, StoreError, Version,
    Write, check_commit, check_key, check_query, check_scan,
};
use portcullis_ports::{Error, Result};
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::cache::{Known, Name, RecordCache, Stored};
use crate::failure::{Failure, STORE_FOLDER};
use crate::folder::{Folder, Lock};
use crate::meters::ReadMeters;
use crate::readers::Readers;
use crate::readers::select;
use crate::schema;
use crate::writer::queue::{Caller, Queue, Refusal, Request};
use crate::writer::{Shared, Writer};

/// A full queue is worked off within this time.
const SHORTLY: Duration = Duration::from_secs(1);

/// How much of everything.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tuning {
    pub(crate) cache: u64,
    pub(crate) readers: usize,
    pub(crate) queue: usize,
}

/// For a store that is open for a while, beside another one.
const TAKEN: Tuning = Tuning {
    cache: 1 << 20,
    readers: 2,
    queue: 1000,
};

/// An open store.
pub(crate) struct EmbeddedStore {
    shared: Arc<Shared>,
    readers: Arc<Readers>,
    clock: Arc<dyn Clock>,
    meters: ReadMeters,
    /// The last field: readers are closed before the writer closes the file. None if the store is only read.
    writer: Option<Writer>,
}

impl EmbeddedStore {
    /// Opens the store in a folder, and creates it if there is none. Blocks while it does.
    pub(crate) fn open(folder: &Folder, tuning: Tuning, clock: Arc<dyn Clock>) -> Result<Self> {
        let lock = folder.take()?;
        folder.clear_unfinished()?;
        folder.refuse_lost()?;
        folder.touch_database()?;
        if folder.is_initialised() && schema::is_blank(&folder.database())? {
            return Err(folder.lost());
        }
        let connection = schema::open_writer(&folder.database())?;
        folder.initialised();
        Self::run(folder, tuning, clock, Some((connection, Some(lock))))
    }

    /// Opens the store in a folder that somebody has taken already, for a while. Blocks while it does.
    pub(crate) fn open_in_taken(folder: &Folder, clock: Arc<dyn Clock>) -> Result<Self> {
        let connection = schema::open_writer(&folder.database())?;
        Self::run(folder, TAKEN, clock, Some((connection, None)))
    }

    /// Opens the store in a folder that somebody has taken already, to be read only: commits are refused, and no upkeep
    /// changes the file. Blocks while it does.
    pub(crate) fn open_to_read(folder: &Folder, clock: Arc<dyn Clock>) -> Result<Self> {
        Self::run(folder, TAKEN, clock, None)
    }

    /// Opens the store in a folder that another process may be using, to be read only: commits are refused. Blocks while it
    /// does.
    pub(crate) fn open_beside(folder: &Folder, tuning: Tuning, clock: Arc<dyn Clock>) -> Result<Self> {
        let file = folder.database();
        if !file.is_file() {
            let folder = folder.path().display();
            return Err(STORE_FOLDER.with_detail(format!("There is no store in {folder}.")));
        }
        let explain = |error: rusqlite::Error| Failure::of(&error, &file).at_start();
        schema::recognise(&schema::open_reader(&file).map_err(explain)?, &file)?;
        // A copy in memory would not notice what the other process writes.
        let uncached = Tuning { cache: 0, ..tuning };
        Self::run(folder, uncached, clock, None)
    }

    /// The ports that it serves.
    pub(crate) fn connected(self) -> ConnectedStore {
        let store = Arc::new(self);
        ConnectedStore {
            records: Arc::clone(&store) as Arc<_>,
            scan: Arc::clone(&store) as Arc<_>,
            probe: store,
        }
    }

    fn run(
        folder: &Folder,
        tuning: Tuning,
        clock: Arc<dyn Clock>,
        writing: Option<(Connection, Option<Lock>)>,
    ) -> Result<Self> {
        let file = folder.database();
        let readers =
            Readers::open(&file, tuning.readers).map_err(|error| Failure::of(&error, &file).at_start())?;
        let shared = Arc::new(Shared {
            queue: Queue::new(tuning.queue),
            cache: RecordCache::new(tuning.cache),
            file,
            trouble: std::sync::Mutex::default(),
        });
        if writing.is_none() {
            shared.queue.close();
        }
        let writer = writing
            .map(|(connection, lock)| {
                Writer::start(connection, lock, Arc::clone(&shared), Arc::clone(&clock))
            })
            .transpose()
            .map_err(|error| Error::internal("the writer of the store could not start").with_source(error))?;
        Ok(Self {
            shared,
            readers: Arc::new(readers),
            clock,
            meters: ReadMeters::new(),
            writer,
        })
    }

    async fn find(&self, key: &Key) -> std::result::Result<Option<Stored>, Failure> {
        let name = Name::from(key);
        match self.shared.cache.get(name) {
            Known::Settled(stored) => {
                self.meters.memory.increment(1);
                Ok(stored)
            }
            Known::InFlight => {
                self.meters.file.increment(1);
                self.readers
                    .read(|connection| select::find(connection, name))
                    .await
            }
            Known::Nothing => {
                self.meters.file.increment(1);
                self.readers
                    .read(|connection| self.shared.cache.fill(key, || select::find(connection, name)))
                    .await
            }
        }
    }
}

#[async_trait]
impl RecordStore for EmbeddedStore {
    async fn get(&self, key: &Key) -> std::result::Result<Option<Record>, StoreError> {
        check_key(key)?;
        let found = self.find(key).await?;
        let now = self.clock.now();
        Ok(found.filter(|stored| stored.visible(now)).map(|stored| Record {
            key: key.clone(),
            version: stored.version,
            expires_at: stored.expires_at,
            body: stored.body,
        }))
    }

    async fn query(&self, query: &Query) -> std::result::Result<Page, StoreError> {
        check_query(query)?;
        let now = self.clock.now();
        Ok(self.readers.page(query, now).await?)
    }

    async fn commit(&self, writes: &[Write]) -> std::result::Result<Vec<Option<Version>>, StoreError> {
        check_commit(writes)?;
        let (answer, answered) = oneshot::channel();
        let request = Request {
            writes: writes.to_vec(),
            caller: Caller {
                since: Instant::now(),
                answer,
            },
        };
        match self.shared.queue.push(request) {
            Ok(()) => {}
            Err(Refusal::Full) => {
                return Err(StoreError::Unavailable {
                    detail: "too many commits wait for the disk".to_owned(),
                    retry: Some(SHORTLY),
                });
            }
            Err(Refusal::Closed) if self.writer.is_none() => {
                return Err(StoreError::Refused(
                    "this process has opened the store only to read it".to_owned(),
                ));
            }
            Err(Refusal::Closed) => return Err(stopped()),
        }
        answered.await.unwrap_or_else(|_| Err(stopped()))
    }
}

#[async_trait]
impl Scan for EmbeddedStore {
    /// The cursor is the key of the last record, as JSON.
    async fn scan(
        &self,
        collection: &Collection,
        after: Option<&str>,
        limit: usize,
    ) -> std::result::Result<ScanPage, StoreError> {
        check_scan(limit)?;
        let behind: (String, String) = match after {
            None => Default::default(),
            Some(cursor) => serde_json::from_str(cursor)
                .map_err(|_| StoreError::Refused("this is not a cursor of a scan".to_owned()))?,
        };
        let now = self.clock.now();
        let records = self.readers.scan(*collection, behind, limit, now).await?;
        let next = records.last().map(|record| {
            let key = (&record.key.partition, &record.key.sort);
            serde_json::json!(key).to_string()
        });
        Ok(ScanPage { records, next })
    }
}

fn stopped() -> StoreError {
    StoreError::Unavailable {
        detail: "the writer of the store has stopped; restart Portcullis".to_owned(),
        retry: None,
    }
}

#[cfg(test)]
mod tests;
