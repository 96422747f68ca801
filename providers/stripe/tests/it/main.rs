//! Stripe from outside: settings, payments, setups, refunds, disputes, webhooks, and what the vendor's own document says.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod account;
mod charging;
mod contract;
mod disputes;
mod refunds;
mod reports;
mod settings;
mod storing;
mod suite;
mod time;
mod webhooks;
