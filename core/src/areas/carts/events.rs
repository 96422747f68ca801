//! What stands in histories.

use crate::foundation::event_kind::EventKind;

/// All of it.
pub(super) const ALL: &[EventKind] = &[STARTED, DELETED, ITEM_ADDED, QUANTITY_SET, ITEM_REMOVED];

pub(super) const STARTED: EventKind = EventKind::new("cart_started", "A cart was opened.");
pub(super) const DELETED: EventKind = EventKind::new("cart_deleted", "A cart was thrown away.");
pub(super) const ITEM_ADDED: EventKind =
    EventKind::new("cart_catalog_item_added", "An item was put into a cart.");
pub(super) const QUANTITY_SET: EventKind = EventKind::new(
    "cart_item_quantity_set",
    "The quantity of an item in a cart was set.",
);
pub(super) const ITEM_REMOVED: EventKind =
    EventKind::new("cart_item_removed", "An item was taken out of a cart.");
