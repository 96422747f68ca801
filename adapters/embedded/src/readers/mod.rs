//! The connections that read.
//!
//! A look-up or a small page takes a few microseconds, less than handing it to another thread and back, so it is done
//! where it is called. Larger pages are read on a thread that may block.

pub(crate) mod select;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use portcullis_ports::Timestamp;
use portcullis_ports::storage::{Collection, Page, Query, Record};
use rusqlite::Connection;
use tokio::sync::Semaphore;

use crate::failure::Failure;
use crate::schema;

/// The most records that are read where the caller runs: well under a tenth of a millisecond.
const SMALL_PAGE: usize = 16;

/// A fixed number of connections; whoever reads borrows one.
pub(crate) struct Readers {
    file: PathBuf,
    idle: Mutex<Vec<Connection>>,
    free: Arc<Semaphore>,
}

impl Readers {
    pub(crate) fn open(file: &Path, count: usize) -> rusqlite::Result<Self> {
        let connections: Vec<Connection> = (0..count)
            .map(|_| schema::open_reader(file))
            .collect::<rusqlite::Result<_>>()?;
        Ok(Self {
            file: file.to_owned(),
            idle: Mutex::new(connections),
            free: Arc::new(Semaphore::new(count)),
        })
    }

    /// A short read, done at once as soon as a connection is free.
    pub(crate) async fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Failure> {
        let permit = self.free.acquire().await.map_err(|_| closed())?;
        let found = self.with_connection(read);
        drop(permit);
        found
    }

    /// A page, read where it does not hold up anybody.
    pub(crate) async fn page(self: &Arc<Self>, query: &Query, now: Timestamp) -> Result<Page, Failure> {
        if query.limit <= SMALL_PAGE {
            return self.read(|connection| select::page(connection, query, now)).await;
        }
        let query = query.clone();
        self.read_aside(move |connection| select::page(connection, &query, now))
            .await
    }

    /// Visible records of a whole family behind a key, `limit` at most.
    pub(crate) async fn scan(
        self: &Arc<Self>,
        collection: Collection,
        after: (String, String),
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<Record>, Failure> {
        self.read_aside(move |connection| select::scan(connection, collection, &after, limit, now))
            .await
    }

    /// A long read, done on a thread that may block.
    async fn read_aside<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Failure> {
        let permit = Arc::clone(&self.free)
            .acquire_owned()
            .await
            .map_err(|_| closed())?;
        let readers = Arc::clone(self);
        let reading = move || {
            let found = readers.with_connection(read);
            drop(permit);
            found
        };
        tokio::task::spawn_blocking(reading).await.map_err(|_| closed())?
    }

    /// The caller holds a permit, so there is a connection.
    fn with_connection<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Failure> {
        let connection = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = connection.ok_or_else(closed)?;
        let found = read(&connection);
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(connection);
        found.map_err(|error| Failure::of(&error, &self.file))
    }
}

fn closed() -> Failure {
    Failure::Unavailable("the store is being closed".to_owned())
}
