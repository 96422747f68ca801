//! What stands in histories.

use crate::foundation::event_kind::EventKind;

/// All of it.
pub(super) const ALL: &[EventKind] = &[SIGN_OUT, SESSION_REVOKE, SESSIONS_REVOKE_OTHERS];

pub(super) const SIGN_OUT: EventKind = EventKind::new("sign_out", "A session ended itself.");
pub(super) const SESSION_REVOKE: EventKind = EventKind::new(
    "ui_session_revoke",
    "A session was ended by another of the same account.",
);
pub(super) const SESSIONS_REVOKE_OTHERS: EventKind =
    EventKind::new("ui_session_revoke_others", "A session ended all others.");
