//! Compares the merged values with the schema; what a keyword refuses is said in our words.

use std::net::SocketAddr;
use std::str::FromStr;

use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::{Keyword, ValidationError, Validator};
use portcullis_core::input::Region;
use portcullis_ports::Span;
use serde_json::Value;

use super::errors::{ConfigError, ConfigErrors};
use super::merged::Merged;
use super::nearest::advice;
use super::path::Path;
use super::shape::{Shape, kind_of};
use crate::values::{Network, Origin, Size};

/// What the comparison found.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// Every difference.
    pub(crate) errors: ConfigErrors,
    /// Keys that are not in the schema: the rest can be looked at without them.
    pub(crate) unknown: Vec<Path>,
}

const NAMES: &str =
    "Use lower-case letters, digits and single underscores, so that a variable can name it too.";
const ALONE: &str = "Write it without: `printf %s` makes a file that holds the secret alone; one line break at the end of \
    a file is ignored.";

/// Whether a text has a form.
type Takes = fn(&str) -> bool;

/// The forms of text that a pattern cannot state, by the word after `format`.
const FORMATS: [(&str, Takes); 5] = [
    ("byte-size", is::<Size>),
    ("country", is::<Region>),
    ("ip-network", is::<Network>),
    ("origin", is::<Origin>),
    ("socket-address", is::<SocketAddr>),
];

fn is<T: FromStr>(text: &str) -> bool {
    text.parse::<T>().is_ok()
}

/// A keyword that looks at text. Other kinds of values are left to `type`.
struct OfText(Takes);

impl<'i> Keyword<'i> for OfText {
    fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
        let refused = || ValidationError::custom("not accepted");
        Keyword::is_valid(self, instance)
            .then_some(())
            .ok_or_else(refused)
    }

    fn is_valid(&self, instance: &'i Value) -> bool {
        instance.as_str().is_none_or(self.0)
    }
}

fn validator(schema: &Value) -> Result<Validator, ValidationError<'static>> {
    let format = |name: &Value| FORMATS.iter().find(|(known, _)| name == known).map(|(_, is)| *is);
    jsonschema::options()
        .offline()
        .with_keyword("format", move |_, name, _| {
            Ok(Box::new(OfText(format(name).unwrap_or(|_| true))))
        })
        .with_keyword("x-span", |_, _, _| Ok(Box::new(OfText(is::<Span>))))
        .with_keyword("x-secret", |_, _, _| {
            Ok(Box::new(OfText(|text| odd_in_a_secret(text).is_none())))
        })
        .build(schema)
}

/// Compares all values with the schema. Below a path for which `in_use` says no, nothing is demanded.
/// Paths of which `excused` knows are missing because their value was already complained about.
///
/// # Errors
/// When the schema is none, which would be a defect of a plugin.
pub(crate) fn check(
    merged: &Merged,
    schema: &Value,
    in_use: &dyn Fn(&Path) -> bool,
    excused: &ConfigErrors,
) -> Result<Findings, ConfigErrors> {
    let validator = validator(schema).map_err(|error| {
        let text = format!(
            "The schema of the settings is none, at {}: {error}.",
            error.schema_path()
        );
        ConfigError::new(None, &Path::root(), text)
    })?;
    let mut refusals: Vec<(Path, ValidationError<'_>)> = validator
        .iter_errors(&merged.tree)
        .map(|error| (path_of(error.instance_path().as_str(), &merged.tree), error))
        .collect();
    refusals.sort_by_key(|(path, error)| (path.steps().len(), rank(error.kind())));
    let mut findings = Findings::default();
    for (path, error) in &refusals {
        let Some(shape) = Shape(schema).at(path) else {
            continue;
        };
        for (path, text) in said(error, shape, path) {
            let missing = matches!(error.kind(), Kind::Required { .. });
            let excused = missing && (!in_use(&path.parent()) || excused.any_within(&path));
            // What is wrong with a whole is not said again of its parts.
            if !excused && !path.ancestors().any(|path| findings.errors.any_at(&path)) {
                findings.errors.push(merged.error(&path, text));
                let unknown = matches!(error.kind(), Kind::AdditionalProperties { .. })
                    && shape.keyword("x-instance-of").is_none();
                findings.unknown.extend(unknown.then_some(path));
            }
        }
    }
    Ok(findings)
}

/// The path of a JSON pointer (RFC 6901).
fn path_of(pointer: &str, tree: &Value) -> Path {
    pointer.split('/').skip(1).fold(Path::root(), |path, step| {
        let step = step.replace("~1", "/").replace("~0", "~");
        match path.find(tree) {
            Some(Value::Array(_)) => path.child(format!("[{step}]")),
            _ => path.child(step),
        }
    })
}

/// Of several refusals of one value, the one that says most comes first.
fn rank(kind: &Kind) -> usize {
    let first = ["type", "x-secret", "enum", "minLength", "maxLength"];
    let found = first.iter().position(|keyword| *keyword == kind.keyword());
    found.unwrap_or(first.len())
}

/// What is said about a refusal, and of which path.
fn said(error: &ValidationError<'_>, shape: Shape<'_>, path: &Path) -> Vec<(Path, String)> {
    let value = error.instance().as_ref();
    let expected = format!("Expected is {}.", shape.expected());
    let plain = value.to_string();
    let given = if shape.is_secret() {
        "The secret"
    } else {
        plain.as_str()
    };
    let text = match error.kind() {
        Kind::AdditionalProperties { unexpected } => {
            let unknown = |key: &String| (path.child(key), unknown_key(key, shape));
            return unexpected.iter().map(unknown).collect();
        }
        Kind::Required { property } => {
            let field = path.child(property.as_str().unwrap_or_default());
            return vec![(field.clone(), missing(&field, shape.property(field.last())))];
        }
        Kind::PropertyNames { error } => {
            let name = error.instance().as_str().unwrap_or_default();
            return vec![(
                path.child(name),
                format!("`{name}` cannot be the name of an instance.\n{NAMES}"),
            )];
        }
        Kind::UniqueItems => return repeated(value, path),
        Kind::MinProperties { .. } => {
            let example = shape.properties().next().map_or("plugin", |(id, _)| id);
            format!("The instance names no plugin.\nAdd a table such as [{path}.{example}].")
        }
        Kind::MaxProperties { .. } => {
            let names: Vec<&str> = value
                .as_object()
                .into_iter()
                .flatten()
                .map(|(id, _)| &**id)
                .collect();
            let (count, names) = (names.len(), names.join(", "));
            format!(
                "The instance names {count} plugins: {names}.\nKeep one, and give the others instances of their own."
            )
        }
        _ if !shape.takes(kind_of(value)) => {
            let unquoted = kind_of(value) == "integer" && shape.takes("string") && !shape.is_span();
            let quotes = if unquoted { " Put it in quotes." } else { "" };
            format!("This is {}.\n{expected}{quotes}", describe(value))
        }
        Kind::Enum { .. } | Kind::Constant { .. } | Kind::OneOfNotValid { .. } => {
            let known: Vec<&str> = shape.fixed().into_iter().filter_map(Value::as_str).collect();
            let near = value.as_str().map(|text| advice(text, &known, "choices"));
            format!("{given} is not one of the choices.\n{}", near.unwrap_or(expected))
        }
        Kind::MinItems { .. } | Kind::MaxItems { .. } => {
            let (count, range) = (
                value.as_array().map_or(0, Vec::len),
                shape.range("minItems", "maxItems"),
            );
            format!("The list has {count} elements.\nExpected is a number of elements{range}.")
        }
        Kind::MinLength { .. } | Kind::MaxLength { .. } => {
            let range = shape.range("minLength", "maxLength");
            format!("{given} is not accepted.\nExpected is a number of characters{range}.")
        }
        Kind::Minimum { .. } | Kind::ExclusiveMinimum { .. } => format!("{given} is too small.\n{expected}"),
        Kind::Maximum { .. } | Kind::ExclusiveMaximum { .. } => format!("{given} is too large.\n{expected}"),
        Kind::Custom { keyword, .. } if keyword == "x-secret" => {
            let what = value
                .as_str()
                .and_then(odd_in_a_secret)
                .unwrap_or("is not accepted");
            format!("The secret {what}.\n{ALONE}")
        }
        Kind::Pattern { pattern } if shape.example().is_none() => {
            format!("{given} is not accepted.\nExpected is text of the form {pattern}.")
        }
        _ => format!("{given} is not accepted.\n{expected}"),
    };
    vec![(path.clone(), text)]
}

/// Every element that stands in the list before.
fn repeated(list: &Value, path: &Path) -> Vec<(Path, String)> {
    let elements = list.as_array().map_or(&[][..], Vec::as_slice);
    let again = |(at, element): &(usize, &Value)| elements.iter().take(*at).any(|one| one == *element);
    let repeated = elements.iter().enumerate().filter(again);
    let said = repeated.map(|(at, element)| {
        (
            path.element(at),
            format!("{element} stands in the list twice.\nKeep it once."),
        )
    });
    said.collect()
}

fn unknown_key(key: &str, shape: Shape<'_>) -> String {
    let known: Vec<&str> = shape.properties().map(|(name, _)| name).collect();
    if let Some(port) = shape.text("x-instance-of") {
        let near = advice(key, &known, "linked plugins");
        return format!(
            "No plugin `{key}` is linked into this program for `{port}`.\n{near} `portcullis providers` lists them."
        );
    }
    format!("There is no key `{key}`.\n{}", advice(key, &known, "keys here"))
}

fn missing(field: &Path, shape: Option<Shape<'_>>) -> String {
    let (name, table, variable) = (field.last(), field.parent(), field.variable());
    let former: Vec<&str> = shape.into_iter().flat_map(Shape::aliases).collect();
    let names = [&[variable.as_str()], &former[..]].concat().join(" or ");
    let in_file = if shape.is_some_and(Shape::is_secret) {
        format!(", or {variable}_FILE to a file that holds it")
    } else {
        String::new()
    };
    let expected = shape.map_or_else(|| "a value".to_owned(), Shape::expected);
    format!(
        "`{name}` is needed here and not set.\n\
         Set it in [{table}], or set {names}{in_file}. Expected is {expected}."
    )
}

/// What an editor or a copy left in a secret, and nobody meant to be part of it. Keys in PEM have lines.
fn odd_in_a_secret(text: &str) -> Option<&'static str> {
    match text {
        _ if text.starts_with('\u{feff}') => Some("begins with a byte order mark"),
        _ if text.trim_start().starts_with("-----BEGIN ") => None,
        _ if text.ends_with(['\n', '\r']) => Some("ends with more than one line break"),
        _ if text.contains(['\n', '\r']) => Some("has a line break inside"),
        _ if text.chars().any(char::is_control) => Some("holds a control character"),
        _ => None,
    }
}

/// The kind of a value, for people.
fn describe(value: &Value) -> &'static str {
    match kind_of(value) {
        "null" => "nothing",
        "boolean" => "true or false",
        "number" => "a number with a decimal point",
        "integer" => "a whole number",
        "string" => "text",
        "array" => "a list",
        _ => "a table",
    }
}
