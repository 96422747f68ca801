//! Examples for the document: requests and answers from one file, problems from the catalogue.

use std::sync::LazyLock;

use portcullis_ports::Kind;
use serde_json::{Map, Value, json};

use crate::{catalogue, problem};

/// By operation: `request`, `answers` by status, `problems` by code.
static FILE: LazyLock<Value> = LazyLock::new(|| {
    // A file that is no JSON gives a document without examples, which the tests refuse.
    serde_json::from_str(include_str!("../examples.json")).unwrap_or_default()
});

/// What the operation may be asked.
pub(crate) fn request(operation: &str) -> Value {
    FILE[operation]["request"].clone()
}

/// What it then answers.
pub(crate) fn answer(operation: &str, status: &str) -> Value {
    FILE[operation]["answers"][status].clone()
}

/// The problems that are peculiar to it.
pub(crate) fn problems_of(operation: &str) -> impl Iterator<Item = String> {
    let listed = FILE[operation]["problems"].as_array().into_iter().flatten();
    listed.filter_map(Value::as_str).map(str::to_owned)
}

/// One example per problem.
pub(crate) fn problems() -> Map<String, Value> {
    catalogue::codes()
        .into_iter()
        .map(|code| {
            let status = problem::status(code).as_u16();
            let mut value = json!({
                "type": format!("/problems/{}", code.name()),
                "title": code.title(),
                "status": status,
                "detail": code.title(),
                "instance": "4c1f0a9be2d37768",
                "code": code.name(),
            });
            match code.kind() {
                Kind::Limited => value["retry_after"] = Value::from(30),
                Kind::Unavailable => value["retry_after"] = Value::from(1),
                _ if code == problem::INVALID_REQUEST => {
                    value["detail"] = Value::from("email: This field is required.");
                    value["errors"] = json!([{ "pointer": "/email", "detail": "This field is required." }]);
                }
                _ => {}
            }
            (
                code.name().to_owned(),
                json!({ "summary": status.to_string(), "value": value }),
            )
        })
        .collect()
}
