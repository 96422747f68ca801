//! The use cases of Portcullis, over ports and nothing else.
//!
//! Four floors, and arrows that only point down: tools, areas, services, foundation.

mod app;
mod areas;
mod foundation;
mod services;
pub mod settings;
#[cfg(test)]
mod testing;
mod tools;

pub use app::{App, Dependencies, collections, problems};
pub use areas::{
    access, accounts, challenges, factors, known_devices, password_recovery, recovery_codes, sessions,
};
pub use foundation::keyring::{check_root_secret, is_unused};
pub use foundation::{former_keys, guard, input};
pub use services::{audit, budgets, outbox, sms_spend, suppressions};
pub use tools::{reencryption, restoring, store_copy};
