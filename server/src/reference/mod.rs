//! The settings described for people, from their schema: a commented file to start from, and the pages of the reference.

mod default_file;
mod markdown;

pub use default_file::default_file;
pub use markdown::{configuration_reference, maturity, providers_reference};
