//! The folder of messages: one file each, whole or absent, in the order of time, and never more than so many.

use std::collections::HashSet;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use portcullis_ports::error::{Code, Kind};
use portcullis_ports::id::MessageId;
use portcullis_ports::notification::KeptMessage;
use portcullis_ports::{Error, Result, Timestamp};

/// How many messages are kept.
pub(crate) const KEPT: usize = 1000;
/// What a message file may hold at most; whatever is larger is no message of ours.
const MAX_SIZE: u64 = 1 << 20;
/// Digits of the time in a name: enough for names to sort by time as long as anybody lives.
const DIGITS: usize = 16;

/// The folder of the mailbox cannot be used.
pub(crate) const MAILBOX_FOLDER: Code = Code::new(
    "mailbox-folder",
    Kind::Unavailable,
    "The folder of the mailbox cannot be used.",
);

/// A folder of messages, possibly shared with other processes.
pub(crate) struct Folder {
    path: PathBuf,
    /// Tells the passing files of this process apart.
    passing: AtomicU64,
    /// The files that were complained about.
    foreign: Mutex<HashSet<String>>,
}

/// The name of a message file. Sorts by time, then by id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Name(String);

impl Name {
    fn new(at: Timestamp, id: &str) -> Self {
        Self(format!("{:0DIGITS$}-{id}.json", at.millis().max(0)))
    }

    fn parse(text: String) -> std::result::Result<Self, String> {
        let parts = text.strip_suffix(".json").and_then(|stem| stem.split_once('-'));
        match parts {
            Some((millis, id))
                if millis.len() == DIGITS
                    && millis.chars().all(|c| c.is_ascii_digit())
                    && MessageId::parse(id).is_ok() =>
            {
                Ok(Self(text))
            }
            _ => Err(text),
        }
    }

    fn id(&self) -> &str {
        let (_, rest) = self.0.split_once('-').unwrap_or_default();
        rest.strip_suffix(".json").unwrap_or_default()
    }
}

impl Folder {
    /// Opens the folder, and creates it if need be.
    pub(crate) fn open(path: PathBuf) -> Result<Self> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .map_err(|error| unusable("create", &path, error))?;
        let folder = Self {
            path,
            passing: AtomicU64::new(0),
            foreign: Mutex::default(),
        };
        folder.names()?;
        Ok(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps a message instead of any earlier one with its id, and drops the oldest ones.
    pub(crate) fn keep(&self, message: &KeptMessage) -> Result<()> {
        let name = Name::new(message.sent_at, &message.id);
        self.write(&name, message)
            .map_err(|error| unusable("write to", &self.path, error))?;
        let mut names = self.names()?;
        // Only earlier ones: two processes that send the same message at once must not remove each other's file.
        for earlier in names
            .iter()
            .filter(|other| other.id() == name.id() && **other < name)
        {
            self.remove(earlier)?;
        }
        names.retain(|other| other.id() != name.id() || *other >= name);
        let surplus = names.len().saturating_sub(KEPT);
        names
            .iter()
            .take(surplus)
            .try_for_each(|oldest| self.remove(oldest))
    }

    /// The newest messages first, at most `limit` of those that are wanted.
    pub(crate) fn newest(
        &self,
        limit: usize,
        wanted: impl Fn(&KeptMessage) -> bool,
    ) -> Result<Vec<KeptMessage>> {
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        for name in self.names()?.into_iter().rev() {
            if found.len() == limit {
                break;
            }
            if !seen.insert(name.id().to_owned()) {
                continue;
            }
            found.extend(self.read(&name).filter(&wanted));
        }
        Ok(found)
    }

    /// Whether it keeps the message.
    pub(crate) fn holds(&self, id: &str) -> Result<bool> {
        Ok(self.names()?.iter().any(|name| name.id() == id))
    }

    /// How many messages there are.
    pub(crate) fn count(&self) -> Result<usize> {
        Ok(self.names()?.len())
    }

    /// The names of all messages, oldest first.
    fn names(&self) -> Result<Vec<Name>> {
        let unreadable = |error| unusable("read", &self.path, error);
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(unreadable)? {
            let text = entry
                .map_err(unreadable)?
                .file_name()
                .to_string_lossy()
                .into_owned();
            // Hidden files are those that somebody is writing at this moment.
            if text.starts_with('.') {
                continue;
            }
            match Name::parse(text) {
                Ok(name) => names.push(name),
                Err(foreign) => self.complain(&foreign, "its name is not that of a message"),
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// A message; `None` if it has gone meanwhile or is none.
    fn read(&self, name: &Name) -> Option<KeptMessage> {
        let path = self.path.join(&name.0);
        let read = fs::metadata(&path).and_then(|metadata| {
            if metadata.is_file() && metadata.len() <= MAX_SIZE {
                // The parser's own words may quote the message.
                serde_json::from_slice(&fs::read(&path)?)
                    .map_err(|error| io::Error::other(format!("line {} is not of a message", error.line())))
            } else {
                Err(io::Error::other("it is not a file of the size of a message"))
            }
        });
        read.inspect_err(|error| {
            if error.kind() != ErrorKind::NotFound {
                self.complain(&name.0, &error.to_string());
            }
        })
        .ok()
    }

    /// Writes beside and moves into place.
    fn write(&self, name: &Name, message: &KeptMessage) -> io::Result<()> {
        let text = serde_json::to_vec(message)?;
        let number = self.passing.fetch_add(1, Ordering::Relaxed);
        let beside = self
            .path
            .join(format!(".{}.{}.{number}", name.0, std::process::id()));
        let written = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&beside)
            .and_then(|mut file| file.write_all(&text))
            .and_then(|()| fs::rename(&beside, self.path.join(&name.0)));
        if written.is_err()
            && let Err(error) = fs::remove_file(&beside)
            && error.kind() != ErrorKind::NotFound
        {
            tracing::warn!(file = %beside.display(), %error, "cannot remove a half-written message");
        }
        written
    }

    fn remove(&self, name: &Name) -> Result<()> {
        match fs::remove_file(self.path.join(&name.0)) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(unusable("remove from", &self.path, error))
            }
            _ => Ok(()),
        }
    }

    fn complain(&self, name: &str, why: &str) {
        let mut foreign = self.foreign.lock().unwrap_or_else(PoisonError::into_inner);
        if foreign.len() < KEPT && foreign.insert(name.to_owned()) {
            tracing::warn!(folder = %self.path.display(), file = name, why, "skipping a file in the mailbox");
        }
    }
}

fn unusable(what: &str, path: &Path, error: io::Error) -> Error {
    MAILBOX_FOLDER.with_detail(format!("cannot {what} the folder {}: {error}", path.display()))
}
