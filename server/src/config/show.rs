//! The configuration as it takes effect: every value with its origin, secrets hidden.

use std::fmt;

use serde_json::Value;

use super::path::{Path, is_bare};
use super::redact::without_password;
use super::shape::Shape;
use super::source::Source;
use super::survey::Survey;
use super::toml;

/// What stands in the place of a secret.
const HIDDEN: &str = "***";

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

impl Survey {
    /// Every value with its origin, secrets hidden.
    pub fn shown(&self) -> Shown {
        let mut shown = Shown::default();
        self.show(
            &self.merged.tree,
            Some(Shape(&self.schema)),
            false,
            &Path::root(),
            &mut shown,
        );
        shown
    }

    fn show(&self, value: &Value, shape: Option<Shape<'_>>, inside: bool, path: &Path, shown: &mut Shown) {
        let secret = inside || shape.is_some_and(Shape::is_secret);
        let Value::Object(table) = value else {
            let value = if secret {
                Value::from(HIDDEN)
            } else {
                self.hidden(value, shape)
            };
            let source = self.merged.source(path);
            return shown.entries.push(Entry {
                path: path.clone(),
                value: toml::inline(&value),
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
            self.show(value, inner, secret, &path.child(key), shown);
        }
    }

    /// Hides secrets by their shape, and what is known to be secret wherever it turns up, such as in an address.
    fn hidden(&self, value: &Value, shape: Option<Shape<'_>>) -> Value {
        if shape.is_some_and(Shape::is_secret) {
            return Value::from(HIDDEN);
        }
        match value {
            Value::String(text) => {
                let mut text = without_password(text);
                for secret in &self.secrets {
                    text = text.replace(secret.expose(), HIDDEN);
                }
                Value::from(text)
            }
            Value::Array(elements) => {
                let items = shape.and_then(Shape::items);
                elements
                    .iter()
                    .map(|element| self.hidden(element, items))
                    .collect()
            }
            Value::Object(table) => {
                let inner = |key: &str| shape.and_then(|shape| shape.property(key));
                let hidden = |(key, value): (&String, &Value)| (key.clone(), self.hidden(value, inner(key)));
                Value::Object(table.iter().map(hidden).collect())
            }
            plain => plain.clone(),
        }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = |entry: &Entry| {
            let name = entry.path.last();
            if is_bare(name) {
                name.to_owned()
            } else {
                format!("{name:?}")
            }
        };
        let assignment = |entry: &Entry| format!("{} = {}", key(entry), entry.value);
        let width = self
            .entries
            .iter()
            .map(|entry| assignment(entry).chars().count())
            .filter(|width| *width <= 60)
            .max();
        let width = width.unwrap_or(0);
        let mut table = Path::root();
        for (at, entry) in self.entries.iter().enumerate() {
            if at == 0 || entry.path.parent() != table {
                table = entry.path.parent();
                let gap = if at == 0 { "" } else { "\n" };
                writeln!(f, "{gap}[{table}]")?;
            }
            writeln!(f, "{:width$}  # {}", assignment(entry), entry.source)?;
        }
        Ok(())
    }
}
