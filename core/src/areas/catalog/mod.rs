//! The catalog: categories and items with the prices that are charged, what is left of them, and what buyers say of them.
//!
//! Operators keep it; whoever is signed in reads it. What is sold is taken from an item's stock in the commit of the order
//! that reserves it, so that the last piece is sold once.

mod actions;
mod categories;
mod commands;
mod events;
mod inventory;
mod items;
mod model;
mod records;
mod removal;
mod reviews;
pub mod scopes;
mod search;
mod stock;
mod views;

use std::sync::Arc;

use portcullis_ports::{Code, Kind};

pub use commands::{
    AddCategory, AddItem, ChangeItem, ListCategories, ListItems, ListReviews, RemoveCategory, RemoveItem,
    RemoveReview, SearchItems, WriteReview,
};
pub(crate) use inventory::{Inventory, SoldItem};
pub use model::{CategoryId, ImageUrl, ItemId, Prose, ReviewId, Title};
use records::{
    Bought, CATALOG, CATALOG_PEOPLE, CATALOG_REVIEWS, CategoryRecord, ItemLine, ItemRecord, ReviewName,
    ReviewRecord, Reviewed,
};
pub use search::SearchText;
pub(crate) use stock::ItemQuantity;
pub use views::{CategoryPage, CategoryView, ItemPage, ItemView, Removed, ReviewPage, ReviewView};

use crate::areas::operators::Operators;
use crate::areas::step_up::StepUp;
use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::context::Context;
use crate::services::audit::Audit;
use crate::services::directory::Directory;
use crate::services::tasks::{Runners, Tasks};

/// The most entries of one page.
pub const PAGE: usize = 200;

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    families: &[
        // What was sold since the backup is sold, and the prices of today are charged.
        Family::new(
            CATALOG,
            Personal::RetainedInside,
            &[
                shape::<CategoryRecord>("category"),
                shape::<ItemRecord>("item"),
                shape::<ItemLine>("line"),
                shape::<ReviewName>("review name"),
            ],
        )
        .taken_over(),
        Family::new(
            CATALOG_REVIEWS,
            Personal::BySort,
            &[shape::<ReviewRecord>("review")],
        )
        .taken_over(),
        Family::new(
            CATALOG_PEOPLE,
            Personal::BySubject,
            &[shape::<Bought>("bought"), shape::<Reviewed>("reviewed")],
        )
        .taken_over(),
    ],
    problems: &[
        CATEGORY_NOT_FOUND,
        CATEGORY_EXISTS,
        CATEGORY_NOT_EMPTY,
        ITEM_NOT_FOUND,
        ITEM_EXISTS,
        ITEM_HAS_REVIEWS,
        OUT_OF_STOCK,
        REVIEW_NOT_FOUND,
        REVIEW_EXISTS,
        CATALOG_LIMIT,
    ],
    events: events::ALL,
    actions: actions::ALL,
    tasks: &[&removal::REMOVAL],
    scopes: scopes::ALL,
    ..Area::EMPTY
};

/// There is no such category.
pub const CATEGORY_NOT_FOUND: Code =
    Code::new("category-not-found", Kind::NotFound, "There is no such category.");
/// A category of this id exists.
pub const CATEGORY_EXISTS: Code = Code::new(
    "category-exists",
    Kind::Conflict,
    "There is a category of this id, or one that is being removed: choose another id.",
);
/// The category holds items.
pub const CATEGORY_NOT_EMPTY: Code = Code::new(
    "category-not-empty",
    Kind::Conflict,
    "The category holds items: remove them first, or with it by `cascade`.",
);
/// There is no such item.
pub const ITEM_NOT_FOUND: Code = Code::new("item-not-found", Kind::NotFound, "There is no such item.");
/// An item of this id exists, in whatever category.
pub const ITEM_EXISTS: Code = Code::new(
    "item-exists",
    Kind::Conflict,
    "There is an item of this id, perhaps in another category: choose another id.",
);
/// The item has reviews.
pub const ITEM_HAS_REVIEWS: Code = Code::new(
    "item-has-reviews",
    Kind::Conflict,
    "The item has reviews, which `cascade_reviews` removes with it.",
);
/// Less is left of an item than is wanted.
pub const OUT_OF_STOCK: Code = Code::new(
    "out-of-stock",
    Kind::Conflict,
    "Less is left of an item than is wanted. `item_id` names it, `left` says how much there is.",
);
/// There is no such review.
pub const REVIEW_NOT_FOUND: Code = Code::new("review-not-found", Kind::NotFound, "There is no such review.");
/// This person has reviewed the item, or the id is taken.
pub const REVIEW_EXISTS: Code = Code::new(
    "review-exists",
    Kind::Conflict,
    "You have reviewed this item, or there is a review of this id: remove yours to write another.",
);
/// There is as much as there may be.
pub const CATALOG_LIMIT: Code = Code::new(
    "catalog-limit",
    Kind::Conflict,
    "The catalog holds as many of these as it may.",
);

/// Keeps the catalog and shows it.
#[derive(Clone)]
pub struct Catalog {
    context: Arc<Context>,
    step_up: StepUp,
    operators: Operators,
    directory: Directory,
    audit: Audit,
    tasks: Tasks,
    inventory: Inventory,
}

/// What the catalog stands on.
pub(crate) struct Below<'a> {
    pub(crate) step_up: &'a StepUp,
    pub(crate) operators: &'a Operators,
    pub(crate) directory: &'a Directory,
    pub(crate) audit: &'a Audit,
    pub(crate) tasks: &'a Tasks,
    pub(crate) inventory: &'a Inventory,
}

impl Catalog {
    pub(crate) fn new(context: &Arc<Context>, below: &Below<'_>) -> Self {
        Self {
            context: Arc::clone(context),
            step_up: below.step_up.clone(),
            operators: below.operators.clone(),
            directory: below.directory.clone(),
            audit: below.audit.clone(),
            tasks: below.tasks.clone(),
            inventory: below.inventory.clone(),
        }
    }

    /// Has what is removed cleared away by the workers of this process.
    pub(crate) fn register_runners(&self, runners: &mut Runners) {
        runners.repeating(&removal::REMOVAL, removal::RemovalRunner(self.clone()));
    }
}
