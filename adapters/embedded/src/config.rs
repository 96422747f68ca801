//! The settings of the embedded store and what they become when checked.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use portcullis_ports::plugin::{Access, ConfigError, Plan, Runtime, Settings};
use portcullis_ports::storage::{ConnectedStore, Storage, StoreTools};
use portcullis_ports::{ByteSize, Error, Result};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::archive::FolderArchive;
use crate::folder::Folder;
use crate::store::{EmbeddedStore, Tuning};

/// More would only spend memory: reads of cached pages take microseconds.
const MAX_READERS: usize = 64;
/// Each waiting commit holds its records in memory.
const MAX_QUEUE: usize = 1_000_000;

/// Settings of the embedded store.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmbeddedSettings {
    /// The folder that holds the store, on a local disk. It is created if it is missing. One process at a time may
    /// use it. A relative path starts at the working directory.
    #[schemars(example = "/var/lib/portcullis/store", extend("x-development-path" = "store"))]
    pub folder: PathBuf,
    /// How much memory the copy of recently used records may take.
    #[serde(default = "default_cache")]
    pub cache: ByteSize,
    /// How many reads of the file may run at the same time, 1 to 64. Each costs up to 2 MiB of memory.
    #[serde(default = "default_readers")]
    #[schemars(range(min = 1, max = 64))]
    pub readers: usize,
    /// How many commits may wait for the disk, 1 to 1000000. Beyond that callers are asked to come back later.
    #[serde(default = "default_queue")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub queue: usize,
}

fn default_cache() -> ByteSize {
    ByteSize::mebibytes(16)
}

fn default_readers() -> usize {
    8
}

fn default_queue() -> usize {
    10_000
}

/// An embedded store that is ready to be opened.
pub struct EmbeddedPlan {
    folder: Folder,
    tuning: Tuning,
}

impl Settings<Storage> for EmbeddedSettings {
    type Plan = EmbeddedPlan;

    fn plan(self) -> std::result::Result<EmbeddedPlan, Vec<ConfigError>> {
        let mut mistakes = Vec::new();
        if self.folder.as_os_str().is_empty() {
            mistakes.push(ConfigError::at(
                "folder",
                "the path of a folder is expected, such as /var/lib/portcullis/store",
            ));
        }
        let mut within = |field: &str, value: usize, most: usize| {
            if !(1..=most).contains(&value) {
                let problem = format!("a number from 1 to {most} is expected, not {value}");
                mistakes.push(ConfigError::at(field, problem));
            }
        };
        within("readers", self.readers, MAX_READERS);
        within("queue", self.queue, MAX_QUEUE);
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        Ok(EmbeddedPlan {
            folder: Folder::new(self.folder),
            tuning: Tuning {
                cache: self.cache.bytes(),
                readers: self.readers,
                queue: self.queue,
            },
        })
    }
}

#[async_trait]
impl Plan<Storage> for EmbeddedPlan {
    async fn connect(self: Box<Self>, runtime: &Runtime) -> Result<ConnectedStore> {
        let clock = Arc::clone(&runtime.clock);
        let access = runtime.access;
        let opening = move || match access {
            Access::Full => EmbeddedStore::open(&self.folder, self.tuning, clock),
            Access::Reading => EmbeddedStore::open_beside(&self.folder, self.tuning, clock),
        };
        let store = tokio::task::spawn_blocking(opening)
            .await
            .map_err(|stopped| Error::internal("opening the store was interrupted").with_source(stopped))??;
        Ok(store.connected())
    }

    fn offline(&self, runtime: &Runtime) -> Option<StoreTools> {
        let archive = FolderArchive::new(self.folder.clone(), Arc::clone(&runtime.clock));
        Some(StoreTools {
            archive: Some(Arc::new(archive)),
            tables: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use portcullis_ports::plugin::Settings as _;

    use super::EmbeddedSettings;

    fn settings(json: &str) -> EmbeddedSettings {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn the_folder_is_enough() {
        let settings = settings(r#"{"folder": "/data"}"#);
        assert_eq!(settings.cache.to_string(), "16MiB");
        assert!(settings.plan().is_ok());
    }

    #[test]
    fn every_mistake_is_named_at_once() {
        let settings = settings(r#"{"folder": "", "cache": "1GiB", "readers": 0, "queue": 1000001}"#);
        let mistakes = settings.plan().err().unwrap();
        let fields: Vec<&str> = mistakes.iter().map(|mistake| mistake.field.as_str()).collect();
        assert_eq!(fields, ["folder", "readers", "queue"]);
    }
}
