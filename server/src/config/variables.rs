//! The environment as settings: names become paths, raw text becomes values.

use std::collections::BTreeSet;
use std::path::PathBuf;

use portcullis_core::collections;
use portcullis_ports::Span;
use portcullis_ports::plugin::Port as _;
use portcullis_ports::storage::Storage;
use serde_json::Value;

use super::coerce::{coerce, modern};
use super::errors::{ConfigError, ConfigErrors};
use super::merged::{Setting, Source};
use super::path::{PREFIX, Path};
use super::schema::USE;
use super::select::Chosen;
use super::shape::{Field, Shape};
use crate::environment::{Environment, announces_service};
use crate::nearest::nearest;

/// The end of the name of a variable that names a file instead of holding the value.
const FILE: &str = "_FILE";
/// How the name of a variable is made.
const SEPARATION: &str = "Steps are separated by two underscores, such as PORTCULLIS_SERVER__LISTEN; \
    `portcullis config default` lists all settings.";
const KEEP_ONE: &str = "Keep one of them.";

/// What the environment sets.
#[derive(Debug, Default)]
pub(crate) struct Variables {
    pub(crate) settings: Vec<Setting>,
    pub(crate) errors: ConfigErrors,
    /// A sentence about every variable that begins like ours and is ignored, as those of scripts around the program.
    pub(crate) notes: Vec<String>,
}

/// A variable; a file, if it names one.
fn variable(name: &str, file: Option<PathBuf>) -> Source {
    let name = name.to_owned();
    Source::Variable { name, file }
}

impl Variables {
    /// Reads every variable that begins with `PORTCULLIS_`.
    pub(crate) fn read(environment: &Environment, schema: &Value) -> Self {
        let mut read = Self::default();
        for name in environment.names() {
            let value = environment.get(name).and_then(Result::ok).unwrap_or_default();
            let Some(rest) = ours(name, value) else { continue };
            let Some((path, shape, in_file)) = resolve(&rest, Shape(schema)) else {
                read.add_unknown(name, &rest, Shape(schema));
                continue;
            };
            let same = read.setting(&path).map(|known| &known.source);
            match (same, text(environment, name, in_file)) {
                (Some(other), _) => {
                    let text = format!("{other} and {name} set the same thing.\n{KEEP_ONE}");
                    read.refuse(name, &path, text);
                }
                (None, Ok((text, source))) => read.add(&path, coerce(&text, shape), source),
                (None, Err(text)) => read.refuse(name, &path, text),
            }
        }
        read
    }

    fn add_unknown(&mut self, name: &str, rest: &str, schema: Shape<'_>) {
        match suggestion(rest, schema) {
            None if !rest.contains("__") => {
                let note = format!("{name} is ignored: there is no setting of this name. {SEPARATION}");
                self.notes.push(note);
            }
            meant => {
                let remedy = meant.unwrap_or_else(|| SEPARATION.to_owned());
                let text = format!("There is no setting of this name.\n{remedy}");
                self.refuse(name, &Path::root(), text);
            }
        }
    }

    /// Adds the variables under whose former names our own fields and those of the plugins in use are known.
    /// `set_elsewhere` tells whether a weaker source sets a path.
    pub(crate) fn add_former(
        &mut self,
        environment: &Environment,
        schema: &Value,
        chosen: &[Chosen],
        set_elsewhere: &dyn Fn(&Path) -> bool,
    ) {
        let own = Shape(schema)
            .properties()
            .filter(|(_, shape)| shape.property(USE).is_none());
        let own = own.map(|(table, _)| (Path::of([table]), Vec::new()));
        let instances = chosen.iter().map(|one| {
            let is_same = |other: &&Chosen| (other.port, &other.plugin) == (one.port, &one.plugin);
            let others = chosen.iter().filter(is_same).filter(|other| *other != one);
            (one.path(), others.map(Chosen::path).collect())
        });
        let tables: Vec<(Path, Vec<Path>)> = own.chain(instances).collect();
        let mut known = BTreeSet::new();
        for (table, rivals) in tables {
            let fields = Shape(schema).at(&table).map(|shape| shape.fields(&|_| None));
            for Field { path, shape, .. } in fields.unwrap_or_default() {
                let rivals: Vec<Path> = rivals.iter().map(|rival| rival.join(&path)).collect();
                let path = table.join(&path);
                for name in shape.aliases() {
                    known.insert(name);
                    match former(environment, name) {
                        None => {}
                        // A former name knows one account only: with two instances it could mean either.
                        Some(_) if !rivals.is_empty() => {
                            let is_set = |path: &Path| self.setting(path).is_some() || set_elsewhere(path);
                            if !rivals.iter().chain([&path]).all(is_set) {
                                self.refuse(name, &path, ambiguous(name, &path, &rivals));
                            }
                        }
                        Some(Ok((text, source))) => self.add_one_former(&path, shape, &text, source),
                        Some(Err(text)) => self.refuse(name, &path, text),
                    }
                }
            }
        }
        self.note_tables(environment, chosen, &known);
    }

    fn add_one_former(&mut self, path: &Path, shape: Shape<'_>, text: &str, source: Source) {
        let value = coerce(&modern(text, shape), shape);
        match (self.setting(path), &value) {
            (Some(known), Ok(value)) if is_same(&known.value, value, shape) => {}
            (Some(known), Ok(_)) => {
                let other = &known.source;
                let text = format!("{other} sets the same thing to another value.\n{KEEP_ONE}");
                self.add(path, Err(text), source);
            }
            _ => self.add(path, value, source),
        }
    }

    /// Says which variables name tables for a store that has none.
    fn note_tables(&mut self, environment: &Environment, chosen: &[Chosen], known: &BTreeSet<&str>) {
        let tables: BTreeSet<&str> = collections().iter().map(|one| one.variable).collect();
        let is_unused = |name: &&str| !known.contains(name) && former(environment, name).is_some();
        let unused: Vec<&str> = tables.into_iter().filter(is_unused).collect();
        let store = chosen.iter().find(|one| one.port == Storage::NAME);
        if let Some(Chosen { plugin, .. }) = store.filter(|_| !unused.is_empty()) {
            let (names, s) = (unused.join(", "), if unused.len() == 1 { "s" } else { "" });
            let note = format!("{names} name{s} tables, and `{plugin}` keeps none: not used.");
            self.notes.insert(0, note);
        }
    }

    fn setting(&self, path: &Path) -> Option<&Setting> {
        self.settings.iter().find(|one| one.path == *path)
    }

    fn add(&mut self, path: &Path, value: Result<Value, String>, source: Source) {
        match value {
            Ok(value) => self.settings.push(Setting::new(path, value, &source)),
            Err(text) => self.errors.push(ConfigError::new(Some(source), path, text)),
        }
    }

    fn refuse(&mut self, name: &str, path: &Path, text: String) {
        self.add(path, Err(text), variable(name, None));
    }
}

fn ambiguous(name: &str, path: &Path, rivals: &[Path]) -> String {
    let others: Vec<String> = rivals.iter().map(ToString::to_string).collect();
    let (others, own) = (others.join(" or "), path.variable());
    format!("{name} could also mean {others}.\nName the instance: {own} for this one.")
}

/// Whether two values mean the same; lengths of time may be written in different units.
fn is_same(known: &Value, value: &Value, shape: Shape<'_>) -> bool {
    let span = |value: &Value| value.as_str()?.parse::<Span>().ok();
    known == value || (shape.is_span() && span(known).is_some() && span(known) == span(value))
}

/// What follows our prefix, in lower case; `None` for the variables of others.
fn ours(name: &str, value: &str) -> Option<String> {
    let name = name.to_uppercase();
    let rest = name.strip_prefix(PREFIX)?;
    (!announces_service(&name, value)).then(|| rest.to_lowercase())
}

/// The setting that a name means, and whether it names a file: `x_file` means `x`, unless there is a setting `x_file`.
fn resolve<'a>(name: &str, schema: Shape<'a>) -> Option<(Path, Shape<'a>, bool)> {
    let find = |name: &str, in_file| {
        let path = Path::of(name.split("__"));
        let named = path.steps().len() > 1 && path.steps().iter().all(|step| !step.is_empty());
        let shape = schema.at(&path).filter(|_| named)?;
        Some((path, shape, in_file))
    };
    find(name, false).or_else(|| find(name.strip_suffix("_file")?, true))
}

fn text(environment: &Environment, name: &str, in_file: bool) -> Result<(String, Source), String> {
    let (text, file) = environment.text(name, in_file)?;
    Ok((text, variable(name, file)))
}

/// The text of a former name, which may also name a file. Empty means not set.
fn former(environment: &Environment, name: &str) -> Option<Result<(String, Source), String>> {
    let is_set = |name: &str| environment.get(name).is_some_and(|value| value != Ok(""));
    let with_file = format!("{name}{FILE}");
    match (is_set(name), is_set(&with_file)) {
        (false, false) => None,
        (true, false) => Some(text(environment, name, false)),
        (false, true) => Some(text(environment, &with_file, true)),
        (true, true) => {
            let text = format!("{name} and {with_file} set the same thing.\n{KEEP_ONE}");
            Some(Err(text))
        }
    }
}

/// The variable that was probably meant, if any is like it.
fn suggestion(name: &str, schema: Shape<'_>) -> Option<String> {
    let steps: Vec<&str> = name.split("__").collect();
    let fields = schema.fields(&|depth| Some(steps.get(depth).copied().unwrap_or("main")));
    let known: Vec<String> = fields.iter().map(|field| field.path.steps().join("__")).collect();
    let name = nearest(name, known.iter().map(String::as_str))?;
    Some(format!("Did you mean {PREFIX}{}?", name.to_uppercase()))
}
