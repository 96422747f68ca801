//! The one thread that writes: it takes all waiting commits into one transaction and syncs them together.

mod group;
mod group_committer;
pub(crate) mod queue;
mod statements;
mod upkeep;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use portcullis_ports::clock::Clock;
use rusqlite::Connection;
use rusqlite::hooks::Wal;

use self::group_committer::{GroupCommitter, MAX_GROUP};
use self::queue::{Queue, Taken};
use self::upkeep::Upkeep;
use crate::cache::RecordCache;
use crate::failure::Failure;
use crate::folder::Lock;
use crate::meters::WriterMeters;

/// After so long without commits the writer tidies up.
const QUIET: Duration = Duration::from_millis(250);
/// After so long it does so thoroughly, and again and again.
const REST: Duration = Duration::from_secs(5);

/// What the writer shares with the store.
pub(crate) struct Shared {
    pub(crate) queue: Queue,
    pub(crate) cache: RecordCache,
    pub(crate) file: PathBuf,
    /// Why the last group failed, if it did.
    pub(crate) trouble: Mutex<Option<String>>,
}

/// The running thread. When it is dropped, everything that waits is done and the folder is free.
pub(crate) struct Writer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts writing with this connection, and keeps the lock until the end, unless somebody else does.
    pub(crate) fn start(
        connection: Connection,
        lock: Option<Lock>,
        shared: Arc<Shared>,
        clock: Arc<dyn Clock>,
    ) -> std::io::Result<Self> {
        let ours = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || {
                // However the thread ends, callers must not wait for it.
                let last_will = LastWill(Arc::clone(&ours));
                if let Err(error) = write(connection, &ours, clock.as_ref()) {
                    let failure = Failure::of(&error, &ours.file);
                    tracing::error!(?failure, "the writer of the store could not start");
                }
                drop(last_will);
                drop(lock);
            })?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.queue.close();
        if let Some(Err(_)) = self.thread.take().map(JoinHandle::join) {
            tracing::error!("the writer of the store had died");
        }
    }
}

struct LastWill(Arc<Shared>);

impl Drop for LastWill {
    fn drop(&mut self) {
        self.0.queue.abandon();
    }
}

fn write(mut connection: Connection, shared: &Shared, clock: &dyn Clock) -> rusqlite::Result<()> {
    let log_pages = Arc::new(AtomicU32::new(0));
    let hook = Arc::clone(&log_pages);
    connection.wal_hook(Some(move |_: &mut Wal, pages| {
        hook.store(u32::try_from(pages).unwrap_or(0), Ordering::Relaxed);
        Ok(())
    }))?;
    let meters = WriterMeters::new();
    let mut upkeep = Upkeep::new(
        &connection,
        &shared.cache,
        clock,
        log_pages,
        meters.expired.clone(),
    )?;
    let mut committer = GroupCommitter::new(&connection, shared, clock, meters)?;
    let mut batch = Vec::new();
    let mut patience = QUIET;
    loop {
        match shared.queue.take(&mut batch, MAX_GROUP, 1, patience) {
            Taken::Requests => {
                if committer.serve(&mut batch) {
                    upkeep.under_load();
                } else {
                    upkeep.after_failure();
                }
                patience = QUIET;
            }
            Taken::Idle => {
                let more = upkeep.at_leisure(patience == REST);
                patience = if more { Duration::ZERO } else { REST };
            }
            Taken::Closed => break,
        }
    }
    drop(committer);
    drop(upkeep);
    if let Err((_, error)) = connection.close() {
        tracing::warn!(%error, "the store could not be closed; it will recover when it is opened");
    }
    Ok(())
}
