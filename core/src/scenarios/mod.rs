//! Whole deployments: what people and several nodes do across areas. Knows every floor.

mod accounts;
mod api_keys;
mod autopay;
mod budgets;
mod cache;
mod challenges;
mod closures;
mod factors;
mod figures;
mod invoices;
mod known_devices;
mod ledger;
mod operators;
mod orders;
mod outbox_machine;
mod password_recovery;
mod payments;
mod plans;
mod reconciliation;
mod sessions;
mod sms_spend;
mod subscriptions;
mod suppressions;
