//! The types of carts as callers see them.

use portcullis_ports::{id, text};
use serde::{Deserialize, Serialize};

use crate::areas::catalog::ItemId;

/// The most open carts of one person.
pub(super) const MAX_OPEN: usize = 20;
/// The most lines of one cart. All of them are reserved in one commit, with what pays for them beside.
pub(super) const MAX_LINES: usize = 20;
/// The most pieces of one item in a cart.
pub(super) const MAX_QUANTITY: u32 = 1_000;
/// What skus of items begin with.
const CATALOG: &str = "catalog:";

id!(
    /// Names a cart.
    CartId, "cart", "cart_01h2xcejqtf2nbrexx3vqjhp41"
);

text!(
    /// What a cart calls something that is sold: `catalog:` and the id of an item.
    Sku, "sku", "catalog:plum-kettle", in "^[!-~]{1,128}$", |text| {
        if (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(text.to_owned())
        } else {
            Err("1 to 128 visible ASCII characters are expected, such as catalog:plum-kettle")
        }
    }
);

impl Sku {
    pub(super) fn of(item: &ItemId) -> Self {
        Self(format!("{CATALOG}{item}"))
    }

    /// The item that it names, if it names one.
    pub(super) fn item(&self) -> Option<ItemId> {
        ItemId::parse(self.0.strip_prefix(CATALOG)?).ok()
    }
}

/// Where a cart stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "SCREAMING_SNAKE_CASE")
)]
pub enum CartStatus {
    /// It can be changed and bought.
    Open,
    /// There is an order for what is in it.
    Purchased,
}
