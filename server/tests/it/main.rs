//! The integration tests of the server, one program.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod architecture;
mod audit;
mod authenticator;
mod cli;
mod config;
mod fake_senders;
mod fake_store;
mod generated;
mod http;
mod journey;
mod key_rotation;
mod lost;
mod memory;
mod nodes;
mod plugins;
mod program;
mod reencrypt;
mod restoring;
mod secrets;
mod setup;
mod skeleton;
mod sources;
mod store_copy;
mod stores;
