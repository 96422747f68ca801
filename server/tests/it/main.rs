//! The integration tests of the server, one program.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod architecture;
mod audit;
mod authenticator;
mod cli;
mod config;
mod config_values;
mod fake_senders;
mod fake_store;
mod generated;
mod http;
mod inbox;
mod journey;
mod key_rotation;
mod kills;
mod ledger;
mod lost;
mod memory;
mod nodes;
mod operators;
mod payment_schedules;
mod plugins;
mod program;
mod reconcile;
mod reencrypt;
mod restoring;
mod secrets;
mod setup;
mod simulators;
mod skeleton;
mod sources;
mod store_copy;
mod stores;
