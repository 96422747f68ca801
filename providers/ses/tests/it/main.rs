//! The plugin against a simulated SES and SNS, the vendor's signature vectors and its documents.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod contract;
mod sending;
mod settings;
mod signatures;
mod simulated_account;
mod webhooks;
