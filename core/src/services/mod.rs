//! What areas share: each keeps records of its own and knows no area.

pub mod audit;
pub mod budgets;
pub(crate) mod directory;
pub(crate) mod epochs;
pub mod known_devices;
pub(crate) mod messages;
pub(crate) mod notices;
pub mod outbox;
pub mod sms_spend;
pub mod suppressions;
pub mod webhooks;
