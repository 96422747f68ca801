//! What areas share: each keeps records of its own and knows no area.

pub mod audit;
pub mod billing_freezes;
pub mod budgets;
pub(crate) mod directory;
pub(crate) mod epochs;
pub mod idempotency;
pub mod inbox;
pub mod known_devices;
mod open;
pub mod outbox;
pub(crate) mod owner_mail;
pub mod payment_vendors;
pub(crate) mod security_notifications;
pub mod sms_spend;
pub mod suppressions;
pub(crate) mod tallies;
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "mail and pruning need less than money does")
)]
pub mod tasks;
#[cfg(test)]
pub(crate) mod testing;
pub mod webhooks;

pub(crate) use open::{ServiceSettings, Services};

use crate::foundation::area::Area;

/// Every service that declares something.
pub(crate) const ALL: &[&Area] = &[
    &audit::AREA,
    &billing_freezes::AREA,
    &budgets::AREA,
    &directory::AREA,
    &epochs::AREA,
    &idempotency::AREA,
    &inbox::AREA,
    &known_devices::AREA,
    &outbox::AREA,
    &payment_vendors::AREA,
    &security_notifications::AREA,
    &sms_spend::AREA,
    &suppressions::AREA,
    &tallies::AREA,
    &tasks::AREA,
    &webhooks::AREA,
];
