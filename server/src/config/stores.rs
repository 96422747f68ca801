//! Record stores by the name of their instance, whether they are selected or not.

use portcullis_ports::plugin::Port as _;
use portcullis_ports::selection::Selected;
use portcullis_ports::storage::Storage;
use serde_json::Value;

use super::errors::{ConfigError, ConfigErrors};
use super::loaded::LoadedConfig;
use super::nearest::advice;
use super::path::Path;
use super::source::Source;

/// A record store that was asked for by name, ready to connect.
pub struct StoreInstance {
    /// It.
    pub selected: Selected<Storage>,
    /// Its settings, one line each, secrets hidden.
    pub settings: Vec<String>,
}

impl LoadedConfig {
    /// Plans instances of the record store, each asked for by an option; they must be those of
    /// [`Request::stores`](super::Request::stores).
    ///
    /// # Errors
    /// All errors in their settings.
    pub fn plan_stores(self, asked: &[(&'static str, &str)]) -> Result<Vec<StoreInstance>, ConfigErrors> {
        let paths: Vec<Path> = asked
            .iter()
            .map(|(_, name)| Path::of([Storage::NAME, name]))
            .collect();
        let mut errors = self.errors.clone().within(&paths);
        for ((flag, name), path) in asked.iter().zip(&paths) {
            errors.extend(self.no_such_store(flag, name, path));
        }
        let planned = self.planned(&mut errors, |port| port == Storage::NAME);
        let mut planned = planned.into_many::<Storage>();
        let shown = self.shown();
        let mut stores = Vec::new();
        for ((_, name), path) in asked.iter().zip(&paths) {
            let Some(at) = planned.iter().position(|store| store.instance == *name) else {
                continue;
            };
            let settings = shown.entries.iter().filter(|entry| entry.path.is_within(path));
            stores.push(StoreInstance {
                selected: planned.swap_remove(at),
                settings: settings
                    .map(|entry| format!("{} = {}", entry.path, entry.value))
                    .collect(),
            });
        }
        // What is wrong with a selected store that was not asked for does not matter here.
        let errors = errors.within(&paths);
        if errors.is_empty() && stores.len() == asked.len() {
            Ok(stores)
        } else {
            Err(errors.finished(&self.secrets))
        }
    }

    fn no_such_store(&self, flag: &'static str, name: &str, path: &Path) -> Option<ConfigError> {
        let section = self.merged.tree.get(Storage::NAME).and_then(Value::as_object);
        let known = section.into_iter().flatten().map(|(key, _)| key.as_str());
        let known: Vec<&str> = known.filter(|key| *key != "use").collect();
        (!known.contains(&name)).then(|| {
            let ids: Vec<&str> = Storage::plugins().iter().map(|plugin| plugin.meta.id).collect();
            let (ids, near) = (ids.join(", "), advice(name, &known, "instances"));
            let text = format!("There is no [{path}.…].\n{near} Or add [{path}.…] with one of: {ids}.");
            ConfigError::new(Some(Source::Flag(flag)), path, text)
        })
    }
}
