//! Files: handed over once, named by whatever uses them.

use portcullis_ports::payments::FileType;
use serde_json::{Value, json};

use super::answers::{Answer, refuse, show};
use super::asked::Asked;
use super::errors;
use super::state::State;

/// The largest file of evidence, in bytes.
const LARGEST: usize = 5 * 1024 * 1024;
/// What all files of one dispute may hold together.
const MOST: i64 = 4_500_000;

/// The fields of evidence that name a file.
const FIELDS: [&str; 9] = [
    "cancellation_policy",
    "customer_communication",
    "customer_signature",
    "duplicate_charge_documentation",
    "receipt",
    "refund_policy",
    "service_documentation",
    "shipping_documentation",
    "uncategorized_file",
];

pub(super) fn create(state: &mut State, asked: &Asked) -> Answer {
    if asked.text("purpose").as_deref() != Some("dispute_evidence") {
        return refuse(
            400,
            &errors::invalid("purpose", "Invalid purpose: expected is dispute_evidence"),
        );
    }
    let Some(file) = &asked.file else {
        return refuse(400, &errors::needed("file"));
    };
    let Some(kind) = FileType::of(&file.bytes).filter(|_| file.bytes.len() <= LARGEST) else {
        return refuse(
            400,
            &errors::invalid(
                "file",
                "File for key file is of no type that is taken, or too large",
            ),
        );
    };
    let made = json!({
        "id": state.id("file"),
        "object": "file",
        "created": state.now,
        "expires_at": null,
        "filename": file.name,
        "purpose": "dispute_evidence",
        "size": file.bytes.len(),
        "title": null,
        "type": kind.ending(),
        "url": null,
    });
    state.add(made.clone());
    show(made)
}

/// What is wrong with the files that evidence names, if anything is.
pub(super) fn wrong(state: &State, evidence: &Value) -> Option<Value> {
    let mut sum = 0;
    for field in FIELDS {
        let Some(id) = evidence[field].as_str() else {
            continue;
        };
        if !state.is("file", id) {
            return Some(errors::missing("file upload", &format!("evidence[{field}]")));
        }
        sum += state.figure(id, "size");
    }
    (sum > MOST).then(|| errors::invalid("evidence", "The files of a dispute are too large together"))
}
