//! What stands in histories.

use crate::foundation::event_kind::EventKind;

/// All of it.
pub(super) const ALL: &[EventKind] = &[SET, OFF, STOPPED];

pub(super) const SET: EventKind =
    EventKind::new("autopay_set", "Automatic payment was turned on, or changed.");
pub(super) const OFF: EventKind = EventKind::new("autopay_off", "Automatic payment was turned off.");
pub(super) const STOPPED: EventKind = EventKind::new(
    "autopay_stopped",
    "Automatic payment was turned off by the service, because the method cannot be charged any more.",
);
