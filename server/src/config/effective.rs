//! Settings without errors, with every selected plugin planned.

use portcullis_core::settings::{Settings, SignUp};
use portcullis_ports::identity::Identity;
use portcullis_ports::keys::Keys;
use portcullis_ports::notification::{SenderCapability, Senders};
use portcullis_ports::passwords::Passwords;
use portcullis_ports::plugin::{Plan, Plugin, Port};
use portcullis_ports::storage::Storage;
use serde::de::DeserializeOwned;

use super::errors::{ConfigError, ConfigErrors};
use super::loaded::LoadedConfig;
use super::path::Path;
use super::rules;
use super::shape::Shape;
use super::show::Shown;
use crate::settings::ServerSettings;
use crate::settings::Stage;

/// A plugin instance that is used, ready to connect.
pub struct Selected<P: Port> {
    /// The name of the instance.
    pub instance: String,
    /// The plugin.
    pub plugin: &'static Plugin<P>,
    /// Its checked settings.
    pub plan: Box<dyn Plan<P>>,
}

impl<P: Port> Selected<P> {
    /// The name in messages, such as `store.main (embedded)`.
    pub fn name(&self) -> String {
        format!("{}.{} ({})", P::NAME, self.instance, self.plugin.meta.id)
    }
}

/// Every plugin instance that is used.
pub struct Selection {
    /// The record store.
    pub store: Selected<Storage>,
    /// The key manager.
    pub keys: Selected<Keys>,
    /// Former key managers, in the order in which they are asked to open.
    pub former_keys: Vec<Selected<Keys>>,
    /// The password hasher.
    pub passwords: Selected<Passwords>,
    /// Identity providers besides our own accounts, in the order in which they are asked.
    pub identity: Vec<Selected<Identity>>,
    /// Message senders, in order of preference.
    pub senders: Vec<Selected<Senders>>,
}

/// A configuration that can be run.
pub struct Effective {
    /// For whom.
    pub stage: Stage,
    /// The table `[server]`.
    pub server: ServerSettings,
    /// The tables of the core.
    pub settings: Settings,
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
        let store = self.planned::<Storage>(&mut errors).pop();
        let mut former_keys = self.planned::<Keys>(&mut errors);
        let keys = (!former_keys.is_empty()).then(|| former_keys.remove(0));
        let passwords = self.planned::<Passwords>(&mut errors).pop();
        let identity = self.planned::<Identity>(&mut errors);
        let senders = self.planned::<Senders>(&mut errors);
        if let Some(settings) = &settings {
            self.check_sign_up(settings, &senders, &mut errors);
        }
        let plugins_notes = [
            noted(&store),
            noted(&keys),
            noted(&former_keys),
            noted(&passwords),
            noted(&identity),
            noted(&senders),
        ]
        .concat();
        let complete = (server, settings, store, keys, passwords);
        if let (true, (Some(server), Some(settings), Some(store), Some(keys), Some(passwords))) =
            (errors.is_empty(), complete)
        {
            let notes = [self.notes.clone(), rules::notes(&settings), plugins_notes].concat();
            let plugins = Selection {
                store,
                keys,
                former_keys,
                passwords,
                identity,
                senders,
            };
            return Ok(Effective {
                stage: self.stage,
                server,
                settings,
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
        let store = self.planned::<Storage>(&mut errors).pop();
        match store.filter(|_| errors.is_empty()) {
            Some(store) => Ok(store),
            None => Err(errors.finished(&self.secrets)),
        }
    }

    /// Addresses can only be proven where mail can be sent.
    fn check_sign_up(&self, settings: &Settings, senders: &[Selected<Senders>], errors: &mut ConfigErrors) {
        let mails =
            |sender: &Selected<Senders>| sender.plugin.capabilities.contains(&SenderCapability::Email);
        if settings.accounts.sign_up == SignUp::Verified && !senders.iter().any(mails) {
            let text = "`verified` sends a mail to every new address, and no sender of e-mail is selected.\n\
                Select one under `senders`, or choose `open` or `closed`.";
            errors.push(self.merged.error(&Path::of(["accounts", "sign_up"]), text));
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

    /// The instances of one port that are used, planned. The others have been complained about.
    pub(super) fn planned<P: Port>(&self, errors: &mut ConfigErrors) -> Vec<Selected<P>> {
        let mut planned = Vec::new();
        for one in self.chosen.iter().filter(|one| one.port == P::NAME) {
            let path = one.path();
            let Some(plugin) = P::plugins()
                .into_iter()
                .find(|plugin| plugin.meta.id == one.plugin)
            else {
                continue;
            };
            // Whatever is not about unknown keys alone would be told a second time.
            if errors
                .iter()
                .any(|error| error.path.is_within(&path) && !self.unknown.contains(&error.path))
            {
                continue;
            }
            match plugin.plan(self.value(&path, &self.unknown)) {
                Ok(plan) => planned.push(Selected {
                    instance: one.instance.clone(),
                    plugin,
                    plan,
                }),
                Err(found) => {
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
fn noted<'a, P: Port>(selected: impl IntoIterator<Item = &'a Selected<P>>) -> Vec<String> {
    let of = |one: &Selected<P>| {
        let name = one.name();
        let notes = one.plan.notes().into_iter();
        notes.map(|note| format!("{name}: {note}")).collect::<Vec<_>>()
    };
    selected.into_iter().flat_map(of).collect()
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
