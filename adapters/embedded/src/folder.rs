//! The folder: what lies where in it, who may see it, and the lock that keeps a second process out.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use portcullis_ports::Result;
use portcullis_ports::storage::STORE_LOST;
use rustix::fs::{FlockOperation, flock};

use crate::failure::{STORE_FOLDER, STORE_IN_USE, cannot};

const DATABASE: &str = "store.db";
const LOCK: &str = "store.lock";
/// Says that a store was created here. Without it a file that was lost could not be told from a first start.
const MARKER: &str = "store.initialised";
const MARKER_TEXT: &str = "\
A store of Portcullis was created in this folder. As long as this file is here, a store that is missing or empty is
refused as lost. Delete this file only to begin anew without the accounts that the store held.
";
/// Only the owner may look into the folder and its files.
const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
/// What belongs to the group and to others.
const FOREIGN: u32 = 0o077;

/// Where a store lives.
#[derive(Debug, Clone)]
pub(crate) struct Folder(PathBuf);

/// Held as long as the folder is in use; the system releases it when the process dies.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file is not enough: a child process that is being started shares it for a moment.
        if let Err(error) = flock(&self.0, FlockOperation::Unlock) {
            tracing::warn!(%error, "the folder of the store could not be unlocked");
        }
    }
}

impl Folder {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The file that holds the records.
    pub(crate) fn database(&self) -> PathBuf {
        self.0.join(DATABASE)
    }

    /// A file beside the records, named after them.
    pub(crate) fn beside(&self, ending: &str) -> PathBuf {
        self.0.join(format!("{DATABASE}{ending}"))
    }

    /// Where a restore puts the copy together before it takes the place of the store.
    pub(crate) fn unfinished(&self) -> Self {
        Self(self.beside(".restoring"))
    }

    /// Makes sure that there is such a folder and takes it for this process.
    pub(crate) fn take(&self) -> Result<Lock> {
        self.create()?;
        let path = self.0.join(LOCK);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(FILE_MODE)
            .open(&path)
            .map_err(|error| cannot("open", &path, &error))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Err(self.in_use(&mut file)),
            Err(error) => return Err(cannot("lock", &path, &error.into())),
        }
        let noted = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        // The note only makes a message better; on a full disk the lock works without it.
        if let Err(error) = noted {
            tracing::warn!(path = %path.display(), %error, "the lock file could not be written");
        }
        Ok(Lock(file))
    }

    pub(crate) fn create(&self) -> Result<()> {
        if self.0.exists() && !self.0.is_dir() {
            return Err(STORE_FOLDER.with_detail(format!(
                "{} is a file, but the store needs a folder. Name another path, or move the file away.",
                self.0.display()
            )));
        }
        DirBuilder::new()
            .recursive(true)
            .mode(FOLDER_MODE)
            .create(&self.0)
            .map_err(|error| cannot("create the folder", &self.0, &error))?;
        let mode = self
            .0
            .metadata()
            .map_err(|error| cannot("look at", &self.0, &error))?
            .permissions()
            .mode();
        if mode & FOREIGN != 0 {
            let folder = self.0.display();
            tracing::warn!(%folder, "others may look into the folder of the store; `chmod 700` keeps them out");
        }
        Ok(())
    }

    fn in_use(&self, file: &mut File) -> portcullis_ports::Error {
        let mut holder = String::new();
        let who = match file.read_to_string(&mut holder) {
            Ok(_) if !holder.trim().is_empty() => format!("process {}", holder.trim()),
            _ => "another process".to_owned(),
        };
        STORE_IN_USE.with_detail(format!(
            "The folder {} is in use by {who}. Stop that process first, or give this one a folder of its own.",
            self.0.display()
        ))
    }

    /// Removes what a restore that died has left.
    pub(crate) fn clear_unfinished(&self) -> Result<()> {
        let path = self.unfinished().0;
        let removed = if path.is_dir() {
            std::fs::remove_dir_all(&path)
        } else {
            std::fs::remove_file(&path)
        };
        match removed {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(cannot("remove", &path, &error))
            }
            _ => Ok(()),
        }
    }

    /// Makes sure that the file of the records exists and is private, before the engine opens it: the engine gives
    /// its other files the same mode.
    pub(crate) fn touch_database(&self) -> Result<()> {
        let path = self.database();
        if path.is_dir() {
            return Err(
                STORE_FOLDER.with_detail(format!("{} must be a file, but is a folder.", path.display()))
            );
        }
        if path.exists() {
            return keep_private(&path);
        }
        drop(create_private(&path)?);
        self.sync()
    }

    /// Whether a store was created here before.
    pub(crate) fn is_initialised(&self) -> bool {
        self.0.join(MARKER).exists()
    }

    /// Notes that a store was created here. On a full disk it works without; the next start tries again.
    pub(crate) fn initialised(&self) {
        if self.is_initialised() {
            return;
        }
        let path = self.0.join(MARKER);
        let written = create_private(&path).and_then(|mut file| {
            file.write_all(MARKER_TEXT.as_bytes())
                .and_then(|()| file.sync_all())
                .map_err(|error| cannot("write", &path, &error))
        });
        if let Err(error) = written.and_then(|()| self.sync()) {
            tracing::warn!(?error, "it could not be noted that the folder holds a store");
        }
    }

    /// Refuses a folder that has held a store whose file is gone or holds nothing any more.
    pub(crate) fn refuse_lost(&self) -> Result<()> {
        let size = |path: &Path| path.metadata().map_or(0, |found| found.len());
        if size(&self.database()) > 0 {
            return Ok(());
        }
        let log = self.beside("-wal");
        if self.is_initialised() || size(&log) > 0 {
            return Err(self.lost());
        }
        Ok(())
    }

    /// The store that was here is not here any more.
    pub(crate) fn lost(&self) -> portcullis_ports::Error {
        let evidence: Vec<String> = [self.0.join(MARKER), self.beside("-wal")]
            .into_iter()
            .filter(|path| path.exists())
            .map(|path| path.display().to_string())
            .collect();
        let evidence = evidence.join(" and ");
        STORE_LOST.with_detail(format!(
            "{} is missing or empty, although {evidence} says that the folder holds a store. Bring the file back, or put \
             a backup in its place with `portcullis restore`. To begin anew without the accounts that it held, delete \
             {evidence} and start again.",
            self.database().display()
        ))
    }

    /// Makes names that were created, renamed or removed in the folder durable.
    pub(crate) fn sync(&self) -> Result<()> {
        sync_folder(&self.0)
    }
}

/// Creates a file that only the owner can read, and that does not exist yet.
pub(crate) fn create_private(path: &Path) -> Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(FILE_MODE)
        .open(path)
        .map_err(|error| cannot("create", path, &error))
}

fn keep_private(path: &Path) -> Result<()> {
    let shared = |error: std::io::Error| cannot("protect", path, &error);
    let mode = path.metadata().map_err(shared)?.permissions().mode();
    if mode & FOREIGN != 0 {
        std::fs::set_permissions(path, Permissions::from_mode(FILE_MODE)).map_err(shared)?;
    }
    Ok(())
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(path: &Path) -> Result<()> {
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| cannot("sync", path, &error))
}
