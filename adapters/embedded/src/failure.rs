//! What can go wrong with the folder and the file, in words that say what to do.

use std::path::Path;
use std::time::Duration;

use portcullis_ports::storage::StoreError;
use portcullis_ports::{Code, Error, Kind};
use rusqlite::ErrorCode;

/// The folder cannot be used.
pub const STORE_FOLDER: Code = Code::new(
    "store-folder",
    Kind::Config,
    "The folder of the store cannot be used.",
);
/// Another process has the folder.
pub const STORE_IN_USE: Code = Code::new(
    "store-in-use",
    Kind::Config,
    "The store is in use by another process.",
);
/// The file is no store, or a broken one.
pub const STORE_DAMAGED: Code = Code::new(
    "store-damaged",
    Kind::Config,
    "The file of the store cannot be read.",
);
/// A newer version has written it.
pub const STORE_NEWER: Code = Code::new(
    "store-newer",
    Kind::Config,
    "The store was written by a newer version.",
);

/// A copy cannot be made or put in place.
pub const STORE_COPY: Code = Code::new(
    "store-copy",
    Kind::Config,
    "The copy of the store cannot be made or used.",
);

/// How long callers should wait when something outside must change first.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why the engine did not do something; kept in a form that every caller of a group can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It may work later.
    Unavailable(String),
    /// What is stored makes no sense.
    Corrupt(String),
}

impl Failure {
    /// Explains an error of the engine on `file`.
    pub(crate) fn of(error: &rusqlite::Error, file: &Path) -> Self {
        let file = file.display();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Unavailable(format!(
                "there is no room left for {file}; free some space on its disk"
            )),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Unavailable(format!(
                "another program holds {file} locked; close whatever else has it open"
            )),
            Some(
                ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::PermissionDenied
                | ErrorCode::FileLockingProtocolFailed
                | ErrorCode::OutOfMemory
                | ErrorCode::OperationInterrupted,
            ) => Self::Unavailable(format!("{file} cannot be used: {error}")),
            _ => Self::Corrupt(format!(
                "{file} is damaged ({error}); put a backup in its place with `portcullis restore`"
            )),
        }
    }

    /// Says it to a caller at start-up or of an archive.
    pub(crate) fn at_start(&self) -> Error {
        match self {
            Self::Unavailable(why) => STORE_FOLDER.with_detail(sentence(why)),
            Self::Corrupt(why) => STORE_DAMAGED.with_detail(sentence(why)),
        }
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unavailable(detail) => Self::Unavailable {
                detail,
                retry: Some(PATIENCE),
            },
            Failure::Corrupt(what) => Self::Corrupt(what),
        }
    }
}

/// Makes a clause a sentence.
fn sentence(clause: &str) -> String {
    let mut letters = clause.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

/// An error of the operating system about something in the folder.
pub(crate) fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Error {
    let advice = match error.kind() {
        std::io::ErrorKind::PermissionDenied => {
            " Give the user that runs Portcullis the right to read, write and search it."
        }
        std::io::ErrorKind::StorageFull => " Free some space on its disk.",
        std::io::ErrorKind::ReadOnlyFilesystem => " Its file system is mounted read-only.",
        _ => "",
    };
    STORE_FOLDER.with_detail(format!("Cannot {what} {}: {error}.{advice}", path.display()))
}
