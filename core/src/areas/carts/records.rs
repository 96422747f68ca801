//! How carts are stored.

use portcullis_ports::Timestamp;
use portcullis_ports::identity::Subject;
use portcullis_ports::money::{Currency, Money};
use portcullis_ports::storage::Collection;
use serde::{Deserialize, Serialize};

use super::model::{CartId, CartStatus, Sku};
use crate::areas::catalog::{CategoryId, ItemId, Title};
use crate::areas::payments::OrderId;
use crate::foundation::table::Stored;

/// Carts.
pub(crate) const CARTS: Collection = Collection {
    name: "carts",
    table: "shopping_cart",
    variable: "SHOPPING_CART_TABLE_NAME",
};

/// So many pieces of an item, at the price that was seen last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CartLine {
    pub(crate) sku: Sku,
    pub(crate) category: CategoryId,
    pub(crate) item: ItemId,
    pub(crate) name: Title,
    pub(crate) quantity: u32,
    /// In minor units of the cart's currency.
    pub(crate) unit_price: i64,
}

impl CartLine {
    /// What all pieces cost.
    pub(crate) fn total(&self) -> i64 {
        self.unit_price.saturating_mul(i64::from(self.quantity))
    }
}

/// A cart with all that is in it, so that it is bought as it was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CartRecord {
    pub(super) id: CartId,
    pub(super) subject: Subject,
    pub(super) status: CartStatus,
    /// Of everything in it; of an empty one that of the item put into it last.
    pub(super) currency: Currency,
    /// By their skus.
    pub(super) lines: Vec<CartLine>,
    /// The order for what is in it.
    pub(super) order: Option<OrderId>,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

impl CartRecord {
    pub(super) const PREFIX: &'static str = "c#";

    pub(super) fn sort(id: &CartId) -> String {
        format!("{}{id}", Self::PREFIX)
    }

    pub(super) fn total(&self) -> Money {
        let totals = self.lines.iter().map(CartLine::total);
        Money::new(totals.fold(0, i64::saturating_add), self.currency)
    }
}

impl Stored for CartRecord {
    const COLLECTION: Collection = CARTS;

    fn key(&self) -> (String, String) {
        (self.subject.to_string(), Self::sort(&self.id))
    }
}
