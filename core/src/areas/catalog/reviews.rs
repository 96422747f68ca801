//! What people say of items: one review by each, under the name that their account shows.

use async_trait::async_trait;
use portcullis_ports::identity::Subject;
use portcullis_ports::storage::Range;
use portcullis_ports::{Error, Result, id};

use super::commands::{ListCategories, WriteReview};
use super::model::{ItemId, ReviewId};
use super::records::{Bought, ReviewName, ReviewRecord, Reviewed};
use super::views::{Removed, ReviewPage, ReviewView};
use super::{Catalog, REVIEW_EXISTS, REVIEW_NOT_FOUND, events};
use crate::areas::operators::Role;
use crate::areas::sessions::SignedIn;
use crate::foundation::account_erasure::AccountErasure;
use crate::foundation::input::refused;
use crate::foundation::source::Source;
use crate::foundation::table::Batch;
use crate::services::audit::Event;

/// So many reviews of one person go in one commit.
const AT_ONCE: usize = 20;

impl Catalog {
    /// The reviews of an item.
    ///
    /// # Errors
    /// `item-not-found`; `invalid-cursor`.
    pub async fn reviews(
        &self,
        reader: &Subject,
        item: &ItemId,
        command: &ListCategories,
    ) -> Result<ReviewPage> {
        self.inventory.named(item).await?;
        let partition = ReviewRecord::partition(item);
        let (found, next_token) = self.ascending::<ReviewRecord>(command, &partition).await?;
        let mut items = Vec::with_capacity(found.len());
        for review in &found {
            items.push(self.shown(reader, review).await?);
        }
        Ok(ReviewPage { items, next_token })
    }

    async fn shown(&self, reader: &Subject, review: &ReviewRecord) -> Result<ReviewView> {
        let author = self.directory.recent(&review.author).await?;
        let name = author.and_then(|account| account.display_name.clone());
        let bought = self.context.table::<Bought>();
        let bought = bought
            .find(review.author.as_str(), &Bought::sort(&review.item))
            .await?;
        let own = review.author == *reader;
        let name = name.map(|name| name.to_string()).filter(|name| !name.is_empty());
        Ok(ReviewView::of(review, (name, bought.is_some(), own)))
    }

    /// Reviews an item.
    ///
    /// # Errors
    /// Those of [`WriteReview`]; `invalid-request`.
    pub async fn review(&self, who: &SignedIn, item: &ItemId, command: &WriteReview) -> Result<ReviewView> {
        if !(1..=5).contains(&command.rating) {
            return Err(refused("/rating", "1 to 5 are expected"));
        }
        let author = who.subject();
        let id = if let Some(id) = &command.review_id {
            id.clone()
        } else {
            let text = id::random("rev", self.context.entropy.as_ref())?;
            ReviewId::parse(&text).map_err(Error::internal)?
        };
        let review = self
            .context
            .retried(|| async {
                self.inventory.named(item).await?;
                let mut batch = Batch::default();
                self.context.lock_subject(&mut batch, author).await;
                let (reviews, names) = (
                    self.context.table::<ReviewRecord>(),
                    self.context.table::<ReviewName>(),
                );
                let own = reviews
                    .find(&ReviewRecord::partition(item), author.as_str())
                    .await?;
                if own.is_some() {
                    return Err(REVIEW_EXISTS.error());
                }
                let taken = names.find(&ReviewName::partition(item), id.as_str()).await?;
                if taken.is_some() {
                    return Err(REVIEW_EXISTS
                        .error()
                        .with_field("/review_id", "Another id is expected."));
                }
                let review = ReviewRecord {
                    id: id.clone(),
                    item: item.clone(),
                    author: author.clone(),
                    rating: command.rating,
                    title: command.title.clone(),
                    body: command.body.clone().unwrap_or_default(),
                    created_at: self.context.now(),
                };
                batch.insert(&review)?;
                batch.insert(&ReviewName {
                    id: id.clone(),
                    item: item.clone(),
                    author: author.clone(),
                })?;
                batch.insert(&Reviewed {
                    item: item.clone(),
                    author: author.clone(),
                    review: id.clone(),
                })?;
                let event = Event::success(events::REVIEW_WRITTEN, &who.source)
                    .with("item", item)
                    .with("review", &id);
                self.audit.append(&mut batch, author, &[event]).await?;
                self.context.commit(batch).await?;
                Ok(review)
            })
            .await?;
        self.shown(author, &review).await
    }

    /// Removes a review: one's own, or as an operator (`support`) anybody's.
    ///
    /// # Errors
    /// Those of [`super::RemoveReview`].
    pub async fn remove_review(&self, who: &SignedIn, item: &ItemId, id: &ReviewId) -> Result<Removed> {
        self.context
            .retried(|| async {
                let names = self.context.table::<ReviewName>();
                let name = names.find(&ReviewName::partition(item), id.as_str()).await?;
                let name = name.ok_or_else(|| REVIEW_NOT_FOUND.error())?;
                let event = Event::success(events::REVIEW_REMOVED, &who.source)
                    .with("item", item)
                    .with("review", id);
                let mut batch = Batch::default();
                if name.author == *who.subject() {
                    self.audit.append(&mut batch, who.subject(), &[event]).await?;
                } else {
                    let operator = self.operators.authorize(who.clone(), Role::Support).await?;
                    let author = Some(&name.author);
                    self.operators
                        .append(&mut batch, &operator, author, &event)
                        .await?;
                }
                Self::clear_review(&mut batch, (item, id), &name.author);
                self.context.commit(batch).await?;
                Ok(Removed::DONE)
            })
            .await
    }

    /// Adds to a commit that a review is gone.
    pub(super) fn clear_review(batch: &mut Batch, (item, id): (&ItemId, &ReviewId), author: &Subject) {
        batch.clear::<ReviewRecord>(ReviewRecord::partition(item), author.to_string());
        batch.clear::<ReviewName>(ReviewName::partition(item), id.to_string());
        batch.clear::<Reviewed>(author.to_string(), Reviewed::sort(item));
    }
}

#[async_trait]
impl AccountErasure for Catalog {
    /// Removes what somebody said of items.
    async fn erase(&self, author: &Subject, _: &Source) -> Result<()> {
        let table = self.context.table::<Reviewed>();
        loop {
            let range = Range::Prefix(Reviewed::PREFIX.to_owned());
            let page = table.complete_page(author.as_str(), range, AT_ONCE, None).await?;
            if page.0.is_empty() {
                return Ok(());
            }
            let mut batch = Batch::default();
            for row in &page.0 {
                Self::clear_review(&mut batch, (&row.item, &row.review), author);
            }
            self.context.commit(batch).await?;
        }
    }
}
