//! Forms and queries with their values typed as a vendor's document has them, nested names in brackets among them.

#![expect(clippy::panic, reason = "a check fails by panicking, as a test does")]

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// A field: a text, or fields within.
enum Field {
    Text(Vec<String>),
    Nested(BTreeMap<String, Field>),
}

/// A form as the document would have it as JSON. Fields that the document does not have are kept as text, for the caller to
/// refuse.
pub(super) fn typed(form: &[u8], schema: &Value, document: &Value) -> Map<String, Value> {
    let mut fields: BTreeMap<String, Field> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(form).into_owned() {
        let (first, rest) = name.split_once('[').unwrap_or((&name, ""));
        let inner = rest.strip_suffix(']').unwrap_or(rest);
        let path: Vec<&str> = inner.split("][").filter(|_| !rest.is_empty()).collect();
        put(&mut fields, first, &path, value);
    }
    let schema = resolved(schema, document);
    let named = |(name, field): (&String, &Field)| {
        let value = value(field, &schema["properties"][name], document, name);
        (name.clone(), value)
    };
    fields.iter().map(named).collect()
}

/// The parts of a form that are JSON or text, by their names.
pub(super) fn parts(body: &[u8], boundary: &str) -> Map<String, Value> {
    let text = String::from_utf8_lossy(body);
    let line = format!("--{boundary}");
    let (inner, end) = text
        .rsplit_once(&format!("\r\n{line}--"))
        .unwrap_or_else(|| panic!("the form has no end"));
    assert!(
        !boundary.is_empty() && end.trim().is_empty(),
        "the form goes on after its end"
    );
    let mut parts = Map::new();
    for part in inner.split(&line).skip(1) {
        let (head, value) = part
            .split_once("\r\n\r\n")
            .unwrap_or_else(|| panic!("a part of the form has no head"));
        let name = head
            .split_once("name=\"")
            .and_then(|(_, rest)| rest.split_once('"'));
        let (name, _) = name.unwrap_or_else(|| panic!("a part of the form has no name"));
        let value = value.strip_suffix("\r\n").unwrap_or(value);
        let value = if head.contains("application/json") {
            serde_json::from_str(value).unwrap_or_else(|error| panic!("{name}: {error}"))
        } else {
            json!(value)
        };
        assert!(
            parts.insert(name.to_owned(), value).is_none(),
            "{name} is given twice"
        );
    }
    parts
}

/// The schema that a reference stands for.
pub(super) fn resolved<'a>(schema: &'a Value, document: &'a Value) -> &'a Value {
    let Some(reference) = schema["$ref"].as_str() else {
        return schema;
    };
    let pointer = reference.trim_start_matches('#');
    let found = document
        .pointer(pointer)
        .unwrap_or_else(|| panic!("{reference} is not in the document"));
    resolved(found, document)
}

fn put(fields: &mut BTreeMap<String, Field>, name: &str, path: &[&str], value: String) {
    let Some((next, rest)) = path.split_first() else {
        let known = fields
            .entry(name.to_owned())
            .or_insert_with(|| Field::Text(Vec::new()));
        match known {
            Field::Text(values) => values.push(value),
            Field::Nested(_) => panic!("{name} is given as a text and as fields"),
        }
        return;
    };
    let known = fields
        .entry(name.to_owned())
        .or_insert_with(|| Field::Nested(BTreeMap::new()));
    match known {
        Field::Nested(inner) => put(inner, next, rest, value),
        Field::Text(_) => panic!("{name} is given as a text and as fields"),
    }
}

/// Whether a field can be read by a schema that is one of several.
fn fits(field: &Field, schema: &Value) -> bool {
    let text = match field {
        Field::Nested(_) => return schema["type"] == "object" || schema["type"] == "array",
        Field::Text(values) => values.first().map(String::as_str).unwrap_or_default(),
    };
    match schema["type"].as_str() {
        Some("boolean") => text.parse::<bool>().is_ok(),
        Some("integer") => text.parse::<i64>().is_ok(),
        Some("number") => text.parse::<f64>().is_ok(),
        Some("object" | "array") => false,
        _ => schema["enum"]
            .as_array()
            .is_none_or(|known| known.iter().any(|known| known == text)),
    }
}

fn value(field: &Field, schema: &Value, document: &Value, name: &str) -> Value {
    let schema = resolved(schema, document);
    let choices = ["anyOf", "oneOf", "allOf"]
        .iter()
        .find_map(|word| schema[*word].as_array());
    if let Some(choices) = choices {
        let fits = |choice: &&Value| fits(field, resolved(choice, document));
        let choice = choices.iter().find(fits);
        let choice = choice.unwrap_or_else(|| panic!("{name}: none of the choices of the document fits"));
        return value(field, choice, document, name);
    }
    match field {
        Field::Text(values) if schema["type"] == "array" => json!(values),
        Field::Text(values) => {
            assert_eq!(values.len(), 1, "{name} is given twice");
            match schema["type"].as_str() {
                Some("integer" | "number" | "boolean") => {
                    serde_json::from_str(&values[0]).unwrap_or_else(|error| panic!("{name}: {error}"))
                }
                _ => Value::String(values[0].clone()),
            }
        }
        Field::Nested(items) if schema["type"] == "array" => {
            let places = 0..items.len();
            let item = |place: usize| {
                let item = items.get(&place.to_string());
                let item = item.unwrap_or_else(|| panic!("{name}: there is no item {place}"));
                value(item, &schema["items"], document, name)
            };
            places.map(item).collect()
        }
        Field::Nested(inner) => {
            let named = |(key, field): (&String, &Field)| {
                let known = schema["properties"].get(key);
                let free = schema
                    .get("additionalProperties")
                    .filter(|free| **free != json!(false));
                let within = known
                    .or(free)
                    .unwrap_or_else(|| panic!("{name}[{key}] is not in the document"));
                (
                    key.clone(),
                    value(field, within, document, &format!("{name}[{key}]")),
                )
            };
            Value::Object(inner.iter().map(named).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Value {
        json!({ "components": { "schemas": {
            "Form": { "type": "object", "properties": {
                "size": { "type": "integer" },
                "tags": { "type": "array", "items": { "type": "string" } },
                "lines": { "type": "array", "items": { "$ref": "#/components/schemas/Line" } },
                "free": { "anyOf": [
                    { "type": "string", "enum": [""] },
                    { "type": "object", "additionalProperties": { "type": "string" } },
                ] },
                "how": { "anyOf": [{ "type": "boolean" }, { "type": "string", "enum": ["once"] }] },
            } },
            "Line": { "type": "object", "properties": { "count": { "type": "integer" }, "big": { "type": "boolean" } } },
        } } })
    }

    fn read(form: &str) -> Value {
        let reference = json!({ "$ref": "#/components/schemas/Form" });
        Value::Object(typed(form.as_bytes(), &reference, &document()))
    }

    #[test]
    fn nested_names_are_typed_by_the_document() {
        let form = "size=3&tags[0]=a&tags[1]=b&lines[0][count]=2&lines[0][big]=true&free[anything]=7";
        let expected = json!({
            "size": 3,
            "tags": ["a", "b"],
            "lines": [{ "count": 2, "big": true }],
            "free": { "anything": "7" },
        });
        assert_eq!(read(form), expected);
        assert_eq!(read("free=&how=true"), json!({ "free": "", "how": true }));
        assert_eq!(read("how=once"), json!({ "how": "once" }));
    }

    #[test]
    fn a_form_of_parts_is_read_by_their_names() {
        let body = b"--b\r\nContent-Disposition: form-data; name=\"input\"\r\nContent-Type: application/json\r\n\r\n\
            {\"a\":[1]}\r\n--b\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nx\r\n--b--\r\n";
        assert_eq!(
            Value::Object(parts(body, "b")),
            json!({ "input": { "a": [1] }, "note": "x" })
        );
        for wrong in [
            &b"--b\r\n\r\nx\r\n--b--"[..],
            b"--b\r\nname=\"a\"\r\n\r\nx\r\n",
            b"",
        ] {
            assert!(std::panic::catch_unwind(|| parts(wrong, "b")).is_err());
        }
    }

    #[test]
    fn what_the_document_does_not_have_is_refused() {
        for wrong in [
            "lines[0][colour]=red",
            "size=big",
            "tags[1]=b",
            "size[a]=1&size=2",
        ] {
            assert!(std::panic::catch_unwind(|| read(wrong)).is_err(), "{wrong}");
        }
    }
}
