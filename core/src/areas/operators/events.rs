//! What stands in histories.

use crate::foundation::event_kind::EventKind;

/// All of it.
pub(super) const ALL: &[EventKind] = &[
    OPERATOR_GRANT,
    OPERATOR_REVOKE,
    OPERATORS_LIST,
    CUSTOMER_READ,
    EVENT_REPLAY,
    CUSTOMER_ADJUST,
    CUSTOMER_FREEZE,
    CUSTOMER_THAW,
];

pub(super) const OPERATOR_GRANT: EventKind = EventKind::new(
    "operator_grant",
    "The account was made an operator, or got another role as one.",
);
pub(super) const OPERATOR_REVOKE: EventKind =
    EventKind::new("operator_revoke", "The account is an operator no more.");
pub(super) const OPERATORS_LIST: EventKind =
    EventKind::new("operators_list", "An operator looked at the list of operators.");
pub(super) const CUSTOMER_READ: EventKind = EventKind::new(
    "operator_customer_read",
    "An operator looked at what a customer owes and paid.",
);
pub(super) const EVENT_REPLAY: EventKind = EventKind::new(
    "operator_event_replay",
    "An operator asked for an event of a vendor to be applied again.",
);
pub(super) const CUSTOMER_ADJUST: EventKind = EventKind::new(
    "operator_customer_adjust",
    "An operator changed what a customer owes.",
);
pub(super) const CUSTOMER_FREEZE: EventKind = EventKind::new(
    "operator_customer_freeze",
    "An operator froze the billing of a customer.",
);
pub(super) const CUSTOMER_THAW: EventKind = EventKind::new(
    "operator_customer_thaw",
    "An operator thawed the billing of a customer.",
);
