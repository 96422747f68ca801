//! Brings all sources of settings together and finds every error, before anything is connected.

use std::io::ErrorKind;
use std::path::PathBuf;

use portcullis_ports::Secret;
use portcullis_ports::plugin::{Listed, Port as _};
use portcullis_ports::registry::PORTS;
use portcullis_ports::storage::Storage;
use serde_json::{Value, json};

use super::check::{Findings, check};
use super::development::Development;
use super::errors::{ConfigError, ConfigErrors};
use super::merged::{Merged, Setting};
use super::path::Path;
use super::schema::{DEFAULT_INSTANCE, USE, document};
use super::select::{self, Chosen, chosen};
use super::shape::Shape;
use super::source::Source;
use super::variables::Variables;
use super::{file, redact};
use crate::environment::Environment;
use crate::settings::Stage;

/// The file that is read from the working folder when no other is named.
const FILE: &str = "portcullis.toml";
const READABLE: &str =
    "Name a file that this user may read; `portcullis config default` prints one to start from.";

/// An option of the command line that sets a value.
#[derive(Debug, Clone)]
pub struct Flag {
    /// As it is typed.
    pub name: &'static str,
    /// What it sets.
    pub path: Path,
    /// To what.
    pub value: Value,
}

/// What to load.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The file that was named; it must exist.
    pub file: Option<PathBuf>,
    /// The working folder, in which `portcullis.toml` is looked for otherwise.
    pub folder: PathBuf,
    /// Present for `portcullis dev`.
    pub development: Option<Development>,
    /// Options of the command line.
    pub flags: Vec<Flag>,
    /// Instances of the record store that are used besides the selected one.
    pub stores: Vec<String>,
}

impl Request {
    /// For whom.
    pub fn stage(&self) -> Stage {
        if self.development.is_some() {
            Stage::Development
        } else {
            Stage::Production
        }
    }
}

/// All settings, with their origins and their errors.
pub struct LoadedConfig {
    /// For whom.
    pub stage: Stage,
    /// Every error that can be seen without the plugins' own checks.
    pub errors: ConfigErrors,
    /// The plugin instances that are used.
    pub chosen: Vec<Chosen>,
    /// The file that was read, if any.
    pub file: Option<PathBuf>,
    /// What is in order and yet not what somebody may have meant; one sentence each.
    pub notes: Vec<String>,
    pub(crate) schema: Value,
    pub(crate) merged: Merged,
    pub(crate) unknown: Vec<Path>,
    pub(crate) secrets: Vec<Secret>,
}

/// Reads and merges every source.
///
/// # Errors
/// Those that leave nothing to look at: a file that is missing or is not TOML.
pub fn load(
    request: &Request,
    environment: &Environment,
    linked: &[Listed],
) -> Result<LoadedConfig, ConfigErrors> {
    let schema = document(linked);
    let stage = request.stage();
    let (path, from_file) = match find_file(request)? {
        Some((path, text)) => {
            let settings = file::settings(&path, &text)?;
            (Some(path), settings)
        }
        None => (None, Vec::new()),
    };
    let mut variables = Variables::read(environment, &schema);
    let flag = |flag: &Flag| Setting::new(&flag.path, flag.value.clone(), &Source::Flag(flag.name));
    let flags: Vec<Setting> = request.flags.iter().map(flag).collect();

    // Which plugins are used must be known before their defaults and their former variables can be.
    let written = Merged::new([&from_file[..], &variables.settings, &flags].concat())?.tree;
    let mut weak = default_plugins(&written);
    let mut strong = flags;
    if let Some(development) = &request.development {
        weak.extend(development.defaults(&written, linked));
        strong.extend(development.options(&written, linked));
    }
    let selecting = Merged::new([&weak[..], &from_file, &variables.settings, &strong].concat())?;
    let stores = request.stores.iter().map(|store| (Storage::NAME, store.clone()));
    let chosen = chosen(&selecting.tree, &stores.collect::<Vec<_>>());

    let elsewhere = |path: &Path| from_file.iter().any(|one| one.path == *path);
    variables.add_former(environment, &schema, &chosen, &elsewhere);
    let defaults = defaults(&schema, &chosen);
    let merged = Merged::new([&defaults[..], &weak, &from_file, &variables.settings, &strong].concat())?;

    let in_use = |path: &Path| is_in_use(path, &chosen);
    let Findings { errors, unknown } = check(&merged, &schema, &in_use, &variables.errors)?;
    let selection = select::check(&merged, linked, stage, &variables.errors);
    variables.errors.extend(errors.into_iter().chain(selection));
    let secrets = redact::secrets(&merged, Shape(&schema));
    Ok(LoadedConfig {
        stage,
        errors: variables.errors,
        notes: variables.notes,
        chosen,
        file: path,
        schema,
        merged,
        unknown,
        secrets,
    })
}

/// The file that was named, or the one in the working folder if there is one.
fn find_file(request: &Request) -> Result<Option<(PathBuf, String)>, ConfigErrors> {
    let path = request.file.clone().unwrap_or_else(|| PathBuf::from(FILE));
    match std::fs::read_to_string(request.folder.join(&path)) {
        Ok(text) => Ok(Some((path, text))),
        Err(error) if request.file.is_none() && error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let source = request.file.as_ref().map(|_| Source::Flag("--config"));
            let path = path.display();
            let text = format!("The file {path} cannot be read: {error}.\n{READABLE}");
            Err(ConfigError::new(source, &Path::root(), text).into())
        }
    }
}

/// What ports take where nothing else was written down.
fn default_plugins(written: &Value) -> Vec<Setting> {
    let mut settings = Vec::new();
    for port in PORTS {
        let Some(plugin) = port.default else { continue };
        let is_written = |key: &str| Path::of([port.name, key]).find(written).is_some();
        let mut set = |path: &[&str], value: Value| {
            let path = Path::of([port.name].into_iter().chain(path.iter().copied()));
            settings.push(Setting::new(&path, value, &Source::Default));
        };
        if !is_written(USE) {
            set(&[USE], json!(DEFAULT_INSTANCE));
            if !is_written(DEFAULT_INSTANCE) {
                set(&[DEFAULT_INSTANCE, plugin], json!({}));
            }
        }
    }
    settings
}

/// The defaults of our own tables and of every plugin that is used.
fn defaults(schema: &Value, chosen: &[Chosen]) -> Vec<Setting> {
    let own = Shape(schema).properties().map(|(table, _)| Path::of([table]));
    let tables = own.chain(chosen.iter().map(Chosen::path));
    let table = |path: Path| {
        let defaults = Shape(schema).at(&path)?.defaults().filter(Value::is_object);
        Some(Setting::new(
            &path,
            defaults.unwrap_or_else(|| json!({})),
            &Source::Default,
        ))
    };
    tables.filter_map(table).collect()
}

/// Whether the program looks at this table: our own, and the instances that are selected.
fn is_in_use(path: &Path, chosen: &[Chosen]) -> bool {
    let section = path.steps().first().map(String::as_str);
    let of_plugins = PORTS.iter().any(|port| Some(port.name) == section);
    !of_plugins || path.steps().len() < 3 || chosen.iter().any(|one| path.is_within(&one.path()))
}

impl LoadedConfig {
    /// The value at a path, without what lies at `without`.
    pub(crate) fn value<'a>(&self, path: &Path, without: impl IntoIterator<Item = &'a Path>) -> Value {
        let mut tree = self.merged.tree.clone();
        without
            .into_iter()
            .for_each(|path| remove(&mut tree, path.steps()));
        path.find(&tree).cloned().unwrap_or_else(|| json!({}))
    }
}

/// Takes out what lies at a path; one bad element spoils its list.
fn remove(value: &mut Value, steps: &[String]) {
    let (Some((first, rest)), Some(table)) = (steps.split_first(), value.as_object_mut()) else {
        return;
    };
    match table.get_mut(first) {
        Some(inner) if inner.is_object() && !rest.is_empty() => remove(inner, rest),
        _ => drop(table.remove(first)),
    }
}
