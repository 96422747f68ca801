//! Configuration: reads every source, merges them, collects all mistakes, and plans the selected plugins.

mod aliases;
mod check;
mod coerce;
mod default_file;
mod development;
mod effective;
mod file;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod layer;
mod mistakes;
mod nearest;
mod path;
mod protections;
mod redact;
mod reference;
mod rules;
mod schema;
mod select;
mod settings;
mod shape;
mod show;
mod source;
mod stores;
mod survey;
mod toml;
mod values;
mod variables;

pub use default_file::default_file;
pub use development::Development;
pub use effective::{Effective, Selected, Selection};
pub use mistakes::{Mistake, Mistakes};
pub(crate) use nearest::nearest;
pub use path::Path;
pub use reference::{configuration_reference, maturity, providers_reference};
pub use schema::document;
pub use select::Chosen;
pub use settings::{LogFormat, ServerSettings};
pub use show::{Entry, Shown};
pub use source::Source;
pub use stores::StoreInstance;
pub use survey::{Flag, Request, Survey, survey};
pub use values::{Network, Origin, Size};

/// For whom the program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// A developer's machine: `portcullis dev`.
    Development,
    /// Everything else. Nothing insecure is accepted.
    Production,
}
