//! What stands in histories.

use crate::foundation::event_kind::EventKind;

/// All of it.
pub(super) const ALL: &[EventKind] = &[
    CATEGORY_CREATED,
    CATEGORY_REMOVED,
    ITEM_ADDED,
    ITEM_CHANGED,
    ITEM_REMOVED,
    REVIEW_WRITTEN,
    REVIEW_REMOVED,
];

pub(super) const CATEGORY_CREATED: EventKind = EventKind::new(
    "operator_catalog_category_create",
    "An operator made a category of the catalog.",
);
pub(super) const CATEGORY_REMOVED: EventKind = EventKind::new(
    "operator_catalog_category_delete",
    "An operator removed a category of the catalog.",
);
pub(super) const ITEM_ADDED: EventKind = EventKind::new(
    "operator_catalog_item_create",
    "An operator added an item to the catalog.",
);
pub(super) const ITEM_CHANGED: EventKind = EventKind::new(
    "operator_catalog_item_change",
    "An operator changed an item of the catalog, its price or its stock.",
);
pub(super) const ITEM_REMOVED: EventKind = EventKind::new(
    "operator_catalog_item_delete",
    "An operator removed an item from the catalog.",
);
pub(super) const REVIEW_WRITTEN: EventKind =
    EventKind::new("catalog_review_create", "An item of the catalog was reviewed.");
pub(super) const REVIEW_REMOVED: EventKind = EventKind::new(
    "catalog_review_delete",
    "A review of an item was removed, by its author or by an operator.",
);
