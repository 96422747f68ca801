//! What stands in histories.

use crate::foundation::event_kind::EventKind;

use super::status::Status;

/// All of it.
pub(super) const ALL: &[EventKind] = &[
    BEGUN,
    ACTION,
    PROCESSING,
    AUTHORIZED,
    SUCCEEDED,
    FAILED,
    CANCELED,
    UNKNOWN,
    CAPTURE,
    CANCEL,
    REFUND_BEGUN,
    REFUND,
    DISPUTE,
    DISPUTE_ANSWER,
    RESOLVED,
    RECEIVED,
    PAID_OUT,
];

pub(super) const BEGUN: EventKind = EventKind::new("payment_begun", "A payment was begun.");
const ACTION: EventKind = EventKind::new("payment_requires_action", "A payment waits for its payer.");
const PROCESSING: EventKind = EventKind::new("payment_processing", "A bank decides about a payment.");
const AUTHORIZED: EventKind = EventKind::new("payment_authorized", "Money is held for a payment.");
const SUCCEEDED: EventKind = EventKind::new("payment_succeeded", "Money was taken.");
const FAILED: EventKind = EventKind::new("payment_failed", "A payment was declined.");
const CANCELED: EventKind = EventKind::new("payment_canceled", "A payment was called off.");
const UNKNOWN: EventKind = EventKind::new("payment_unknown", "It is not known yet what became of a payment.");
pub(super) const CAPTURE: EventKind = EventKind::new("payment_capture", "Held money was asked for.");
pub(super) const CANCEL: EventKind =
    EventKind::new("payment_cancel", "A payment was asked to be called off.");
pub(super) const REFUND_BEGUN: EventKind = EventKind::new("payment_refund_begun", "A refund was asked for.");
pub(super) const REFUND: EventKind =
    EventKind::new("payment_refund", "A refund succeeded, failed or came back.");
pub(super) const DISPUTE: EventKind = EventKind::new(
    "payment_dispute",
    "A payment is contested, or a dispute about it went on.",
);
pub(super) const DISPUTE_ANSWER: EventKind = EventKind::new(
    "payment_dispute_answer",
    "An operator answered a dispute, or gave it up.",
);
pub(super) const RESOLVED: EventKind = EventKind::new(
    "payment_resolved",
    "An operator decided about a payment of which nobody could tell.",
);

pub(super) const RECEIVED: EventKind = EventKind::new(
    "payment_received",
    "An operator marked money that came outside of any vendor.",
);
pub(super) const PAID_OUT: EventKind = EventKind::new(
    "payment_paid_out",
    "An operator marked a refund that was paid out outside of any vendor.",
);

/// What is written when a payment comes to stand there; nothing about states between two calls.
pub(super) const fn of(status: Status) -> Option<EventKind> {
    match status {
        Status::Sending | Status::Capturing => None,
        Status::Unknown => Some(UNKNOWN),
        Status::RequiresAction => Some(ACTION),
        Status::Processing => Some(PROCESSING),
        Status::Authorized => Some(AUTHORIZED),
        Status::Succeeded => Some(SUCCEEDED),
        Status::Failed => Some(FAILED),
        Status::Canceled => Some(CANCELED),
    }
}
