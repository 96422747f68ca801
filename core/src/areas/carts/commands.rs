//! What is asked for.

use serde::{Deserialize, Serialize};

use super::model::Sku;
use super::{
    CART_CURRENCY, CART_LIMIT, CART_NOT_FOUND, CART_NOT_OPEN, LINE_NOT_FOUND, NOT_IN_CATALOG, PRICE_CHANGED,
};
use crate::areas::catalog::{CategoryId, ITEM_NOT_FOUND, ItemId, SearchText};
use crate::foundation::use_case::{Documented, Problems, UseCase};

/// A cart is opened.
#[derive(Debug, Clone, Copy)]
pub struct OpenCart;

impl UseCase for OpenCart {
    const PROBLEMS: Problems = &[&[CART_LIMIT]];
}

/// A cart is read.
#[derive(Debug, Clone, Copy)]
pub struct ReadCart;

impl UseCase for ReadCart {
    const PROBLEMS: Problems = &[&[CART_NOT_FOUND]];
}

/// A cart is thrown away.
#[derive(Debug, Clone, Copy)]
pub struct DeleteCart;

impl UseCase for DeleteCart {
    const PROBLEMS: Problems = &[&[CART_NOT_FOUND]];
}

/// What is in carts is searched.
#[derive(Debug, Clone)]
pub struct SearchLines {
    /// The words that all stand in name or sku.
    pub text: SearchText,
    /// How many at most, 1 to 200; 100 where it is not said.
    pub limit: Option<usize>,
}

/// An item is put into a cart by its category and id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct AddCatalogLine {
    /// As in the catalog.
    pub category_id: CategoryId,
    /// As in the catalog.
    pub item_id: ItemId,
    /// How many pieces more; one where it is not said. A cart holds at most 1,000 of an item.
    #[cfg_attr(
        feature = "openapi",
        oai(validator(minimum(value = "1"), maximum(value = "1000")))
    )]
    pub quantity: Option<u32>,
}

impl Documented for AddCatalogLine {
    const EXAMPLE: &str = r#"{ "category_id": "kettles", "item_id": "plum-kettle", "quantity": 2 }"#;
}

impl UseCase for AddCatalogLine {
    const PROBLEMS: Problems = &[&[
        CART_NOT_FOUND,
        CART_NOT_OPEN,
        CART_CURRENCY,
        CART_LIMIT,
        ITEM_NOT_FOUND,
    ]];
}

/// An item is put into a cart by its sku. Name and price are those of the catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct AddLine {
    /// `catalog:` and the id of an item.
    pub sku: Sku,
    /// It is read and not used: the catalog says what the item is called.
    pub name: Option<String>,
    /// How many pieces more; one where it is not said. A cart holds at most 1,000 of an item.
    #[cfg_attr(
        feature = "openapi",
        oai(validator(minimum(value = "1"), maximum(value = "1000")))
    )]
    pub quantity: Option<u32>,
    /// What the client believes that a piece costs. If the catalog says otherwise, nothing is put into the cart.
    pub unit_price_cents: Option<i64>,
}

impl Documented for AddLine {
    const EXAMPLE: &str =
        r#"{ "sku": "catalog:plum-kettle", "name": "Plum kettle", "quantity": 1, "unit_price_cents": 1999 }"#;
}

impl UseCase for AddLine {
    const PROBLEMS: Problems = &[&[NOT_IN_CATALOG, PRICE_CHANGED], AddCatalogLine::PROBLEMS[0]];
}

/// The quantity of an item in a cart is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SetQuantity {
    /// How many pieces; 0 takes the item out.
    #[cfg_attr(
        feature = "openapi",
        oai(validator(minimum(value = "0"), maximum(value = "1000")))
    )]
    pub quantity: u32,
}

impl Documented for SetQuantity {
    const EXAMPLE: &str = r#"{ "quantity": 3 }"#;
}

impl UseCase for SetQuantity {
    const PROBLEMS: Problems = &[&[CART_NOT_FOUND, CART_NOT_OPEN, LINE_NOT_FOUND]];
}

/// Pieces of an item are taken out of a cart.
#[derive(Debug, Clone, Copy)]
pub struct RemoveLine;

impl UseCase for RemoveLine {
    const PROBLEMS: Problems = SetQuantity::PROBLEMS;
}
