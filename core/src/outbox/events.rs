//! What vendors report of messages: deliveries are verified, events applied once, in whatever order they come.

use std::time::Duration;

use portcullis_ports::id::MessageId;
use portcullis_ports::inbound::{self, Inbound, UNREADABLE, Verified};
use portcullis_ports::notification::{DeliveryEvent, DeliveryNews, DeliveryState};
use portcullis_ports::{Code, Kind, Result};

use super::Outbox;
use super::deliver::clear;
use super::records::{Applied, Delivery, Named, Report, StoredMessage};
use crate::suppressions::SuppressionView;
use crate::table::{Batch, Versioned};

/// The delivery is about something that is not written down yet, or could not be checked in time.
pub const WEBHOOK_TOO_EARLY: Code = Code::new(
    "webhook-too-early",
    Kind::Unavailable,
    "This cannot be applied yet: deliver it again in a moment.",
);

/// An event about a message that we do not know may be faster than the commit that makes it known, for this long.
const EARLY: Duration = Duration::from_mins(1);
/// When a vendor should try again then.
const AGAIN: Duration = Duration::from_secs(10);
/// Longer than vendors repeat their events.
const REMEMBERED: Duration = Duration::from_hours(7 * 24);
/// The longest remark of a vendor that is kept, in characters.
const LONGEST_DETAIL: usize = 500;

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// It was written down.
    Applied,
    /// It was written down before.
    Repeated,
    /// It is about a message that is not ours, or not any more.
    Foreign,
}

impl Outbox {
    /// Where the webhooks of a sender go, if its vendor sends any.
    pub fn inbound(&self, instance: &str) -> Option<&dyn Inbound<Event = DeliveryEvent>> {
        let found = self.senders.iter().find(|one| one.instance == instance)?;
        found.inbound.as_deref()
    }

    /// Verifies a delivery to a sender's webhook and applies what is in it.
    ///
    /// # Errors
    /// `webhook-not-verified`, `webhook-unreadable`; `webhook-too-early` if the vendor should deliver it again.
    pub async fn receive(
        &self,
        instance: &str,
        inbound: &dyn Inbound<Event = DeliveryEvent>,
        delivery: &inbound::Delivery<'_>,
    ) -> Result<()> {
        let events = inbound::receive(inbound, delivery)
            .await
            .map_err(|error| match error.kind() {
                Kind::Invalid => UNREADABLE.says(error.detail().to_owned()).because(error),
                _ => error,
            })?;
        let mut early = None;
        for event in events {
            match self.record(instance, &event).await {
                Ok(recorded) => {
                    let outcome = match recorded {
                        Recorded::Applied => "applied",
                        Recorded::Repeated => "repeated",
                        Recorded::Foreign => "foreign",
                    };
                    metrics::counter!("portcullis_delivery_events_total", "sender" => instance.to_owned(), "outcome" => outcome)
                        .increment(1);
                }
                // The others are applied first; when all come again, they are known.
                Err(error) if error.code() == WEBHOOK_TOO_EARLY => early = Some(error),
                Err(error) => return Err(error),
            }
        }
        early.map_or(Ok(()), Err)
    }

    /// Applies one event of a sender's vendor, once.
    ///
    /// # Errors
    /// `webhook-too-early`: it is about a message that is not known, and so young that it may become known.
    pub async fn record(&self, instance: &str, event: &Verified<DeliveryEvent>) -> Result<Recorded> {
        let pseudonym = self
            .deployment
            .keyring
            .pseudonym("delivery-event", &[instance, &event.event().id])?;
        self.deployment
            .retried(|| async {
                let applied = self.deployment.table::<Applied>();
                if applied.find(&pseudonym, Applied::SORT).await?.is_some() {
                    return Ok(Recorded::Repeated);
                }
                let mut batch = Batch::default();
                batch.insert(&Applied {
                    pseudonym: pseudonym.clone(),
                    until: self.deployment.now() + REMEMBERED,
                })?;
                if !self.apply(&mut batch, instance, event).await? {
                    return Ok(Recorded::Foreign);
                }
                self.deployment.commit(batch).await?;
                Ok(Recorded::Applied)
            })
            .await
    }

    /// Adds what an event changes to a batch. `false` if it is about nothing of ours.
    async fn apply(
        &self,
        batch: &mut Batch,
        instance: &str,
        event: &Verified<DeliveryEvent>,
    ) -> Result<bool> {
        let at = event.event().at;
        match &event.event().news {
            DeliveryNews::Report {
                reference,
                state,
                detail,
            } => {
                let Some(stored) = self.named(instance, reference).await? else {
                    let now = self.deployment.now();
                    // A message is written down before it is sent: if one that goes by our name is not there, there is
                    // nothing to wait for.
                    let gone = match MessageId::parse(reference) {
                        Ok(id) => self.stored(&id).await?.is_none(),
                        Err(_) => false,
                    };
                    if !gone && now.since(at).max(at.since(now)) < EARLY {
                        return Err(WEBHOOK_TOO_EARLY.error().retry_after(AGAIN));
                    }
                    tracing::info!(
                        sender = instance,
                        "a report about an unknown message was left alone"
                    );
                    return Ok(false);
                };
                let report = Report {
                    sender: instance.to_owned(),
                    state: *state,
                    reported_at: at,
                    detail: cut(detail),
                };
                follow(batch, &stored, report)?;
            }
            DeliveryNews::Suppress { to, cause, detail } => {
                let view = SuppressionView {
                    to: to.masked(),
                    cause: *cause,
                    since: at,
                    detail: cut(detail),
                    source: instance.to_owned(),
                };
                self.suppressions.add(batch, to, view).await?;
            }
            DeliveryNews::Welcome { to } => self.suppressions.welcome(batch, to, at, instance).await?,
        }
        Ok(true)
    }

    /// The message that a vendor means: by the vendor's name for it, or by ours where the vendor repeats that.
    async fn named(&self, instance: &str, reference: &str) -> Result<Option<Versioned<StoredMessage>>> {
        let names = self.deployment.table::<Named>();
        if let Some(named) = names.find(&self.name(instance, reference)?, Named::SORT).await? {
            return self.stored(&named.message).await;
        }
        let Ok(id) = MessageId::parse(reference) else {
            return Ok(None);
        };
        let found = self.stored(&id).await?;
        let asked =
            |stored: &Versioned<StoredMessage>| stored.attempts.iter().any(|one| one.sender == instance);
        Ok(found.filter(asked))
    }

    pub(super) fn name(&self, instance: &str, reference: &str) -> Result<String> {
        self.deployment
            .keyring
            .pseudonym("delivery-name", &[instance, reference])
    }
}

/// Writes a report into its message, unless a later state is known already.
fn follow(batch: &mut Batch, stored: &Versioned<StoredMessage>, report: Report) -> Result<()> {
    if stored
        .report
        .as_ref()
        .is_some_and(|known| known.state >= report.state)
    {
        return Ok(());
    }
    let mut message = stored.value.clone();
    if message.delivery == Delivery::Unknown {
        // Now it is known. What failed stays among the dead letters, where it can be sent again.
        if report.state == DeliveryState::Failed {
            message.delivery = Delivery::Dead;
        } else {
            message.delivery = Delivery::Delivered;
            message.words = None;
            if let Some(parking) = message.parking() {
                clear(batch, &parking);
            }
            message.parked = None;
        }
    }
    message.report = Some(report);
    batch.replace(stored, &message)
}

fn cut(detail: &str) -> String {
    detail.chars().take(LONGEST_DETAIL).collect()
}
