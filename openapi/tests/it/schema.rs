//! Compares a value with a schema of the document, as far as the document uses schemas.

use regex::Regex;
use serde_json::Value;

/// What is wrong with `value`, each with the place.
pub(crate) fn complaints(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(document, schema, value, "", &mut found);
    found
}

fn check(document: &Value, schema: &Value, value: &Value, place: &str, found: &mut Vec<String>) {
    let mut complain = |what: &str| found.push(format!("{place}: {what}: {value}"));
    if value.is_null() && schema["nullable"] == true {
        return;
    }
    if let Some(target) = schema["$ref"].as_str() {
        let target = target
            .strip_prefix('#')
            .and_then(|pointer| document.pointer(pointer));
        return check(document, target.unwrap_or(&Value::Null), value, place, found);
    }
    if let Some(reference) = schema
        .pointer("/allOf/0")
        .filter(|first| first.get("$ref").is_some())
    {
        return check(document, reference, value, place, found);
    }
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        complain("not one of the allowed values");
    }
    match schema["type"].as_str() {
        Some("object") => object(document, schema, value, place, found),
        Some("array") => match value.as_array() {
            Some(elements) => elements.iter().enumerate().for_each(|(at, element)| {
                check(
                    document,
                    &schema["items"],
                    element,
                    &format!("{place}/{at}"),
                    found,
                );
            }),
            None => complain("not an array"),
        },
        Some("string") => match value.as_str() {
            Some(text) => bounds(schema, text).into_iter().for_each(complain),
            None => complain("not a string"),
        },
        Some("integer") if !value.is_i64() && !value.is_u64() => complain("not an integer"),
        Some("boolean") if !value.is_boolean() => complain("not a boolean"),
        Some("integer" | "boolean") => {}
        other => complain(&format!("a schema of type {other:?}")),
    }
}

/// Which bounds of its schema a text does not keep.
fn bounds(schema: &Value, text: &str) -> Vec<&'static str> {
    let mut found = Vec::new();
    let length = text.chars().count() as u64;
    if schema["minLength"].as_u64().is_some_and(|least| length < least) {
        found.push("too short");
    }
    if schema["maxLength"].as_u64().is_some_and(|most| length > most) {
        found.push("too long");
    }
    let pattern = schema["pattern"].as_str();
    if pattern.is_some_and(|pattern| !Regex::new(pattern).expect("a regular expression").is_match(text)) {
        found.push("not of its pattern");
    }
    found
}

fn object(document: &Value, schema: &Value, value: &Value, place: &str, found: &mut Vec<String>) {
    let Some(fields) = value.as_object() else {
        found.push(format!("{place}: not an object: {value}"));
        return;
    };
    for name in schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        if !fields.contains_key(name) {
            found.push(format!("{place}/{name}: missing"));
        }
    }
    for (name, inner) in fields {
        let place = format!("{place}/{name}");
        let more = schema.get("additionalProperties");
        match schema["properties"].get(name).or(more) {
            Some(property) => check(document, property, inner, &place, found),
            None => found.push(format!("{place}: not in the schema")),
        }
    }
}
