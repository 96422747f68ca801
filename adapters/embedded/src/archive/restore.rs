//! Putting a copy in the place of the store.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use portcullis_ports::storage::{BackupReport, ConnectedStore, Replaced};
use portcullis_ports::{Clock, Result, Timestamp};
use rusqlite::OpenFlags;

use super::{copy, remove, sync_file, verify};
use crate::failure::{Failure, STORE_COPY, STORE_IN_USE, cannot};
use crate::folder::{Folder, Lock, create_private};
use crate::schema;
use crate::store::EmbeddedStore;

/// A checked copy that is about to take the place of the store, which nobody else can open meanwhile. If the process dies
/// on the way, the folder holds the old store or the new one, each complete.
pub(super) struct Staged {
    folder: Folder,
    /// A folder of its own for the copy.
    fresh: Folder,
    now: Timestamp,
    /// Dropped last but one: the copy is thrown away unless it was put in its place.
    _cleaner: Cleaner,
    _lock: Lock,
}

/// Removes the folder of the copy.
struct Cleaner(Folder);

impl Drop for Cleaner {
    fn drop(&mut self) {
        if let Err(error) = self.0.clear_unfinished() {
            tracing::warn!(?error, "an unfinished copy was left behind");
        }
    }
}

impl Staged {
    /// Checks a copy and puts it beside the store.
    pub(super) fn new(folder: Folder, from: &Path, clock: &dyn Clock) -> Result<Self> {
        if !from.is_file() {
            return Err(STORE_COPY.with_detail(format!("There is no file {}.", from.display())));
        }
        let lock = folder.take()?;
        let store = folder.database();
        if is_same(from, &store) {
            return Err(STORE_COPY.with_detail(format!(
                "{} is the store itself. Name a copy that `portcullis backup` has made.",
                from.display()
            )));
        }
        folder.clear_unfinished()?;
        let (fresh, now) = (folder.unfinished(), clock.now());
        fresh.create()?;
        let cleaner = Cleaner(folder.clone());
        let copied = fresh.database();
        drop(create_private(&copied)?);
        copy(from, &copied)?;
        verify(&copied)?;
        keep_versions_apart(&copied, &store, now)?;
        Ok(Self {
            folder,
            fresh,
            now,
            _cleaner: cleaner,
            _lock: lock,
        })
    }

    /// Opens the copy.
    pub(super) fn open(&self, clock: &Arc<dyn Clock>) -> Result<ConnectedStore> {
        Ok(EmbeddedStore::open_in_taken(&self.fresh, Arc::clone(clock))?.connected())
    }

    /// Opens the store that is to be replaced, if it is whole; it stays as it is.
    pub(super) fn replaced(&self, clock: &Arc<dyn Clock>) -> Replaced {
        let store = self.folder.database();
        if store.metadata().map_or(0, |found| found.len()) == 0 {
            return Replaced::Nothing;
        }
        let opened =
            verify(&store).and_then(|_| EmbeddedStore::open_to_read(&self.folder, Arc::clone(clock)));
        match opened {
            Ok(store) => Replaced::Readable(store.connected()),
            Err(error) => Replaced::Unreadable(error.detail().to_owned()),
        }
    }

    /// Puts the copy in the place of the store, whose files are kept under another name. Both must be closed.
    pub(super) fn publish(self) -> Result<BackupReport> {
        let (store, copied) = (self.folder.database(), self.fresh.database());
        let report = stand_alone(&copied)?;
        sync_file(&copied)?;
        if store.exists() {
            keep_old(&self.folder, self.now)?;
        }
        std::fs::rename(&copied, &store).map_err(|error| cannot("replace", &store, &error))?;
        self.folder.sync()?;
        self.folder.initialised();
        Ok(report)
    }
}

/// Leaves the copy in one file, and says what it holds.
fn stand_alone(copied: &Path) -> Result<BackupReport> {
    let explain = |error: rusqlite::Error| Failure::of(&error, copied).at_start();
    let connection = schema::open(copied, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(explain)?;
    connection
        .execute_batch("PRAGMA journal_mode = DELETE;")
        .map_err(explain)?;
    let records = schema::count(&connection).map_err(explain)?;
    connection.close().map_err(|(_, error)| explain(error))?;
    let bytes = copied
        .metadata()
        .map_err(|error| cannot("look at", copied, &error))?
        .len();
    Ok(BackupReport { records, bytes })
}

fn is_same(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// Versions that the old store has given out since the copy was made must not be given out again for other states.
fn keep_versions_apart(fresh: &Path, store: &Path, now: Timestamp) -> Result<()> {
    let old = schema::open_reader(store)
        .and_then(|connection| schema::reserved(&connection))
        // A store that cannot be read any more is why one restores; then the clock has to do.
        .unwrap_or(0);
    let least = old.max(now.millis().saturating_mul(1000));
    let explain = |error: rusqlite::Error| Failure::of(&error, fresh).at_start();
    let connection = schema::open(fresh, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(explain)?;
    connection
        .execute("UPDATE marks SET reserved = max(reserved, ?1)", [least])
        .map_err(explain)?;
    connection.close().map_err(|(_, error)| explain(error))
}

/// Gives the old store a second name, and leaves it in one file, so that nothing of it can mix with the new one.
fn keep_old(folder: &Folder, now: Timestamp) -> Result<()> {
    let (store, log) = (folder.database(), folder.beside("-wal"));
    match fold_log(&store) {
        Ok(true) => {}
        Ok(false) => {
            return Err(STORE_IN_USE.with_detail(format!(
                "Another program reads {}. Wait for it, or stop it, and try again.",
                store.display()
            )));
        }
        Err(error) => {
            tracing::warn!(%error, store = %store.display(), "the old store is damaged; its log is kept beside it");
        }
    }
    let kept = free_name(folder, now);
    link(&store, &kept)?;
    if log.metadata().is_ok_and(|log| log.len() > 0) {
        // The engine finds it under the name of its store.
        let mut name = kept.into_os_string();
        name.push("-wal");
        link(&log, Path::new(&name))?;
    }
    folder.sync()?;
    remove(&log)?;
    remove(&folder.beside("-shm"))?;
    folder.sync()
}

/// Moves everything from the log into the file; false if somebody else still needs the log.
fn fold_log(store: &Path) -> rusqlite::Result<bool> {
    let connection = schema::open(store, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let busy: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    connection.close().map_err(|(_, error)| error)?;
    Ok(busy == 0)
}

fn free_name(folder: &Folder, now: Timestamp) -> PathBuf {
    let name = |ending: String| folder.beside(&format!(".before-restore-{}{ending}", now.seconds()));
    let first = name(String::new());
    if !first.exists() {
        return first;
    }
    (2..u32::MAX)
        .map(|n| name(format!("-{n}")))
        .find(|path| !path.exists())
        .unwrap_or(first)
}

/// A second name for a file, or a second file where the file system knows no links.
fn link(file: &Path, name: &Path) -> Result<()> {
    if std::fs::hard_link(file, name).is_ok() {
        return Ok(());
    }
    std::fs::copy(file, name).map_err(|error| cannot("create", name, &error))?;
    sync_file(name)
}
