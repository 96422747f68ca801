//! The file beside the key file that says which stores hold what its keys sealed.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use portcullis_ports::Result;

use crate::file::{KEY_FILE, sync_folder};

const ENDING: &str = ".stores";
/// Nobody else has to know.
const MODE: u32 = 0o600;
const HEADER: &str = "\
# The stores that hold what these keys sealed, one a line. A store of this list that is empty is refused as lost.
# Delete its line, or this file, only to begin anew without the accounts that it held.
";

fn beside(key_file: &Path) -> PathBuf {
    let mut name = key_file.as_os_str().to_owned();
    name.push(ENDING);
    PathBuf::from(name)
}

/// The file of notes, if that store is in it.
pub(crate) fn find(key_file: &Path, store: &str) -> Result<Option<PathBuf>> {
    let path = beside(key_file);
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(text.lines().any(|line| line.trim() == store).then_some(path)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(KEY_FILE.with_detail(format!("cannot read {}: {error}", path.display()))),
    }
}

/// Adds a store, once.
pub(crate) fn add(key_file: &Path, store: &str) -> Result<()> {
    if find(key_file, store)?.is_some() {
        return Ok(());
    }
    let path = beside(key_file);
    let mut text = if path.exists() {
        String::new()
    } else {
        HEADER.to_owned()
    };
    text.push_str(store);
    text.push('\n');
    // One write at the end of the file: two processes that start together do not mix their lines.
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(MODE)
        .open(&path)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        })
        .map_err(|error| KEY_FILE.with_detail(format!("cannot write {}: {error}", path.display())))?;
    // A file that is new is lost with the power unless its folder is synced, too.
    sync_folder(&path)
}
