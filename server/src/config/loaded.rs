//! Brings all sources of settings together and finds every error, before anything is connected.

use std::io::ErrorKind;
use std::path::PathBuf;

use portcullis_ports::Secret;
use portcullis_ports::plugin::Listed;
use portcullis_ports::registry::PORTS;
use serde_json::{Value, json};

use super::check::check;
use super::development::{self, Development};
use super::errors::{ConfigError, ConfigErrors};
use super::file;
use super::merged::{Merged, Setting, Source};
use super::path::Path;
use super::schema::document;
use super::select::{self, Chosen, chosen};
use super::shape::Shape;
use super::show::secrets;
use super::variables::Variables;
use crate::environment::Environment;
use crate::settings::Stage;

/// The file that is read from the working folder when no other is named.
const FILE: &str = "portcullis.toml";
const READABLE: &str =
    "Name a file that this user may read; `portcullis config default` prints one to start from.";

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
    pub flags: Vec<Setting>,
    /// Instances of the record store that are used besides the selected one, each after the option that names it.
    pub stores: Vec<(&'static str, String)>,
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
    /// The values without those that the errors are about.
    pub(crate) accepted: Value,
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
    let file = find_file(request)?;
    let from_file = match &file {
        Some((path, text)) => file::settings(path, text)?,
        None => Vec::new(),
    };
    let mut variables = Variables::read(environment, &schema);
    let mut strong = request.flags.clone();

    // Which plugins are used must be known before their defaults and their former variables can be.
    let written = Merged::new([&from_file[..], &variables.settings, &strong])?.tree;
    let development = request.development.as_ref();
    let weak = development::defaults(&written, development, linked);
    strong.extend(development.map_or_else(Vec::new, |one| one.options(&written, linked)));
    let selecting = Merged::new([&weak[..], &from_file, &variables.settings, &strong])?;
    let chosen = chosen(&selecting.tree, &request.stores);

    let elsewhere = |path: &Path| from_file.iter().any(|one| one.path == *path);
    variables.add_former(environment, &schema, &chosen, &elsewhere);
    let defaults = defaults(&schema, &chosen);
    let merged = Merged::new([&defaults[..], &weak, &from_file, &variables.settings, &strong])?;

    let mut errors = variables.errors;
    let in_use = |path: &Path| is_in_use(path, &chosen);
    let unknown = check(&merged, &schema, &in_use, &mut errors)?;
    select::check(&merged, linked, request, &mut errors);
    let mut accepted = merged.tree.clone();
    for error in errors.iter() {
        remove(&mut accepted, Some(Shape(&schema)), error.path.steps());
    }
    Ok(LoadedConfig {
        stage: request.stage(),
        errors,
        notes: variables.notes,
        chosen,
        file: file.map(|(path, _)| path),
        secrets: secrets(&merged, Shape(&schema)),
        schema,
        merged,
        accepted,
        unknown,
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
            let text = format!("The file {} cannot be read: {error}.\n{READABLE}", path.display());
            Err(ConfigError::new(source, &Path::root(), text).into())
        }
    }
}

/// The defaults of our own tables and of every plugin that is used.
fn defaults(schema: &Value, chosen: &[Chosen]) -> Vec<Setting> {
    let own = Shape(schema).properties().map(|(table, _)| Path::of([table]));
    let tables = own.chain(chosen.iter().map(Chosen::path));
    let table = |path: Path| {
        let stated = Shape(schema).at(&path)?.defaults();
        let stated = stated.filter(Value::is_object).unwrap_or_else(|| json!({}));
        Some(Setting::new(&path, stated, &Source::Default))
    };
    tables.filter_map(table).collect()
}

/// Whether the program looks at this table: our own, and the instances that are selected.
fn is_in_use(path: &Path, chosen: &[Chosen]) -> bool {
    let section = path.steps().first().map(String::as_str);
    let of_plugins = PORTS.iter().any(|port| Some(port.name) == section);
    !of_plugins || path.steps().len() < 3 || chosen.iter().any(|one| path.is_within(&one.path()))
}

/// Takes out what lies at a path; one bad element spoils its list, and a table goes with a key that it cannot be without.
/// Returns whether `value` must go too.
fn remove(value: &mut Value, shape: Option<Shape<'_>>, steps: &[String]) -> bool {
    let (Some((first, rest)), Some(table)) = (steps.split_first(), value.as_object_mut()) else {
        return false;
    };
    let goes = match table.get_mut(first) {
        Some(inner) if inner.is_object() && !rest.is_empty() => {
            remove(inner, shape.and_then(|shape| shape.property(first)), rest)
        }
        _ => true,
    };
    if goes {
        table.remove(first);
    }
    goes && shape.is_some_and(|shape| shape.required().contains(&first.as_str()))
}
