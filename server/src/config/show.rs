//! The configuration as it takes effect: every value with its origin, secrets hidden.

use std::fmt;

use serde::Serialize as _;
use serde_json::Value;
use toml::ser::ValueSerializer;

use super::loaded::LoadedConfig;
use super::path::{Path, key};
use super::redact::without_password;
use super::shape::Shape;
use super::source::Source;

/// What stands in the place of a secret.
const HIDDEN: &str = "***";
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
        let tree = self.hidden(&self.merged.tree, Some(Shape(&self.schema)), false);
        self.show(
            &tree,
            Some(Shape(&self.schema)),
            false,
            &Path::root(),
            &mut shown.entries,
        );
        shown
    }

    fn show(
        &self,
        value: &Value,
        shape: Option<Shape<'_>>,
        inside: bool,
        path: &Path,
        entries: &mut Vec<Entry>,
    ) {
        let secret = inside || shape.is_some_and(Shape::is_secret);
        let Value::Object(table) = value else {
            let (source, value) = (self.merged.source(path), toml(value));
            return entries.push(Entry {
                path: path.clone(),
                value,
                source,
                secret,
            });
        };
        let order: Vec<&str> = shape
            .into_iter()
            .flat_map(Shape::properties)
            .map(|(name, _)| name)
            .collect();
        let rank = |key: &str| order.iter().position(|name| *name == key).unwrap_or(order.len());
        // TOML wants the plain values of a table before its inner tables.
        let mut keys: Vec<(&String, &Value)> = table.iter().collect();
        keys.sort_by_key(|(key, value)| (value.is_object() && !path.steps().is_empty(), rank(key)));
        for (key, value) in keys {
            let inner = shape.and_then(|shape| shape.property(key));
            self.show(value, inner, secret, &path.child(key), entries);
        }
    }

    /// Hides secrets by their shape, and what is known to be secret wherever it turns up, such as in an address.
    fn hidden(&self, value: &Value, shape: Option<Shape<'_>>, inside: bool) -> Value {
        let secret = inside || shape.is_some_and(Shape::is_secret);
        match value {
            Value::Object(table) => {
                let inner = |key: &str| shape.and_then(|shape| shape.property(key));
                let pairs = table
                    .iter()
                    .map(|(key, value)| (key.clone(), self.hidden(value, inner(key), secret)));
                Value::Object(pairs.collect())
            }
            _ if secret => Value::from(HIDDEN),
            Value::String(text) => {
                let hide =
                    |text: String, secret: &portcullis_ports::Secret| text.replace(secret.expose(), HIDDEN);
                Value::from(self.secrets.iter().fold(without_password(text), hide))
            }
            Value::Array(elements) => {
                let items = shape.and_then(Shape::items);
                elements
                    .iter()
                    .map(|element| self.hidden(element, items, false))
                    .collect()
            }
            plain => plain.clone(),
        }
    }
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
        let lines: Vec<String> = self
            .entries
            .iter()
            .map(|entry| format!("{} = {}", key(entry.path.last()), entry.value))
            .collect();
        let widths = lines.iter().map(|line| line.chars().count());
        let width = widths
            .filter(|width| *width <= LONGEST_ALIGNED)
            .max()
            .unwrap_or(0);
        let mut table = Path::root();
        for (at, (entry, line)) in self.entries.iter().zip(&lines).enumerate() {
            if at == 0 || entry.path.parent() != table {
                table = entry.path.parent();
                let gap = if at == 0 { "" } else { "\n" };
                writeln!(f, "{gap}[{table}]")?;
            }
            writeln!(f, "{line:width$}  # {}", entry.source)?;
        }
        Ok(())
    }
}
