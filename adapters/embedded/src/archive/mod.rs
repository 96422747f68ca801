//! Copies of a store: made while it is in use, checked before they count, put in its place in one step.

mod backup;
mod restore;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use portcullis_ports::clock::Clock;
use portcullis_ports::storage::{Archive, BackupReport, CompactReport, RestoreHook};
use portcullis_ports::{Error, Result};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use crate::failure::{Failure, STORE_COPY, STORE_FOLDER, cannot};
use crate::folder::Folder;
use crate::schema;

/// The store of a folder that this process has not opened.
pub(crate) struct FolderArchive {
    folder: Folder,
    clock: Arc<dyn Clock>,
}

impl FolderArchive {
    pub(crate) fn new(folder: Folder, clock: Arc<dyn Clock>) -> Self {
        Self { folder, clock }
    }
}

#[async_trait]
impl Archive for FolderArchive {
    async fn backup(&self, to: &Path) -> Result<BackupReport> {
        let (folder, to) = (self.folder.clone(), to.to_owned());
        apart(move || backup::backup(&folder, &to)).await
    }

    async fn restore(&self, from: &Path, hook: &dyn RestoreHook) -> Result<BackupReport> {
        let (folder, from, clock) = (self.folder.clone(), from.to_owned(), Arc::clone(&self.clock));
        let staged = apart(move || restore::Staged::new(folder, &from, clock.as_ref())).await?;
        let clock = Arc::clone(&self.clock);
        let opened = apart(move || {
            let (restored, replaced) = (staged.open(&clock)?, staged.replaced(&clock));
            Ok((staged, restored, replaced))
        });
        let (staged, restored, replaced) = opened.await?;
        let prepared = hook.prepare(&restored, &replaced).await;
        apart(move || {
            // Closing waits for what is still being written.
            drop((restored, replaced));
            prepared?;
            staged.publish()
        })
        .await
    }

    async fn compact(&self) -> Result<CompactReport> {
        let folder = self.folder.clone();
        apart(move || compact(&folder)).await
    }
}

async fn apart<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|stopped| Error::internal("the archive was interrupted").with_source(stopped))?
}

/// Rewrites the file. The engine does it in one transaction: if the machine dies on the way, it is as it was.
fn compact(folder: &Folder) -> Result<CompactReport> {
    let lock = folder.take()?;
    let file = folder.database();
    if !file.is_file() {
        return Err(STORE_FOLDER.with_detail(format!("There is no store in {}.", folder.path().display())));
    }
    let size = || {
        let found = file
            .metadata()
            .map_err(|error| cannot("look at", &file, &error))?;
        Ok::<u64, Error>(found.len())
    };
    let before = size()?;
    let explain = |error: rusqlite::Error| Failure::of(&error, &file).at_start();
    let connection = schema::open(&file, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(explain)?;
    schema::recognise(&connection, &file)?;
    schema::rewrite(&connection)
        .and_then(|()| connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())))
        .map_err(explain)?;
    connection.close().map_err(|(_, error)| explain(error))?;
    let after = size()?;
    drop(lock);
    Ok(CompactReport { before, after })
}

/// Copies the store in `from`, with what is still in its log, into the empty file `to`. Others may write meanwhile:
/// the copy shows one moment.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let unreadable = |error: rusqlite::Error| copy_problem(from, &error);
    let source = schema::open_reader(from).map_err(unreadable)?;
    schema::recognise(&source, from).map_err(|error| STORE_COPY.with_detail(error.detail().to_owned()))?;
    let unwritable = |error: rusqlite::Error| copy_problem(to, &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut target = Connection::open_with_flags(to, flags).map_err(unwritable)?;
    // A half-written copy is thrown away, so nothing protects it while it grows; it is synced when it stands.
    target
        .execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
        .map_err(unwritable)?;
    let step = Backup::new(&source, &mut target).and_then(|backup| backup.step(-1));
    match step.map_err(unwritable)? {
        StepResult::Done => {}
        _ => {
            return Err(STORE_COPY.with_detail(format!(
                "Another program holds {} locked. Close whatever else has it open and try again.",
                from.display()
            )));
        }
    }
    // One file that stands alone: no log beside it.
    target
        .execute_batch("PRAGMA journal_mode = DELETE;")
        .map_err(unwritable)?;
    target.close().map_err(|(_, error)| unwritable(error))
}

/// Checks every page of a copy and counts what it holds.
fn verify(file: &Path) -> Result<BackupReport> {
    let broken = |error: rusqlite::Error| copy_problem(file, &error);
    let connection = schema::open_reader(file).map_err(broken)?;
    schema::recognise(&connection, file)
        .map_err(|error| STORE_COPY.with_detail(error.detail().to_owned()))?;
    let verdict: String = connection
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(broken)?;
    if verdict != "ok" {
        return Err(STORE_COPY.with_detail(format!("{} is damaged: {verdict}.", file.display())));
    }
    let records = schema::count(&connection).map_err(broken)?;
    let bytes = file
        .metadata()
        .map_err(|error| cannot("look at", file, &error))?
        .len();
    Ok(BackupReport { records, bytes })
}

fn copy_problem(file: &Path, error: &rusqlite::Error) -> Error {
    match Failure::of(error, file) {
        unavailable @ Failure::Unavailable(_) => unavailable.at_start(),
        Failure::Corrupt(_) => STORE_COPY.with_detail(format!("{} is damaged: {error}.", file.display())),
    }
}

/// Makes the content of a file durable.
fn sync_file(file: &Path) -> Result<()> {
    std::fs::File::open(file)
        .and_then(|file| file.sync_all())
        .map_err(|error| cannot("sync", file, &error))
}

/// Removes a file that may not be there.
fn remove(file: &Path) -> Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(cannot("remove", file, &error)),
        _ => Ok(()),
    }
}

/// A file that is removed unless it was put in its place.
struct Unfinished<'p>(&'p Path);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if let Err(error) = remove(self.0) {
            tracing::warn!(?error, "an unfinished copy was left behind");
        }
    }
}
