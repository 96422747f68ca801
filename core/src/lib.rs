//! The use cases of Portcullis, over ports and nothing else.
//!
//! Four floors, and arrows that only point down: tools, areas, services, foundation.

mod app;
mod areas;
mod foundation;
#[cfg(test)]
mod scenarios;
mod services;
pub mod settings;
#[cfg(test)]
mod testing;
mod tools;

pub use app::{App, Dependencies, compile_texts};
pub use areas::{
    accounts, challenges, collections, factors, meters, password_recovery, problems, recovery_codes,
    sessions, step_up,
};
pub use foundation::keyring::{check_root_secret, is_unused};
pub use foundation::limit::Limit;
pub use foundation::source::{Source, client_network};
pub use foundation::{former_keys, guard, input, meter, texts, use_case};
pub use services::{audit, budgets, known_devices, outbox, sms_spend, suppressions, webhooks};
pub use tools::{events_reference, key_rotation, records_reference, reencryption, restoring, store_copy};
