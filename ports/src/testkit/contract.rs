//! Contract tests: what a plugin sends and what its simulator answers, held against the vendor's OpenAPI document.

#![expect(
    clippy::panic,
    clippy::expect_used,
    reason = "a check fails by panicking, as a test does"
)]

use std::collections::BTreeMap;

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use crate::http::HttpResponse;

/// A vendor's OpenAPI 3.0 document. Every method panics with what differs: it is for tests.
pub struct Contract(Value);

impl Contract {
    /// Reads the document, which a test includes with `include_str!`.
    ///
    /// # Panics
    /// When it is no JSON.
    pub fn new(document: &str) -> Self {
        Self(serde_json::from_str(document).expect("the vendor's document is JSON"))
    }

    /// The properties that a named schema has.
    ///
    /// # Panics
    /// When there is no such schema.
    pub fn properties(&self, schema: &str) -> Vec<&str> {
        let properties = self.0["components"]["schemas"][schema]["properties"].as_object();
        let properties = properties.unwrap_or_else(|| panic!("{schema} is not in the document"));
        properties.keys().map(String::as_str).collect()
    }

    /// Holds a JSON body against what the operation takes.
    ///
    /// # Panics
    /// With everything that differs.
    pub fn accepts_json(&self, path: &str, media_type: &str, body: &[u8]) {
        let schema = &self.operation("post", path)["requestBody"]["content"][media_type]["schema"];
        let body = serde_json::from_slice(body).unwrap_or_else(|error| panic!("{path}: {error}"));
        self.assert_valid(schema, &body, path);
    }

    /// Holds a form against what the operation takes; fields that the document does not have are refused.
    ///
    /// # Panics
    /// With everything that differs.
    pub fn accepts_form(&self, path: &str, body: &[u8]) {
        let schema = &self.operation("post", path)["requestBody"]["content"]["application/x-www-form-urlencoded"]
            ["schema"];
        let form = typed(body, schema);
        let unknown: Vec<_> = form
            .keys()
            .filter(|name| schema["properties"].get(*name).is_none())
            .collect();
        assert!(unknown.is_empty(), "{path}: {unknown:?} are not in the document");
        self.assert_valid(schema, &Value::Object(form), path);
    }

    /// Holds an answer against what the operation answers with that status. Only an error may fall under `default`. Where
    /// the document lists the values of a header, the answer must carry one of them.
    ///
    /// # Panics
    /// With everything that differs.
    pub fn accepts_answer(&self, method: &str, path: &str, answer: &HttpResponse) {
        let responses = &self.operation(method, path)["responses"];
        let status = answer.status.to_string();
        let exact = responses.get(&status);
        let response = exact.or_else(|| responses.get("default").filter(|_| answer.status >= 400));
        let response = response.unwrap_or_else(|| panic!("{method} {path}: {status} is not in the document"));
        for (name, header) in response["headers"].as_object().into_iter().flatten() {
            let given = answer.header(&name.to_lowercase()).unwrap_or_default();
            let known = header["schema"]["enum"].as_array();
            assert!(
                known.is_none_or(|known| known.iter().any(|known| known == given)),
                "{method} {path}: {name}: {given:?} is not in the document"
            );
        }
        let body = serde_json::from_slice(&answer.body)
            .unwrap_or_else(|error| panic!("{method} {path}: {status}: {error}"));
        self.assert_valid(&response["content"]["application/json"]["schema"], &body, path);
    }

    fn operation(&self, method: &str, path: &str) -> &Value {
        let operation = &self.0["paths"][path][method];
        assert!(operation.is_object(), "{method} {path} is not in the document");
        operation
    }

    fn assert_valid(&self, schema: &Value, value: &Value, what: &str) {
        let errors: Vec<_> = self
            .validator(schema)
            .iter_errors(value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{what}: {errors:#?}\n{value:#}");
    }

    fn validator(&self, schema: &Value) -> Validator {
        assert!(schema.is_object(), "the document has no schema here");
        let mut root = json!({ "allOf": [schema], "components": self.0["components"] });
        convert(&mut root["allOf"]);
        if let Some(schemas) = root["components"]["schemas"].as_object_mut() {
            schemas.values_mut().for_each(convert);
        }
        jsonschema::validator_for(&root).unwrap_or_else(|error| panic!("not a schema: {error}"))
    }
}

/// Turns `nullable` of OpenAPI 3.0, which JSON Schema does not know, into a type.
fn convert(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(convert),
        Value::Object(map) => {
            let nullable = map.remove("nullable") == Some(json!(true));
            for (key, inner) in map.iter_mut() {
                match (key.as_str(), inner) {
                    ("properties", Value::Object(fields)) => fields.values_mut().for_each(convert),
                    ("enum" | "default" | "example" | "required", _) => {}
                    (_, inner) => convert(inner),
                }
            }
            if nullable {
                allow_null(map);
            }
        }
        _ => {}
    }
}

fn allow_null(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.push(Value::Null);
    }
    if let Some(kind) = schema.get("type").cloned() {
        schema.insert("type".to_owned(), json!([kind, "null"]));
    } else if ["$ref", "allOf", "anyOf"]
        .iter()
        .any(|key| schema.contains_key(*key))
    {
        let inner = Value::Object(std::mem::take(schema));
        schema.insert("anyOf".to_owned(), json!([inner, { "type": "null" }]));
    }
}

/// A form with its values typed as the schema has them.
fn typed(body: &[u8], schema: &Value) -> Map<String, Value> {
    let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(body).into_owned() {
        values.entry(name).or_default().push(value);
    }
    let typed = |name: &String, values: &Vec<String>| {
        let kind = &schema["properties"][name]["type"];
        if kind == "array" {
            return json!(values);
        }
        assert_eq!(values.len(), 1, "{name} is given twice");
        match kind.as_str() {
            Some("integer" | "number" | "boolean") => {
                serde_json::from_str(&values[0]).unwrap_or_else(|error| panic!("{name}: {error}"))
            }
            _ => Value::String(values[0].clone()),
        }
    };
    values
        .iter()
        .map(|(name, values)| (name.clone(), typed(name, values)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contract() -> Contract {
        Contract::new(
            r##"{
              "paths": { "/things": { "post": {
                "requestBody": { "content": {
                  "application/json": { "schema": { "$ref": "#/components/schemas/Thing" } },
                  "application/x-www-form-urlencoded": { "schema": {
                    "properties": { "size": { "type": "integer" }, "tag": { "type": "array" } } } } } },
                "responses": {
                  "201": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Thing" } } } },
                  "400": {
                    "headers": { "x-error-type": { "schema": { "enum": ["Wrong"] } } },
                    "content": { "application/json": { "schema": { "type": "object" } } } },
                  "default": { "content": { "application/json": { "schema": { "required": ["message"] } } } } } } } },
              "components": { "schemas": { "Thing": {
                "type": "object", "required": ["name"],
                "properties": { "name": { "type": "string", "nullable": true } } } } } }"##,
        )
    }

    fn answer(status: u16, body: &str) -> HttpResponse {
        HttpResponse {
            status,
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
        }
    }

    /// Whether the contract accepts it.
    fn accepted(check: impl FnOnce(&Contract) + std::panic::UnwindSafe) -> bool {
        std::panic::catch_unwind(|| check(&contract())).is_ok()
    }

    #[test]
    fn what_the_document_has_is_accepted_and_nothing_else() {
        let json = |body: &'static str| {
            accepted(move |it| it.accepts_json("/things", "application/json", body.as_bytes()))
        };
        assert!(json(r#"{"name":null}"#) && json(r#"{"name":"a"}"#));
        assert!(!json("{}") && !json(r#"{"name":1}"#) && !json("garbage"));
        let form = |body: &'static str| accepted(move |it| it.accepts_form("/things", body.as_bytes()));
        assert!(form("size=1&tag=a&tag=b"));
        assert!(!form("size=big") && !form("size=1&size=2") && !form("colour=red"));
        assert!(!accepted(|it| it.accepts_form("/nowhere", b"")));
    }

    #[test]
    fn an_answer_needs_a_documented_status_and_its_shape() {
        let answers = |status, body: &'static str| {
            accepted(move |it| it.accepts_answer("post", "/things", &answer(status, body)))
        };
        assert!(answers(201, r#"{"name":"a"}"#) && answers(500, r#"{"message":"no"}"#));
        assert!(!answers(200, r#"{"name":"a"}"#) && !answers(201, "{}") && !answers(500, "{}"));
        assert!(!answers(400, "{}"), "the header is missing");
        let wrong = HttpResponse {
            headers: vec![("x-error-type".into(), "Wrong".into())],
            ..answer(400, "{}")
        };
        contract().accepts_answer("post", "/things", &wrong);
    }

    #[test]
    fn a_schema_names_its_properties() {
        assert_eq!(contract().properties("Thing"), ["name"]);
        assert!(!accepted(|it| drop(it.properties("Other"))));
    }
}
