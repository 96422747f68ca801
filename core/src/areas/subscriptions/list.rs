//! Which subscriptions there are.

use portcullis_ports::Result;
use portcullis_ports::identity::Subject;
use portcullis_ports::storage::Range;

use super::commands::ListSubscriptions;
use super::records::SubscriptionRecord;
use super::views::{SubscriptionPage, SubscriptionView};
use super::{SUBSCRIPTION_NOT_FOUND, Subscriptions, events};
use crate::areas::entitlements::SubscriptionId;
use crate::areas::operators::Operator;
use crate::foundation::cursor::SignedCursor;
use crate::foundation::table::Stored as _;
use crate::services::audit::Event;

/// The most subscriptions of one page, and how many it has where it is not said.
const PAGE: usize = 100;

impl Subscriptions {
    /// A subscription of that person.
    ///
    /// # Errors
    /// `subscription-not-found`.
    pub async fn get(&self, subject: &Subject, id: &SubscriptionId) -> Result<SubscriptionView> {
        Ok(SubscriptionView::of(&self.record(subject, id).await?))
    }

    pub(super) async fn record(&self, subject: &Subject, id: &SubscriptionId) -> Result<SubscriptionRecord> {
        let table = self.context.table::<SubscriptionRecord>();
        let found = table
            .find(subject.as_str(), &SubscriptionRecord::sort(id))
            .await?;
        Ok(found.ok_or_else(|| SUBSCRIPTION_NOT_FOUND.error())?.value)
    }

    /// The subscriptions of a person, newest first.
    ///
    /// # Errors
    /// `invalid-cursor` for a cursor that was not given out for this person.
    pub async fn list(&self, subject: &Subject, command: &ListSubscriptions) -> Result<SubscriptionPage> {
        let keyring = &self.context.keyring;
        let list = ["subscriptions", subject.as_str()];
        let after = command.cursor.as_ref();
        let after: Option<String> = after.map(|cursor| cursor.place(keyring, &list)).transpose()?;
        let limit = command.limit.unwrap_or(PAGE).clamp(1, PAGE);
        let table = self.context.table::<SubscriptionRecord>();
        let (page, next) = table
            .page_newest_first(subject.as_str(), Range::All, limit, after)
            .await?;
        let place = page.last().map(|record| record.key().1);
        let next = next.and(place);
        let next = next.map(|place| SignedCursor::sign(keyring, &list, place));
        Ok(SubscriptionPage {
            items: page.iter().map(|record| SubscriptionView::of(record)).collect(),
            next_cursor: next.transpose()?,
        })
    }

    /// The same for an operator. That somebody looked stands in both histories.
    ///
    /// # Errors
    /// `customer-not-found`, `invalid-cursor`.
    pub async fn list_for(
        &self,
        operator: &Operator,
        subject: &Subject,
        command: &ListSubscriptions,
    ) -> Result<SubscriptionPage> {
        self.operators.known_customer(subject).await?;
        let page = self.list(subject, command).await?;
        let event = Event::success(events::LISTED, &operator.who.source);
        self.operators.record(operator, Some(subject), &event).await?;
        Ok(page)
    }
}
