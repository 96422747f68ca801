//! What stands in histories.

use crate::foundation::event_kind::EventKind;

/// All of it.
pub(super) const ALL: &[EventKind] = &[START, VERIFY, CONFIRM];

pub(super) const START: EventKind = EventKind::new(
    "password_recovery_start",
    "A code to set a new password was sent.",
);
pub(super) const VERIFY: EventKind = EventKind::new(
    "password_recovery_verify",
    "The code to set a new password was given.",
);
pub(super) const CONFIRM: EventKind = EventKind::new("password_recovery_confirm", "A new password was set.");
