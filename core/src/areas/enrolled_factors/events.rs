//! What stands in histories.

use crate::foundation::event_kind::EventKind;

/// All of it.
pub(super) const ALL: &[EventKind] = &[TOTP_STEP_CLAMPED];

pub(super) const TOTP_STEP_CLAMPED: EventKind = EventKind::new(
    "totp_step_clamped",
    "The last code of an authenticator app was from a future that did not come; it was forgotten.",
);
