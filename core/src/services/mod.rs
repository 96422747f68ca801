//! What areas share: each keeps records of its own and knows no area.

pub mod audit;
pub mod budgets;
pub(crate) mod directory;
pub(crate) mod epochs;
pub mod known_devices;
pub mod outbox;
pub(crate) mod security_notifications;
pub mod sms_spend;
pub mod suppressions;
pub mod webhooks;
