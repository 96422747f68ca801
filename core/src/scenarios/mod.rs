//! Whole deployments: what people and several nodes do across areas. Knows every floor.

mod budgets;
mod cache;
mod known_devices;
mod outbox_machine;
mod sms_spend;
mod suppressions;
