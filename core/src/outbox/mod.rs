//! Messages leave through here: stored in the commit that caused them, delivered by leased workers.

mod deliver;
mod records;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use portcullis_ports::id::MessageId;
use portcullis_ports::keys::Context;
use portcullis_ports::notification::{Channel, Destination, Sender};
use portcullis_ports::storage::Range;
use portcullis_ports::{Code, Error, Kind, Result, Timestamp};

pub use records::{Attempt, Delivery, Lane};
pub(crate) use records::{OUTBOX, OUTBOX_QUEUE};
use records::{Place, StoredMessage};

use crate::deployment::Deployment;
use crate::table::Batch;

/// No sender is configured for this channel.
pub const CHANNEL_UNAVAILABLE: Code = Code::new(
    "channel-unavailable",
    Kind::Config,
    "Messages of this kind cannot be sent here: no sender is configured.",
);
/// There is no such dead letter.
pub const MESSAGE_NOT_FOUND: Code = Code::new(
    "message-not-found",
    Kind::NotFound,
    "There is no such undelivered message.",
);

/// A message to be sent. Has no `Debug`: its text may hold a code.
pub(crate) struct Draft {
    pub(crate) to: Destination,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) lane: Lane,
    /// After this moment it is of no use.
    pub(crate) deliver_by: Option<Timestamp>,
}

/// What an operator may know of a message.
#[derive(Debug, Clone)]
pub struct MessageView {
    /// Its id.
    pub id: MessageId,
    /// To whom, masked.
    pub to: String,
    /// The subject line.
    pub subject: String,
    /// Where it stands.
    pub delivery: Delivery,
    /// Every try.
    pub attempts: Vec<Attempt>,
    /// The vendor's name for it.
    pub reference: Option<String>,
    /// When it was queued.
    pub created_at: Timestamp,
}

/// Queues, delivers, shows and repeats messages.
#[derive(Clone)]
pub struct Outbox {
    deployment: Arc<Deployment>,
    senders: Arc<[Arc<dyn Sender>]>,
}

impl Outbox {
    pub(crate) fn new(deployment: &Arc<Deployment>, senders: Vec<Arc<dyn Sender>>) -> Self {
        Self {
            deployment: Arc::clone(deployment),
            senders: senders.into(),
        }
    }

    /// The channels that have a sender.
    pub fn channels(&self) -> Vec<Channel> {
        [Channel::Email, Channel::Sms]
            .into_iter()
            .filter(|channel| self.serves(*channel))
            .collect()
    }

    /// Refuses what could never be delivered.
    pub(crate) fn require(&self, channel: Channel) -> Result<()> {
        if self.serves(channel) {
            Ok(())
        } else {
            Err(CHANNEL_UNAVAILABLE.error())
        }
    }

    pub(crate) fn serves(&self, channel: Channel) -> bool {
        self.senders
            .iter()
            .any(|sender| sender.channels().contains(&channel))
    }

    /// Adds a message to the commit that causes it.
    pub(crate) async fn enqueue(&self, batch: &mut Batch, draft: Draft) -> Result<MessageId> {
        let now = self.deployment.now();
        let id = MessageId::random(self.deployment.entropy.as_ref())?;
        let sealed = self
            .deployment
            .keys
            .seal(draft.text.as_bytes(), &context(&id))
            .await?;
        batch.insert(&StoredMessage {
            id: id.clone(),
            to: draft.to,
            subject: draft.subject,
            text: Some(sealed),
            lane: draft.lane,
            delivery: Delivery::Queued,
            attempts: Vec::new(),
            reference: None,
            created_at: now,
            deliver_by: draft.deliver_by,
            kept_until: now + self.deployment.settings.outbox.kept.get(),
        })?;
        batch.insert(&Place {
            lane: draft.lane,
            due: now,
            message: id.clone(),
            tries: 0,
        })?;
        batch.mail = true;
        Ok(id)
    }

    /// Where a message stands.
    pub async fn message(&self, id: &MessageId) -> Result<MessageView> {
        let found = self
            .deployment
            .table::<StoredMessage>()
            .find(id.as_str(), StoredMessage::SORT)
            .await?;
        found
            .map(|found| view(found.value))
            .ok_or_else(|| MESSAGE_NOT_FOUND.error())
    }

    /// What was given up, oldest first, at most 200.
    pub async fn dead_letters(&self) -> Result<Vec<MessageView>> {
        let queue = self.deployment.table::<Place>();
        let (places, _) = queue.page(Lane::Dead.word(), Range::All, 200, None).await?;
        let mut letters = Vec::with_capacity(places.len());
        for place in places {
            let found = self
                .deployment
                .table::<StoredMessage>()
                .find(place.message.as_str(), StoredMessage::SORT)
                .await?;
            letters.extend(found.map(|found| view(found.value)));
        }
        Ok(letters)
    }

    /// Sends a dead letter once more.
    pub async fn replay(&self, id: &MessageId) -> Result<()> {
        self.deployment
            .retried(|| async {
                let places = self.deployment.table::<Place>().all(Lane::Dead.word()).await?;
                let place = places
                    .into_iter()
                    .find(|place| place.message == *id)
                    .ok_or_else(|| MESSAGE_NOT_FOUND.error())?;
                let messages = self.deployment.table::<StoredMessage>();
                let message = messages
                    .find(id.as_str(), StoredMessage::SORT)
                    .await?
                    .ok_or_else(|| MESSAGE_NOT_FOUND.error())?;
                let mut batch = Batch::default();
                batch.remove(&place);
                let again = StoredMessage {
                    delivery: Delivery::Queued,
                    deliver_by: None,
                    ..message.value.clone()
                };
                batch.replace(&message, &again)?;
                batch.insert(&Place {
                    lane: again.lane,
                    due: self.deployment.now(),
                    message: id.clone(),
                    tries: 0,
                })?;
                batch.mail = true;
                self.deployment.commit(batch).await
            })
            .await
    }

    /// How many messages wait in a lane, counting at most 1,000.
    pub async fn waiting(&self, lane: Lane) -> Result<usize> {
        let (places, _) = self
            .deployment
            .table::<Place>()
            .page(lane.word(), Range::All, 1000, None)
            .await?;
        Ok(places.len())
    }
}

fn context(id: &MessageId) -> Context {
    Context::new("outbox").and("message", id.as_str())
}

fn view(message: StoredMessage) -> MessageView {
    MessageView {
        id: message.id,
        to: message.to.masked(),
        subject: message.subject,
        delivery: message.delivery,
        attempts: message.attempts,
        reference: message.reference,
        created_at: message.created_at,
    }
}

/// The text of a message, as the sender needs it.
fn plain_text(bytes: &[u8]) -> Result<String> {
    String::from_utf8(bytes.to_vec())
        .map_err(|error| Error::internal("a message text is not UTF-8").because(error))
}
