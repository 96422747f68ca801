//! The OpenAPI document: what poem-openapi knows of the operations, completed by levels, examples and problems.

use std::collections::{BTreeMap, BTreeSet};

use poem_openapi::OpenApi;
use poem_openapi::registry::{MetaOperation, Registry};
use portcullis_ports::{Code, Kind};
use serde_json::{Map, Value, json};

use crate::levels::{self, Level, level};
use crate::problem::{self, MEDIA_TYPE};
use crate::{Operations, catalogue, examples, tags};

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
const FAILURES: [&str; 2] = ["store-unavailable", "request-timeout"];

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
            "examples": examples::problems(),
            "securitySchemes": levels::schemes(),
        },
    });
    nullable(&mut document);
    id_patterns(&mut document);
    alternatives(&mut document);
    other_names(&mut document);
    optional_bodies(&mut document);
    document
}

fn ordered_tags(registry: &Registry) -> Value {
    let find = |name: &&str| registry.tags.iter().find(|tag| tag.name == *name);
    json!(tags::ORDER.iter().filter_map(find).collect::<Vec<_>>())
}

/// One operation with its level, examples and problems.
fn operation(meta: &MetaOperation) -> Value {
    let id = meta.operation_id.unwrap_or_default();
    let mut operation = json!(meta);
    let level = level(id);
    let described = format!("{}\n\n{}", meta.description.unwrap_or_default(), level.sentence());
    operation["description"] = Value::from(described.trim());
    operation["security"] = level.security();
    let parameters = operation
        .get_mut("parameters")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten();
    for parameter in parameters.filter_map(Value::as_object_mut) {
        parameter.retain(|key, value| key != "explode" && !(key == "deprecated" && *value == false));
    }
    if let Some(content) = operation.pointer_mut("/requestBody/content/application~1json") {
        content["example"] = examples::request(id);
    }
    let takes_json = operation
        .pointer("/requestBody/content/application~1json")
        .is_some();
    let problems = problems(meta, level, takes_json);
    let Some(responses) = operation["responses"].as_object_mut() else {
        return operation;
    };
    for (status, response) in responses.iter_mut() {
        if let Some(content) = response.pointer_mut("/content/application~1json") {
            content["example"] = examples::answer(id, status);
        }
    }
    // In the place of the ranges that the handlers' type names, the statuses that occur.
    let ranges = ["4XX", "5XX"].map(|range| responses.remove(range));
    let form = ranges.into_iter().flatten().next().unwrap_or_default();
    for (status, codes) in problems {
        responses.insert(status.to_string(), refusal(form.clone(), &codes));
    }
    operation
}

/// The problems that an operation may answer with, by their statuses.
fn problems(meta: &MetaOperation, level: Level, takes_json: bool) -> BTreeMap<u16, Vec<Code>> {
    let id = meta.operation_id.unwrap_or_default();
    let mut names: Vec<String> = level.problems().iter().map(ToString::to_string).collect();
    if meta.request.is_some() || !meta.params.is_empty() {
        names.push("invalid-request".to_owned());
    }
    if meta.request.is_some() {
        names.extend(["body-too-large", "slow-request"].map(str::to_owned));
    }
    if takes_json {
        names.push("unsupported-media-type".to_owned());
    }
    names.extend(examples::problems_of(id));
    // What asks nobody and reads nothing cannot fail but by a defect.
    if level != Level::Public || meta.request.is_some() {
        names.extend(FAILURES.map(str::to_owned));
    }
    names.push("internal".to_owned());
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in names.iter().filter_map(|name| catalogue::find(name)) {
        let codes = by_status.entry(problem::status(code).as_u16()).or_default();
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    by_status
}

/// Names the problems that an answer of one status may hold.
fn refusal(mut response: Value, codes: &[Code]) -> Value {
    let (mut list, mut shown) = (Vec::new(), Map::new());
    for code in codes {
        let name = code.name();
        list.push(format!("- `{name}`: {}", code.title()));
        shown.insert(
            name.to_owned(),
            json!({ "$ref": format!("#/components/examples/{name}") }),
        );
    }
    response["description"] = Value::from(list.join("\n"));
    response["content"][MEDIA_TYPE]["examples"] = Value::Object(shown);
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

/// What ids look like that answers hold as plain text, by the names of their fields.
const ID_PATTERNS: [(&str, &str); 4] = [
    ("challenge_id", "^chal_[0-9a-hjkmnp-tv-z]{26}$"),
    ("sign_up_id", r"^ver_[0-9a-hjkmnp-tv-z]{26}\.[A-Za-z0-9_-]{43}$"),
    // The credential, or its public part alone.
    (
        "session_id",
        r"^ses_[0-9a-hjkmnp-tv-z]{26}(\.[A-Za-z0-9_-]{43})?$",
    ),
    ("next_cursor", r"^[0-9]{1,15}\.ses_[0-9a-hjkmnp-tv-z]{26}$"),
];

/// Gives every id its pattern whose type has none.
fn id_patterns(document: &mut Value) {
    let schemas = document["components"]["schemas"].as_object_mut();
    for (_, schema) in schemas.into_iter().flatten() {
        for (field, pattern) in ID_PATTERNS {
            let property = schema
                .pointer_mut(&format!("/properties/{field}"))
                .and_then(Value::as_object_mut);
            if let Some(property) = property {
                property.entry("pattern").or_insert_with(|| pattern.into());
            }
        }
    }
}

/// Requests that need one of two fields, each of which may otherwise be null or left out.
const ALTERNATIVES: [(&str, [&str; 2]); 2] = [
    ("ResendVerification", ["email", "sign_up_id"]),
    ("VerifyEmail", ["email", "sign_up_id"]),
];

/// Says of those requests that one of the fields must be there.
fn alternatives(document: &mut Value) {
    for (name, fields) in ALTERNATIVES {
        document["components"]["schemas"][name]["allOf"] = json!([{ "anyOf": fields.map(with) }]);
    }
}

/// An object that has this field, and not as null.
fn with(field: &str) -> Value {
    json!({ "required": [field], "properties": { field: { "type": "string" } } })
}

/// The other name of a field that holds a code.
const OTHER_NAME: &str = "code";

/// The fields that may also be sent as [`OTHER_NAME`].
const RENAMED: [(&str, &str); 8] = [
    ("ConfirmRecovery", "confirmation_code"),
    ("ConfirmTotp", "totp_code"),
    ("ProveRecoveryCode", "recovery_code"),
    ("ProveTotp", "totp_code"),
    ("RemoveTotp", "totp_code"),
    ("UseRecoveryCode", "recovery_code"),
    ("VerifyRecovery", "confirmation_code"),
    ("VerifyTotp", "totp_code"),
];

/// Adds those other names, of which a request has one or the other, and never both.
fn other_names(document: &mut Value) {
    for (name, field) in RENAMED {
        let schema = &mut document["components"]["schemas"][name];
        let mut property = schema["properties"][field].clone();
        property["description"] = Value::from(format!("Another name of `{field}`: send one of them."));
        schema["properties"][OTHER_NAME] = property;
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let (named, others): (Vec<_>, Vec<_>) = required.into_iter().partition(|other| other == field);
        if named.is_empty() {
            schema["not"] = json!({ "required": [field, OTHER_NAME] });
        } else {
            schema["required"] = Value::from(others);
            schema["allOf"] = json!([{ "oneOf": [with(field), with(OTHER_NAME)] }]);
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
