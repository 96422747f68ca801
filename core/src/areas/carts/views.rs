//! Carts as their owners see them.

use portcullis_ports::money::Currency;
use serde::Serialize;

use super::model::{CartId, CartStatus, Sku};
use super::records::{CartLine, CartRecord};
use crate::areas::catalog::{CategoryId, ItemId};
use crate::areas::payments::OrderId;
use crate::foundation::use_case::Documented;

/// A cart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(rename = "Cart"))]
pub struct CartView {
    /// Its id.
    pub cart_id: CartId,
    /// Where it stands.
    pub status: CartStatus,
    /// The currency of everything in it.
    pub currency: Currency,
    /// How many lines it has.
    pub item_count: u32,
    /// What everything in it costs at the prices that were seen last, in minor units.
    pub total_cents: i64,
    /// The order for what is in it, once it was bought.
    pub order_id: Option<OrderId>,
    /// When it was opened, in Unix seconds.
    pub created_at: i64,
    /// When it was changed last, in Unix seconds.
    pub updated_at: i64,
}

impl CartView {
    pub(super) fn of(cart: &CartRecord) -> Self {
        Self {
            cart_id: cart.id.clone(),
            status: cart.status,
            currency: cart.currency,
            item_count: u32::try_from(cart.lines.len()).unwrap_or(u32::MAX),
            total_cents: cart.total().minor,
            order_id: cart.order.clone(),
            created_at: cart.created_at.seconds(),
            updated_at: cart.updated_at.seconds(),
        }
    }
}

impl Documented for CartView {
    const EXAMPLE: &str = r#"{
  "cart_id": "cart_01h2xcejqtf2nbrexx3vqjhp41",
  "status": "OPEN",
  "currency": "USD",
  "item_count": 1,
  "total_cents": 3998,
  "order_id": null,
  "created_at": 1790000000,
  "updated_at": 1790000000
}"#;
}

/// So many pieces of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(rename = "CartLine"))]
pub struct CartLineView {
    /// The cart.
    pub cart_id: CartId,
    /// `catalog:` and the id of the item.
    pub sku: Sku,
    /// The category of the item.
    pub category_id: CategoryId,
    /// The item.
    pub item_id: ItemId,
    /// What people read.
    pub name: String,
    /// How many pieces.
    pub quantity: u32,
    /// What one piece cost when it was seen last, in minor units.
    pub unit_price_cents: i64,
    /// What all pieces cost.
    pub total_cents: i64,
    /// The currency.
    pub currency: Currency,
}

impl CartLineView {
    pub(super) fn of(cart: &CartRecord, line: &CartLine) -> Self {
        Self {
            cart_id: cart.id.clone(),
            sku: line.sku.clone(),
            category_id: line.category.clone(),
            item_id: line.item.clone(),
            name: line.name.to_string(),
            quantity: line.quantity,
            unit_price_cents: line.unit_price,
            total_cents: line.total(),
            currency: cart.currency,
        }
    }
}

impl Documented for CartLineView {
    const EXAMPLE: &str = r#"{
  "cart_id": "cart_01h2xcejqtf2nbrexx3vqjhp41",
  "sku": "catalog:plum-kettle",
  "category_id": "kettles",
  "item_id": "plum-kettle",
  "name": "Plum kettle",
  "quantity": 2,
  "unit_price_cents": 1999,
  "total_cents": 3998,
  "currency": "USD"
}"#;
}

/// What is in a cart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct CartItems {
    /// The cart.
    pub cart_id: CartId,
    /// By their skus.
    pub items: Vec<CartLineView>,
}

impl Documented for CartItems {
    const EXAMPLE: &str = r#"{
  "cart_id": "cart_01h2xcejqtf2nbrexx3vqjhp41",
  "items": [{
    "cart_id": "cart_01h2xcejqtf2nbrexx3vqjhp41",
    "sku": "catalog:plum-kettle",
    "category_id": "kettles",
    "item_id": "plum-kettle",
    "name": "Plum kettle",
    "quantity": 2,
    "unit_price_cents": 1999,
    "total_cents": 3998,
    "currency": "USD"
  }]
}"#;
}

/// What was found in carts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct FoundLines {
    /// Those of the newest carts first.
    pub items: Vec<CartLineView>,
    /// How many they are.
    pub count: u32,
}

impl Documented for FoundLines {
    const EXAMPLE: &str = r#"{
  "items": [{
    "cart_id": "cart_01h2xcejqtf2nbrexx3vqjhp41",
    "sku": "catalog:plum-kettle",
    "category_id": "kettles",
    "item_id": "plum-kettle",
    "name": "Plum kettle",
    "quantity": 2,
    "unit_price_cents": 1999,
    "total_cents": 3998,
    "currency": "USD"
  }],
  "count": 1
}"#;
}

/// What everything in a cart costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct CartTotal {
    /// At the prices that were seen last, in minor units.
    pub total_cents: i64,
    /// The currency.
    pub currency: Currency,
    /// How many decimal places its amounts have (ISO 4217).
    pub digits: u32,
}

impl CartTotal {
    pub(super) fn of(cart: &CartRecord) -> Self {
        Self {
            total_cents: cart.total().minor,
            currency: cart.currency,
            digits: cart.currency.digits(),
        }
    }
}

impl Documented for CartTotal {
    const EXAMPLE: &str = r#"{ "total_cents": 3998, "currency": "USD", "digits": 2 }"#;
}

/// It is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Deleted {
    /// Whether nothing is left of it.
    pub deleted: bool,
}

impl Documented for Deleted {
    const EXAMPLE: &str = r#"{ "deleted": true }"#;
}
