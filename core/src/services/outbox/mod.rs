//! Messages leave through here: stored in the commit that caused them, delivered by leased workers, then followed.

mod dead_letters;
mod deliver;
mod dispatch;
mod events;
#[cfg(test)]
mod events_tests;
mod html;
mod lanes;
#[cfg(test)]
mod lanes_tests;
mod meters;
#[cfg(test)]
mod meters_tests;
mod records;
mod resolve;
#[cfg(test)]
mod resolve_tests;
pub(crate) mod sealed;
mod settings;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod untimely_tests;
mod webhooks;

use std::sync::Arc;

use portcullis_ports::connections::Connection;
use portcullis_ports::id::MessageId;
use portcullis_ports::keys::{EncryptionContext, Sealed};
use portcullis_ports::notification::{Channel, Destination, Senders};
use portcullis_ports::{Code, Error, Kind, Result, Timestamp};
use zeroize::Zeroizing;

pub use crate::foundation::lane::Lane;
pub use dead_letters::{MESSAGE_EXPIRED, MESSAGE_NOT_FOUND, MessageView};
pub use events::Recorded;
pub use meters::WAITING;
pub use records::{Attempt, MessageStatus, Report};
pub(crate) use records::{OUTBOX, OUTBOX_QUEUE, OUTBOX_RECEIPTS};
use records::{QueueEntry, SealedBody, StoredMessage};
pub use settings::Settings;
pub(crate) use webhooks::SENDER_EVENTS;

use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::context::Context;
use crate::foundation::decoy;
use crate::foundation::guard::GuardedSender;
use crate::foundation::sealed_texts::kind;
use crate::foundation::table::Batch;
use crate::foundation::texts::{Language, Rendered};
use crate::services::sms_spend::SmsSpend;
use crate::services::suppressions::{Suppressions, refusal, remark};

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    families: &[
        // What was sent since the backup must not be sent again.
        Family::new(OUTBOX, Personal::Expiring, &[shape::<StoredMessage>("message")])
            .sealed(kind::<StoredMessage>())
            .taken_over(),
        Family::new(OUTBOX_QUEUE, Personal::Nobody, &[shape::<QueueEntry>("place")]).taken_over(),
        Family::new(
            OUTBOX_RECEIPTS,
            Personal::Expiring,
            &[
                shape::<records::Named>("name"),
                shape::<records::Applied>("event"),
            ],
        )
        .taken_over(),
    ],
    problems: &[CHANNEL_UNAVAILABLE, MESSAGE_NOT_FOUND, MESSAGE_EXPIRED],
    meters: meters::ALL,
    tasks: &[&SENDER_EVENTS],
    ..Area::EMPTY
};

/// No sender is configured for this channel.
pub const CHANNEL_UNAVAILABLE: Code = Code::new(
    "channel-unavailable",
    Kind::Config,
    "Messages of this kind cannot be sent here: no sender is configured.",
);
/// About the bytes of a stored message without its body, and of its queue entry.
const ENVELOPE: usize = 300;
const QUEUE_ENTRY: usize = 100;

/// A message to be sent. Has no `Debug`: its text may hold a code.
pub(crate) struct Draft {
    pub(crate) to: Destination,
    pub(crate) language: Language,
    pub(crate) subject: String,
    pub(crate) text: String,
    /// The code in the text, if it carries one.
    pub(crate) code: Option<String>,
    pub(crate) lane: Lane,
    /// After this moment it is of no use. What travels among codes must have one.
    pub(crate) deliver_by: Option<Timestamp>,
}

impl Draft {
    /// A message without a code that is of use whenever it comes.
    pub(crate) fn new(to: Destination, text: Rendered, lane: Lane) -> Self {
        Self {
            to,
            language: text.language,
            subject: text.subject,
            text: text.text,
            code: None,
            lane,
            deliver_by: None,
        }
    }

    /// A message whose code is good until `deliver_by`.
    pub(crate) fn with_code(
        to: Destination,
        text: Rendered,
        code: impl Into<String>,
        deliver_by: Timestamp,
    ) -> Self {
        Self {
            code: Some(code.into()),
            deliver_by: Some(deliver_by),
            ..Self::new(to, text, Lane::Codes)
        }
    }
}

/// Queues, delivers, shows and repeats messages.
#[derive(Clone)]
pub struct Outbox {
    context: Arc<Context>,
    senders: Arc<[GuardedSender]>,
    suppressions: Suppressions,
    sms_spend: SmsSpend,
    settings: Arc<Settings>,
}

impl Outbox {
    pub(crate) fn new(
        context: &Arc<Context>,
        senders: &[&Connection<Senders>],
        suppressions: &Suppressions,
        sms_spend: &SmsSpend,
        settings: &Settings,
    ) -> Self {
        let limit = settings.timeout.get();
        let guarded = |one: &&Connection<Senders>| GuardedSender::new(&context.guards, one, limit);
        Self {
            context: Arc::clone(context),
            senders: senders.iter().map(guarded).collect(),
            suppressions: suppressions.clone(),
            sms_spend: sms_spend.clone(),
            settings: Arc::new(settings.clone()),
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
        self.senders.iter().any(|one| one.serves(channel))
    }

    /// Adds a message to the commit that causes it. A notice to a suppressed destination is written down as withheld.
    ///
    /// # Errors
    /// `address-suppressed` if it carries a code and its destination is suppressed.
    pub(crate) async fn enqueue(&self, batch: &mut Batch, draft: Draft) -> Result<MessageId> {
        let refuse = draft.lane == Lane::Codes;
        self.put(batch, draft, refuse).await
    }

    /// The same where the answer must not tell whether the destination is suppressed: any message is written down as
    /// withheld then.
    pub(crate) async fn enqueue_quietly(&self, batch: &mut Batch, draft: Draft) -> Result<MessageId> {
        self.put(batch, draft, false).await
    }

    /// Does the work of queueing a message, and queues nothing: for answers whose time must not tell.
    pub(crate) async fn enqueue_decoy(&self, batch: &mut Batch, draft: Draft) -> Result<()> {
        let id = MessageId::time_ordered(self.context.now(), self.context.entropy.as_ref())?;
        self.suppressions.obstacle(&draft.to, draft.lane).await?;
        let body = SealedBody {
            text: draft.text,
            code: draft.code,
            language: draft.language,
        };
        let sealed = self.seal(&id, &body).await?;
        decoy::insert(&self.context, batch, &[sealed.0.len() + ENVELOPE, QUEUE_ENTRY])
    }

    async fn put(&self, batch: &mut Batch, draft: Draft, refuse: bool) -> Result<MessageId> {
        if draft.lane == Lane::Codes && draft.deliver_by.is_none() {
            return Err(Error::internal(
                "a message among codes does not say when it expires",
            ));
        }
        let now = self.context.now();
        let id = MessageId::time_ordered(self.context.now(), self.context.entropy.as_ref())?;
        let obstacle = self.suppressions.obstacle(&draft.to, draft.lane).await?;
        if let Some(obstacle) = obstacle.as_ref().filter(|_| refuse) {
            return Err(refusal(draft.to.channel(), obstacle));
        }
        let body = SealedBody {
            text: draft.text,
            code: draft.code,
            language: draft.language,
        };
        let mut message = StoredMessage {
            id: id.clone(),
            to: draft.to,
            subject: draft.subject,
            body: Some(self.seal(&id, &body).await?),
            lane: draft.lane,
            delivery: MessageStatus::Queued,
            attempts: Vec::new(),
            reference: None,
            report: None,
            unresolved: None,
            dead_lettered_at: None,
            created_at: now,
            deliver_by: draft.deliver_by,
            kept_until: now + self.settings.kept.get(),
        };
        if let Some(obstacle) = obstacle {
            message.body = None;
            message.delivery = MessageStatus::Withheld;
            message.attempts.push(withheld(now, remark(&obstacle)));
            batch.insert(&message)?;
            return Ok(id);
        }
        batch.insert(&message)?;
        let channel = message.to.channel();
        batch.insert(&QueueEntry::first(message.lane, channel, now, id.clone()))?;
        batch.wake(message.lane.queue(channel), now);
        Ok(id)
    }

    async fn seal(&self, id: &MessageId, body: &SealedBody) -> Result<Sealed> {
        let plain = serde_json::to_vec(body)
            .map(Zeroizing::new)
            .map_err(|error| Error::internal("the body of a message cannot be written").with_source(error))?;
        self.context.keys.seal(&plain, &context(id)).await
    }

    async fn unseal(&self, id: &MessageId, sealed: &Sealed) -> Result<SealedBody> {
        let plain = self.context.keys.open(sealed, &context(id)).await?;
        serde_json::from_slice(&plain)
            .map_err(|error| Error::internal("the body of a message cannot be read").with_source(error))
    }
}

fn context(id: &MessageId) -> EncryptionContext {
    EncryptionContext::new("outbox").and("message", id.as_str())
}

/// The line in a message's history that says why it was not sent.
fn withheld(at: Timestamp, detail: String) -> Attempt {
    Attempt {
        at,
        sender: String::new(),
        outcome: MessageStatus::Withheld.as_str().into(),
        detail,
    }
}
