//! CCBill from outside: settings, payments, look-ups, refunds, webhooks, reports, and what the vendor's documents say.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod account;
mod charging;
mod contract;
mod datalink;
mod finding;
mod pages;
mod settings;
mod subscribing;
mod suite;
mod webhooks;
