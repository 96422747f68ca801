//! What stands in histories.

use crate::foundation::event_kind::EventKind;

/// All of it.
pub(super) const ALL: &[EventKind] = &[BEGUN, DECIDED];

pub(super) const BEGUN: EventKind = EventKind::new(
    "reconciliation_begun",
    "An operator had the books compared with a payment vendor's reports.",
);
pub(super) const DECIDED: EventKind = EventKind::new(
    "difference_decided",
    "An operator decided about a difference between the books and a payment vendor.",
);
