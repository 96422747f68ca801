//! Contract tests: what a plugin sends and what its simulator answers, held against the vendor's OpenAPI document.

#![expect(
    clippy::panic,
    clippy::expect_used,
    reason = "a check fails by panicking, as a test does"
)]

mod forms;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use self::forms::{resolved, typed};
use crate::http::{HttpRequest, HttpResponse};

/// A vendor's OpenAPI 3.0 document. Every method panics with what differs: it is for tests.
pub struct Contract {
    document: Value,
    /// By the schema's text: making one of a large document takes long.
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

impl Contract {
    /// Reads the document, which a test includes with `include_str!`.
    ///
    /// # Panics
    /// When it is no JSON.
    pub fn new(document: &str) -> Self {
        Self {
            document: serde_json::from_str(document).expect("the vendor's document is JSON"),
            validators: Mutex::default(),
        }
    }

    /// The properties that a named schema has.
    ///
    /// # Panics
    /// When there is no such schema.
    pub fn properties(&self, schema: &str) -> Vec<&str> {
        let properties = self.document["components"]["schemas"][schema]["properties"].as_object();
        let properties = properties.unwrap_or_else(|| panic!("{schema} is not in the document"));
        properties.keys().map(String::as_str).collect()
    }

    /// Holds a JSON body against what the operation takes.
    ///
    /// # Panics
    /// With everything that differs.
    pub fn accepts_json(&self, path: &str, media_type: &str, body: &[u8]) {
        let expected = resolved(&self.operation("post", path)["requestBody"], &self.document);
        let schema = &expected["content"][media_type]["schema"];
        let body = serde_json::from_slice(body).unwrap_or_else(|error| panic!("{path}: {error}"));
        self.assert_valid(schema, &body, path);
    }

    /// Holds a value against a named schema.
    ///
    /// # Panics
    /// With everything that differs, and when there is no such schema.
    pub fn accepts_object(&self, schema: &str, value: &Value) {
        self.assert_valid(&self.document["components"]["schemas"][schema], value, schema);
    }

    /// Holds a form against what the operation takes; fields that the document does not have are refused.
    ///
    /// # Panics
    /// With everything that differs.
    pub fn accepts_form(&self, path: &str, body: &[u8]) {
        let schema = &self.operation("post", path)["requestBody"]["content"]["application/x-www-form-urlencoded"]
            ["schema"];
        let form = typed(body, schema, &self.document);
        let known = &resolved(schema, &self.document)["properties"];
        let unknown: Vec<_> = form.keys().filter(|name| known.get(*name).is_none()).collect();
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
        let response = resolved(response, &self.document);
        for (name, header) in response["headers"].as_object().into_iter().flatten() {
            let given = answer.header(&name.to_lowercase()).unwrap_or_default();
            let known = header["schema"]["enum"].as_array();
            assert!(
                known.is_none_or(|known| known.iter().any(|known| known == given)),
                "{method} {path}: {name}: {given:?} is not in the document"
            );
        }
        let schema = &response["content"]["application/json"]["schema"];
        if !schema.is_object() {
            assert!(
                answer.body.is_empty(),
                "{method} {path}: {status} has no body in the document"
            );
            return;
        }
        let body = serde_json::from_slice(&answer.body)
            .unwrap_or_else(|error| panic!("{method} {path}: {status}: {error}"));
        self.assert_valid(schema, &body, path);
    }

    /// Holds a whole exchange against the document: the operation that the address names, its query, its body as the media
    /// type says, its answer. Gives the operation's path in the document.
    ///
    /// # Panics
    /// With everything that differs.
    pub fn accepts_exchange(&self, request: &HttpRequest, answer: &HttpResponse) -> &str {
        let address = request
            .url
            .split_once("://")
            .map_or(request.url.as_str(), |(_, rest)| rest);
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let method = request.method.as_str().to_ascii_lowercase();
        let is_it = |template: &&String| {
            let names: Vec<&str> = template.split('/').skip(1).collect();
            let fits = |(name, part): (&&str, &&str)| name.starts_with('{') || name == part;
            names.len() == parts.len() && names.iter().zip(&parts).all(fits)
        };
        let mut templates: Vec<&String> = self.document["paths"]
            .as_object()
            .into_iter()
            .flat_map(Map::keys)
            .filter(is_it)
            .collect();
        // A path that is written out goes before one with names.
        templates.sort_by_key(|template| template.matches('{').count());
        let template = templates
            .first()
            .unwrap_or_else(|| panic!("{path} is not in the document"));
        self.accepts_query(&method, template, query);
        self.accepts_body(&method, template, request);
        self.accepts_answer(&method, template, answer);
        template
    }

    fn accepts_body(&self, method: &str, path: &str, request: &HttpRequest) {
        let mut headers = request.headers.iter();
        let named = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let media_type = named.map_or("", |(_, value)| value.as_str());
        let (media_type, parameters) = media_type.split_once(';').unwrap_or((media_type, ""));
        let expected = resolved(&self.operation(method, path)["requestBody"], &self.document);
        match media_type {
            "application/x-www-form-urlencoded" => self.accepts_form(path, &request.body),
            "application/json" if expected["content"].is_object() => {
                self.accepts_json(path, media_type, &request.body);
            }
            // Many vendors take an empty object where nothing is to be said.
            "application/json" => assert_eq!(request.body, b"{}", "{path}: no body is in the document"),
            "multipart/form-data" => {
                let boundary = parameters.trim().strip_prefix("boundary=").unwrap_or_default();
                let form = forms::parts(&request.body, boundary);
                self.assert_valid(
                    &expected["content"][media_type]["schema"],
                    &Value::Object(form),
                    path,
                );
            }
            _ => assert!(
                request.body.is_empty() && expected["required"] != true,
                "{method} {path}: a body of {media_type:?}"
            ),
        }
    }

    /// Holds a query against what the operation takes; parameters that the document does not have are refused.
    ///
    /// # Panics
    /// With everything that differs.
    pub fn accepts_query(&self, method: &str, path: &str, query: &str) {
        let parameters = self.operation(method, path)["parameters"].as_array();
        let known = parameters
            .into_iter()
            .flatten()
            .map(|parameter| resolved(parameter, &self.document))
            .filter(|parameter| parameter["in"] == "query");
        let properties: Map<String, Value> = known
            .map(|parameter| {
                let name = parameter["name"].as_str().unwrap_or_default();
                (name.to_owned(), parameter["schema"].clone())
            })
            .collect();
        let schema = json!({ "type": "object", "properties": properties });
        let given = typed(query.as_bytes(), &schema, &self.document);
        let unknown: Vec<_> = given
            .keys()
            .filter(|name| !properties.contains_key(*name))
            .collect();
        assert!(
            unknown.is_empty(),
            "{method} {path}: {unknown:?} are not in the document"
        );
        self.assert_valid(&schema, &Value::Object(given), path);
    }

    fn operation(&self, method: &str, path: &str) -> &Value {
        let operation = &self.document["paths"][path][method];
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

    fn validator(&self, schema: &Value) -> Arc<Validator> {
        assert!(schema.is_object(), "the document has no schema here");
        let text = schema.to_string();
        let mut validators = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        let made = validators
            .entry(text)
            .or_insert_with(|| Arc::new(self.compiled(schema)));
        Arc::clone(made)
    }

    fn compiled(&self, schema: &Value) -> Validator {
        let mut root = json!({ "allOf": [schema], "components": self.document["components"] });
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
