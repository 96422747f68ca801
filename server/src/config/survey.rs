//! Brings all sources of settings together and finds every mistake, before anything is connected.

use std::path::{Path as FilePath, PathBuf};

use portcullis_ports::Secret;
use portcullis_ports::plugin::Listed;
use serde_json::{Value, json};

use super::check::{Findings, check};
use super::development::Development;
use super::layer::{Layer, Merged, at, merge};
use super::mistakes::{Mistake, Mistakes};
use super::path::Path;
use super::schema::{DEFAULT_HASHER, SECTIONS, document};
use super::select::{self, Chosen, chosen};
use super::shape::Shape;
use super::source::Source;
use super::{Stage, aliases, file, redact, variables};
use crate::environment::Environment;

/// The file that is read from the working folder when no other is named.
const FILE: &str = "portcullis.toml";

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

/// All settings, with their origins and their mistakes.
pub struct Survey {
    /// For whom.
    pub stage: Stage,
    /// Every mistake that can be seen without the plugins' own checks.
    pub mistakes: Mistakes,
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
/// Mistakes that leave nothing to look at: a file that is missing or is not TOML.
pub fn survey(request: &Request, environment: &Environment, linked: &[Listed]) -> Result<Survey, Mistakes> {
    let schema = document(linked);
    let stage = request.stage();
    let (path, from_file) = match find_file(request)? {
        Some((path, text)) => {
            let layer = file::layer(&path, &text).map_err(|mistake| Mistakes::from(*mistake))?;
            (Some(path), Some(layer))
        }
        None => (None, None),
    };
    let (mut from_environment, mut mistakes) = variables::layer(environment, &schema);
    let mut flags = Layer::new("options", Source::Default);
    for flag in &request.flags {
        flags.put(&flag.path, flag.value.clone(), Source::Flag(flag.name));
    }

    // Which plugins are used must be known before their defaults and their former variables can be.
    let from_file: Vec<Layer> = from_file.into_iter().collect();
    let written = join([from_file.clone(), vec![from_environment.clone(), flags.clone()]].concat())?.tree;
    let mut weak = vec![hasher(&written)];
    let mut strong = vec![flags];
    if let Some(development) = &request.development {
        weak.push(development.layer(&written, linked));
        strong.push(development.options(&written, linked));
    }
    let selecting = [
        weak.clone(),
        from_file.clone(),
        vec![from_environment.clone()],
        strong.clone(),
    ]
    .concat();
    let chosen = chosen(&join(selecting)?.tree, &request.stores);

    let elsewhere = |path: &Path| from_file.iter().any(|layer| layer.place(path).is_some());
    mistakes.extend(aliases::add(
        &mut from_environment,
        environment,
        &schema,
        &chosen,
        &elsewhere,
    ));
    let layers = [
        vec![defaults(&schema, &chosen)],
        weak,
        from_file,
        vec![from_environment],
        strong,
    ]
    .concat();
    let merged = join(layers)?;

    let in_use = |path: &Path| is_in_use(path, &chosen);
    let Findings {
        mistakes: found,
        unknown,
    } = check(&merged, &schema, &in_use, &mistakes);
    let selection = select::check(&merged, linked, stage, &mistakes);
    mistakes.extend(found.into_iter().chain(selection));
    let secrets = redact::secrets(&merged, Shape(&schema));
    Ok(Survey {
        stage,
        mistakes,
        notes: [
            aliases::unheard(environment, &schema, &chosen),
            variables::unheard(environment, &schema),
        ]
        .concat(),
        chosen,
        file: path,
        schema,
        merged,
        unknown,
        secrets,
    })
}

fn join(layers: Vec<Layer>) -> Result<Merged, Mistakes> {
    merge(layers).map_err(|error| {
        let problem = format!("The sources cannot be merged: {error}.");
        Mistake::new(None, &Path::root(), problem, "").into()
    })
}

/// The file that was named, or the one in the working folder if there is one.
fn find_file(request: &Request) -> Result<Option<(PathBuf, String)>, Mistakes> {
    let unreadable = |path: &FilePath, error: std::io::Error| {
        let source = request.file.as_ref().map(|_| Source::Flag("--config"));
        let problem = format!("The file {} cannot be read: {error}.", path.display());
        let remedy =
            "Name a file that this user may read; `portcullis config default` prints one to start from.";
        Mistakes::from(Mistake::new(source, &Path::root(), problem, remedy))
    };
    if let Some(named) = &request.file {
        let text =
            std::fs::read_to_string(request.folder.join(named)).map_err(|error| unreadable(named, error))?;
        return Ok(Some((named.clone(), text)));
    }
    let path = PathBuf::from(FILE);
    match std::fs::read_to_string(request.folder.join(&path)) {
        Ok(text) => Ok(Some((path, text))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(&path, error)),
    }
}

/// The password hasher, unless another one was written down.
fn hasher(written: &Value) -> Layer {
    let (instance, plugin) = DEFAULT_HASHER;
    let mut layer = Layer::new("default plugins", Source::Default);
    let is_written = |key: &str| {
        written
            .get("passwords")
            .is_some_and(|section| section.get(key).is_some())
    };
    if !is_written("use") {
        layer.set(&Path::of(["passwords", "use"]), json!(instance));
        if !is_written(instance) {
            layer.set(&Path::of(["passwords", instance, plugin]), json!({}));
        }
    }
    layer
}

/// The defaults of our own tables and of every plugin that is used.
fn defaults(schema: &Value, chosen: &[Chosen]) -> Layer {
    let mut layer = Layer::new("default", Source::Default);
    let schema = Shape(schema);
    for (table, shape) in schema.properties() {
        layer.set(&Path::of([table]), shape.defaults().unwrap_or_else(|| json!({})));
    }
    for one in chosen {
        let defaults = schema.at(&one.path()).and_then(Shape::defaults);
        if let Some(defaults) = defaults.filter(Value::is_object) {
            layer.set(&one.path(), defaults);
        }
    }
    layer
}

/// Whether the program looks at this table: our own, and the instances that are selected.
fn is_in_use(path: &Path, chosen: &[Chosen]) -> bool {
    let section = path.steps().first().map(String::as_str);
    let of_plugins = SECTIONS.iter().any(|(port, _)| Some(*port) == section);
    !of_plugins || path.steps().len() < 3 || chosen.iter().any(|one| path.is_within(&one.path()))
}

impl Survey {
    /// The value at a path, without the keys that nobody knows.
    pub(crate) fn known(&self, path: &Path) -> Value {
        let mut value = at(&self.merged.tree, path).cloned().unwrap_or_else(|| json!({}));
        for unknown in self.unknown.iter().filter(|unknown| unknown.is_within(path)) {
            let steps: Vec<&String> = unknown.steps().iter().skip(path.steps().len()).collect();
            remove(&mut value, &steps);
        }
        value
    }

    /// Whether the table has mistakes that go deeper than unknown keys.
    pub(crate) fn is_broken(&self, path: &Path) -> bool {
        let mut within = self
            .mistakes
            .iter()
            .filter(|mistake| mistake.path.is_within(path));
        within.any(|mistake| !self.unknown.contains(&mistake.path))
    }
}

fn remove(value: &mut Value, steps: &[&String]) {
    let (Some((first, rest)), Some(table)) = (steps.split_first(), value.as_object_mut()) else {
        return;
    };
    if rest.is_empty() {
        table.remove(first.as_str());
    } else if let Some(inner) = table.get_mut(first.as_str()) {
        remove(inner, rest);
    }
}
