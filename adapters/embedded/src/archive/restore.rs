//! Putting a copy in the place of the store.

use std::path::{Path, PathBuf};

use portcullis_ports::storage::BackupReport;
use portcullis_ports::{Result, Timestamp};
use rusqlite::OpenFlags;

use super::{Unfinished, copy, remove, sync_file, verify};
use crate::failure::{Failure, STORE_COPY, STORE_IN_USE, cannot};
use crate::folder::{Folder, create_private};
use crate::schema;

/// Checks a copy and puts it in the place of the store, whose files are kept under another name. If the process dies
/// on the way, the folder holds the old store or the new one, each complete.
pub(super) fn restore(folder: &Folder, from: &Path, now: Timestamp) -> Result<BackupReport> {
    if !from.is_file() {
        return Err(STORE_COPY.says(format!("There is no file {}.", from.display())));
    }
    let lock = folder.take()?;
    let store = folder.database();
    if is_same(from, &store) {
        return Err(STORE_COPY.says(format!(
            "{} is the store itself. Name a copy that `portcullis backup` has made.",
            from.display()
        )));
    }
    let fresh = folder.unfinished();
    remove(&fresh)?;
    drop(create_private(&fresh)?);
    let unfinished = Unfinished(&fresh);
    copy(from, &fresh)?;
    let report = verify(&fresh)?;
    keep_versions_apart(&fresh, &store, now)?;
    sync_file(&fresh)?;
    if store.exists() {
        keep_old(folder, now)?;
    }
    std::fs::rename(&fresh, &store).map_err(|error| cannot("replace", &store, &error))?;
    drop(unfinished);
    folder.sync()?;
    folder.initialised();
    drop(lock);
    Ok(report)
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
            return Err(STORE_IN_USE.says(format!(
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
