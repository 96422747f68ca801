//! PayPal from outside: settings, payments, setups, refunds, disputes, webhooks, and what the vendor's own documents say.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod account;
mod approving;
mod charging;
mod contract;
mod disputes;
mod finding;
mod holding;
mod refunds;
mod reports;
mod settings;
mod signatures;
mod storing;
mod subscribing;
mod suite;
mod tokens;
mod webhooks;
