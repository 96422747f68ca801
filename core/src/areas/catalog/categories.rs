//! Categories: made and removed by operators, listed for everybody.

use portcullis_ports::storage::Range;
use portcullis_ports::{Error, Result, id};

use super::commands::{AddCategory, ListCategories};
use super::model::{CategoryId, MAX_CATEGORIES};
use super::records::CategoryRecord;
use super::removal::Removal;
use super::views::{CategoryPage, CategoryView, Removed};
use super::{
    CATALOG_LIMIT, CATEGORY_EXISTS, CATEGORY_NOT_EMPTY, CATEGORY_NOT_FOUND, Catalog, PAGE, actions, events,
};
use crate::areas::operators::Operator;
use crate::foundation::cursor::SignedCursor;
use crate::foundation::table::{Batch, Slot, Stored, Versioned};
use crate::services::audit::Event;

/// How many entries a page has where it is not said.
const USUAL_PAGE: usize = 50;

impl ListCategories {
    pub(super) fn limit(&self) -> usize {
        self.page_size.unwrap_or(USUAL_PAGE).clamp(1, PAGE)
    }
}

impl Catalog {
    /// Makes a category.
    ///
    /// # Errors
    /// Those of [`AddCategory`].
    pub async fn add_category(&self, operator: &Operator, command: &AddCategory) -> Result<CategoryView> {
        self.step_up
            .require(actions::MANAGE_CATALOG, &operator.who)
            .await?;
        let id = if let Some(id) = &command.category_id {
            id.clone()
        } else {
            let text = id::random("cat", self.context.entropy.as_ref())?;
            CategoryId::parse(&text).map_err(Error::internal)?
        };
        self.context
            .retried(|| async {
                let table = self.context.table::<CategoryRecord>();
                let all = table.all(CategoryRecord::PARTITION).await?;
                if all.iter().any(|category| category.id == id) {
                    return Err(CATEGORY_EXISTS
                        .error()
                        .with_field("/category_id", "Another id is expected."));
                }
                if all.len() >= MAX_CATEGORIES {
                    return Err(CATALOG_LIMIT.with_detail(format!(
                        "There are {MAX_CATEGORIES} categories, which is as many as there may be."
                    )));
                }
                let now = self.context.now();
                let category = CategoryRecord {
                    id: id.clone(),
                    name: command.name.clone(),
                    description: command.description.clone().unwrap_or_default(),
                    creator: operator.subject().clone(),
                    items: 0,
                    removed: false,
                    created_at: now,
                    updated_at: now,
                };
                let mut batch = Batch::default();
                batch.insert(&category)?;
                let event = Event::success(events::CATEGORY_CREATED, &operator.who.source);
                let event = event.with("category", &id);
                self.operators.append(&mut batch, operator, None, &event).await?;
                self.context.commit(batch).await?;
                Ok(CategoryView::of(&category))
            })
            .await
    }

    /// Removes a category: nobody sees it from then on, and a task clears its items away.
    ///
    /// # Errors
    /// Those of [`super::RemoveCategory`].
    pub async fn remove_category(
        &self,
        operator: &Operator,
        id: &CategoryId,
        cascade: bool,
    ) -> Result<Removed> {
        self.step_up
            .require(actions::MANAGE_CATALOG, &operator.who)
            .await?;
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                let mut slot = self.category_in(&batch, id).await?;
                if slot.value.items > 0 && !cascade {
                    return Err(CATEGORY_NOT_EMPTY.error());
                }
                slot.value.removed = true;
                slot.value.updated_at = self.context.now();
                batch.save(&slot)?;
                let removal = Removal::Category { category: id.clone() };
                self.plan_removal(&mut batch, &removal).await?;
                let event = Event::success(events::CATEGORY_REMOVED, &operator.who.source);
                let event = event.with("category", id).with("items", slot.value.items);
                self.operators.append(&mut batch, operator, None, &event).await?;
                self.context.commit(batch).await?;
                Ok(Removed::DONE)
            })
            .await
    }

    /// A category that is offered, as it will be once `batch` is done.
    ///
    /// # Errors
    /// `category-not-found`.
    pub(super) async fn category_in(&self, batch: &Batch, id: &CategoryId) -> Result<Slot<CategoryRecord>> {
        let table = self.context.table::<CategoryRecord>();
        let found = table
            .found_in(batch, CategoryRecord::PARTITION, id.as_str())
            .await?;
        let found = found.filter(|category| !category.value.removed);
        found.ok_or_else(|| CATEGORY_NOT_FOUND.error())
    }

    /// Categories, by their ids.
    ///
    /// # Errors
    /// `invalid-cursor`.
    pub async fn categories(&self, command: &ListCategories) -> Result<CategoryPage> {
        let (found, next_token) = self
            .ascending::<CategoryRecord>(command, CategoryRecord::PARTITION)
            .await?;
        let offered = found.iter().filter(|category| !category.removed);
        Ok(CategoryPage {
            items: offered.map(|category| CategoryView::of(category)).collect(),
            next_token,
        })
    }

    /// A page of a partition, and what asks for the next one.
    pub(super) async fn ascending<T: Stored>(
        &self,
        command: &ListCategories,
        partition: &str,
    ) -> Result<(Vec<Versioned<T>>, Option<SignedCursor>)> {
        let keyring = &self.context.keyring;
        let words = ["catalog", partition];
        let after = command.next_token.as_ref();
        let after = after.map(|cursor| cursor.place(keyring, &words)).transpose()?;
        let table = self.context.table::<T>();
        let (found, next) = table.page(partition, Range::All, command.limit(), after).await?;
        let next = next.map(|place| SignedCursor::sign(keyring, &words, place));
        Ok((found, next.transpose()?))
    }
}
