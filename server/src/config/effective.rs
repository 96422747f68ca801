//! Settings without errors, with every selected plugin planned.

use portcullis_core::settings::Settings;
use portcullis_core::texts::TextFile;
use portcullis_ports::plugin::Port as _;
use portcullis_ports::registry::{InstanceName, PORTS};
use portcullis_ports::selection::{AnySelected, Selected, Selection};
use portcullis_ports::storage::Storage;
use serde::de::DeserializeOwned;

use super::errors::{ConfigError, ConfigErrors};
use super::loaded::LoadedConfig;
use super::path::Path;
use super::rules;
use super::shape::Shape;
use super::show::Shown;
use super::texts;
use crate::settings::ServerSettings;
use crate::settings::Stage;

/// A configuration that can be run.
pub struct Effective {
    /// For whom.
    pub stage: Stage,
    /// The table `[server]`.
    pub server: ServerSettings,
    /// The tables of the core.
    pub settings: Settings,
    /// Texts of the deployment's own.
    pub texts: Vec<TextFile>,
    /// The plugins.
    pub plugins: Selection,
    /// Every value with its origin, without secrets.
    pub shown: Shown,
    /// What is in order and yet not what somebody may have meant; one sentence each.
    pub notes: Vec<String>,
}

impl LoadedConfig {
    /// Lets the plugins check their settings.
    ///
    /// # Errors
    /// All errors of the whole configuration.
    pub fn plan(self) -> Result<Effective, ConfigErrors> {
        let mut errors = self.errors.clone();
        let server = self.server(&mut errors);
        let settings: Option<Settings> = self.settings(&mut errors);
        let plugins = self.planned(&mut errors, |_| true);
        if let Some(settings) = &settings {
            let found = rules::about_plugins(settings, &plugins).into_iter();
            errors.extend(found.map(|(path, text)| self.merged.error(&path, text)));
        }
        let mut files = Vec::new();
        if let Some(settings) = &settings {
            match texts::read(settings) {
                Ok(found) => files = found,
                Err(found) => {
                    let folder = settings.product.texts.as_ref().map_or("language", |_| "texts");
                    let path = Path::of(["product", folder]);
                    errors.extend(found.into_iter().map(|text| self.merged.error(&path, text)));
                }
            }
        }
        if let (true, Some(server), Some(settings)) = (errors.is_empty(), server, settings) {
            let notes = [self.notes.clone(), rules::notes(&settings), noted(&plugins)].concat();
            return Ok(Effective {
                stage: self.stage,
                server,
                settings,
                texts: files,
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
        let store = self.planned(&mut errors, |port| port == Storage::NAME);
        let store = store.into_many().pop();
        match store.filter(|_| errors.is_empty()) {
            Some(store) => Ok(store),
            None => Err(errors.finished(&self.secrets)),
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
        let shape = Shape(&self.schema);
        let is_area = |name: &str| {
            name != "server"
                && shape
                    .property(name)
                    .is_some_and(|shape| shape.property("use").is_none())
        };
        let settings: Settings = self.read(&Path::root(), is_area, errors)?;
        // A rule is about one table; where that has errors already, defaults stand in their place.
        let told = errors.clone();
        for (path, text) in rules::errors(&settings) {
            if !told.any_within(&path.parent()) {
                errors.push(self.merged.error(&path, text));
            }
        }
        Some(settings)
    }

    /// Reads a table of ours. Values in which the schema found errors are left to their defaults; what the schema takes
    /// can be read.
    fn read<T: DeserializeOwned>(
        &self,
        table: &Path,
        is_read: impl Fn(&str) -> bool,
        errors: &mut ConfigErrors,
    ) -> Option<T> {
        let mut value = self.value(table, self.errors.iter().map(|error| &error.path));
        value.as_object_mut()?.retain(|key, _| is_read(key));
        let error = match serde_path_to_error::deserialize(value) {
            Ok(read) => return Some(read),
            Err(error) => error,
        };
        let path = table.join(&Path::parse(&error.path().to_string()));
        let text = match Shape(&self.schema).at(&path) {
            Some(shape) if shape.is_secret() => "the secret is not accepted".to_owned(),
            _ => error.into_inner().to_string(),
        };
        errors.push(self.refused(&path, &text));
        None
    }

    /// The instances of these ports that are used, planned. The others have been complained about.
    pub(super) fn planned(&self, errors: &mut ConfigErrors, of: impl Fn(&str) -> bool) -> Selection {
        let mut planned = Selection::default();
        for one in self.chosen.iter().filter(|one| of(one.port)) {
            let path = one.path();
            // Whatever is not about unknown keys alone would be told a second time.
            if errors
                .iter()
                .any(|error| error.path.is_within(&path) && !self.unknown.contains(&error.path))
            {
                continue;
            }
            let name = InstanceName {
                instance: &one.instance,
                plugin: &one.plugin,
                former: one.former,
            };
            let port = PORTS.iter().find(|port| port.name == one.port);
            match port.and_then(|port| port.plan(name, self.value(&path, &self.unknown))) {
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
        let shape = Shape(&self.schema)
            .at(path)
            .filter(|shape| !shape.takes("object"));
        let expected = shape.map(|shape| format!("\nExpected is {}.", shape.expected()));
        self.merged
            .error(path, sentence(said) + &expected.unwrap_or_default())
    }
}

/// What plugins say of settings that are weaker than they should be.
fn noted(selection: &Selection) -> Vec<String> {
    let of = |one: &dyn AnySelected| {
        let name = one.name();
        let notes = one.notes().into_iter();
        notes.map(|note| format!("{name}: {note}")).collect::<Vec<_>>()
    };
    selection.iter().flat_map(of).collect()
}

/// Begins with a capital and ends with a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.trim().chars();
    let first = letters
        .next()
        .map(|c| c.to_uppercase().to_string())
        .unwrap_or_default();
    let stop = if text.trim_end().ends_with(['.', '!', '?']) {
        ""
    } else {
        "."
    };
    format!("{first}{}{stop}", letters.as_str())
}
