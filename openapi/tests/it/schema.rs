//! Compares a value with a schema of the document.

use serde_json::{Value, json};

/// What is wrong with `value`, each with the place.
pub(crate) fn complaints(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut whole = json!({ "components": document["components"], "allOf": [schema] });
    to_json_schema(&mut whole);
    let validator = jsonschema::draft202012::new(&whole).expect("a schema");
    let found = validator.iter_errors(value);
    found
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

/// Says as JSON Schema does what OpenAPI 3.0 says in its own way, and forbids fields that no schema names.
fn to_json_schema(schema: &mut Value) {
    match schema {
        Value::Array(elements) => elements.iter_mut().for_each(to_json_schema),
        Value::Object(table) => {
            table.values_mut().for_each(to_json_schema);
            if table.remove("nullable") == Some(Value::Bool(true)) {
                let plain = std::mem::take(table);
                table.insert("anyOf".into(), json!([plain, { "type": "null" }]));
            } else if table.contains_key("properties") && table.get("type") == Some(&json!("object")) {
                table.entry("additionalProperties").or_insert(false.into());
            }
        }
        _ => {}
    }
}
