//! What stands in histories.

use crate::foundation::event_kind::EventKind;

/// All of it.
pub(super) const ALL: &[EventKind] = &[
    SIGN_UP,
    SIGN_IN,
    EMAIL_VERIFY,
    ACCOUNT_GAVE_WAY,
    PASSWORD_CHANGE,
    PASSWORD_CHECK,
];

pub(super) const SIGN_UP: EventKind = EventKind::new("sign_up", "An account was made.");
pub(super) const SIGN_IN: EventKind = EventKind::new("sign_in", "The password was right, or wrong.");
pub(super) const EMAIL_VERIFY: EventKind = EventKind::new("email_verify", "The address was proven.");
pub(super) const ACCOUNT_GAVE_WAY: EventKind = EventKind::new(
    "account_gave_way",
    "The address, never proven here, went to who proved it.",
);
pub(super) const PASSWORD_CHANGE: EventKind = EventKind::new("password_change", "The password was changed.");
pub(super) const PASSWORD_CHECK: EventKind = EventKind::new(
    "password_check",
    "A session gave a wrong password where the right one was asked for.",
);
