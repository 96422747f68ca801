//! Former names of variables: a field declares them, and they set it like its own name does.

use std::collections::BTreeSet;

use portcullis_core::collections;
use portcullis_ports::plugin::Port as _;
use portcullis_ports::storage::Storage;
use serde_json::Value;

use super::coerce::{coerce, in_unit};
use super::layer::Layer;
use super::mistakes::{Mistake, Mistakes};
use super::path::Path;
use super::schema::TABLES;
use super::select::Chosen;
use super::shape::Shape;
use super::source::Source;
use super::variables::former;
use crate::environment::Environment;

/// Adds the former variables to the layer of the environment. `set_elsewhere` tells whether a weaker layer sets a path.
pub(crate) fn add(
    layer: &mut Layer,
    environment: &Environment,
    schema: &Value,
    chosen: &[Chosen],
    set_elsewhere: &dyn Fn(&Path) -> bool,
) -> Mistakes {
    let mut mistakes = Mistakes::new();
    for field in fields(schema, chosen) {
        for name in field.shape.aliases() {
            match former(environment, name) {
                None => {}
                Some(_) if !field.rivals.is_empty() => {
                    mistakes.extend(ambiguous(&field, name, layer, set_elsewhere));
                }
                Some(Err((problem, remedy))) => {
                    let here = Source::Variable {
                        name: name.to_owned(),
                        file: None,
                    };
                    mistakes.push(Mistake::new(Some(here), &field.path, problem, remedy));
                }
                Some(Ok((text, source))) => mistakes.extend(apply(layer, &field, &text, source)),
            }
        }
    }
    mistakes
}

struct Field<'a> {
    path: Path,
    shape: Shape<'a>,
    /// The same field of other instances of the same plugin.
    rivals: Vec<Path>,
}

/// Every field that may have former names: our own, and those of the plugins that are used.
fn fields<'a>(schema: &'a Value, chosen: &[Chosen]) -> Vec<Field<'a>> {
    let mut found = Vec::new();
    for (table, shape) in Shape(schema).properties() {
        if shape.property("use").is_none() {
            leaves(shape, &Path::of([table]), &mut found);
        }
    }
    let mut fields: Vec<Field> = found
        .into_iter()
        .map(|(path, shape)| Field {
            path,
            shape,
            rivals: Vec::new(),
        })
        .collect();
    for one in chosen {
        let mut found = Vec::new();
        if let Some(shape) = Shape(schema).at(&one.path()) {
            leaves(shape, &one.path(), &mut found);
        }
        let others = || {
            chosen.iter().filter(|other| {
                other.plugin == one.plugin && other.port == one.port && other.instance != one.instance
            })
        };
        fields.extend(found.into_iter().map(|(path, shape)| {
            let inner = Path::of(path.steps().iter().skip(one.path().steps().len()).cloned());
            let rivals = others().map(|other| other.path().join(&inner)).collect();
            Field { path, shape, rivals }
        }));
    }
    fields
}

/// What is said about variables that name tables for a store that has none.
pub(crate) fn unheard(environment: &Environment, schema: &Value, chosen: &[Chosen]) -> Vec<String> {
    let stores: Vec<&Chosen> = chosen.iter().filter(|one| one.port == Storage::NAME).collect();
    let has_tables = |one: &Chosen| {
        let settings = Shape(schema).at(&one.path());
        settings.is_some_and(|settings| settings.property(TABLES).is_some())
    };
    let variables: BTreeSet<&str> = collections().iter().map(|one| one.variable).collect();
    let set: Vec<&str> = variables
        .into_iter()
        .filter(|name| former(environment, name).is_some())
        .collect();
    match stores.first() {
        Some(store) if !set.is_empty() && !stores.iter().any(|store| has_tables(store)) => {
            vec![format!(
                "{} name{} tables, and `{}` keeps none: not used.",
                set.join(", "),
                if set.len() == 1 { "s" } else { "" },
                store.plugin
            )]
        }
        _ => Vec::new(),
    }
}

/// The fields below a node that are not tables.
pub(crate) fn leaves<'a>(shape: Shape<'a>, path: &Path, found: &mut Vec<(Path, Shape<'a>)>) {
    let properties = shape.properties();
    if properties.is_empty() {
        found.push((path.clone(), shape));
    }
    for (key, inner) in properties {
        leaves(inner, &path.child(key), found);
    }
}

fn apply(layer: &mut Layer, field: &Field<'_>, text: &str, source: Source) -> Option<Mistake> {
    let value = match coerce(&in_unit(text, field.shape), field.shape) {
        Ok(value) => value,
        Err((problem, remedy)) => return Some(Mistake::new(Some(source), &field.path, problem, remedy)),
    };
    let Some(Source::Variable { name: other, .. }) = layer.place(&field.path).cloned() else {
        layer.put(&field.path, value, source);
        return None;
    };
    let same =
        super::layer::at(layer.tree(), &field.path).is_some_and(|known| equal(known, &value, field.shape));
    (!same).then(|| {
        let problem = format!("{other} sets the same thing to another value.");
        Mistake::new(Some(source), &field.path, problem, "Keep one of them.")
    })
}

/// Whether two values mean the same; lengths of time may be written in different units.
fn equal(known: &Value, value: &Value, shape: Shape<'_>) -> bool {
    let span = |value: &Value| {
        value
            .as_str()
            .and_then(|text| text.parse::<portcullis_ports::Span>().ok())
    };
    let timed = shape.is_span();
    known == value || (timed && span(known).is_some() && span(known) == span(value))
}

/// A former name knows one account only: with two instances of a plugin it could mean either.
fn ambiguous(
    field: &Field<'_>,
    name: &str,
    layer: &Layer,
    set_elsewhere: &dyn Fn(&Path) -> bool,
) -> Option<Mistake> {
    let all_set = field
        .rivals
        .iter()
        .chain([&field.path])
        .all(|path| layer.place(path).is_some() || set_elsewhere(path));
    (!all_set).then(|| {
        let others: Vec<String> = field.rivals.iter().map(ToString::to_string).collect();
        let source = Source::Variable {
            name: name.to_owned(),
            file: None,
        };
        let problem = format!("{name} could also mean {}.", others.join(" or "));
        let remedy = format!("Name the instance: {} for this one.", field.path.variable());
        Mistake::new(Some(source), &field.path, problem, remedy)
    })
}
