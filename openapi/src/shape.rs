//! Whether a request body has the shape that the document says.
//!
//! Parsers are lenient in ways that no document mentions: they take a list for an object, and a table for a choice.

use std::sync::LazyLock;

use poem_openapi::registry::MetaSchemaRef;
use portcullis_ports::Error;
use serde_json::Value;

use crate::document::document;
use crate::problem::INVALID_REQUEST;

/// The schemas of the document, made once.
static SCHEMAS: LazyLock<Value> = LazyLock::new(|| document()["components"]["schemas"].take());

/// Refuses a body that is not what the schema says. Lengths and patterns are left to the types.
///
/// # Errors
/// `invalid-request` with the first field at fault.
pub(crate) fn check(body: &Value, schema: &MetaSchemaRef) -> Result<(), Error> {
    let schema = match schema {
        MetaSchemaRef::Reference(name) => SCHEMAS.get(name).cloned().unwrap_or_default(),
        MetaSchemaRef::Inline(schema) => serde_json::to_value(schema).unwrap_or_default(),
    };
    walk(body, &schema, &SCHEMAS, "")
}

fn walk(value: &Value, schema: &Value, schemas: &Value, pointer: &str) -> Result<(), Error> {
    let target = schema["$ref"].as_str();
    if let Some(name) = target.and_then(|target| target.rsplit('/').next()) {
        return walk(value, &schemas[name], schemas, pointer);
    }
    if value.is_null() && (schema["nullable"] == true || schema.get("default").is_some()) {
        return Ok(());
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        walk(value, part, schemas, pointer)?;
    }
    if let Some(expected) = schema["type"].as_str().and_then(|kind| mismatch(value, kind)) {
        return Err(refused(
            pointer,
            &format!("{expected} is expected, not {}.", what(value)),
        ));
    }
    if let Some(choices) = schema["enum"].as_array()
        && !choices.contains(value)
    {
        let known: Vec<&str> = choices.iter().filter_map(Value::as_str).collect();
        return Err(refused(
            pointer,
            &format!("Expected is one of: {}.", known.join(", ")),
        ));
    }
    if let (Some(elements), Some(items)) = (value.as_array(), schema.get("items")) {
        for (index, element) in elements.iter().enumerate() {
            walk(element, items, schemas, &format!("{pointer}/{index}"))?;
        }
    }
    if let (Some(fields), Some(properties)) = (value.as_object(), schema["properties"].as_object()) {
        for (name, field) in fields {
            if let Some(property) = properties.get(name) {
                walk(field, property, schemas, &format!("{pointer}/{name}"))?;
            }
        }
    }
    Ok(())
}

/// What would be right, where a value is not of that type.
fn mismatch(value: &Value, kind: &str) -> Option<&'static str> {
    let (fits, expected) = match kind {
        "object" => (value.is_object(), "An object"),
        "array" => (value.is_array(), "A list"),
        "string" => (value.is_string(), "Text"),
        "boolean" => (value.is_boolean(), "True or false"),
        "integer" => (value.is_i64() || value.is_u64(), "A whole number"),
        "number" => (value.is_number(), "A number"),
        _ => return None,
    };
    (!fits).then_some(expected)
}

fn what(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn refused(pointer: &str, detail: &str) -> Error {
    let summary = match pointer.strip_prefix('/') {
        Some(field) => format!("{field}: {detail}"),
        None => format!("The request body: {detail}"),
    };
    INVALID_REQUEST.with_detail(summary).with_field(pointer, detail)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pointer(body: &Value, schema: &Value) -> Option<String> {
        let schemas = json!({ "Choice": { "type": "string", "enum": ["header", "cookie"] } });
        let refused = walk(body, schema, &schemas, "").err()?;
        Some(refused.fields()[0].pointer.clone())
    }

    #[test]
    fn only_the_shape_of_the_schema_passes() {
        let schema = json!({ "type": "object", "properties": {
            "name": { "type": "string", "nullable": true },
            "by": { "allOf": [{ "$ref": "#/components/schemas/Choice" }], "default": "header" },
            "many": { "type": "array", "items": { "type": "integer" } },
        } });
        for right in [
            json!({}),
            json!({ "name": null, "by": "cookie", "many": [1, 2], "else": [] }),
        ] {
            assert_eq!(pointer(&right, &schema), None, "{right}");
        }
        for (wrong, at) in [
            (json!([]), ""),
            (json!("text"), ""),
            (json!(null), ""),
            (json!({ "name": 5 }), "/name"),
            (json!({ "name": ["a"] }), "/name"),
            (json!({ "by": { "cookie": null } }), "/by"),
            (json!({ "by": "other" }), "/by"),
            (json!({ "many": [1, 2.5] }), "/many/1"),
            (json!({ "many": null }), "/many"),
        ] {
            assert_eq!(pointer(&wrong, &schema).as_deref(), Some(at), "{wrong}");
        }
    }
}
