//! The configuration as it takes effect: every value with its origin, secrets hidden.

use std::cmp::Reverse;
use std::fmt;

use portcullis_ports::Secret;
use serde::Serialize as _;
use serde_json::Value;
use toml::ser::ValueSerializer;

use super::loaded::LoadedConfig;
use super::merged::{Merged, Source};
use super::path::{Path, key};
use super::shape::Shape;

/// What stands in the place of a secret.
const HIDDEN: &str = "***";
/// In bytes. Shorter texts are found everywhere; taking them out of a message would only garble it.
const SHORTEST_SECRET: usize = 4;
/// In characters. Longer lines have their origin out of line, so that the others stay readable.
const LONGEST_ALIGNED: usize = 60;

/// One value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place.
    pub path: Path,
    /// As TOML; never a secret.
    pub value: String,
    /// Who set it.
    pub source: Source,
    /// Whether it is a secret, which the value does not tell.
    pub secret: bool,
}

/// All values, in the order of the reference. Prints as TOML with the origins as comments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// One after the other; values of one table stand together.
    pub entries: Vec<Entry>,
}

impl LoadedConfig {
    /// Every value with its origin, secrets hidden.
    pub fn shown(&self) -> Shown {
        let mut shown = Shown::default();
        let schema = Some(Shape(&self.schema));
        self.show(&self.merged.tree, schema, &Path::root(), &mut shown.entries);
        shown
    }

    fn show(&self, value: &Value, shape: Option<Shape<'_>>, path: &Path, entries: &mut Vec<Entry>) {
        let secret = shape.is_some_and(Shape::is_secret);
        let Some(table) = value.as_object().filter(|_| !secret) else {
            let (path, source) = (path.clone(), self.merged.source(path));
            let value = toml(&self.hidden(value, shape));
            return entries.push(Entry {
                path,
                value,
                source,
                secret,
            });
        };
        let rank = |key: &str| {
            let at = shape.and_then(|shape| shape.properties().position(|(name, _)| name == key));
            at.unwrap_or(usize::MAX)
        };
        // TOML wants the plain values of a table before its inner tables.
        let mut keys: Vec<(&String, &Value)> = table.iter().collect();
        keys.sort_by_key(|(key, value)| (value.is_object() && !path.steps().is_empty(), rank(key)));
        for (key, value) in keys {
            let inner = shape.and_then(|shape| shape.property(key));
            self.show(value, inner, &path.child(key), entries);
        }
    }

    /// Hides secrets by their shape, and what is known to be secret wherever it turns up, such as in an address.
    fn hidden(&self, value: &Value, shape: Option<Shape<'_>>) -> Value {
        match value {
            _ if shape.is_some_and(Shape::is_secret) => Value::from(HIDDEN),
            Value::String(text) => {
                let hide = |text: String, secret: &Secret| text.replace(secret.expose(), HIDDEN);
                Value::from(self.secrets.iter().fold(without_password(text), hide))
            }
            Value::Array(elements) => {
                let items = shape.and_then(Shape::items);
                let hidden = elements.iter().map(|element| self.hidden(element, items));
                Value::Array(hidden.collect())
            }
            Value::Object(table) => {
                let inner = |key: &str| shape.and_then(|shape| shape.property(key));
                let pair = |(key, value): (&String, _)| (key.clone(), self.hidden(value, inner(key)));
                Value::Object(table.iter().map(pair).collect())
            }
            plain => plain.clone(),
        }
    }
}

/// Every secret that any source holds, also where a stronger source has another value.
pub(crate) fn secrets(merged: &Merged, schema: Shape<'_>) -> Vec<Secret> {
    let mut found = Vec::new();
    for setting in &merged.settings {
        // A secret may have been given a table, or an element of a list.
        let is_secret = |path: Path| schema.at(&path).is_some_and(Shape::is_secret);
        let inside = setting.path.ancestors().any(is_secret);
        collect(&setting.value, schema.at(&setting.path), inside, &mut found);
    }
    found.retain(|secret| secret.expose().len() >= SHORTEST_SECRET);
    // The longest first, so that no rest of one remains when another is a part of it.
    found.sort_by_key(|secret| Reverse(secret.expose().len()));
    found
}

fn collect(value: &Value, shape: Option<Shape<'_>>, inside: bool, found: &mut Vec<Secret>) {
    let secret = inside || shape.is_some_and(Shape::is_secret);
    match value {
        Value::Object(table) => table.iter().for_each(|(key, inner)| {
            collect(inner, shape.and_then(|shape| shape.property(key)), secret, found);
        }),
        Value::Array(elements) => elements.iter().for_each(|element| {
            collect(element, shape.and_then(Shape::items), secret, found);
        }),
        Value::String(text) if secret => found.push(Secret::new(text.clone())),
        Value::Number(number) if secret => found.push(Secret::new(number.to_string())),
        _ => {}
    }
}

/// Text without the password of an address such as `https://user:password@host`.
fn without_password(text: &str) -> String {
    let hidden = || {
        let (scheme, rest) = text.split_once("://")?;
        let (user, host) = rest.split_once('@')?;
        let (name, _) = user.split_once(':').filter(|_| !user.contains('/'))?;
        Some(format!("{scheme}://{name}:***@{host}"))
    };
    hidden().unwrap_or_else(|| text.to_owned())
}

/// The value as it stands behind `=` in TOML, on one line.
pub(crate) fn toml(value: &Value) -> String {
    let mut text = String::new();
    let written = value.serialize(ValueSerializer::new(&mut text)).is_ok();
    // TOML has no form for nothing at all and for numbers beyond its range.
    if written { text } else { value.to_string() }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |entry: &Entry| format!("{} = {}", key(entry.path.last()), entry.value);
        let lines: Vec<String> = self.entries.iter().map(line).collect();
        let widths = lines.iter().map(|line| line.chars().count());
        let width = widths
            .filter(|width| *width <= LONGEST_ALIGNED)
            .max()
            .unwrap_or(0);
        let mut table = None;
        for (entry, line) in self.entries.iter().zip(&lines) {
            let parent = Some(entry.path.parent());
            if parent != table {
                let gap = if table.is_none() { "" } else { "\n" };
                writeln!(f, "{gap}[{}]", entry.path.parent())?;
                table = parent;
            }
            writeln!(f, "{line:width$}  # {}", entry.source)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_an_address_is_hidden() {
        let hidden = without_password("redis://me:hunter2@host/1");
        assert_eq!(hidden, "redis://me:***@host/1");
        for plain in ["https://host/a@b:c", "me:hunter2", "https://me@host"] {
            assert_eq!(without_password(plain), plain);
        }
    }
}
