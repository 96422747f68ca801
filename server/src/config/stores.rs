//! Record stores alone: the selected one, or some by the name of their instance.

use portcullis_ports::plugin::Port as _;
use portcullis_ports::selection::Selected;
use portcullis_ports::storage::Storage;

use super::errors::ConfigErrors;
use super::loaded::LoadedConfig;
use super::path::Path;

/// A record store that was asked for by name, ready to connect.
pub struct StoreInstance {
    /// The planned instance.
    pub selected: Selected<Storage>,
    /// Its settings, one line each, secrets hidden.
    pub settings: Vec<String>,
}

impl LoadedConfig {
    /// Plans the record store alone, so that a backup does not depend on the rest.
    ///
    /// # Errors
    /// The errors in the section `store`.
    pub fn plan_store(self) -> Result<Selected<Storage>, ConfigErrors> {
        let mut errors = self.errors.clone().within(&[Path::of([Storage::NAME])]);
        let planned = self.planned(&mut errors, |port| port == Storage::NAME);
        match planned.into_many().pop().filter(|_| errors.is_empty()) {
            Some(store) => Ok(store),
            None => Err(errors.finished(&self.secrets)),
        }
    }

    /// Plans instances of the record store by name; they must be those of [`Request::stores`](super::Request::stores).
    ///
    /// # Errors
    /// All errors in their settings.
    pub fn plan_stores(self, names: &[&str]) -> Result<Vec<StoreInstance>, ConfigErrors> {
        let paths: Vec<Path> = names.iter().map(|name| Path::of([Storage::NAME, name])).collect();
        let mut errors = self.errors.clone().within(&paths);
        let planned = self.planned(&mut errors, |port| port == Storage::NAME);
        let mut planned = planned.into_many::<Storage>();
        let shown = self.shown();
        let mut stores = Vec::new();
        for (name, path) in names.iter().zip(&paths) {
            if let Some(at) = planned.iter().position(|store| store.instance == *name) {
                let settings = shown.entries.iter().filter(|entry| entry.path.is_within(path));
                let settings = settings.map(|entry| format!("{} = {}", entry.path, entry.value));
                stores.push(StoreInstance {
                    selected: planned.swap_remove(at),
                    settings: settings.collect(),
                });
            }
        }
        // What is wrong with a selected store that was not asked for does not matter here.
        let errors = errors.within(&paths);
        if errors.is_empty() && stores.len() == names.len() {
            Ok(stores)
        } else {
            Err(errors.finished(&self.secrets))
        }
    }
}
