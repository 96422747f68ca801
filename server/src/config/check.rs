//! Compares the merged values with the schema; what a keyword refuses is said in our words.

use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::{Keyword, ValidationError, Validator};
use portcullis_ports::{Secret, Span};
use serde_json::Value;

use super::errors::{ConfigError, ConfigErrors};
use super::merged::Merged;
use super::path::Path;
use super::shape::{Shape, kind_of};
use crate::nearest::advice;
use crate::values::FORMATS;

const NAMES: &str =
    "Use lower-case letters, digits and single underscores, so that a variable can name it too.";
const ALONE: &str = "Write it without: `printf %s` makes a file that holds the secret alone; one line break at the end of \
    a file is ignored.";

const TABLE: &str = "A table is expected: set its keys one by one, or write a variable as JSON.";
const SEPARATE: &str = "Keep one, and give the others instances of their own.";
const DIGITS: &str = "without leading zeros, signs, spaces or quotes";
/// Whole numbers of 64 bits end here; larger ones are kept as decimal ones.
const HUGE: f64 = 9.2e18;

/// A keyword of ours, or one that is stricter here.
struct Check<F>(F);

impl<'i, F: Fn(&Value) -> bool + Send + Sync> Keyword<'i> for Check<F> {
    fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
        let refused = || ValidationError::custom("not accepted");
        (self.0)(instance).then_some(()).ok_or_else(refused)
    }

    fn is_valid(&self, instance: &'i Value) -> bool {
        (self.0)(instance)
    }
}

/// A keyword that looks at text. Other kinds of values are left to `type`.
fn of_text(takes: fn(&str) -> bool) -> Box<dyn for<'i> Keyword<'i>> {
    Box::new(Check(move |value: &Value| value.as_str().is_none_or(takes)))
}

fn validator(schema: &Value) -> Result<Validator, ValidationError<'static>> {
    let format = |name: &Value| FORMATS.iter().find(|(known, _)| name == known);
    jsonschema::options()
        .offline()
        .with_keyword("format", move |_, name, _| {
            Ok(of_text(format(name).map_or(|_| true, |(_, takes)| *takes)))
        })
        .with_keyword("x-span", |_, _, _| {
            Ok(of_text(|text| text.parse::<Span>().is_ok()))
        })
        .with_keyword("x-secret", |_, _, _| {
            Ok(of_text(|text| Secret::oddity(text).is_none()))
        })
        // To JSON Schema 3.0 is a whole number, to the types that read it is not.
        .with_keyword("type", |parent, _, _| {
            let schema = Value::Object(parent.clone());
            Ok(Box::new(Check(move |value: &Value| {
                Shape(&schema).takes(kind_of(value))
            })))
        })
        .build(schema)
}

/// Compares all values with the schema. Below a path for which `in_use` says no, nothing is demanded, and neither is that
/// of which `errors` speak already. Returns the keys that are not in the schema: the rest can be looked at without them.
///
/// # Errors
/// When the schema is none, which would be a defect of a plugin.
pub(crate) fn check(
    merged: &Merged,
    schema: &Value,
    in_use: &dyn Fn(&Path) -> bool,
    errors: &mut ConfigErrors,
) -> Result<Vec<Path>, ConfigErrors> {
    let validator = validator(schema).map_err(|error| {
        let place = error.schema_path();
        let text = format!("The schema of the settings is none, at {place}: {error}.");
        ConfigError::new(None, &Path::root(), text)
    })?;
    let path_of = |error: &ValidationError<'_>| path_of(error.instance_path().as_str(), &merged.tree);
    let refusals = validator.iter_errors(&merged.tree);
    let mut refusals: Vec<_> = refusals.map(|error| (path_of(&error), error)).collect();
    refusals.sort_by_key(|(path, error)| (path.steps().len(), rank(error.kind())));
    let mut unknown = Vec::new();
    for (at, error) in &refusals {
        let shape = Shape(schema).at(at);
        for (path, text) in shape.map_or_else(Vec::new, |shape| said(error, shape, at)) {
            let missing = matches!(error.kind(), Kind::Required { .. });
            let excused = missing && (!in_use(at) || errors.any_within(&path));
            // What is wrong with a whole is not said again of its parts.
            let told = |path: Path| errors.iter().any(|error| error.path == path);
            if excused || path.ancestors().any(told) {
                continue;
            }
            errors.push(match error.kind() {
                Kind::MaxProperties { .. } => merged.error_below(&path, text),
                _ => merged.error(&path, text),
            });
            let is_key = matches!(error.kind(), Kind::AdditionalProperties { .. });
            let is_plugin = shape.is_some_and(|shape| shape.keyword("x-instance-of").is_some());
            unknown.extend((is_key && !is_plugin).then_some(path));
        }
    }
    Ok(unknown)
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
    // A secret may have been meant for a key of the table.
    let in_place_of_a_table = value.is_string() && shape.takes("object");
    let given = match &*plain {
        _ if shape.is_secret() => "The secret",
        _ if in_place_of_a_table => "A text",
        plain => plain,
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
            let text = format!("`{name}` cannot be the name of an instance.\n{NAMES}");
            return vec![(path.child(name), text)];
        }
        Kind::UniqueItems => return repeated(value, path),
        Kind::MinProperties { .. } => {
            let example = shape.properties().next().map_or("plugin", |(id, _)| id);
            format!("The instance names no plugin.\nAdd a table such as [{path}.{example}].")
        }
        Kind::MaxProperties { .. } => {
            let ids = value.as_object().into_iter().flatten().map(|(id, _)| &**id);
            let ids: Vec<&str> = ids.collect();
            let (count, ids) = (ids.len(), ids.join(", "));
            format!("The instance names {count} plugins: {ids}.\n{SEPARATE}")
        }
        _ if !shape.takes(kind_of(value)) => match value.as_f64() {
            Some(number) if number.abs() >= HUGE => format!("The number is out of range.\n{expected}"),
            None if value.is_string() => {
                let number = shape.takes("number") || shape.takes("integer");
                let remedy = match number {
                    true => format!("Expected is {}, {DIGITS}.", shape.expected()),
                    false if shape.takes("object") => TABLE.to_owned(),
                    false => expected,
                };
                format!("{given} is not accepted.\n{remedy}")
            }
            _ => {
                let unquoted = kind_of(value) == "integer" && shape.takes("string") && !shape.is_span();
                let quotes = if unquoted { " Put it in quotes." } else { "" };
                format!("This is {}.\n{expected}{quotes}", describe(value))
            }
        },
        Kind::Enum { .. } | Kind::Constant { .. } | Kind::OneOfNotValid { .. } => {
            let known: Vec<&str> = shape.fixed().into_iter().filter_map(Value::as_str).collect();
            let near = value.as_str().map(|text| advice(text, &known, "choices"));
            format!("{given} is not one of the choices.\n{}", near.unwrap_or(expected))
        }
        Kind::MinItems { .. } | Kind::MaxItems { .. } => {
            let count = value.as_array().map_or(0, Vec::len);
            let range = shape.range("minItems", "maxItems");
            format!("The list has {count} elements.\nExpected is a number of elements{range}.")
        }
        Kind::MinLength { .. } | Kind::MaxLength { .. } => {
            let range = shape.range("minLength", "maxLength");
            format!("{given} is not accepted.\nExpected is a number of characters{range}.")
        }
        Kind::Minimum { .. } | Kind::ExclusiveMinimum { .. } => format!("{given} is too small.\n{expected}"),
        Kind::Maximum { .. } | Kind::ExclusiveMaximum { .. } => format!("{given} is too large.\n{expected}"),
        Kind::Custom { keyword, .. } if keyword == "x-secret" => {
            let oddity = value.as_str().and_then(Secret::oddity).unwrap_or_default();
            format!("The secret {oddity}.\n{ALONE}")
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
    let text = |element| format!("{element} stands in the list twice.\nKeep it once.");
    let repeated = elements.iter().enumerate().filter(again);
    repeated
        .map(|(at, element)| (path.element(at), text(element)))
        .collect()
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
    let secret = shape.is_some_and(Shape::is_secret);
    let in_file = format!(", or {variable}_FILE to a file that holds it");
    let in_file = if secret { in_file.as_str() } else { "" };
    let expected = shape.map_or_else(|| "a value".to_owned(), Shape::expected);
    format!(
        "`{name}` is needed here and not set.\n\
         Set it in [{table}], or set {names}{in_file}. Expected is {expected}."
    )
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
