//! What stands in histories.

use crate::foundation::event_kind::EventKind;

/// All of it.
pub(super) const ALL: &[EventKind] = &[REVOKE];

pub(super) const REVOKE: EventKind = EventKind::new("known_device_revoke", "A known device was forgotten.");
