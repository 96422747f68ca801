//! What fuzzing asks of the parsers: entry points that fail when a promise does not hold.

use std::path::Path as FilePath;

use serde_json::Value;

use super::file;
use super::variables::Variables;
use crate::environment::Environment;

/// The schema of the settings of the core and the server.
pub struct Schema(Value);

/// Makes it, once for many inputs.
pub fn schema() -> Schema {
    Schema(super::document(&[]))
}

/// A variable sets one setting or is refused, and nothing in between.
///
/// # Panics
/// When reading panics.
pub fn variable(schema: &Schema, name: &str, value: &str) {
    let environment = Environment::of([(format!("PORTCULLIS_{name}"), value.to_owned())]);
    drop(Variables::read(&environment, &schema.0));
}

/// A file is read with the line of every key, or refused without repeating what it holds.
///
/// # Panics
/// When reading panics.
pub fn file(text: &str) {
    drop(file::settings(FilePath::new("portcullis.toml"), text));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn settings_are_read_or_refused(
            name in "[A-Z_]{0,24}|SERVER__[A-Z_]{0,20}|BUDGETS__ATTEMPTS(__MOST)?",
            value in "(?s).{0,60}|[\\[{\"0-9,:a-z}\\]]{0,30}",
        ) {
            let schema = super::schema();
            super::variable(&schema, &name, &value);
            super::file(&value);
        }
    }
}
