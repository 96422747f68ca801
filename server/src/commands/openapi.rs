//! `portcullis openapi`: prints the document that describes the HTTP API.

use std::io::Write;

use crate::cli::OpenapiArguments;
use crate::exit::Failure;

pub(crate) fn run(arguments: &OpenapiArguments, out: &mut dyn Write) -> Result<(), Failure> {
    let document = portcullis_openapi::document();
    if arguments.yaml {
        write!(out, "{}", portcullis_openapi::yaml(&document))?;
    } else {
        let text =
            serde_json::to_string_pretty(&document).map_err(|error| Failure::Other(error.to_string()))?;
        writeln!(out, "{text}")?;
    }
    Ok(())
}
