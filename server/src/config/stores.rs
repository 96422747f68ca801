//! Record stores by the name of their instance, whether they are selected or not.

use portcullis_ports::plugin::Port as _;
use portcullis_ports::storage::Storage;
use serde_json::Value;

use super::effective::Selected;
use super::mistakes::{Mistake, Mistakes};
use super::nearest::advice;
use super::path::Path;
use super::source::Source;
use super::survey::Survey;

/// A record store that was asked for by name, ready to connect.
pub struct StoreInstance {
    /// It.
    pub selected: Selected<Storage>,
    /// Its settings, one line each, secrets hidden.
    pub settings: Vec<String>,
}

impl Survey {
    /// Plans instances of the record store, each asked for by an option; they must be those of
    /// [`Request::stores`](super::Request::stores).
    ///
    /// # Errors
    /// All mistakes in their settings.
    pub fn plan_stores(self, asked: &[(&'static str, &str)]) -> Result<Vec<StoreInstance>, Mistakes> {
        let paths: Vec<Path> = asked
            .iter()
            .map(|(_, name)| Path::of([Storage::NAME, name]))
            .collect();
        let mut mistakes = self.mistakes.clone().within(&paths);
        for ((flag, name), path) in asked.iter().zip(&paths) {
            mistakes.extend(self.no_such_store(flag, name, path));
        }
        let mut planned = self.planned::<Storage>(&mut mistakes);
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
        let mistakes = mistakes.within(&paths);
        if mistakes.is_empty() && stores.len() == asked.len() {
            Ok(stores)
        } else {
            Err(mistakes.finished(&self.secrets))
        }
    }

    fn no_such_store(&self, flag: &'static str, name: &str, path: &Path) -> Option<Mistake> {
        let section = self.merged.tree.get(Storage::NAME).and_then(Value::as_object);
        let known: Vec<&str> = section
            .into_iter()
            .flatten()
            .map(|(key, _)| key.as_str())
            .filter(|key| *key != "use")
            .collect();
        (!known.contains(&name)).then(|| {
            let ids: Vec<&str> = Storage::plugins().iter().map(|plugin| plugin.meta.id).collect();
            let remedy = format!(
                "{} Or add [{path}.…] with one of: {}.",
                advice(name, &known, "instances"),
                ids.join(", ")
            );
            Mistake::new(
                Some(Source::Flag(flag)),
                path,
                format!("There is no [{path}.…]."),
                remedy,
            )
        })
    }
}
