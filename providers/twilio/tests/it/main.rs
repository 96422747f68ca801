//! Twilio from outside: settings, sending, codes, webhooks, health, and what the vendor's own documents say.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it skipped"
)]

mod account;
mod contract;
mod office;
mod properties;
mod sending;
mod settings;
mod signatures;
mod verify;
mod webhooks;
