//! `portcullis openapi`: prints the document that describes the HTTP API.

use std::io::Write;

use crate::exit::Failure;

pub(crate) fn run(out: &mut dyn Write) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(&portcullis_openapi::document())
        .map_err(|error| Failure::Other(error.to_string()))?;
    Ok(writeln!(out, "{text}")?)
}
