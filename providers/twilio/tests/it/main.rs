//! Twilio from outside: settings, sending, codes, webhooks, health, and what the vendor's own documents say.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod account;
mod contract;
mod lookup;
mod properties;
mod sending;
mod settings;
mod signatures;
mod simulated_account;
mod verify;
mod webhooks;
