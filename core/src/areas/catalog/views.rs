//! The catalog as people see it.

use std::collections::BTreeMap;

use portcullis_ports::identity::Subject;
use portcullis_ports::money::Currency;
use serde::Serialize;

use super::model::{CategoryId, ImageUrl, ItemId, ReviewId};
use super::records::{CategoryRecord, ItemRecord, ReviewRecord};
use crate::foundation::cursor::SignedCursor;
use crate::foundation::use_case::Documented;

/// A category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(rename = "Category"))]
pub struct CategoryView {
    /// Its id.
    pub category_id: CategoryId,
    /// What people read.
    pub name: String,
    /// What it holds, for people.
    pub description: String,
    /// Who made it.
    pub creator: Subject,
    /// How many items it holds.
    pub item_count: u32,
    /// When it was made, in Unix seconds.
    pub created_at: i64,
    /// When it was changed last, in Unix seconds.
    pub updated_at: i64,
}

impl CategoryView {
    pub(super) fn of(category: &CategoryRecord) -> Self {
        Self {
            category_id: category.id.clone(),
            name: category.name.to_string(),
            description: category.description.to_string(),
            creator: category.creator.clone(),
            item_count: category.items,
            created_at: category.created_at.seconds(),
            updated_at: category.updated_at.seconds(),
        }
    }
}

impl Documented for CategoryView {
    const EXAMPLE: &str = r#"{
  "category_id": "kettles",
  "name": "Kettles",
  "description": "Whatever boils water",
  "creator": "usr_ypqeqcs9v6bq5vzwm86escxfjc",
  "item_count": 1,
  "created_at": 1790000000,
  "updated_at": 1790000000
}"#;
}

/// Categories, by their ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct CategoryPage {
    /// A page may hold fewer than were asked for.
    pub items: Vec<CategoryView>,
    /// What to ask for the next page with; null on the last one.
    pub next_token: Option<SignedCursor>,
}

impl Documented for CategoryPage {
    const EXAMPLE: &str = r#"{
  "items": [{
    "category_id": "kettles",
    "name": "Kettles",
    "description": "Whatever boils water",
    "creator": "usr_ypqeqcs9v6bq5vzwm86escxfjc",
    "item_count": 1,
    "created_at": 1790000000,
    "updated_at": 1790000000
  }],
  "next_token": null
}"#;
}

/// An item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(rename = "Item"))]
pub struct ItemView {
    /// Its id.
    pub item_id: ItemId,
    /// The category that holds it.
    pub category_id: CategoryId,
    /// What people read.
    pub name: String,
    /// What it is, for people.
    pub description: String,
    /// What one piece costs, in minor units.
    pub price_cents: i64,
    /// The currency.
    pub currency: Currency,
    /// How many decimal places its amounts have (ISO 4217).
    pub digits: u32,
    /// Where images of it lie.
    pub image_urls: Vec<ImageUrl>,
    /// What else there is to say.
    pub attributes: BTreeMap<String, String>,
    /// What can be bought now; null where there is always enough.
    pub stock: Option<u32>,
    /// When it was added, in Unix seconds.
    pub created_at: i64,
    /// When it was changed last, in Unix seconds.
    pub updated_at: i64,
}

impl ItemView {
    pub(super) fn of(item: &ItemRecord) -> Self {
        Self {
            item_id: item.id.clone(),
            category_id: item.category.clone(),
            name: item.name.to_string(),
            description: item.description.to_string(),
            price_cents: item.price.minor,
            currency: item.price.currency,
            digits: item.price.currency.digits(),
            image_urls: item.image_urls.clone(),
            attributes: item.attributes.clone(),
            stock: item.stock,
            created_at: item.created_at.seconds(),
            updated_at: item.updated_at.seconds(),
        }
    }
}

impl Documented for ItemView {
    const EXAMPLE: &str = r#"{
  "item_id": "plum-kettle",
  "category_id": "kettles",
  "name": "Plum kettle",
  "description": "Boils a litre of water in two minutes.",
  "price_cents": 1999,
  "currency": "USD",
  "digits": 2,
  "image_urls": ["https://images.example.com/plum-kettle.jpg"],
  "attributes": { "colour": "plum" },
  "stock": 12,
  "created_at": 1790000000,
  "updated_at": 1790000000
}"#;
}

/// Items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ItemPage {
    /// A page may hold fewer than were asked for, and even none.
    pub items: Vec<ItemView>,
    /// What to ask for the next page with; null on the last one.
    pub next_token: Option<SignedCursor>,
}

impl Documented for ItemPage {
    const EXAMPLE: &str = r#"{
  "items": [{
    "item_id": "plum-kettle",
    "category_id": "kettles",
    "name": "Plum kettle",
    "description": "Boils a litre of water in two minutes.",
    "price_cents": 1999,
    "currency": "USD",
    "digits": 2,
    "image_urls": ["https://images.example.com/plum-kettle.jpg"],
    "attributes": { "colour": "plum" },
    "stock": 12,
    "created_at": 1790000000,
    "updated_at": 1790000000
  }],
  "next_token": null
}"#;
}

/// What somebody says of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(rename = "Review"))]
pub struct ReviewView {
    /// Its id.
    pub review_id: ReviewId,
    /// The item.
    pub item_id: ItemId,
    /// From 1, poor, to 5, excellent.
    pub rating: u8,
    /// What it says in a few words.
    pub title: String,
    /// What it says.
    pub body: String,
    /// The name that the author's account shows today; null where it shows none.
    pub reviewer: Option<String>,
    /// Whether its author bought the item here.
    pub verified_purchase: bool,
    /// Whether it is one's own.
    pub own: bool,
    /// When it was written, in Unix seconds.
    pub created_at: i64,
}

impl ReviewView {
    pub(super) fn of(review: &ReviewRecord, (reviewer, bought, own): (Option<String>, bool, bool)) -> Self {
        Self {
            review_id: review.id.clone(),
            item_id: review.item.clone(),
            rating: review.rating,
            title: review.title.to_string(),
            body: review.body.to_string(),
            reviewer,
            verified_purchase: bought,
            own,
            created_at: review.created_at.seconds(),
        }
    }
}

impl Documented for ReviewView {
    const EXAMPLE: &str = r#"{
  "review_id": "rev_01h2xcejqtf2nbrexx3vqjhp41",
  "item_id": "plum-kettle",
  "rating": 5,
  "title": "Boils fast",
  "body": "And looks the part.",
  "reviewer": "Ada",
  "verified_purchase": true,
  "own": false,
  "created_at": 1790000000
}"#;
}

/// Reviews.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ReviewPage {
    /// A page may hold fewer than were asked for.
    pub items: Vec<ReviewView>,
    /// What to ask for the next page with; null on the last one.
    pub next_token: Option<SignedCursor>,
}

impl Documented for ReviewPage {
    const EXAMPLE: &str = r#"{
  "items": [{
    "review_id": "rev_01h2xcejqtf2nbrexx3vqjhp41",
    "item_id": "plum-kettle",
    "rating": 5,
    "title": "Boils fast",
    "body": "And looks the part.",
    "reviewer": "Ada",
    "verified_purchase": true,
    "own": false,
    "created_at": 1790000000
  }],
  "next_token": null
}"#;
}

/// It is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Removed {
    /// Always true.
    pub ok: bool,
}

impl Removed {
    pub(super) const DONE: Self = Self { ok: true };
}

impl Documented for Removed {
    const EXAMPLE: &str = r#"{ "ok": true }"#;
}
