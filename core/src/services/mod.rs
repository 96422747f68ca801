//! What areas share: each keeps records of its own and knows no area.

pub mod audit;
pub mod budgets;
pub(crate) mod directory;
pub(crate) mod epochs;
pub mod known_devices;
mod open;
pub mod outbox;
pub(crate) mod security_notifications;
pub mod sms_spend;
pub mod suppressions;
#[cfg(test)]
pub(crate) mod testing;
pub mod webhooks;

pub(crate) use open::{ServiceSettings, Services};

use crate::foundation::area::Area;

/// Every service that declares something.
pub(crate) const ALL: [&Area; 10] = [
    &audit::AREA,
    &budgets::AREA,
    &directory::AREA,
    &epochs::AREA,
    &known_devices::AREA,
    &outbox::AREA,
    &security_notifications::AREA,
    &sms_spend::AREA,
    &suppressions::AREA,
    &webhooks::AREA,
];
