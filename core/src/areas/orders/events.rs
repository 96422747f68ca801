//! What stands in histories.

use crate::foundation::event_kind::EventKind;

/// All of it.
pub(super) const ALL: &[EventKind] = &[
    PURCHASED,
    COMPLETED,
    CANCELLED,
    REVERTED,
    CANCEL_REQUESTED,
    OPERATOR_SHIPPED,
    OPERATOR_COMPLETED,
    OPERATOR_REVERTED,
    OPERATOR_ANSWERED,
];

pub(super) const PURCHASED: EventKind = EventKind::new(
    "cart_purchased",
    "A cart was bought: there is an order for what is in it.",
);
pub(super) const COMPLETED: EventKind = EventKind::new(
    "order_completed",
    "An order was paid, and what it is for is sold.",
);
pub(super) const CANCELLED: EventKind = EventKind::new(
    "order_cancelled",
    "An order was called off: it was not paid, could not be kept, or an operator agreed to it.",
);
pub(super) const REVERTED: EventKind =
    EventKind::new("order_reverted", "All money of an order was given back.");
pub(super) const CANCEL_REQUESTED: EventKind = EventKind::new(
    "order_cancel_requested",
    "A buyer asked for an order to be called off.",
);
pub(super) const OPERATOR_SHIPPED: EventKind = EventKind::new(
    "operator_order_ship",
    "An operator wrote down how an order is shipped.",
);
pub(super) const OPERATOR_COMPLETED: EventKind = EventKind::new(
    "operator_order_complete",
    "An operator wrote down that a paid order is done.",
);
pub(super) const OPERATOR_REVERTED: EventKind = EventKind::new(
    "operator_order_revert",
    "An operator had the money of an order given back.",
);
pub(super) const OPERATOR_ANSWERED: EventKind = EventKind::new(
    "operator_order_cancel",
    "An operator decided whether an order is called off.",
);
