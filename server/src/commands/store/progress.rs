//! The file that says how far a copy has come, so that it can be continued.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use portcullis_core::store_copy::Reached;
use serde::{Deserialize, Serialize};

use crate::config::StoreInstance;
use crate::exit::Failure;

/// One side of a copy, as it was configured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Side {
    name: String,
    settings: Vec<String>,
}

impl Side {
    pub(super) fn of(store: &StoreInstance) -> Self {
        Self {
            name: store.selected.name(),
            settings: store.settings.clone(),
        }
    }

    /// The settings that one has and the other has not.
    fn differences(&self, other: &Self) -> Vec<String> {
        let missing = |one: &Self, other: &Self, sign: char| {
            let mut lines = one.settings.clone();
            lines.push(one.name.clone());
            lines.retain(|line| !other.settings.contains(line) && *line != other.name);
            lines.iter().map(|line| format!("  {sign} {line}")).collect()
        };
        let before: Vec<String> = missing(self, other, '-');
        let now: Vec<String> = missing(other, self, '+');
        [before, now].concat()
    }
}

/// What the file holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    source: Side,
    target: Side,
    families: BTreeMap<String, Reached>,
}

/// The file, and what it holds.
pub(super) struct Progress {
    path: PathBuf,
    text: Text,
}

impl Progress {
    /// Of a copy that begins.
    pub(super) fn begin(path: &Path, source: Side, target: Side) -> Result<Self, Failure> {
        let text = Text {
            source,
            target,
            families: BTreeMap::new(),
        };
        let progress = Self {
            path: path.to_owned(),
            text,
        };
        progress.save()?;
        Ok(progress)
    }

    /// Of a copy that goes on between the same stores.
    pub(super) fn resume(path: &Path, source: &Side, target: &Side) -> Result<Self, Failure> {
        let shown = path.display();
        let text = fs::read_to_string(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => Failure::Usage(format!(
                "there is no {shown}, so there is no copy to go on with; leave --resume out to begin one, or name the \
                 file with --progress"
            )),
            _ => Failure::Other(format!("{shown} cannot be read: {error}")),
        })?;
        let text: Text = serde_json::from_str(&text)
            .map_err(|error| Failure::Other(format!("{shown} does not describe a copy: {error}")))?;
        let differences = [text.source.differences(source), text.target.differences(target)].concat();
        if !differences.is_empty() {
            return Err(Failure::Usage(format!(
                "{shown} belongs to a copy between other stores; what is different:\n{}\nPut the settings back, or begin \
                 again with --overwrite.",
                differences.join("\n")
            )));
        }
        Ok(Self {
            path: path.to_owned(),
            text,
        })
    }

    /// Removes what an earlier copy left, if it did.
    pub(super) fn forget(path: &Path) -> Result<(), Failure> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(unusable(path, "removed", &error)),
            _ => Ok(()),
        }
    }

    /// How far a family has come.
    pub(super) fn of(&self, family: &str) -> Reached {
        self.text.families.get(family).cloned().unwrap_or_default()
    }

    /// Remembers how far a family has come.
    pub(super) fn note(&mut self, family: &str, reached: &Reached) -> Result<(), Failure> {
        self.text.families.insert(family.to_owned(), reached.clone());
        self.save()
    }

    /// Records and bytes of all families.
    pub(super) fn totals(&self) -> (u64, u64) {
        let families = self.text.families.values();
        families.fold((0, 0), |(records, bytes), one| {
            (records + one.records, bytes + one.bytes)
        })
    }

    /// Removes the file.
    pub(super) fn finish(self) -> Result<(), Failure> {
        fs::remove_file(&self.path).map_err(|error| unusable(&self.path, "removed", &error))
    }

    /// Whole or not at all, also if the power fails.
    fn save(&self) -> Result<(), Failure> {
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(".new");
        let beside = self.path.with_file_name(name);
        let text = serde_json::to_string_pretty(&self.text).map_err(io::Error::other);
        text.and_then(|text| {
            let mut file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&beside)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&beside, &self.path)
        })
        .map_err(|error| unusable(&self.path, "written", &error))
    }
}

fn unusable(path: &Path, what: &str, error: &io::Error) -> Failure {
    Failure::Other(format!(
        "{} cannot be {what}: {error}; name another file with --progress",
        path.display()
    ))
}
