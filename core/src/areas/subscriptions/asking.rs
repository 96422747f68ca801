//! Asking vendors to cancel, pause or resume what they collect, until they have confirmed it.

use std::time::Duration;

use portcullis_ports::Result;
use portcullis_ports::identity::Subject;
use portcullis_ports::outcome::Outcome;
use portcullis_ports::payments::{SubscriptionChange, SubscriptionStep};

use super::Subscriptions;
use super::books::{Running, source};
use super::follow::CALL_TIME;
use super::records::SubscriptionRecord;
use crate::areas::entitlements::SubscriptionId;
use crate::foundation::table::Batch;

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
        let (Some(wish), Some(theirs)) = (&vendor.wish, &vendor.theirs) else {
            return Ok(());
        };
        if now < wish.next {
            return Ok(());
        }
        let (instance, _) = self.vendors.collecting(&vendor.instance)?;
        let step = wish.step;
        let change = SubscriptionChange {
            subscription: theirs.clone(),
            step,
            key: self.subscription_key(&vendor.instance, step.as_str(), id.as_str(), wish.number())?,
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
        let sent = asked.collector.as_ref().and_then(|vendor| vendor.wish.clone());
        let Some(vendor) = &mut slot.value.collector else {
            return Ok(());
        };
        let same = |wish: &&mut super::collector::Wish| {
            sent.as_ref()
                .is_some_and(|sent| sent.step == wish.step && sent.since == wish.since)
        };
        let Some(wish) = vendor.wish.as_mut().filter(same) else {
            return Ok(());
        };
        match outcome {
            Outcome::Done(()) | Outcome::Pending(_) => {
                if matches!(outcome, Outcome::Done(())) {
                    let step = wish.step;
                    vendor.confirmed(step);
                }
            }
            Outcome::Declined(_) if wish.step != SubscriptionStep::Cancel => vendor.wish = None,
            Outcome::Declined(_) | Outcome::NotSent(_) => {
                wish.refused = wish.refused.saturating_add(1);
                wish.next = now + wait(wish.refused);
            }
            // What may have arrived is looked up before it is asked for again.
            Outcome::Unknown(_) => wish.next = now + CALL_TIME,
        }
        self.books.save(&mut batch, &before, slot, &source()).await?;
        let written = self.books.read_in(&batch, &asked.subject, &asked.id).await?.value;
        self.books
            .plan(&mut batch, &written, Running::Follow, false)
            .await?;
        self.context.commit(batch).await
    }
}

fn wait(refused: u32) -> Duration {
    let at = usize::try_from(refused).unwrap_or(usize::MAX).saturating_sub(1);
    WAITS.get(at).or(WAITS.last()).copied().unwrap_or(CALL_TIME)
}
