//! The OpenAPI document: what poem-openapi knows of the operations, completed by levels and problems.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use poem_openapi::OpenApi;
use poem_openapi::registry::{MetaOperation, MetaSchemaRef, Registry};
use portcullis_ports::error::INTERNAL;
use portcullis_ports::storage::{STORE_CONFLICT, STORE_UNAVAILABLE};
use portcullis_ports::{Code, Kind};
use serde_json::{Map, Value, json};

use crate::answer::JSON;
use crate::problem::{
    self, BODY_TOO_LARGE, INVALID_REQUEST, MEDIA_TYPE, REQUEST_TIMEOUT, SLOW_REQUEST, UNSUPPORTED_ENCODING,
    UNSUPPORTED_MEDIA_TYPE,
};
use crate::{Operations, auth, catalogue, tags};

const INTRODUCTION: &str = "Sign-in, sessions and second factors for an application.

**Try it on this page**

1. `POST /auth/sign-up` (or `/auth/sign-in`): copy `access_token` from the answer.
2. **Authorize** → *bearer*: paste the token.
3. `POST /ui/session/start` with `{}`: if the answer holds a `session_id`, go on with step 5.
4. Otherwise prove as many of `required_factors` as `factors_needed` says, with the `challenge_id` of the answer, \
through `/ui/mfa/…`. The last proof answers with the `session_id`.
5. **Authorize** → *session*: paste the `session_id`. From now on every operation works.

Browsers ask for `\"transport\": \"cookie\"` in step 3 and get an HttpOnly cookie instead. Whatever changes something \
then needs the header `X-CSRF-Token`, as given by `GET /ui/me`.

A client that keeps a device token sends it as `X-DEVICE-TOKEN` with what begins without a session: sign-in, the start of a \
session, a forgotten password. Browsers do so by a cookie.

All times are whole seconds since 1970 (UTC). Errors are `application/problem+json` (RFC 9457); `code` is for programs \
and is explained at `/problems/{code}`. What is no proper request is refused before any operation sees it, with 400, 408, \
414 or 431.";

/// What any operation that does something may answer with when nothing is wrong with the request.
const FAILURES: [Code; 3] = [STORE_UNAVAILABLE, STORE_CONFLICT, REQUEST_TIMEOUT];

/// The whole document. The same program gives the same text.
pub fn document() -> Value {
    let mut registry = Registry::new();
    Operations::register(&mut registry);
    let mut paths = Map::new();
    for path in Operations::meta().into_iter().flat_map(|api| api.paths) {
        let methods = path
            .operations
            .iter()
            .map(|one| (one.method.as_str().to_lowercase(), operation(one)));
        paths.insert(path.path.clone(), Value::Object(methods.collect()));
    }
    let mut document = json!({
        "openapi": "3.0.3",
        "info": {
            "title": "Portcullis",
            "version": env!("CARGO_PKG_VERSION"),
            "description": INTRODUCTION,
            "license": { "name": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "tags": ordered_tags(&registry),
        "paths": paths,
        "components": {
            "schemas": registry.schemas,
            "examples": catalogue::examples(),
            "securitySchemes": registry.security_schemes,
        },
    });
    name_actions(&mut document);
    leave_out_unnamed(&mut document);
    nullable(&mut document);
    aliases(&mut document);
    optional_bodies(&mut document);
    document
}

fn ordered_tags(registry: &Registry) -> Value {
    let find = |name: &&str| registry.tags.iter().find(|tag| tag.name == *name);
    json!(tags::ORDER.iter().filter_map(find).collect::<Vec<_>>())
}

/// One operation with its level and its problems.
fn operation(meta: &MetaOperation) -> Value {
    let mut operation = json!(meta);
    let alternatives = alternatives(meta);
    let description = meta.description.unwrap_or_default();
    let described = format!("{description}\n\n{}", auth::sentence(&alternatives));
    operation["description"] = Value::from(described.trim());
    operation["security"] = alternatives.iter().map(|names| requirement(names)).collect();
    if let Some(role) = auth::role(&alternatives) {
        operation["x-operator-role"] = role.into();
    }
    if let Some(scope) = auth::scope(&alternatives) {
        operation["x-api-key-scope"] = scope.into();
    }
    let parameters = operation
        .get_mut("parameters")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten();
    for parameter in parameters.filter_map(Value::as_object_mut) {
        parameter.retain(|key, value| key != "explode" && !(key == "deprecated" && *value == false));
    }
    // In the place of the one answer that names the codes, one for each status that occurs.
    if let Some(responses) = operation["responses"].as_object_mut() {
        responses.remove("default");
        for (status, codes) in problems(meta) {
            responses.insert(status.to_string(), refusal(&codes));
        }
    }
    operation
}

/// The ways in which a caller may be recognised.
fn alternatives(meta: &MetaOperation) -> Vec<&'static str> {
    meta.security.iter().flat_map(HashMap::keys).copied().collect()
}

/// Everything that one alternative names, for OpenAPI.
fn requirement(names: &str) -> Value {
    let schemes = auth::schemes(names).map(|name| (name.to_owned(), json!([])));
    Value::Object(schemes.collect())
}

/// The problems that an operation may answer with, by their statuses.
fn problems(meta: &MetaOperation) -> BTreeMap<u16, Vec<Code>> {
    let mut codes = auth::problems(&alternatives(meta));
    if meta.request.is_some() || !meta.params.is_empty() {
        codes.push(INVALID_REQUEST);
    }
    if let Some(request) = &meta.request {
        codes.extend([BODY_TOO_LARGE, SLOW_REQUEST, UNSUPPORTED_ENCODING]);
        if request.content.iter().any(|content| content.content_type == JSON) {
            codes.push(UNSUPPORTED_MEDIA_TYPE);
        }
    }
    let responses = meta.responses.responses.iter();
    let refusals = responses
        .flat_map(|response| &response.content)
        .filter(|content| content.content_type == MEDIA_TYPE);
    for content in refusals {
        if let MetaSchemaRef::Inline(schema) = &content.schema {
            let names = schema.enum_items.iter().filter_map(Value::as_str);
            codes.extend(names.filter_map(catalogue::find));
        }
    }
    // What asks nobody and reads nothing cannot fail but by a defect.
    if !meta.security.is_empty() || meta.request.is_some() {
        codes.extend(FAILURES);
    }
    codes.push(INTERNAL);
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in codes {
        let listed = by_status.entry(problem::status(code).as_u16()).or_default();
        if !listed.contains(&code) {
            listed.push(code);
        }
    }
    by_status
}

/// Names the problems that an answer of one status may hold.
fn refusal(codes: &[Code]) -> Value {
    let (mut list, mut shown) = (Vec::new(), Map::new());
    for code in codes {
        let name = code.name();
        list.push(format!("- `{name}`: {}", code.title()));
        shown.insert(
            name.to_owned(),
            json!({ "$ref": format!("#/components/examples/{name}") }),
        );
    }
    let mut response = json!({
        "description": list.join("\n"),
        "content": { MEDIA_TYPE: {
            "schema": { "$ref": "#/components/schemas/Problem" },
            "examples": shown,
        } },
    });
    let mut headers = Map::new();
    let mut header = |name: &str, kind: &str, description: &str| {
        let value = json!({ "description": description, "schema": { "type": kind } });
        headers.insert(name.to_owned(), value);
    };
    if codes.iter().any(|code| code.kind() == Kind::Unauthenticated) {
        header("WWW-Authenticate", "string", "How to prove who is asking.");
    }
    if codes
        .iter()
        .any(|code| matches!(code.kind(), Kind::Limited | Kind::Unavailable))
    {
        header(
            "Retry-After",
            "integer",
            "Seconds until another attempt makes sense.",
        );
    }
    if !headers.is_empty() {
        response["headers"] = Value::Object(headers);
    }
    response
}

/// Lists the sensitive actions that the areas declare.
fn name_actions(document: &mut Value) {
    let actions = portcullis_core::step_up_actions();
    let lines: Vec<String> = actions
        .iter()
        .map(|action| format!("- `{}`: {}.", action.name, action.summary))
        .collect();
    let names: Vec<&str> = actions.iter().map(|action| action.name).collect();
    let schema = &mut document["components"]["schemas"]["Action"];
    schema["description"] = format!(
        "What needs factors that were proven recently.\n{}",
        lines.join("\n")
    )
    .into();
    schema["enum"] = names.into();
}

/// Leaves out the schemas that stand in others with all their fields, and that nothing else names.
fn leave_out_unnamed(document: &mut Value) {
    let mut named = BTreeSet::new();
    reach(document, &document["paths"], &mut named);
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        schemas.retain(|name, _| named.contains(name));
    }
}

/// Says of optional fields that they may be null; answers always hold them.
fn nullable(document: &mut Value) {
    let always_whole = answered(document);
    let targets = document["components"]["schemas"].clone();
    let schemas = document
        .pointer_mut("/components/schemas")
        .and_then(Value::as_object_mut);
    for (name, schema) in schemas.into_iter().flatten() {
        let listed = schema["required"].as_array().cloned().unwrap_or_default();
        let mut all = Vec::new();
        let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
        for (field, property) in properties.into_iter().flatten() {
            all.push(Value::from(field.as_str()));
            plain_reference(property);
            // The fields that a problem leaves out are absent, not null.
            if !listed.contains(&Value::from(field.as_str()))
                && name != "Problem"
                && property.get("default").is_none()
            {
                or_null(property, &targets);
            }
        }
        if always_whole.contains(name) && !all.is_empty() {
            schema["required"] = Value::Array(all);
        }
    }
}

/// Adds the second names of fields, of which a request has one or the other, and never both.
fn aliases(document: &mut Value) {
    let schemas = document["components"]["schemas"].as_object_mut();
    for schema in schemas
        .into_iter()
        .flatten()
        .filter_map(|(_, schema)| schema.as_object_mut())
    {
        let Some(mut named) = schema.remove("discriminator") else {
            continue;
        };
        let mapping = named["mapping"].as_object_mut().map(std::mem::take);
        for (field, alias) in mapping.into_iter().flatten() {
            let alias = alias.as_str().unwrap_or_default();
            let mut property = schema["properties"][&field].clone();
            property["description"] = Value::from(format!("Another name of `{field}`: send one of them."));
            schema["properties"][alias] = property;
            let required = schema.get_mut("required").and_then(Value::as_array_mut);
            let is_needed = required.is_some_and(|required| {
                let before = required.len();
                required.retain(|name| *name != *field);
                required.len() < before
            });
            if !is_needed {
                schema.insert("not".to_owned(), json!({ "required": [field, alias] }));
            }
        }
    }
}

/// Adds null to what a property may be. That counts only beside `type` (OpenAPI 3.0.3, Schema Object, `nullable`),
/// which a reference does not bring along.
fn or_null(property: &mut Value, schemas: &Value) {
    if let Some(reference) = property.get("$ref").cloned() {
        *property = json!({ "allOf": [{ "$ref": reference }] });
    }
    let reference = property.pointer("/allOf/0/$ref").and_then(Value::as_str);
    if let Some(name) = reference.and_then(|target| target.strip_prefix("#/components/schemas/")) {
        property["type"] = schemas[name]["type"].clone();
    }
    property["nullable"] = Value::from(true);
}

/// `allOf` of a reference and remarks is written as the reference with remarks beside it.
fn plain_reference(property: &mut Value) {
    let first = property["allOf"]
        .as_array()
        .filter(|all| all.len() > 1)
        .and_then(|all| all.first())
        .cloned();
    if let Some(first) = first.filter(|first| first.get("$ref").is_some()) {
        property["allOf"] = json!([first]);
    }
}

/// The schemas that only answers use.
fn answered(document: &Value) -> BTreeSet<String> {
    let (mut answers, mut requests) = (BTreeSet::new(), BTreeSet::new());
    let operations = document["paths"]
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(_, path)| path.as_object());
    for operation in operations.flatten().map(|(_, operation)| operation) {
        reach(document, &operation["requestBody"], &mut requests);
        for (status, response) in operation["responses"].as_object().into_iter().flatten() {
            if status.starts_with('2') {
                reach(document, response, &mut answers);
            }
        }
    }
    answers.difference(&requests).cloned().collect()
}

/// Collects the schemas that a part of the document leads to.
fn reach(document: &Value, part: &Value, found: &mut BTreeSet<String>) {
    match part {
        Value::Array(elements) => elements
            .iter()
            .for_each(|element| reach(document, element, found)),
        Value::Object(table) => {
            let target = table.get("$ref").and_then(Value::as_str);
            if let Some(name) = target.and_then(|target| target.strip_prefix("#/components/schemas/"))
                && found.insert(name.to_owned())
            {
                reach(document, &document["components"]["schemas"][name], found);
            }
            table.values().for_each(|value| reach(document, value, found));
        }
        _ => {}
    }
}

/// A body whose fields are all optional may be left out.
fn optional_bodies(document: &mut Value) {
    let schemas = document["components"]["schemas"].clone();
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for operation in paths
        .filter_map(|(_, path)| path.as_object_mut())
        .flatten()
        .map(|(_, operation)| operation)
    {
        let Some(body) = operation.get_mut("requestBody") else {
            continue;
        };
        let Some(target) = body["content"]["application/json"]["schema"]["$ref"].as_str() else {
            continue;
        };
        let name = target.rsplit('/').next().unwrap_or_default();
        let needed = schemas[name]["required"]
            .as_array()
            .is_some_and(|fields| !fields.is_empty())
            || schemas[name].get("allOf").is_some();
        body["required"] = Value::from(needed);
    }
}
