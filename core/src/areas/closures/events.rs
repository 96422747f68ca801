//! What stands in histories.

use crate::foundation::event_kind::EventKind;

/// All of it.
pub(super) const ALL: &[EventKind] = &[START, FINALIZE, TAKEN_BACK, ERASING];

pub(super) const START: EventKind =
    EventKind::new("account_closure_start", "Somebody began to close the account.");
pub(super) const FINALIZE: EventKind = EventKind::new(
    "account_closure_finalize",
    "The account was closed: it is erased when its grace period is over.",
);
pub(super) const TAKEN_BACK: EventKind = EventKind::new(
    "account_closure_taken_back",
    "The account is not closed after all.",
);
pub(super) const ERASING: EventKind = EventKind::new(
    "account_erasing",
    "The grace period is over: all sessions were ended, and everything about the account is being erased.",
);
