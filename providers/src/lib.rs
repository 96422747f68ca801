//! The providers: who works for Portcullis. `Cargo.toml` lists them, the build script names those whose feature is on.

include!(concat!(env!("OUT_DIR"), "/plugins.rs"));
