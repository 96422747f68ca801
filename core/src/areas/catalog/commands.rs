//! What is asked for.

use std::collections::BTreeMap;

use portcullis_ports::money::Currency;
use serde::{Deserialize, Serialize};

use super::model::{CategoryId, ImageUrl, ItemId, Prose, ReviewId, Title};
use super::search::SearchText;
use super::{
    CATALOG_LIMIT, CATEGORY_EXISTS, CATEGORY_NOT_EMPTY, CATEGORY_NOT_FOUND, ITEM_EXISTS, ITEM_HAS_REVIEWS,
    ITEM_NOT_FOUND, REVIEW_EXISTS, REVIEW_NOT_FOUND,
};
use crate::areas::operators::{NOT_AN_OPERATOR, OPERATOR_FACTOR_REQUIRED, OPERATOR_ROLE_REQUIRED};
use crate::areas::step_up::STEP_UP_REQUIRED;
use crate::foundation::cursor::{INVALID_CURSOR, SignedCursor};
use crate::foundation::use_case::{Documented, Problems, UseCase};

/// A category is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct AddCategory {
    /// What it is called for good; a random id where it is not said.
    pub category_id: Option<CategoryId>,
    /// What people read.
    pub name: Title,
    /// What it holds, for people.
    pub description: Option<Prose>,
}

impl Documented for AddCategory {
    const EXAMPLE: &str =
        r#"{ "category_id": "kettles", "name": "Kettles", "description": "Whatever boils water" }"#;
}

impl UseCase for AddCategory {
    const PROBLEMS: Problems = &[&[STEP_UP_REQUIRED, CATEGORY_EXISTS, CATALOG_LIMIT]];
}

/// A category is removed.
#[derive(Debug, Clone, Copy)]
pub struct RemoveCategory;

impl UseCase for RemoveCategory {
    const PROBLEMS: Problems = &[&[STEP_UP_REQUIRED, CATEGORY_NOT_FOUND, CATEGORY_NOT_EMPTY]];
}

/// An item is added to a category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct AddItem {
    /// What it is called for good, in the whole catalog; a random id where it is not said.
    pub item_id: Option<ItemId>,
    /// What people read.
    pub name: Title,
    /// What it is, for people.
    pub description: Option<Prose>,
    /// What one piece costs, in minor units of its currency, taxes included; 0 for nothing.
    #[cfg_attr(
        feature = "openapi",
        oai(validator(minimum(value = "0"), maximum(value = "1000000000")))
    )]
    pub price_cents: i64,
    /// The currency; USD where it is not said.
    pub currency: Option<Currency>,
    /// Where images of it lie.
    #[cfg_attr(feature = "openapi", oai(validator(max_items = 20)))]
    pub image_urls: Option<Vec<ImageUrl>>,
    /// What else there is to say: at most 50 names of 1 to 64 characters, each with a text of at most 500.
    pub attributes: Option<BTreeMap<String, String>>,
    /// How many there are to be sold; there is always enough where it is not said.
    #[cfg_attr(
        feature = "openapi",
        oai(validator(minimum(value = "0"), maximum(value = "1000000000")))
    )]
    pub stock: Option<u32>,
}

impl Documented for AddItem {
    const EXAMPLE: &str = r#"{
  "item_id": "plum-kettle",
  "name": "Plum kettle",
  "description": "Boils a litre of water in two minutes.",
  "price_cents": 1999,
  "currency": "USD",
  "image_urls": ["https://images.example.com/plum-kettle.jpg"],
  "attributes": { "colour": "plum" },
  "stock": 12
}"#;
}

impl UseCase for AddItem {
    const PROBLEMS: Problems = &[&[STEP_UP_REQUIRED, CATEGORY_NOT_FOUND, ITEM_EXISTS, CATALOG_LIMIT]];
}

/// An item is changed. What is left out stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ChangeItem {
    /// What people read.
    pub name: Option<Title>,
    /// What it is, for people.
    pub description: Option<Prose>,
    /// What one piece costs, in minor units of its currency. Carts are told before they are bought.
    #[cfg_attr(
        feature = "openapi",
        oai(validator(minimum(value = "0"), maximum(value = "1000000000")))
    )]
    pub price_cents: Option<i64>,
    /// The currency.
    pub currency: Option<Currency>,
    /// All images of it.
    #[cfg_attr(feature = "openapi", oai(validator(max_items = 20)))]
    pub image_urls: Option<Vec<ImageUrl>>,
    /// All that there is to say beside.
    pub attributes: Option<BTreeMap<String, String>>,
    /// How many there are to be sold from now on; what is reserved is not among them.
    #[cfg_attr(
        feature = "openapi",
        oai(validator(minimum(value = "0"), maximum(value = "1000000000")))
    )]
    pub stock: Option<u32>,
    /// With true there is always enough from now on.
    pub unlimited: Option<bool>,
}

impl Documented for ChangeItem {
    const EXAMPLE: &str = r#"{
  "name": null,
  "description": null,
  "price_cents": 2199,
  "currency": null,
  "image_urls": null,
  "attributes": null,
  "stock": 20,
  "unlimited": null
}"#;
}

impl UseCase for ChangeItem {
    const PROBLEMS: Problems = &[&[STEP_UP_REQUIRED, ITEM_NOT_FOUND]];
}

/// An item is removed.
#[derive(Debug, Clone, Copy)]
pub struct RemoveItem;

impl UseCase for RemoveItem {
    const PROBLEMS: Problems = &[&[STEP_UP_REQUIRED, ITEM_NOT_FOUND, ITEM_HAS_REVIEWS]];
}

/// Which part of a list.
#[derive(Debug, Clone, Default)]
pub struct ListCategories {
    /// How many at most, 1 to [`super::PAGE`]; 50 where it is not said.
    pub page_size: Option<usize>,
    /// Behind which entry, as `next_token` of the page before.
    pub next_token: Option<SignedCursor>,
}

impl UseCase for ListCategories {
    const PROBLEMS: Problems = &[&[INVALID_CURSOR]];
}

/// The items of a category are listed.
#[derive(Debug, Clone, Copy)]
pub struct ListItems;

impl UseCase for ListItems {
    const PROBLEMS: Problems = &[&[INVALID_CURSOR, CATEGORY_NOT_FOUND]];
}

/// Items are searched.
#[derive(Debug, Clone)]
pub struct SearchItems {
    /// The words that all stand in name and description.
    pub text: SearchText,
    /// Which part of what is found.
    pub part: ListCategories,
}

impl UseCase for SearchItems {
    const PROBLEMS: Problems = &[&[INVALID_CURSOR]];
}

/// The reviews of an item are listed.
#[derive(Debug, Clone, Copy)]
pub struct ListReviews;

impl UseCase for ListReviews {
    const PROBLEMS: Problems = &[&[INVALID_CURSOR, ITEM_NOT_FOUND]];
}

/// An item is reviewed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct WriteReview {
    /// What it is called for good, among those of the item; a random id where it is not said.
    pub review_id: Option<ReviewId>,
    /// From 1, poor, to 5, excellent.
    #[cfg_attr(
        feature = "openapi",
        oai(validator(minimum(value = "1"), maximum(value = "5")))
    )]
    pub rating: u8,
    /// What it says in a few words.
    pub title: Title,
    /// What it says.
    pub body: Option<Prose>,
}

impl Documented for WriteReview {
    const EXAMPLE: &str =
        r#"{ "review_id": null, "rating": 5, "title": "Boils fast", "body": "And looks the part." }"#;
}

impl UseCase for WriteReview {
    const PROBLEMS: Problems = &[&[ITEM_NOT_FOUND, REVIEW_EXISTS]];
}

/// A review is removed.
#[derive(Debug, Clone, Copy)]
pub struct RemoveReview;

impl UseCase for RemoveReview {
    const PROBLEMS: Problems = &[
        &[REVIEW_NOT_FOUND, NOT_AN_OPERATOR, OPERATOR_ROLE_REQUIRED],
        &[OPERATOR_FACTOR_REQUIRED, STEP_UP_REQUIRED],
    ];
}
