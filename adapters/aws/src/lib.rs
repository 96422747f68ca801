//! What the plugins for AWS share: the way to our HTTP client, region and credentials.

mod bridge;
mod credentials;

pub use bridge::Bridge;
pub use credentials::{Missing, SEARCH, find, loader};
