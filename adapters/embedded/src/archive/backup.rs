//! Making a copy.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use portcullis_ports::storage::BackupReport;
use portcullis_ports::{Error, Result};

use super::{Unfinished, copy, sync_file, verify};
use crate::failure::{STORE_COPY, STORE_FOLDER, cannot};
use crate::folder::{Folder, create_private, sync_folder};

/// Copies the store to a new file. Under its name it appears only when it is complete, checked and durable.
pub(super) fn backup(folder: &Folder, to: &Path) -> Result<BackupReport> {
    let store = folder.database();
    if !store.is_file() {
        return Err(STORE_FOLDER.with_detail(format!("There is no store in {}.", folder.path().display())));
    }
    if to.symlink_metadata().is_ok() {
        return Err(exists(to));
    }
    let (parent, partial) = partial(to)?;
    drop(create_private(&partial)?);
    let unfinished = Unfinished(&partial);
    copy(&store, &partial)?;
    let report = verify(&partial)?;
    sync_file(&partial)?;
    publish(&partial, to)?;
    drop(unfinished);
    sync_folder(&parent)?;
    Ok(report)
}

/// The folder of the copy, and the name it has there until it is complete.
fn partial(to: &Path) -> Result<(PathBuf, PathBuf)> {
    let Some(name) = to.file_name() else {
        return Err(STORE_COPY.with_detail(format!("{} is not the name of a file.", to.display())));
    };
    let parent = match to.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let mut hidden = OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{}.partial", std::process::id()));
    let partial = parent.join(hidden);
    Ok((parent, partial))
}

/// Gives a complete copy its name, and never takes the name from another file.
fn publish(partial: &Path, to: &Path) -> Result<()> {
    match std::fs::hard_link(partial, to) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(exists(to)),
        // Not every file system knows links; there the look at the name has to do.
        Err(_) if to.symlink_metadata().is_err() => {
            std::fs::rename(partial, to).map_err(|error| cannot("create", to, &error))
        }
        Err(error) => Err(cannot("create", to, &error)),
    }
}

fn exists(to: &Path) -> Error {
    STORE_COPY.with_detail(format!(
        "{} exists already. Name a file that does not exist yet.",
        to.display()
    ))
}
