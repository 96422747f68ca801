//! Two nodes of one product: programs that share their records, their keys and their mailbox.

mod invalidation;
mod once;
mod outage;
pub(crate) mod pair;
mod power_loss;
mod rotation;
mod takeover;
