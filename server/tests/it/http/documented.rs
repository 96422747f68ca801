//! Every answer that any test gets is one that the document announces.

use std::sync::LazyLock;

use serde_json::Value;

static DOCUMENT: LazyLock<Value> = LazyLock::new(portcullis_openapi::document);

/// What is refused before any operation sees the request; the introduction of the document says so.
const BEFORE: [u16; 4] = [400, 408, 414, 431];

/// Fails if an operation answered with a status that its documentation does not list.
#[track_caller]
pub(crate) fn expect(method: &str, path: &str, status: u16) {
    let path = path.split('?').next().unwrap_or_default();
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let operation = paths
        .iter()
        .find(|(template, _)| fits(template, path))
        .and_then(|(_, methods)| methods.get(method.to_lowercase()));
    let Some(operation) = operation else { return };
    let listed = operation["responses"].get(status.to_string()).is_some();
    let before = BEFORE.contains(&status) && operation.get("requestBody").is_none();
    assert!(
        listed || before,
        "{method} {path} answers with {status}, which the document does not list"
    );
}

/// Whether a path is one of a template with names in braces.
fn fits(template: &str, path: &str) -> bool {
    let (wanted, given): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    wanted.len() == given.len()
        && wanted
            .iter()
            .zip(given)
            .all(|(wanted, given)| wanted.starts_with('{') || *wanted == given)
}
