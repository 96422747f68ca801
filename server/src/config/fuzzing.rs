//! What fuzzing asks of the parsers: entry points that fail when a promise does not hold.

use serde_json::Value;

use super::variables::Variables;
use crate::environment::Environment;

/// Reads `value` as a file, where every key has its line, and as the variable `name`, which sets one setting or is
/// refused; neither repeats what it refuses.
pub fn read(schema: &Value, name: &str, value: &str) {
    drop(super::file::settings("portcullis.toml".as_ref(), value));
    let environment = Environment::of([(format!("PORTCULLIS_{name}"), value.to_owned())]);
    drop(Variables::read(&environment, schema));
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
            super::read(&crate::config::document(&[]), &name, &value);
        }
    }
}
