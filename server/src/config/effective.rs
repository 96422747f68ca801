//! Settings without mistakes, with every selected plugin planned.

use portcullis_core::settings::{Settings, SignUp};
use portcullis_ports::identity::Identity;
use portcullis_ports::keys::Keys;
use portcullis_ports::notification::{SenderCapability, Senders};
use portcullis_ports::passwords::Passwords;
use portcullis_ports::plugin::{Plan, Plugin, Port};
use portcullis_ports::storage::Storage;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Stage;
use super::layer::at;
use super::mistakes::{Mistake, Mistakes};
use super::path::Path;
use super::protections;
use super::rules;
use super::settings::ServerSettings;
use super::shape::Shape;
use super::show::Shown;
use super::survey::Survey;

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

impl Survey {
    /// Lets the plugins check their settings.
    ///
    /// # Errors
    /// All mistakes of the whole configuration.
    pub fn plan(self) -> Result<Effective, Mistakes> {
        let mut mistakes = self.mistakes.clone();
        let server = self.server(&mut mistakes);
        let settings: Option<Settings> = self.settings(&mut mistakes);
        let store = self.planned::<Storage>(&mut mistakes).pop();
        let mut former_keys = self.planned::<Keys>(&mut mistakes);
        let keys = (!former_keys.is_empty()).then(|| former_keys.remove(0));
        let passwords = self.planned::<Passwords>(&mut mistakes).pop();
        let identity = self.planned::<Identity>(&mut mistakes);
        let senders = self.planned::<Senders>(&mut mistakes);
        if let Some(settings) = &settings {
            self.check_sign_up(settings, &senders, &mut mistakes);
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
            (mistakes.is_empty(), complete)
        {
            let notes = [self.notes.clone(), protections::notes(&settings), plugins_notes].concat();
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
        Err(mistakes.finished(&self.secrets))
    }

    /// Plans the record store alone, so that a backup does not depend on the rest.
    ///
    /// # Errors
    /// The mistakes in the section `store`.
    pub fn plan_store(self) -> Result<Selected<Storage>, Mistakes> {
        let mut mistakes = self.mistakes.clone().within(&[Path::of([Storage::NAME])]);
        let store = self.planned::<Storage>(&mut mistakes).pop();
        match store.filter(|_| mistakes.is_empty()) {
            Some(store) => Ok(store),
            None => Err(mistakes.finished(&self.secrets)),
        }
    }

    /// Addresses can only be proven where mail can be sent.
    fn check_sign_up(&self, settings: &Settings, senders: &[Selected<Senders>], mistakes: &mut Mistakes) {
        let mails =
            |sender: &Selected<Senders>| sender.plugin.capabilities.contains(&SenderCapability::Email);
        if settings.accounts.sign_up == SignUp::Verified && !senders.iter().any(mails) {
            let problem =
                "`verified` sends a mail to every new address, and no sender of e-mail is selected.";
            let remedy = "Select one under `senders`, or choose `open` or `closed`.";
            let path = Path::of(["accounts", "sign_up"]);
            self.complain(mistakes, &path, problem.to_owned(), remedy.to_owned());
        }
    }

    fn server(&self, mistakes: &mut Mistakes) -> Option<ServerSettings> {
        let table = Path::of(["server"]);
        let server: ServerSettings = self.read(&table, self.known(&table), mistakes)?;
        for (field, problem, remedy) in server.mistakes(self.stage) {
            let field = table.child(field);
            if !mistakes.any_within(&field) {
                self.complain(mistakes, &field, problem, remedy);
            }
        }
        Some(server)
    }

    fn settings(&self, mistakes: &mut Mistakes) -> Option<Settings> {
        let known = self.known(&Path::root());
        let areas = Shape(&self.schema).properties().into_iter();
        let areas = areas.filter(|(name, shape)| *name != "server" && shape.property("use").is_none());
        let areas: serde_json::Map<String, Value> = areas
            .filter_map(|(name, _)| Some((name.to_owned(), known.get(name)?.clone())))
            .collect();
        let settings: Settings = self.read(&Path::root(), Value::Object(areas), mistakes)?;
        // A rule is about one table; where that has mistakes already, defaults stand in their place.
        let told = mistakes.clone();
        for (path, problem, remedy) in rules::mistakes(&settings) {
            if !told.any_within(&path.parent()) {
                self.complain(mistakes, &path, problem, remedy);
            }
        }
        Some(settings)
    }

    /// Reads a value strictly. Each value at fault is complained about and replaced by its default, until all is read.
    fn read<T: DeserializeOwned>(
        &self,
        table: &Path,
        mut value: Value,
        mistakes: &mut Mistakes,
    ) -> Option<T> {
        let shape = Shape(&self.schema).at(table)?;
        for _ in 0..100 {
            let error = match serde_path_to_error::deserialize(value.clone()) {
                Ok(read) => return Some(read),
                Err(error) => error,
            };
            let inner = Path::parse(&error.path().to_string());
            let path = table.join(&inner);
            let field = shape.at(&inner);
            if !mistakes.any_within(&path) {
                let problem = if field.is_some_and(Shape::is_secret) {
                    "The secret is not accepted.".to_owned()
                } else {
                    sentence(&error.into_inner().to_string())
                };
                let remedy =
                    field.map_or_else(String::new, |field| format!("Expected is {}.", field.expected()));
                self.complain(mistakes, &path, problem, remedy);
            }
            // One bad element spoils its list.
            let mut spoilt = inner;
            while spoilt.last().starts_with('[') {
                spoilt = spoilt.parent();
            }
            let default = shape.at(&spoilt).and_then(Shape::defaults);
            if !replace(&mut value, &spoilt, default) {
                return None;
            }
        }
        None
    }

    fn complain(&self, mistakes: &mut Mistakes, path: &Path, problem: String, remedy: String) {
        let source = self.merged.source(path);
        let source = if source.is_explicit() {
            Some(source)
        } else {
            self.merged.around(path)
        };
        mistakes.push(Mistake::new(source, path, problem, remedy));
    }

    /// The instances of one port that are used, planned. The others have been complained about.
    pub(super) fn planned<P: Port>(&self, mistakes: &mut Mistakes) -> Vec<Selected<P>> {
        let mut planned = Vec::new();
        for one in self.chosen.iter().filter(|one| one.port == P::NAME) {
            let path = one.path();
            let Some(plugin) = P::plugins()
                .into_iter()
                .find(|plugin| plugin.meta.id == one.plugin)
            else {
                continue;
            };
            if self.is_broken(&path) || mistakes.any_within(&path) && !self.only_unknown(&path, mistakes) {
                continue;
            }
            match plugin.plan(self.known(&path)) {
                Ok(plan) => planned.push(Selected {
                    instance: one.instance.clone(),
                    plugin,
                    plan,
                }),
                Err(found) => {
                    for mistake in found {
                        let field = path.join(&Path::parse(&mistake.field));
                        let shape = Shape(&self.schema).at(&field);
                        let remedy = shape.filter(|_| !mistake.field.is_empty());
                        let remedy = remedy
                            .map_or_else(String::new, |shape| format!("Expected is {}.", shape.expected()));
                        self.complain(mistakes, &field, sentence(&mistake.problem), remedy);
                    }
                }
            }
        }
        planned
    }

    fn only_unknown(&self, path: &Path, mistakes: &Mistakes) -> bool {
        let mut within = mistakes.iter().filter(|mistake| mistake.path.is_within(path));
        within.all(|mistake| self.unknown.contains(&mistake.path))
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

/// Puts the default in the place of a value that cannot be read, or takes it out.
fn replace(value: &mut Value, path: &Path, default: Option<Value>) -> bool {
    let parent = path.parent();
    if path.steps().is_empty() || at(value, path).is_none() {
        return false;
    }
    let table = parent
        .steps()
        .iter()
        .try_fold(value, |node, step| node.get_mut(step));
    match (table.and_then(Value::as_object_mut), default) {
        (Some(table), Some(default)) if table.get(path.last()) != Some(&default) => {
            table.insert(path.last().to_owned(), default);
            true
        }
        (Some(table), _) => table.remove(path.last()).is_some(),
        (None, _) => false,
    }
}
