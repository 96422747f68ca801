//! The layout of the file, and how connections to it are opened.

use std::path::Path;
use std::time::Duration;

use portcullis_ports::storage::Version;
use portcullis_ports::{Error, Result};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::failure::{Failure, STORE_DAMAGED, STORE_NEWER};

/// Marks the file as ours: "PCLS".
const APPLICATION_ID: i32 = 0x5043_4C53;
/// The layout below. A higher number than this was written by a newer version.
const SCHEMA_VERSION: i32 = 1;

/// The records lie in the order in which they were created, so that new ones share pages and a group of commits writes
/// few of them; the order of keys is an index. Every version below `marks.reserved` may have been given out.
const SCHEMA: &str = "
    CREATE TABLE records (
        collection TEXT NOT NULL,
        partition TEXT NOT NULL,
        sort TEXT NOT NULL,
        version INTEGER NOT NULL,
        expires_at INTEGER,
        body TEXT NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX records_by_key ON records (collection, partition, sort);
    CREATE INDEX records_by_expiry ON records (expires_at) WHERE expires_at IS NOT NULL;
    CREATE TABLE marks (reserved INTEGER NOT NULL) STRICT;
    INSERT INTO marks (reserved) VALUES (0);
";

/// The value of `auto_vacuum` with which free pages are given back when they are asked for.
const INCREMENTAL: i32 = 2;
/// A file of this size is rewritten within a second.
const SMALL: u64 = 32 << 20;

/// Other programs, such as the `sqlite3` shell, may hold the file for a moment.
const BUSY: Duration = Duration::from_secs(5);

/// Whether a file is one of the engine that holds nothing at all.
pub(crate) fn is_blank(file: &Path) -> Result<bool> {
    let look = || {
        let connection = open(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        is_empty(&connection)
    };
    look().map_err(|error| Failure::of(&error, file).at_start())
}

/// Opens the connection of the writer and makes the file a store if it is empty.
pub(crate) fn open_writer(file: &Path) -> Result<Connection> {
    let explain = |error: rusqlite::Error| Failure::of(&error, file).at_start();
    let connection = open(file, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(explain)?;
    if is_empty(&connection).map_err(explain)? {
        connection
            .execute_batch(&format!(
                "PRAGMA auto_vacuum = INCREMENTAL; BEGIN IMMEDIATE; {SCHEMA} PRAGMA application_id = {APPLICATION_ID}; \
                 PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
            ))
            .map_err(explain)?;
    }
    recognise(&connection, file)?;
    // Synced after every commit; the writer decides itself when to move the log into the file. A log that grew large
    // once is cut when it starts again.
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA fullfsync = ON;
             PRAGMA wal_autocheckpoint = 0;
             PRAGMA journal_size_limit = 67108864;
             PRAGMA cache_size = -16384;",
        )
        .map_err(explain)?;
    let mode: String = connection
        .query_row("PRAGMA journal_mode", [], |row| row.get(0))
        .map_err(explain)?;
    if mode != "wal" {
        return Err(crate::failure::STORE_FOLDER.with_detail(format!(
            "{} cannot keep a write-ahead log. Put the folder on a local disk, not on a network share.",
            file.display()
        )));
    }
    touch_edges(&connection).map_err(explain)?;
    if !gives_space_back(&connection).map_err(explain)? {
        convert_small(&connection, file);
    }
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)
        .map_err(explain)?;
    Ok(connection)
}

/// Whether the file knows which page belongs where, so that it can be shortened piece by piece.
pub(crate) fn gives_space_back(connection: &Connection) -> rusqlite::Result<bool> {
    Ok(number(connection, "auto_vacuum")? == INCREMENTAL)
}

/// Rewrites the whole file, without free pages and in the form that gives space back. Needs as much space again.
pub(crate) fn rewrite(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("PRAGMA auto_vacuum = INCREMENTAL; VACUUM;")
}

/// A file that an older version made is rewritten when it is opened, if that takes no time.
fn convert_small(connection: &Connection, file: &Path) {
    let bytes = file.metadata().map_or(0, |found| found.len());
    let shown = file.display();
    if bytes > SMALL {
        tracing::warn!(
            file = %shown,
            bytes,
            "the file of the store does not give back the space of what is deleted: stop the service once and run \
             `portcullis store compact`"
        );
        return;
    }
    match rewrite(connection) {
        Ok(()) => {
            tracing::info!(file = %shown, "the store gives back the space of what is deleted from now on");
        }
        // Such as a full disk: it works as it is, and the next start tries again.
        Err(error) => tracing::warn!(file = %shown, %error, "the file of the store could not be rewritten"),
    }
}

/// Opens a connection that can only read. The file must be a store.
pub(crate) fn open_reader(file: &Path) -> rusqlite::Result<Connection> {
    let connection = open(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -2048;")?;
    Ok(connection)
}

/// Opens a connection to whatever the file is. As long as nobody knows, the log beside it stays as it is.
pub(crate) fn open(file: &Path, access: OpenFlags) -> rusqlite::Result<Connection> {
    // Every connection stays with one user at a time, so the engine need not lock it.
    let connection = Connection::open_with_flags(file, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.execute_batch(
        "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY;",
    )?;
    Ok(connection)
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(tables == 0 && number(connection, "application_id")? == 0 && number(connection, "user_version")? == 0)
}

fn number(connection: &Connection, pragma: &str) -> rusqlite::Result<i32> {
    connection.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get(0))
}

/// Refuses what is no store, and what a newer version has written.
pub(crate) fn recognise(connection: &Connection, file: &Path) -> Result<()> {
    let explain = |error: rusqlite::Error| -> Error { Failure::of(&error, file).at_start() };
    if number(connection, "application_id").map_err(explain)? != APPLICATION_ID {
        return Err(STORE_DAMAGED.with_detail(format!(
            "{} is not a store of Portcullis. Name another folder, or put a backup in its place with \
             `portcullis restore`.",
            file.display()
        )));
    }
    let version = number(connection, "user_version").map_err(explain)?;
    if version > SCHEMA_VERSION {
        return Err(STORE_NEWER.with_detail(format!(
            "{} was written by a newer Portcullis (layout {version}; this one knows {SCHEMA_VERSION}). Start that \
             version, or put a backup made by this one in its place with `portcullis restore`.",
            file.display()
        )));
    }
    connection
        .prepare("SELECT collection, partition, sort, version, expires_at, body FROM records LIMIT 0")
        .and_then(|_| connection.prepare("SELECT reserved FROM marks"))
        .map(drop)
        .map_err(explain)
}

/// Walks down both edges of every tree: cheap at any size, and finds a file that was cut short or overwritten. What
/// lies in between is checked by backups, and by every read of its own page.
fn touch_edges(connection: &Connection) -> rusqlite::Result<()> {
    for sql in [
        "SELECT length(body) FROM records ORDER BY rowid LIMIT 1",
        "SELECT length(body) FROM records ORDER BY rowid DESC LIMIT 1",
        "SELECT sort FROM records ORDER BY collection, partition, sort LIMIT 1",
        "SELECT sort FROM records ORDER BY collection DESC, partition DESC, sort DESC LIMIT 1",
        "SELECT expires_at FROM records WHERE expires_at IS NOT NULL ORDER BY expires_at LIMIT 1",
        "SELECT expires_at FROM records WHERE expires_at IS NOT NULL ORDER BY expires_at DESC LIMIT 1",
    ] {
        let mut statement = connection.prepare(sql)?;
        statement.query([])?.next()?;
    }
    reserved(connection).map(drop)
}

/// Every version below it may have been given out.
pub(crate) fn reserved(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT reserved FROM marks", [], |row| row.get(0))
}

/// How many records the file holds.
pub(crate) fn count(connection: &Connection) -> rusqlite::Result<u64> {
    let count: i64 = connection.query_row("SELECT count(*) FROM records", [], |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// A version from the file.
pub(crate) fn version(number: i64) -> Version {
    Version(u64::try_from(number).unwrap_or(0))
}
