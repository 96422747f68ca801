//! The settings described for people, from their schema: a commented file to start from, and the pages of the reference.

mod default_file;
mod markdown;

pub use default_file::default_file;
pub use markdown::{configuration_reference, maturity, providers_reference};

use crate::config::Shape;

/// The manual of a table or a setting, on one line per paragraph.
fn description(shape: Shape<'_>) -> String {
    let text = shape.text("description").unwrap_or_default();
    let paragraphs = text.split("\n\n").map(|paragraph| paragraph.replace('\n', " "));
    paragraphs.collect::<Vec<_>>().join("\n")
}
