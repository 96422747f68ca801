//! Forms as Stripe reads them: nested names in brackets, lists by their places.

use serde_json::Value;

/// A value as form text. What is `null` is left out; an empty text unsets a field.
pub(crate) fn encoded(fields: &Value) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs(fields))
        .finish()
}

/// Names and values, in the order of the fields.
pub(crate) fn pairs(fields: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    flatten(None, fields, &mut found);
    found
}

fn flatten(name: Option<&str>, value: &Value, found: &mut Vec<(String, String)>) {
    let inner = |key: &str| name.map_or_else(|| key.to_owned(), |name| format!("{name}[{key}]"));
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            for (key, value) in fields {
                flatten(Some(&inner(key)), value, found);
            }
        }
        Value::Array(items) => {
            for (at, value) in items.iter().enumerate() {
                flatten(Some(&inner(&at.to_string())), value, found);
            }
        }
        Value::String(text) => found.push((name.unwrap_or_default().to_owned(), text.clone())),
        Value::Bool(_) | Value::Number(_) => {
            found.push((name.unwrap_or_default().to_owned(), value.to_string()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_those_of_the_vendors_own_library() {
        let vectors: Value =
            serde_json::from_str(include_str!("../tests/it/data/form_encoding.json")).unwrap();
        for case in vectors["cases"].as_array().unwrap() {
            let name = case["name"].as_str().unwrap();
            let expected: Vec<(String, String)> = serde_json::from_value(case["pairs"].clone()).unwrap();
            assert_eq!(pairs(&case["params"]), expected, "{name}");
            assert_eq!(encoded(&case["params"]), case["body"].as_str().unwrap(), "{name}");
        }
    }
}
