//! Configuration: reads every source, merges them, collects all errors, and plans the selected plugins.

mod check;
mod coerce;
mod development;
mod errors;
mod file;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod loaded;
mod merged;
mod path;
mod schema;
mod select;
mod shape;
mod show;
mod validated;
mod variables;

pub use development::{Development, SimulatedPlugin};
pub use errors::{ConfigError, ConfigErrors};
pub use loaded::{LoadedConfig, Request, load};
pub use merged::{Setting, Source};
pub use path::Path;
pub(crate) use path::key;
pub use schema::document;
pub use select::Chosen;
pub(crate) use shape::{Field, Shape};
pub(crate) use show::toml;
pub use show::{Entry, Shown};
pub use validated::{StoreInstance, ValidatedConfig};
