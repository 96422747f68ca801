//! What is generated and committed: the API document and the reference of problems.

use std::fs;
use std::path::Path;

/// Compares a committed file with what the program says, or writes it under `UPDATE=1`.
fn compare(path: &str, expected: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE").is_some_and(|value| value == "1") {
        fs::write(&file, expected).expect("the file can be written");
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        committed == expected,
        "{path} is out of date: look at what changed for clients, then write it with UPDATE=1 cargo test -p portcullis-openapi"
    );
}

#[test]
fn the_committed_document_is_that_of_the_program() {
    let text = serde_json::to_string_pretty(&portcullis_openapi::document()).expect("a document");
    compare("openapi.json", &format!("{text}\n"));
}

#[test]
fn the_reference_of_problems_is_that_of_the_program() {
    compare("../docs/reference/problems.md", &portcullis_openapi::reference());
}

#[test]
fn the_reference_of_aliases_is_that_of_the_program() {
    compare(
        "../docs/reference/aliases.md",
        &portcullis_openapi::aliases_reference(),
    );
}
