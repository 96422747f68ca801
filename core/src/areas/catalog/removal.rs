//! Clearing away what was removed, a few records in each commit.

use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::storage::Range;
use portcullis_ports::{Result, Timestamp};
use serde::{Deserialize, Serialize};

use super::Catalog;
use super::model::{CategoryId, ItemId};
use super::records::{CategoryRecord, ItemRecord, ReviewRecord};
use crate::foundation::table::Batch;
use crate::services::tasks::{Leased, Next, TaskKind, TaskRunner};

/// So many items or reviews go in one commit; each takes up to four writes.
const AT_ONCE: usize = 20;

pub(super) const REMOVAL: TaskKind = TaskKind::new(
    "catalog-removal",
    "Clears away items of categories, and reviews of items, that were removed.",
)
.leased(Duration::from_mins(2))
.interruptible();

/// What is cleared away.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Removal {
    /// The items of a category, and then the category.
    Category { category: CategoryId },
    /// The reviews of an item that were written until it was removed.
    Reviews { item: ItemId, until: Timestamp },
}

impl Catalog {
    pub(super) async fn plan_removal(&self, batch: &mut Batch, removal: &Removal) -> Result<()> {
        let id = match removal {
            Removal::Category { category } => format!("category-{category}"),
            Removal::Reviews { item, .. } => format!("reviews-{item}"),
        };
        let now = self.context.now();
        self.tasks
            .plan(batch, &REMOVAL, &id, now, removal)
            .await
            .map(drop)
    }

    /// Clears some items of a category away. Says whether the category is gone with it.
    async fn clear_category(&self, category: &CategoryId) -> Result<bool> {
        self.context
            .retried(|| async {
                let items = self.context.table::<ItemRecord>();
                let partition = ItemRecord::partition(category);
                let (found, _) = items.page(&partition, Range::All, AT_ONCE, None).await?;
                let mut batch = Batch::default();
                for item in &found {
                    self.clear_item(&mut batch, category, &item.id).await?;
                }
                if found.is_empty() {
                    let partition = CategoryRecord::PARTITION.to_owned();
                    batch.clear::<CategoryRecord>(partition, category.to_string());
                }
                self.context.commit(batch).await?;
                Ok(found.is_empty())
            })
            .await
    }

    /// Clears some reviews of an item away. Says behind which one to go on.
    async fn clear_reviews(
        &self,
        item: &ItemId,
        until: Timestamp,
        after: Option<String>,
    ) -> Result<Option<String>> {
        self.context
            .retried(|| async {
                let reviews = self.context.table::<ReviewRecord>();
                let partition = ReviewRecord::partition(item);
                let (found, next) = reviews
                    .page(&partition, Range::All, AT_ONCE, after.clone())
                    .await?;
                let mut batch = Batch::default();
                for review in found.iter().filter(|review| review.created_at <= until) {
                    Self::clear_review(&mut batch, (item, &review.id), &review.author);
                }
                self.context.commit(batch).await?;
                Ok(next)
            })
            .await
    }
}

/// Runs the tasks.
pub(super) struct RemovalRunner(pub(super) Catalog);

#[async_trait]
impl TaskRunner for RemovalRunner {
    async fn run(&self, task: &Leased) -> Result<Next> {
        match task.body()? {
            Removal::Category { category } => while !self.0.clear_category(&category).await? {},
            Removal::Reviews { item, until } => {
                let mut after = None;
                loop {
                    after = self.0.clear_reviews(&item, until, after).await?;
                    if after.is_none() {
                        break;
                    }
                }
            }
        }
        Ok(Next::Done)
    }
}
