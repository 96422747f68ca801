//! The contracts of Portcullis and their vocabulary.
//!
//! A plugin author reads this crate and no other. It does no I/O, knows no HTTP and names no vendor.

pub mod byte_size;
mod cfg_testkit;
pub mod clock;
pub mod connections;
pub mod contact;
pub mod endpoint;
pub mod error;
pub mod geo;
pub mod http;
pub mod id;
pub mod identity;
pub mod inbound;
pub mod keys;
pub mod money;
pub mod multipart;
pub mod notification;
pub mod outcome;
pub mod passwords;
pub mod payments;
pub mod plugin;
pub mod policy;
pub mod probe;
pub mod registry;
pub mod secret;
pub mod selection;
pub mod self_test;
#[cfg(feature = "simulators")]
pub mod simulation;
pub mod span;
pub mod storage;
#[cfg(feature = "testkit")]
pub mod testkit;
mod text;
pub mod wording;

pub use byte_size::ByteSize;
pub use clock::{Clock, Entropy, Timestamp};
pub use endpoint::Endpoint;
pub use error::{Code, Error, Kind, Result, Retry};
pub use outcome::Outcome;
pub use secret::Secret;
pub use span::Span;
