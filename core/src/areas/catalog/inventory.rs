//! The inventory, as the areas above see it: items at the price of the moment.

use std::sync::Arc;

use portcullis_ports::Result;
use portcullis_ports::money::Money;

use super::ITEM_NOT_FOUND;
use super::model::{CategoryId, ItemId, Title};
use super::records::{CategoryRecord, ItemLine, ItemRecord};
use crate::foundation::context::Context;

/// An item at the price of the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SoldItem {
    pub(crate) id: ItemId,
    pub(crate) category: CategoryId,
    pub(crate) name: Title,
    pub(crate) price: Money,
}

impl From<ItemRecord> for SoldItem {
    fn from(item: ItemRecord) -> Self {
        Self {
            id: item.id,
            category: item.category,
            name: item.name,
            price: item.price,
        }
    }
}

/// Looks up what is sold.
#[derive(Clone)]
pub(crate) struct Inventory {
    pub(super) context: Arc<Context>,
}

impl Inventory {
    pub(crate) fn new(context: &Arc<Context>) -> Self {
        Self {
            context: Arc::clone(context),
        }
    }

    /// An item of a category, if both are offered.
    pub(crate) async fn find(&self, category: &CategoryId, item: &ItemId) -> Result<Option<SoldItem>> {
        let categories = self.context.table::<CategoryRecord>();
        let holder = categories
            .find(CategoryRecord::PARTITION, category.as_str())
            .await?;
        if holder.is_none_or(|holder| holder.removed) {
            return Ok(None);
        }
        let table = self.context.table::<ItemRecord>();
        let found = table
            .find(&ItemRecord::partition(category), item.as_str())
            .await?;
        Ok(found.map(|found| found.value.into()))
    }

    /// An item of whatever category.
    ///
    /// # Errors
    /// `item-not-found`.
    pub(crate) async fn named(&self, item: &ItemId) -> Result<SoldItem> {
        let lines = self.context.table::<ItemLine>();
        let line = lines.find(ItemLine::PARTITION, item.as_str()).await?;
        let line = line.ok_or_else(|| ITEM_NOT_FOUND.error())?;
        let found = self.find(&line.category, item).await?;
        found.ok_or_else(|| ITEM_NOT_FOUND.error())
    }
}
