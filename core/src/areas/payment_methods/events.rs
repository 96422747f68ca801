//! What stands in histories.

use crate::foundation::event_kind::EventKind;

/// All of it.
pub(super) const ALL: &[EventKind] = &[
    SETUP_BEGUN,
    SETUP_FAILED,
    ADDED,
    NOT_KEPT,
    UPDATED,
    UNUSABLE,
    DEFAULT,
    REMOVED,
    FORGOTTEN,
];

pub(super) const SETUP_BEGUN: EventKind = EventKind::new(
    "payment_method_setup_begun",
    "A payment method was about to be added.",
);
pub(super) const SETUP_FAILED: EventKind = EventKind::new(
    "payment_method_setup_failed",
    "A payment method was not accepted, or could not be proven.",
);
pub(super) const ADDED: EventKind = EventKind::new("payment_method_added", "A payment method was stored.");
pub(super) const NOT_KEPT: EventKind = EventKind::new(
    "payment_method_not_kept",
    "A payment method was not stored, because there were as many as there may be.",
);
pub(super) const UPDATED: EventKind = EventKind::new(
    "payment_method_updated",
    "The vendor told of a new expiry, label or number of a payment method.",
);
pub(super) const UNUSABLE: EventKind = EventKind::new(
    "payment_method_unusable",
    "The vendor told that a payment method cannot be charged any more.",
);
pub(super) const DEFAULT: EventKind = EventKind::new(
    "payment_method_default",
    "Another payment method became the default.",
);
pub(super) const REMOVED: EventKind =
    EventKind::new("payment_method_removed", "A payment method was removed.");
pub(super) const FORGOTTEN: EventKind = EventKind::new(
    "payment_method_forgotten",
    "The vendor confirmed that it does not keep a removed payment method any more.",
);
