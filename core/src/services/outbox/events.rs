//! What vendors report of messages: events are applied once, in whatever order they come.

use std::time::Duration;

use portcullis_ports::id::MessageId;
use portcullis_ports::inbound::{Proof, Verified};
use portcullis_ports::notification::{DeliveryEvent, DeliveryNews, DeliveryState};
use portcullis_ports::{Result, Timestamp};

use super::Outbox;
use super::deliver::clear;
use super::records::{Applied, MessageStatus, Named, Report, StoredMessage};
use crate::foundation::table::{Batch, Slot, Versioned};
use crate::services::suppressions::SuppressionView;

/// An event about a message that we do not know may be faster than the commit that makes it known, for this long.
const EARLY: Duration = Duration::from_mins(1);
/// How long a report waits for its message: longer than a sending and the writing down of its answer take.
const PARKED: Duration = Duration::from_mins(10);
/// The age from which on a signed wish does not count any more; longer than vendors repeat their events.
const REMEMBERED: Duration = Duration::from_hours(7 * 24);
/// The longest remark of a vendor that is kept, in characters.
const LONGEST_DETAIL: usize = 500;

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// It was written down.
    Applied,
    /// It is kept until the message that it is about is known.
    Parked,
    /// An older program wrote it down.
    Repeated,
    /// It opens or closes a destination, and is older than what is remembered of that destination.
    Stale,
    /// It is about a message that is not ours, or not any more.
    Foreign,
    /// It is about something that is not served here.
    Unsupported,
}

impl Recorded {
    /// The word in meters.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Parked => "parked",
            Self::Repeated => "repeated",
            Self::Stale => "stale",
            Self::Foreign => "foreign",
            Self::Unsupported => "unsupported",
        }
    }
}

/// What a vendor's name for a message leads to.
enum Meant {
    /// A message of ours.
    Known(Versioned<StoredMessage>),
    /// Perhaps a message of ours whose sender has not answered yet.
    Awaited(Slot<Named>),
    /// None of ours.
    Foreign,
}

impl Outbox {
    /// Adds to a batch what one event of a sender's vendor changes.
    pub(super) async fn record_in(
        &self,
        batch: &mut Batch,
        instance: &str,
        event: &Verified<DeliveryEvent>,
    ) -> Result<Recorded> {
        if let DeliveryNews::Unsupported { what } = &event.event().news {
            tracing::info!(sender = instance, what, "an event of a vendor was left alone");
            return Ok(Recorded::Unsupported);
        }
        if is_stale(event) {
            tracing::info!(
                sender = instance,
                "an event about a destination came too late and was left alone"
            );
            return Ok(Recorded::Stale);
        }
        // What older programs applied is not in the inbox, which knows everything since.
        let id = &event.event().id;
        let pseudonym = self
            .context
            .keyring
            .pseudonym("delivery-event", &[instance, id])?;
        let applied = self.context.table::<Applied>();
        if applied.find(&pseudonym, Applied::SORT).await?.is_some() {
            return Ok(Recorded::Repeated);
        }
        self.apply(batch, instance, event).await
    }

    /// Adds what an event changes to a batch.
    async fn apply(
        &self,
        batch: &mut Batch,
        instance: &str,
        event: &Verified<DeliveryEvent>,
    ) -> Result<Recorded> {
        let at = event.event().at;
        match &event.event().news {
            DeliveryNews::Report {
                reference,
                state,
                detail,
            } => {
                let report = Report {
                    sender: instance.to_owned(),
                    state: *state,
                    reported_at: at,
                    detail: cut(detail),
                };
                return match self.meant(instance, reference, at).await? {
                    Meant::Known(stored) => {
                        follow(batch, &stored, report)?;
                        Ok(Recorded::Applied)
                    }
                    Meant::Awaited(slot) => {
                        self.park(batch, slot, report)?;
                        Ok(Recorded::Parked)
                    }
                    Meant::Foreign => {
                        tracing::info!(
                            sender = instance,
                            "a report about an unknown message was left alone"
                        );
                        Ok(Recorded::Foreign)
                    }
                };
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
            DeliveryNews::Unsupported { .. } => return Ok(Recorded::Unsupported),
        }
        Ok(Recorded::Applied)
    }

    /// The message that a vendor means: by the vendor's name for it, or by ours where the vendor repeats that.
    async fn meant(&self, instance: &str, reference: &str, at: Timestamp) -> Result<Meant> {
        let slot = self.named(instance, reference).await?;
        if let Some(id) = &slot.value.message {
            return Ok(self.stored(id).await?.map_or(Meant::Foreign, Meant::Known));
        }
        let Ok(id) = MessageId::parse(reference) else {
            let now = self.context.now();
            let young = now.since(at).max(at.since(now)) < EARLY;
            return Ok(if young {
                Meant::Awaited(slot)
            } else {
                Meant::Foreign
            });
        };
        // A message is written down before it is sent: if one that goes by our name is not there, there is nothing to
        // wait for.
        let Some(stored) = self.stored(&id).await? else {
            return Ok(Meant::Foreign);
        };
        let asked = stored.attempts.iter().any(|one| one.sender == instance);
        Ok(match stored.delivery {
            _ if asked => Meant::Known(stored),
            MessageStatus::Queued => Meant::Awaited(slot),
            _ => Meant::Foreign,
        })
    }

    fn park(&self, batch: &mut Batch, mut slot: Slot<Named>, report: Report) -> Result<()> {
        let named = &mut slot.value;
        if named.early.len() < Named::EARLY {
            named.early.push(report);
        }
        named.until = self.context.now() + PARKED;
        batch.save(&slot)
    }

    /// What is known by a vendor's name for a message.
    pub(super) async fn named(&self, instance: &str, reference: &str) -> Result<Slot<Named>> {
        let pseudonym = self.name(instance, reference)?;
        let names = self.context.table::<Named>();
        let empty = || Named {
            pseudonym: pseudonym.clone(),
            message: None,
            early: Vec::new(),
            until: self.context.now(),
        };
        names.slot(&pseudonym, Named::SORT, empty).await
    }

    fn name(&self, instance: &str, reference: &str) -> Result<String> {
        self.context
            .keyring
            .pseudonym("delivery-name", &[instance, reference])
    }
}

/// Whether an event that opens or closes a destination is too old to count, as its vendor signs: whoever has seen a
/// genuine wish pass by, before it was known here, could bring it years later, and undo what its author wished since.
fn is_stale(event: &Verified<DeliveryEvent>) -> bool {
    let age = event.received_at().since(event.event().at);
    match (&event.event().news, event.proof()) {
        (DeliveryNews::Suppress { .. } | DeliveryNews::Welcome { .. }, Proof::SignedWithTime) => {
            age >= REMEMBERED
        }
        _ => false,
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
    if message.delivery == MessageStatus::Unknown {
        // Now it is known. What failed stays among the dead letters, where it can be sent again.
        if report.state == DeliveryState::Failed {
            message.delivery = MessageStatus::Dead;
        } else {
            message.delivery = MessageStatus::Delivered;
            message.body = None;
            if let Some(entry) = message.dead_letter_entry() {
                clear(batch, &entry);
            }
            message.dead_lettered_at = None;
        }
    }
    message.report = Some(report);
    batch.replace(stored, &message)
}

fn cut(detail: &str) -> String {
    detail.chars().take(LONGEST_DETAIL).collect()
}
