//! Asking vendors to cancel, pause or resume what they collect, until they have confirmed it.

use std::time::Duration;

use portcullis_ports::Result;
use portcullis_ports::identity::Subject;
use portcullis_ports::outcome::Outcome;
use portcullis_ports::payments::{SubscriptionChange, SubscriptionStep};

use super::Subscriptions;
use super::agreement::RequestedChange;
use super::books::{Running, source};
use super::follow::CALL_TIME;
use super::records::SubscriptionRecord;
use crate::areas::entitlements::SubscriptionId;
use crate::foundation::table::Batch;
use crate::foundation::task_kind::wait_of;

/// The waits between what is asked of a vendor and was not done; the last goes on.
const WAITS: [Duration; 6] = [
    Duration::from_secs(10),
    Duration::from_mins(1),
    Duration::from_mins(10),
    Duration::from_hours(1),
    Duration::from_hours(6),
    Duration::from_hours(24),
];

impl Subscriptions {
    /// Asks the vendor for what it was not asked for yet, or has not confirmed.
    pub(super) async fn ask(&self, subject: &Subject, id: &SubscriptionId) -> Result<()> {
        let record = self.record(subject, id).await?;
        let now = self.context.now();
        let Some(vendor) = &record.collector else {
            return Ok(());
        };
        let (Some(requested), Some(theirs)) = (&vendor.requested, &vendor.theirs) else {
            return Ok(());
        };
        if now < requested.next {
            return Ok(());
        }
        let (instance, _) = self.vendors.collecting(&vendor.instance)?;
        let step = requested.step;
        let change = SubscriptionChange {
            subscription: theirs.clone(),
            step,
            key: self.subscription_key(&vendor.instance, step.as_str(), id.as_str(), requested.number())?,
        };
        let outcome = instance.change_subscription(&change).await;
        if let Outcome::Declined(decline) = &outcome {
            tracing::warn!(subscription = %id, code = decline.code, step = step.as_str(), "a payment vendor refused");
        }
        let notes = || self.note_asked(&record, &outcome);
        self.context.retried(notes).await
    }

    async fn note_asked<D>(&self, asked: &SubscriptionRecord, outcome: &Outcome<(), D>) -> Result<()> {
        let now = self.context.now();
        let mut batch = Batch::default();
        self.context.lock_subject(&mut batch, &asked.subject).await;
        let mut slot = self.books.read_in(&batch, &asked.subject, &asked.id).await?;
        let before = slot.value.clone();
        let sent = asked
            .collector
            .as_ref()
            .and_then(|vendor| vendor.requested.clone());
        let Some(vendor) = &mut slot.value.collector else {
            return Ok(());
        };
        let same = |requested: &&mut RequestedChange| {
            sent.as_ref()
                .is_some_and(|sent| sent.step == requested.step && sent.since == requested.since)
        };
        let Some(requested) = vendor.requested.as_mut().filter(same) else {
            return Ok(());
        };
        match outcome {
            Outcome::Done(()) | Outcome::Pending(_) => {
                if matches!(outcome, Outcome::Done(())) {
                    let step = requested.step;
                    vendor.confirmed(step);
                }
            }
            Outcome::Declined(_) if requested.step != SubscriptionStep::Cancel => vendor.requested = None,
            Outcome::Declined(_) | Outcome::NotSent(_) => {
                requested.refused = requested.refused.saturating_add(1);
                let others = requested.refused.saturating_sub(1);
                requested.next = now + wait_of(&WAITS, others).unwrap_or(CALL_TIME);
            }
            // What may have arrived is looked up before it is asked for again.
            Outcome::Unknown(_) => requested.next = now + CALL_TIME,
        }
        self.books.save(&mut batch, &before, slot, &source()).await?;
        let written = self.books.read_in(&batch, &asked.subject, &asked.id).await?.value;
        self.books
            .plan(&mut batch, &written, Running::Follow, false)
            .await?;
        self.context.commit(batch).await
    }
}
