//! Items: added, changed and removed by operators, listed for everybody.

use std::collections::BTreeMap;

use portcullis_ports::money::{Currency, Money};
use portcullis_ports::storage::Range;
use portcullis_ports::{Error, Result, id};

use super::commands::{AddItem, ChangeItem, ListCategories};
use super::model::{
    CategoryId, HIGHEST_PRICE, ImageUrl, ItemId, LONGEST_NAME, LONGEST_VALUE, MAX_ATTRIBUTES, MAX_IMAGES,
    MAX_ITEMS, MOST_STOCK,
};
use super::records::{ItemLine, ItemRecord, ReviewRecord};
use super::removal::Removal;
use super::views::{ItemPage, ItemView, Removed};
use super::{CATALOG_LIMIT, Catalog, ITEM_EXISTS, ITEM_HAS_REVIEWS, ITEM_NOT_FOUND, actions, events};
use crate::areas::operators::Operator;
use crate::foundation::input::refused;
use crate::foundation::table::{Batch, Slot};
use crate::services::audit::Event;

impl Catalog {
    /// Adds an item to a category.
    ///
    /// # Errors
    /// Those of [`AddItem`]; `invalid-request`.
    pub async fn add_item(
        &self,
        operator: &Operator,
        category: &CategoryId,
        command: &AddItem,
    ) -> Result<ItemView> {
        self.step_up
            .require(actions::MANAGE_CATALOG, &operator.who)
            .await?;
        let item = self.drafted(category, command)?;
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                let mut holder = self.category_in(&batch, category).await?;
                if holder.value.items >= MAX_ITEMS {
                    return Err(CATALOG_LIMIT.with_detail(format!(
                        "The category holds {MAX_ITEMS} items, which is as many as it may."
                    )));
                }
                let line = ItemLine::of(&item);
                let table = self.context.table::<ItemLine>();
                if table.find(ItemLine::PARTITION, item.id.as_str()).await?.is_some() {
                    return Err(ITEM_EXISTS
                        .error()
                        .with_field("/item_id", "Another id is expected."));
                }
                holder.value.items += 1;
                holder.value.updated_at = self.context.now();
                batch.save(&holder)?;
                batch.insert(&line)?;
                batch.insert(&item)?;
                let event = Event::success(events::ITEM_ADDED, &operator.who.source)
                    .with("category", category)
                    .with("item", &item.id)
                    .with("price", item.price);
                self.operators.append(&mut batch, operator, None, &event).await?;
                self.context.commit(batch).await?;
                Ok(ItemView::of(&item))
            })
            .await
    }

    fn drafted(&self, category: &CategoryId, command: &AddItem) -> Result<ItemRecord> {
        let id = if let Some(id) = &command.item_id {
            id.clone()
        } else {
            let text = id::random("itm", self.context.entropy.as_ref())?;
            ItemId::parse(&text).map_err(Error::internal)?
        };
        let currency = match command.currency {
            Some(currency) => currency,
            None => Currency::parse("USD").map_err(Error::internal)?,
        };
        let now = self.context.now();
        Ok(ItemRecord {
            id,
            category: category.clone(),
            name: command.name.clone(),
            description: command.description.clone().unwrap_or_default(),
            price: Money::new(price(command.price_cents)?, currency),
            image_urls: images(command.image_urls.as_deref().unwrap_or_default())?,
            attributes: attributes(command.attributes.as_ref())?,
            stock: stock(command.stock)?,
            created_at: now,
            updated_at: now,
        })
    }

    /// Changes an item.
    ///
    /// # Errors
    /// Those of [`ChangeItem`]; `invalid-request`, also where nothing is to be changed.
    pub async fn change_item(
        &self,
        operator: &Operator,
        (category, id): (&CategoryId, &ItemId),
        command: &ChangeItem,
    ) -> Result<ItemView> {
        self.step_up
            .require(actions::MANAGE_CATALOG, &operator.who)
            .await?;
        if *command == ChangeItem::default() {
            return Err(refused("/", "something that is to be changed is expected"));
        }
        if command.stock.is_some() && command.unlimited == Some(true) {
            return Err(refused("/stock", "either a stock or `unlimited` is expected"));
        }
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                drop(self.category_in(&batch, category).await?);
                let mut slot = self.item_in(&batch, category, id).await?;
                let before = slot.value.price;
                change(&mut slot.value, command)?;
                slot.value.updated_at = self.context.now();
                batch.save(&slot)?;
                batch.overwrite(&ItemLine::of(&slot.value))?;
                let event = Event::success(events::ITEM_CHANGED, &operator.who.source)
                    .with("category", category)
                    .with("item", id)
                    .with("price", slot.value.price)
                    .with("price_before", before);
                self.operators.append(&mut batch, operator, None, &event).await?;
                self.context.commit(batch).await?;
                Ok(ItemView::of(&slot.value))
            })
            .await
    }

    /// Removes an item; its reviews are cleared away by a task.
    ///
    /// # Errors
    /// Those of [`super::RemoveItem`].
    pub async fn remove_item(
        &self,
        operator: &Operator,
        (category, id): (&CategoryId, &ItemId),
        cascade_reviews: bool,
    ) -> Result<Removed> {
        self.step_up
            .require(actions::MANAGE_CATALOG, &operator.who)
            .await?;
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                let mut holder = self.category_in(&batch, category).await?;
                drop(self.item_in(&batch, category, id).await?);
                if !cascade_reviews {
                    let reviews = self.context.table::<ReviewRecord>();
                    let partition = ReviewRecord::partition(id);
                    if !reviews.page(&partition, Range::All, 1, None).await?.0.is_empty() {
                        return Err(ITEM_HAS_REVIEWS.error());
                    }
                }
                holder.value.items = holder.value.items.saturating_sub(1);
                holder.value.updated_at = self.context.now();
                batch.save(&holder)?;
                self.clear_item(&mut batch, category, id).await?;
                let event = Event::success(events::ITEM_REMOVED, &operator.who.source)
                    .with("category", category)
                    .with("item", id);
                self.operators.append(&mut batch, operator, None, &event).await?;
                self.context.commit(batch).await?;
                Ok(Removed::DONE)
            })
            .await
    }

    /// Adds to a commit that an item is gone, and that its reviews follow.
    pub(super) async fn clear_item(
        &self,
        batch: &mut Batch,
        category: &CategoryId,
        id: &ItemId,
    ) -> Result<()> {
        batch.clear::<ItemRecord>(ItemRecord::partition(category), id.to_string());
        batch.clear::<ItemLine>(ItemLine::PARTITION.to_owned(), id.to_string());
        let removal = Removal::Reviews {
            item: id.clone(),
            until: self.context.now(),
        };
        self.plan_removal(batch, &removal).await
    }

    async fn item_in(&self, batch: &Batch, category: &CategoryId, id: &ItemId) -> Result<Slot<ItemRecord>> {
        let table = self.context.table::<ItemRecord>();
        let partition = ItemRecord::partition(category);
        let found = table.found_in(batch, &partition, id.as_str()).await?;
        found.ok_or_else(|| ITEM_NOT_FOUND.error())
    }

    /// The items of a category, by their ids.
    ///
    /// # Errors
    /// `category-not-found`; `invalid-cursor`.
    pub async fn items(&self, category: &CategoryId, command: &ListCategories) -> Result<ItemPage> {
        drop(self.category_in(&Batch::default(), category).await?);
        let partition = ItemRecord::partition(category);
        let (found, next_token) = self.ascending::<ItemRecord>(command, &partition).await?;
        Ok(ItemPage {
            items: found.iter().map(|item| ItemView::of(item)).collect(),
            next_token,
        })
    }
}

fn change(item: &mut ItemRecord, command: &ChangeItem) -> Result<()> {
    if let Some(name) = &command.name {
        item.name = name.clone();
    }
    if let Some(text) = &command.description {
        item.description = text.clone();
    }
    if let Some(minor) = command.price_cents {
        item.price.minor = price(minor)?;
    }
    if let Some(currency) = command.currency {
        if currency != item.price.currency && command.price_cents.is_none() {
            return Err(refused(
                "/price_cents",
                "the price in the new currency is expected",
            ));
        }
        item.price.currency = currency;
    }
    if let Some(urls) = &command.image_urls {
        item.image_urls = images(urls)?;
    }
    if command.attributes.is_some() {
        item.attributes = attributes(command.attributes.as_ref())?;
    }
    if command.unlimited == Some(true) {
        item.stock = None;
    }
    if command.stock.is_some() {
        item.stock = stock(command.stock)?;
    }
    Ok(())
}

fn price(minor: i64) -> Result<i64> {
    if (0..=HIGHEST_PRICE).contains(&minor) {
        return Ok(minor);
    }
    Err(refused(
        "/price_cents",
        "0 to 1000000000 minor units are expected",
    ))
}

fn stock(stock: Option<u32>) -> Result<Option<u32>> {
    if stock.is_some_and(|stock| stock > MOST_STOCK) {
        return Err(refused("/stock", "at most 1000000000 are expected"));
    }
    Ok(stock)
}

fn images(urls: &[ImageUrl]) -> Result<Vec<ImageUrl>> {
    if urls.len() > MAX_IMAGES {
        return Err(refused("/image_urls", "at most 20 images are expected"));
    }
    Ok(urls.to_vec())
}

fn attributes(attributes: Option<&BTreeMap<String, String>>) -> Result<BTreeMap<String, String>> {
    let attributes = attributes.cloned().unwrap_or_default();
    if attributes.len() > MAX_ATTRIBUTES {
        return Err(refused("/attributes", "at most 50 attributes are expected"));
    }
    let fits = |text: &str, most: usize| text.chars().count() <= most && !text.chars().any(char::is_control);
    for (name, value) in &attributes {
        if name.trim().is_empty() || !fits(name, LONGEST_NAME) {
            return Err(refused(
                "/attributes",
                "names of 1 to 64 characters in one line are expected",
            ));
        }
        if !fits(value, LONGEST_VALUE) {
            let pointer = format!("/attributes/{}", name.replace('~', "~0").replace('/', "~1"));
            return Err(refused(
                &pointer,
                "at most 500 characters in one line are expected",
            ));
        }
    }
    Ok(attributes)
}
