//! The use cases of Portcullis, over ports and nothing else.
//!
//! Four floors, and arrows that only point down: tools, areas, services, foundation.

mod app;
mod areas;
mod dependencies;
mod foundation;
mod running;
#[cfg(test)]
mod scenarios;
mod services;
pub mod settings;
#[cfg(test)]
mod testing;
mod tools;

pub use app::App;
pub use areas::{
    accounts, api_keys, autopay, carts, catalog, challenges, closures, collections, entitlements, factors,
    figures, forward_auth, invoices, ledger, meters, operators, orders, password_recovery, payment_methods,
    payments, plans, problems, reconciliation, recovery_codes, scopes, sessions, step_up, step_up_actions,
    subscriptions,
};
pub use dependencies::{Dependencies, compile_texts};
pub use foundation::keyring::{check_root_secret, is_unused};
pub use foundation::limit::Limit;
pub use foundation::scope::Scope;
pub use foundation::source::{Source, client_network};
pub use foundation::{calendar, cursor, former_keys, guard, input, meter, texts, use_case};
pub use services::{
    audit, billing_freezes, budgets, idempotency, inbox, known_devices, outbox, payment_vendors, sms_spend,
    suppressions, tasks, webhooks,
};
pub use tools::{events_reference, key_rotation, records_reference, reencryption, restoring, store_copy};
