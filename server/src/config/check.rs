//! Compares the merged values with the schema and collects every difference.

use regex::Regex;
use serde_json::{Map, Value};

use super::layer::Merged;
use super::mistakes::{Mistake, Mistakes};
use super::nearest::advice;
use super::path::Path;
use super::shape::{Shape, describe, kind_of};

/// What the comparison found.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// Every difference.
    pub(crate) mistakes: Mistakes,
    /// Keys that are not in the schema: the rest can be looked at without them.
    pub(crate) unknown: Vec<Path>,
}

/// Compares all values with the schema. Below a path for which `in_use` says no, nothing is demanded.
/// Paths of which `excused` knows are missing because their value was already complained about.
pub(crate) fn check(
    merged: &Merged,
    schema: &Value,
    in_use: &dyn Fn(&Path) -> bool,
    excused: &Mistakes,
) -> Findings {
    let mut walk = Walk {
        merged,
        in_use,
        excused,
        findings: Findings::default(),
    };
    walk.value(&merged.tree, Shape(schema), &Path::root());
    walk.findings
}

struct Walk<'a> {
    merged: &'a Merged,
    in_use: &'a dyn Fn(&Path) -> bool,
    excused: &'a Mistakes,
    findings: Findings,
}

impl Walk<'_> {
    fn complain(&mut self, path: &Path, problem: impl Into<String>, remedy: impl Into<String>) {
        let source = self.merged.source(path);
        self.findings
            .mistakes
            .push(Mistake::new(Some(source), path, problem, remedy));
    }

    fn value(&mut self, value: &Value, shape: Shape<'_>, path: &Path) {
        let kind = kind_of(value);
        if kind == "null" {
            return;
        }
        if !shape.takes(kind) {
            let quotes = if kind == "integer" && shape.takes("string") && !shape.is_span() {
                " Put it in quotes."
            } else {
                ""
            };
            let remedy = format!("Expected is {}.{quotes}", shape.expected());
            return self.complain(path, format!("This is {}.", describe(value)), remedy);
        }
        let fixed = shape.fixed();
        if !fixed.is_empty() && !fixed.contains(&value) {
            let given = shown(value, shape);
            let known: Vec<&str> = fixed.iter().filter_map(|value| value.as_str()).collect();
            let remedy = match value.as_str() {
                Some(text) => advice(text, &known, "choices"),
                None => format!("Expected is {}.", shape.expected()),
            };
            return self.complain(path, format!("{given} is not one of the choices."), remedy);
        }
        match value {
            Value::Object(table) => self.table(table, shape, path),
            Value::Array(elements) => self.list(elements, shape, path),
            Value::String(text) => self.text(text, shape, path),
            number => self.number(number, shape, path),
        }
    }

    fn table(&mut self, table: &Map<String, Value>, shape: Shape<'_>, path: &Path) {
        if shape.keyword("x-instance-of").is_some() && !self.is_one_plugin(table, shape, path) {
            return;
        }
        let properties = shape.properties();
        let listed: Vec<&str> = properties.iter().map(|(name, _)| *name).collect();
        for (key, value) in table {
            let inner = path.child(key);
            let spelled = shape
                .keyword("propertyNames")
                .and_then(|names| Shape(names).text("pattern"));
            let misspelled =
                spelled.is_some_and(|pattern| !listed.contains(&key.as_str()) && !fits(pattern, key));
            match shape.property(key) {
                Some(_) if misspelled => self.complain(
                    &inner,
                    format!("`{key}` cannot be the name of an instance."),
                    "Use lower-case letters, digits and single underscores, so that a variable can name it too.",
                ),
                Some(shape) => self.value(value, shape, &inner),
                None if shape.is_closed() => {
                    let remedy = advice(key, &listed, "keys here");
                    self.complain(&inner, format!("There is no key `{key}`."), remedy);
                    self.findings.unknown.push(inner);
                }
                None => {}
            }
        }
        if (self.in_use)(path) {
            for name in shape
                .required()
                .into_iter()
                .filter(|name| !table.contains_key(*name))
            {
                let field = path.child(name);
                if !self.excused.any_within(&field) {
                    self.missing(&field, shape.property(name));
                }
            }
        }
    }

    fn missing(&mut self, field: &Path, shape: Option<Shape<'_>>) {
        let table = field.parent();
        let variable = field.variable();
        let secret = shape.is_some_and(Shape::is_secret);
        let with_file = if secret {
            format!(", or {variable}_FILE to a file that holds it")
        } else {
            String::new()
        };
        let former: Vec<String> = shape
            .into_iter()
            .flat_map(Shape::aliases)
            .map(|name| format!(" or {name}"))
            .collect();
        let kind = shape.map_or_else(|| "a value".to_owned(), Shape::expected);
        let remedy = format!(
            "Set it in [{table}], or set {variable}{}{with_file}. Expected is {kind}.",
            former.concat()
        );
        let problem = format!("`{}` is needed here and not set.", field.last());
        let source = self.merged.around(field);
        self.findings
            .mistakes
            .push(Mistake::new(source, field, problem, remedy));
    }

    /// Whether an instance names exactly one plugin that is linked.
    fn is_one_plugin(&mut self, table: &Map<String, Value>, shape: Shape<'_>, path: &Path) -> bool {
        let linked: Vec<&str> = shape.properties().into_iter().map(|(id, _)| id).collect();
        let written: Vec<&str> = table.keys().map(String::as_str).collect();
        match written.as_slice() {
            [id] if linked.contains(id) => true,
            [id] => {
                let port = shape.text("x-instance-of").unwrap_or_default();
                let remedy = advice(id, &linked, "linked plugins");
                let problem = format!("No plugin `{id}` is linked into this program for `{port}`.");
                let inner = path.child(*id);
                self.complain(
                    &inner,
                    problem,
                    format!("{remedy} `portcullis providers` lists them."),
                );
                false
            }
            [] => {
                let problem = "The instance names no plugin.";
                let example = linked.first().unwrap_or(&"plugin");
                self.complain(path, problem, format!("Add a table such as [{path}.{example}]."));
                false
            }
            several => {
                let problem = format!(
                    "The instance names {} plugins: {}.",
                    several.len(),
                    several.join(", ")
                );
                self.complain(
                    path,
                    problem,
                    "Keep one, and give the others instances of their own.",
                );
                false
            }
        }
    }

    fn list(&mut self, elements: &[Value], shape: Shape<'_>, path: &Path) {
        let short = shape
            .keyword("minItems")
            .and_then(Value::as_u64)
            .is_some_and(|least| count(elements) < least);
        let long = shape
            .keyword("maxItems")
            .and_then(Value::as_u64)
            .is_some_and(|most| count(elements) > most);
        if short || long {
            let limits = shape.range("minItems", "maxItems");
            let problem = format!("The list has {} elements.", elements.len());
            self.complain(
                path,
                problem,
                format!("Expected is a number of elements{limits}."),
            );
        }
        let unique = shape.keyword("uniqueItems") == Some(&Value::Bool(true));
        for (index, element) in elements.iter().enumerate() {
            let inner = path.element(index);
            if unique && elements.iter().take(index).any(|earlier| earlier == element) {
                self.complain(
                    &inner,
                    format!("{element} stands in the list twice."),
                    "Keep it once.",
                );
            }
            if let Some(items) = shape.items() {
                self.value(element, items, &inner);
            }
        }
    }

    fn text(&mut self, text: &str, shape: Shape<'_>, path: &Path) {
        if let Some(what) = Some(text).filter(|_| shape.is_secret()).and_then(odd_in_a_secret) {
            let remedy = "Write it without: `printf %s` makes a file that holds the secret alone; one line break at the \
                          end of a file is ignored.";
            return self.complain(path, format!("The secret {what}."), remedy);
        }
        let length = text.chars().count() as u64;
        let short = shape
            .keyword("minLength")
            .and_then(Value::as_u64)
            .is_some_and(|least| length < least);
        let long = shape
            .keyword("maxLength")
            .and_then(Value::as_u64)
            .is_some_and(|most| length > most);
        let misshapen = shape.text("pattern").is_some_and(|pattern| !fits(pattern, text));
        if !(short || long || misshapen) {
            return;
        }
        let given = shown(&Value::from(text), shape);
        let remedy = if short || long {
            format!(
                "Expected is a number of characters{}.",
                shape.range("minLength", "maxLength")
            )
        } else if shape.example().is_some() {
            format!("Expected is {}.", shape.expected())
        } else {
            format!(
                "Expected is text of the form {}.",
                shape.text("pattern").unwrap_or_default()
            )
        };
        self.complain(path, format!("{given} is not accepted."), remedy);
    }

    fn number(&mut self, value: &Value, shape: Shape<'_>, path: &Path) {
        let Some(number) = value.as_f64() else { return };
        let limit = |word: &str| shape.keyword(word).and_then(Value::as_f64);
        let small = limit("minimum").is_some_and(|least| number < least)
            || limit("exclusiveMinimum").is_some_and(|least| number <= least);
        let large = limit("maximum").is_some_and(|most| number > most)
            || limit("exclusiveMaximum").is_some_and(|most| number >= most);
        if small || large {
            let problem = format!("{value} is too {}.", if small { "small" } else { "large" });
            self.complain(path, problem, format!("Expected is {}.", shape.expected()));
        }
    }
}

/// What an editor or a copy left in a secret, and nobody meant to be part of it. Keys in PEM have lines.
fn odd_in_a_secret(text: &str) -> Option<&'static str> {
    if text.starts_with('\u{feff}') {
        Some("begins with a byte order mark")
    } else if text.trim_start().starts_with("-----BEGIN ") {
        None
    } else if text.ends_with(['\n', '\r']) {
        Some("ends with more than one line break")
    } else if text.contains(['\n', '\r']) {
        Some("has a line break inside")
    } else if text.chars().any(char::is_control) {
        Some("holds a control character")
    } else {
        None
    }
}

fn count(elements: &[Value]) -> u64 {
    elements.len() as u64
}

/// A value in a sentence; never a secret.
fn shown(value: &Value, shape: Shape<'_>) -> String {
    if shape.is_secret() {
        "The secret".to_owned()
    } else {
        value.to_string()
    }
}

/// Whether text has the form of a pattern. A pattern that is not understood is left to the plugin.
fn fits(pattern: &str, text: &str) -> bool {
    Regex::new(pattern).map_or(true, |pattern| pattern.is_match(text))
}
