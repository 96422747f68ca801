//! What the plugins for AWS share: the way to our HTTP client, region and credentials, and addresses.

mod bridge;
mod credentials;
mod endpoint;

pub use bridge::Bridge;
pub use credentials::{Missing, SEARCH, find, loader};
pub use endpoint::Endpoint;
