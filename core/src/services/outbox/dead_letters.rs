//! What an operator sees and does: the history of a message, dead letters, another try.

use portcullis_ports::id::MessageId;
use portcullis_ports::storage::Range;
use portcullis_ports::{Code, Kind, Result, Timestamp};

use super::Outbox;
use super::deliver::clear;
use super::records::{Attempt, MessageStatus, QueueEntry, Report, StoredMessage};
use crate::foundation::lane::Lane;
use crate::foundation::table::{Batch, set_aside_unreadable};

/// There is no such dead letter.
pub const MESSAGE_NOT_FOUND: Code = Code::new(
    "message-not-found",
    Kind::NotFound,
    "There is no such undelivered message.",
);

/// The code in the message has expired: sending it would help nobody.
pub const MESSAGE_EXPIRED: Code = Code::new(
    "message-expired",
    Kind::Gone,
    "The code in this message has expired: whoever needs one has to ask for a new one.",
);

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
    pub delivery: MessageStatus,
    /// Every try.
    pub attempts: Vec<Attempt>,
    /// The vendor's name for it.
    pub reference: Option<String>,
    /// What the vendor reported of it last.
    pub report: Option<Report>,
    /// When it was queued.
    pub created_at: Timestamp,
}

impl Outbox {
    /// Where a message stands.
    pub async fn message(&self, id: &MessageId) -> Result<MessageView> {
        let found = self.stored(id).await?;
        found
            .map(|found| view(found.value))
            .ok_or_else(|| MESSAGE_NOT_FOUND.error())
    }

    /// What was given up, oldest first, at most 200.
    pub async fn dead_letters(&self) -> Result<Vec<MessageView>> {
        let queue = self.context.table::<QueueEntry>();
        let (entries, _) = queue.page(Lane::Dead.as_str(), Range::All, 200, None).await?;
        let mut letters = Vec::with_capacity(entries.len());
        for entry in entries {
            let found = set_aside_unreadable(self.stored(&entry.message).await)?;
            letters.extend(found.map(|found| view(found.value)));
        }
        Ok(letters)
    }

    /// Sends a dead letter once more, in the time in which it is of use.
    ///
    /// # Errors
    /// `message-not-found`; `message-expired` if it carries a code that is not valid any more.
    pub async fn replay(&self, id: &MessageId) -> Result<()> {
        self.context
            .retried(|| async {
                let message = self.stored(id).await?;
                let message = message.ok_or_else(|| MESSAGE_NOT_FOUND.error())?;
                let entry = message
                    .dead_letter_entry()
                    .ok_or_else(|| MESSAGE_NOT_FOUND.error())?;
                let now = self.context.now();
                if message.is_late(now) {
                    return Err(MESSAGE_EXPIRED.error());
                }
                let mut batch = Batch::default();
                clear(&mut batch, &entry);
                let again = StoredMessage {
                    delivery: MessageStatus::Queued,
                    dead_lettered_at: None,
                    // What is reported from now on is of the next try.
                    report: None,
                    unresolved: None,
                    ..message.value.clone()
                };
                batch.replace(&message, &again)?;
                let channel = again.to.channel();
                batch.insert(&QueueEntry::first(again.lane, channel, now, id.clone()))?;
                batch.wake(again.lane.queue(channel), now);
                self.context.commit(batch).await
            })
            .await
    }

    /// The messages that wait in a lane.
    #[cfg(test)]
    pub(crate) async fn waiting_ids(&self, lane: Lane) -> Vec<MessageId> {
        let entries = self
            .context
            .table::<QueueEntry>()
            .all(lane.as_str())
            .await
            .unwrap();
        entries.into_iter().map(|entry| entry.value.message).collect()
    }

    /// Leases the first message of a lane, as a worker does that disappears then.
    #[cfg(test)]
    pub(crate) async fn lease_first(&self, lane: Lane) {
        let entries = self.context.table::<QueueEntry>();
        let entry = entries.all(lane.as_str()).await.unwrap().remove(0);
        self.lease(&entry).await.unwrap();
    }

    /// How many messages wait in a lane, counting at most 1,000.
    pub async fn waiting(&self, lane: Lane) -> Result<usize> {
        let (entries, _) = self
            .context
            .table::<QueueEntry>()
            .page(lane.as_str(), Range::All, 1000, None)
            .await?;
        Ok(entries.len())
    }
}

fn view(message: StoredMessage) -> MessageView {
    MessageView {
        id: message.id,
        to: message.to.masked(),
        subject: message.subject,
        delivery: message.delivery,
        attempts: message.attempts,
        reference: message.reference,
        report: message.report,
        created_at: message.created_at,
    }
}
