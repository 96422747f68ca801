//! Two nodes of one product: programs that share their records, their keys and their mailbox.

mod invalidation;
mod once;
mod outage;
mod pair;
mod plug;
mod rotation;
mod takeover;
