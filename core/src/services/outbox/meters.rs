//! What is counted of messages.

use crate::foundation::meter::Meter;

/// All of it.
pub(super) const ALL: &[Meter] = &[MESSAGES, LOOKUPS, REPORTS, WAITING];

pub(super) const MESSAGES: Meter = Meter::counter(
    "portcullis_messages_total",
    "Messages that were offered to a sender, by channel, sender and outcome.",
);

pub(super) const LOOKUPS: Meter = Meter::counter(
    "portcullis_message_lookups_total",
    "Messages without an answer that were looked up at their vendor, by sender and result: found, absent or cannot_tell.",
);

pub(super) const REPORTS: Meter = Meter::counter(
    "portcullis_delivery_events_total",
    "What vendors reported of messages, by sender: applied, parked until its message is known, repeated, stale, foreign \
     or unsupported.",
);

/// Set by whoever runs the worker.
pub const WAITING: Meter = Meter::gauge(
    "portcullis_outbox_waiting",
    "Messages that wait in a lane, counted up to 1,000.",
);
