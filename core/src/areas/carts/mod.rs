//! Carts: what somebody may buy, always items of the catalog at prices of the catalog.
//!
//! Prices in a cart are those that its owner has seen. What is bought is charged at the prices of the moment: where they
//! differ, the cart takes them on, and whoever buys is told first.

mod changes;
mod checkout;
mod commands;
mod events;
mod list;
mod model;
mod records;
pub mod scopes;
mod views;

use std::sync::Arc;

use portcullis_ports::{Code, Kind};

pub use commands::{
    AddCatalogLine, AddLine, DeleteCart, OpenCart, ReadCart, RemoveLine, SearchLines, SetQuantity,
};
pub use model::{CartId, CartStatus, Sku};
pub(crate) use records::CartLine;
use records::{CARTS, CartRecord};
pub use views::{CartItems, CartLineView, CartTotal, CartView, Deleted, FoundLines};

use crate::areas::catalog::Inventory;
use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::context::Context;
use crate::services::audit::Audit;

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    families: &[
        // What was bought since the backup is not bought again.
        Family::new(CARTS, Personal::BySubject, &[shape::<CartRecord>("cart")]).taken_over(),
    ],
    problems: &[
        CART_NOT_FOUND,
        CART_NOT_OPEN,
        CART_CURRENCY,
        CART_LIMIT,
        LINE_NOT_FOUND,
        NOT_IN_CATALOG,
        PRICE_CHANGED,
        CART_EMPTY,
    ],
    events: events::ALL,
    scopes: scopes::ALL,
    ..Area::EMPTY
};

/// There is no such cart, or it is somebody else's.
pub const CART_NOT_FOUND: Code = Code::new("cart-not-found", Kind::NotFound, "There is no such cart.");
/// The cart was bought.
pub const CART_NOT_OPEN: Code = Code::new(
    "cart-not-open",
    Kind::Conflict,
    "The cart was bought: open another one.",
);
/// The item is sold in another currency.
pub const CART_CURRENCY: Code = Code::new(
    "cart-currency",
    Kind::Conflict,
    "The item is sold in another currency than what is in the cart: take another cart for it.",
);
/// There is as much as there may be.
pub const CART_LIMIT: Code = Code::new(
    "cart-limit",
    Kind::Conflict,
    "There are as many open carts, lines of a cart, or pieces of an item in it as there may be.",
);
/// The cart holds nothing of that name.
pub const LINE_NOT_FOUND: Code = Code::new(
    "cart-item-not-found",
    Kind::NotFound,
    "The cart holds no such item.",
);
/// What is named is no item of the catalog.
pub const NOT_IN_CATALOG: Code = Code::new(
    "not-in-catalog",
    Kind::Invalid,
    "Only items of the catalog can be bought: the sku is `catalog:` and the id of one.",
);
/// The catalog has another price by now.
pub const PRICE_CHANGED: Code = Code::new(
    "price-changed",
    Kind::Conflict,
    "The price of an item changed: `item_id` names it, `price_before` and `price` say what it was and is. Ask again to accept.",
);

/// There is nothing to buy.
pub const CART_EMPTY: Code = Code::new("cart-empty", Kind::Conflict, "There is nothing in the cart.");

/// Keeps carts.
#[derive(Clone)]
pub struct Carts {
    context: Arc<Context>,
    inventory: Inventory,
    audit: Audit,
}

impl Carts {
    pub(crate) fn new(context: &Arc<Context>, inventory: &Inventory, audit: &Audit) -> Self {
        Self {
            context: Arc::clone(context),
            inventory: inventory.clone(),
            audit: audit.clone(),
        }
    }
}
