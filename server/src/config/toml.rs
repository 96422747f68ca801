//! Writing values as TOML.

use serde_json::Value;
use toml_edit::{Array, InlineTable, Value as Toml};

/// The value as it stands behind `=`, on one line.
pub(crate) fn inline(value: &Value) -> String {
    form(value).to_string().trim().to_owned()
}

fn form(value: &Value) -> Toml {
    match value {
        Value::Null => Toml::from(""),
        Value::Bool(truth) => Toml::from(*truth),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Toml::from(whole),
            (None, Some(number)) => Toml::from(number),
            (None, None) => Toml::from(number.to_string()),
        },
        Value::String(text) => Toml::from(text.as_str()),
        Value::Array(elements) => Toml::Array(elements.iter().map(form).collect::<Array>()),
        Value::Object(table) => Toml::InlineTable(
            table
                .iter()
                .map(|(key, value)| (key.as_str(), form(value)))
                .collect::<InlineTable>(),
        ),
    }
}
