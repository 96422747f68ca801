//! The adapters: what Portcullis runs on. `Cargo.toml` lists them, the build script names those whose feature is on.

include!(concat!(env!("OUT_DIR"), "/plugins.rs"));

#[cfg(feature = "keyfile")]
pub use ::keyfile;
