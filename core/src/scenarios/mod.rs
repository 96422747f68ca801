//! Whole deployments: what people and several nodes do across areas. Knows every floor.

mod accounts;
mod budgets;
mod cache;
mod challenges;
mod factors;
mod known_devices;
mod outbox_machine;
mod password_recovery;
mod sessions;
mod sms_spend;
mod suppressions;
