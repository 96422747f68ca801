//! How the catalog is stored.

use std::collections::BTreeMap;

use portcullis_ports::Timestamp;
use portcullis_ports::identity::Subject;
use portcullis_ports::money::Money;
use portcullis_ports::storage::Collection;
use serde::{Deserialize, Serialize};

use super::model::{CategoryId, ImageUrl, ItemId, Prose, ReviewId, Title};
use crate::foundation::table::Stored;

/// Categories and items.
pub(crate) const CATALOG: Collection = Collection {
    name: "catalog",
    table: "shopping_catalog",
    variable: "CATALOG_TABLE_NAME",
};

/// What people say of items.
pub(crate) const CATALOG_REVIEWS: Collection = Collection {
    name: "catalog_reviews",
    table: "shopping_catalog",
    variable: "CATALOG_TABLE_NAME",
};

/// What each person bought, and said of items.
pub(crate) const CATALOG_PEOPLE: Collection = Collection {
    name: "catalog_people",
    table: "shopping_catalog",
    variable: "CATALOG_TABLE_NAME",
};

/// A category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CategoryRecord {
    pub(super) id: CategoryId,
    pub(super) name: Title,
    pub(super) description: Prose,
    pub(super) creator: Subject,
    /// How many items it holds.
    pub(super) items: u32,
    /// Whether it is being removed: nobody sees it any more.
    pub(super) removed: bool,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

impl CategoryRecord {
    /// All categories lie side by side: there are few, and they are shown together.
    pub(super) const PARTITION: &'static str = "categories";
}

impl Stored for CategoryRecord {
    const COLLECTION: Collection = CATALOG;

    fn key(&self) -> (String, String) {
        (Self::PARTITION.into(), self.id.to_string())
    }
}

/// An item with its price and what is left of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ItemRecord {
    pub(super) id: ItemId,
    pub(super) category: CategoryId,
    pub(super) name: Title,
    pub(super) description: Prose,
    pub(super) price: Money,
    pub(super) image_urls: Vec<ImageUrl>,
    pub(super) attributes: BTreeMap<String, String>,
    /// What can be bought now; without it there is always enough.
    pub(super) stock: Option<u32>,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

impl ItemRecord {
    pub(super) fn partition(category: &CategoryId) -> String {
        format!("items#{category}")
    }
}

impl Stored for ItemRecord {
    const COLLECTION: Collection = CATALOG;

    fn key(&self) -> (String, String) {
        (Self::partition(&self.category), self.id.to_string())
    }
}

/// Where an item is, and what is searched of it. It keeps ids of items unique.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ItemLine {
    pub(super) item: ItemId,
    pub(super) category: CategoryId,
    /// Name and description in lower case.
    pub(super) text: String,
}

impl ItemLine {
    pub(super) const PARTITION: &'static str = "lines";

    pub(super) fn of(item: &ItemRecord) -> Self {
        Self {
            item: item.id.clone(),
            category: item.category.clone(),
            text: format!("{}\n{}", item.name, item.description).to_lowercase(),
        }
    }
}

impl Stored for ItemLine {
    const COLLECTION: Collection = CATALOG;

    fn key(&self) -> (String, String) {
        (Self::PARTITION.into(), self.item.to_string())
    }
}

/// What somebody says of an item: one review by each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ReviewRecord {
    pub(super) id: ReviewId,
    pub(super) item: ItemId,
    pub(super) author: Subject,
    pub(super) rating: u8,
    pub(super) title: Title,
    pub(super) body: Prose,
    pub(super) created_at: Timestamp,
}

impl ReviewRecord {
    pub(super) fn partition(item: &ItemId) -> String {
        format!("reviews#{item}")
    }
}

impl Stored for ReviewRecord {
    const COLLECTION: Collection = CATALOG_REVIEWS;

    fn key(&self) -> (String, String) {
        (Self::partition(&self.item), self.author.to_string())
    }
}

/// Whose review it is. It keeps ids of reviews unique within their item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ReviewName {
    pub(super) id: ReviewId,
    pub(super) item: ItemId,
    pub(super) author: Subject,
}

impl ReviewName {
    pub(super) fn partition(item: &ItemId) -> String {
        format!("review-names#{item}")
    }
}

impl Stored for ReviewName {
    const COLLECTION: Collection = CATALOG;

    fn key(&self) -> (String, String) {
        (Self::partition(&self.item), self.id.to_string())
    }
}

/// That somebody bought an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Bought {
    pub(super) item: ItemId,
    pub(super) buyer: Subject,
}

impl Bought {
    pub(super) fn sort(item: &ItemId) -> String {
        format!("bought#{item}")
    }
}

impl Stored for Bought {
    const COLLECTION: Collection = CATALOG_PEOPLE;

    fn key(&self) -> (String, String) {
        (self.buyer.to_string(), Self::sort(&self.item))
    }
}

/// That somebody reviewed an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Reviewed {
    pub(super) item: ItemId,
    pub(super) author: Subject,
    pub(super) review: ReviewId,
}

impl Reviewed {
    pub(super) const PREFIX: &'static str = "reviewed#";

    pub(super) fn sort(item: &ItemId) -> String {
        format!("{}{item}", Self::PREFIX)
    }
}

impl Stored for Reviewed {
    const COLLECTION: Collection = CATALOG_PEOPLE;

    fn key(&self) -> (String, String) {
        (self.author.to_string(), Self::sort(&self.item))
    }
}
