//! Writing a JSON value as YAML: blocks for what nests, JSON strings wherever plain text could be misread.

use serde_json::Value;

/// The value as a YAML document.
pub fn yaml(value: &Value) -> String {
    let mut out = String::new();
    block(value, 0, &mut out);
    out
}

fn block(value: &Value, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(table) if !table.is_empty() => {
            for (key, inner) in table {
                out.extend([indent.as_str(), &scalar(key), ":"]);
                nested(inner, depth, out);
            }
        }
        Value::Array(elements) if !elements.is_empty() => {
            for inner in elements {
                out.extend([indent.as_str(), "-"]);
                nested(inner, depth, out);
            }
        }
        flat => out.extend([indent.as_str(), &line(flat), "\n"]),
    }
}

/// What follows a colon or a dash.
fn nested(value: &Value, depth: usize, out: &mut String) {
    let nests = value.as_object().is_some_and(|table| !table.is_empty())
        || value.as_array().is_some_and(|elements| !elements.is_empty());
    if nests {
        out.push('\n');
        block(value, depth + 1, out);
    } else {
        out.extend([" ", &line(value), "\n"]);
    }
}

fn line(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), scalar)
}

/// Words that YAML takes for something other than text.
const RESERVED: [&str; 11] = [
    "true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf",
];

/// Plain where nothing but text can be meant, otherwise a JSON string, which YAML reads as well.
fn scalar(text: &str) -> String {
    let starts_well = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    let harmless = text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || " -_/.()".contains(c));
    let reserved = RESERVED.iter().any(|word| word.eq_ignore_ascii_case(text));
    if starts_well && harmless && !reserved && !text.ends_with(' ') {
        text.to_owned()
    } else {
        Value::from(text).to_string()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_could_be_misread_is_quoted() {
        let value = json!({
            "openapi": "3.0.3",
            "on": "Yes",
            "/a": { "tags": ["One", { "x": 1, "z": [] }], "empty": {}, "text": "a: b\nc", "nothing": null },
        });
        let expected = "openapi: \"3.0.3\"\n\"on\": \"Yes\"\n/a:\n  tags:\n    - One\n    -\n      x: 1\n      z: []\n  \
                        empty: {}\n  text: \"a: b\\nc\"\n  nothing: null\n";
        assert_eq!(yaml(&value), expected);
    }
}
