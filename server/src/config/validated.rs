//! Settings without errors, with every selected plugin planned; or the record stores alone.

use portcullis_core::settings::Settings;
use portcullis_core::texts::Texts;
use portcullis_ports::notification::Senders;
use portcullis_ports::plugin::Port as _;
use portcullis_ports::registry::{InstanceName, PORTS};
use portcullis_ports::selection::{AnySelected, Selected, Selection};
use portcullis_ports::storage::Storage;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::errors::{ConfigError, ConfigErrors};
use super::loaded::LoadedConfig;
use super::path::Path;
use super::shape::Shape;
use super::show::Shown;
use crate::settings::{ServerSettings, Stage};
use crate::texts;

const NO_SENDERS: &str =
    "senders.use selects nothing: no message can be sent, so that codes, links and notices reach nobody";

/// A configuration that can be run.
pub struct ValidatedConfig {
    /// For whom.
    pub stage: Stage,
    /// The table `[server]`.
    pub server: ServerSettings,
    /// The tables of the core.
    pub settings: Settings,
    /// What is sent to people.
    pub texts: Texts,
    /// The plugins.
    pub plugins: Selection,
    /// Every value with its origin, without secrets.
    pub shown: Shown,
    /// What is in order and yet not what somebody may have meant; one sentence each.
    pub notes: Vec<String>,
}

/// A record store that was asked for by name, ready to connect.
pub struct StoreInstance {
    /// The planned instance.
    pub selected: Selected<Storage>,
    /// Its settings, one line each, secrets hidden.
    pub settings: Vec<String>,
}

impl LoadedConfig {
    /// Lets the plugins check their settings.
    ///
    /// # Errors
    /// All errors of the whole configuration.
    pub fn plan(self) -> Result<ValidatedConfig, ConfigErrors> {
        let mut errors = self.errors.clone();
        let server = self.server(&mut errors);
        let settings: Option<Settings> = self.settings(&mut errors);
        let plugins = self.planned(&mut errors, |_| true);
        let mut texts = None;
        if let Some(settings) = &settings {
            let found = settings.plugin_errors(&plugins).into_iter();
            errors.extend(found.map(|error| self.merged.error(&Path::parse(&error.path), error.text)));
            match texts::compile(settings) {
                Ok(compiled) => texts = Some(compiled),
                Err(found) => {
                    let folder = settings.product.texts.as_ref().map_or("language", |_| "texts");
                    let path = Path::of(["product", folder]);
                    errors.extend(found.into_iter().map(|text| self.merged.error(&path, text)));
                }
            }
        }
        if let (true, Some(server), Some(settings), Some(texts)) =
            (errors.is_empty(), server, settings, texts)
        {
            let notes = [self.notes.clone(), settings.notes(), noted(&plugins)].concat();
            return Ok(ValidatedConfig {
                stage: self.stage,
                server,
                settings,
                texts,
                plugins,
                shown: self.shown(),
                notes,
            });
        }
        Err(errors.finished(&self.secrets))
    }

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

    fn server(&self, errors: &mut ConfigErrors) -> Option<ServerSettings> {
        let table = Path::of(["server"]);
        let server: ServerSettings = self.read(&table, |_| true, errors)?;
        for (field, text) in server.errors(self.stage) {
            let field = table.child(field);
            if !errors.any_within(&field) {
                errors.push(self.merged.error(&field, text));
            }
        }
        Some(server)
    }

    fn settings(&self, errors: &mut ConfigErrors) -> Option<Settings> {
        let is_area = |name: &str| name != "server" && PORTS.iter().all(|port| port.name != name);
        let settings: Settings = self.read(&Path::root(), is_area, errors)?;
        // A rule is about one table; where that has errors already, defaults stand in their place.
        let told = errors.clone();
        for error in settings.errors() {
            let path = Path::parse(&error.path);
            if !told.any_within(&path.parent()) {
                errors.push(self.merged.error(&path, error.text));
            }
        }
        Some(settings)
    }

    /// Reads a table of ours without the values that have errors; what the schema takes can be read.
    fn read<T: DeserializeOwned>(
        &self,
        table: &Path,
        is_read: impl Fn(&str) -> bool,
        errors: &mut ConfigErrors,
    ) -> Option<T> {
        let mut value = self.accepted_at(table);
        value.as_object_mut()?.retain(|key, _| is_read(key));
        let read = serde_path_to_error::deserialize(value).map_err(|error| {
            let path = table.join(&Path::parse(&error.path().to_string()));
            errors.push(self.refused(&path, &error.into_inner().to_string()));
        });
        read.ok()
    }

    fn accepted_at(&self, table: &Path) -> Value {
        let found = table.find(&self.accepted).cloned();
        found.unwrap_or_else(|| Value::Object(Map::new()))
    }

    /// The instances of these ports that are used, planned. The others have been complained about.
    pub(super) fn planned(&self, errors: &mut ConfigErrors, of: impl Fn(&str) -> bool) -> Selection {
        let mut planned = Selection::default();
        for one in self.chosen.iter().filter(|one| of(one.port)) {
            let path = one.path();
            // Whatever is not about unknown keys alone would be told a second time.
            let told =
                |error: &ConfigError| error.path.is_within(&path) && !self.unknown.contains(&error.path);
            if errors.iter().any(told) {
                continue;
            }
            let name = InstanceName {
                instance: &one.instance,
                plugin: &one.plugin,
                former: one.former,
            };
            let port = PORTS.iter().find(|port| port.name == one.port);
            match port.and_then(|port| port.plan(name, self.accepted_at(&path))) {
                None => {}
                Some(Ok(selected)) => planned.push(selected),
                Some(Err(found)) => {
                    for error in found {
                        errors.push(self.refused(&path.join(&Path::parse(&error.field)), &error.problem));
                    }
                }
            }
        }
        planned
    }

    /// What the reader of a value says of it, with what is expected there.
    fn refused(&self, path: &Path, said: &str) -> ConfigError {
        let mut text = sentence(said);
        if let Some(shape) = Shape(&self.schema).at(path)
            && !shape.takes("object")
        {
            text = format!("{text}\nExpected is {}.", shape.expected());
        }
        self.merged.error(path, text)
    }
}

/// What plugins say of settings that are weaker than they should be, and what no plugin can say.
fn noted(selection: &Selection) -> Vec<String> {
    let of = |one: &dyn AnySelected| {
        let (name, notes) = (one.name(), one.notes().into_iter());
        notes.map(|note| format!("{name}: {note}")).collect::<Vec<_>>()
    };
    let mut notes: Vec<String> = selection.iter().flat_map(of).collect();
    if selection.many::<Senders>().is_empty() {
        notes.push(NO_SENDERS.to_owned());
    }
    notes
}

/// Begins with a capital and ends with a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.trim().chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    let mut sentence: String = first.chain(letters).collect();
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}
