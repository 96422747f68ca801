//! How messages on their way are stored, and what vendors report of them.

use portcullis_ports::Timestamp;
use portcullis_ports::id::MessageId;
use portcullis_ports::keys::Sealed;
use portcullis_ports::notification::{Channel, DeliveryState, Destination};
use portcullis_ports::outcome::Reference;
use portcullis_ports::storage::{Collection, Range};
use serde::{Deserialize, Serialize};

use crate::foundation::lane::Lane;
use crate::foundation::table::Stored;
use crate::foundation::texts::Language;

/// Messages with their history.
pub(crate) const OUTBOX: Collection = Collection {
    name: "outbox",
    table: "outbox",
    variable: "OUTBOX_TABLE_NAME",
};
/// What is to be done next, in order of time.
pub(crate) const OUTBOX_QUEUE: Collection = Collection {
    name: "outbox_queue",
    table: "outbox_queue",
    variable: "OUTBOX_QUEUE_TABLE_NAME",
};
/// Messages by the names that vendors gave them, and the events that vendors reported.
pub(crate) const OUTBOX_RECEIPTS: Collection = Collection {
    name: "outbox_receipts",
    table: "outbox_receipts",
    variable: "OUTBOX_RECEIPTS_TABLE_NAME",
};

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageStatus {
    /// It waits for its turn.
    Queued,
    /// A sender accepted it.
    Delivered,
    /// It may have been sent; it is not sent again by itself.
    Unknown,
    /// No sender will take it.
    Dead,
    /// It came too late to be of use.
    Expired,
    /// It may not be sent: its destination is suppressed, or it would cost too much.
    Withheld,
}

impl MessageStatus {
    /// The word in records and listings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Delivered => "delivered",
            Self::Unknown => "unknown",
            Self::Dead => "dead",
            Self::Expired => "expired",
            Self::Withheld => "withheld",
        }
    }

    /// Whether the text is of no use any more.
    pub(super) const fn is_over(self) -> bool {
        matches!(self, Self::Delivered | Self::Expired | Self::Withheld)
    }
}

/// One try to send a message through one sender.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When.
    pub at: Timestamp,
    /// The instance of the sender; empty if none was asked.
    pub sender: String,
    /// The outcome's word.
    pub outcome: String,
    /// Why, for the operator.
    pub detail: String,
}

/// What a vendor reported last of a message that it had accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The instance of the sender.
    pub sender: String,
    /// How far the message came.
    pub state: DeliveryState,
    /// When that happened, as the vendor says.
    pub reported_at: Timestamp,
    /// Why, in the vendor's words.
    pub detail: String,
}

/// A try whose answer was lost, at a sender that can look it up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Unresolved {
    /// The instance of the sender.
    pub(super) sender: String,
    /// What the sender named the message by.
    pub(super) reference: Reference,
    /// It was not sent before.
    pub(super) since: Timestamp,
    /// How often the vendor could not tell.
    pub(super) lookups: u32,
}

/// What is sealed of a message.
#[derive(Serialize, Deserialize)]
pub(super) struct SealedBody {
    pub(super) text: String,
    pub(super) code: Option<String>,
    #[serde(default)]
    pub(super) language: Language,
}

/// A message with its history. The body is sealed, and gone once it was delivered, expired or was withheld.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StoredMessage {
    pub(crate) id: MessageId,
    pub(crate) to: Destination,
    pub(crate) subject: String,
    #[serde(rename = "words")]
    pub(crate) body: Option<Sealed>,
    pub(crate) lane: Lane,
    pub(crate) delivery: MessageStatus,
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) reference: Option<String>,
    pub(crate) report: Option<Report>,
    /// Who may have sent it: it is looked up before anything else is done with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unresolved: Option<Box<Unresolved>>,
    /// When it was put among the dead letters, as long as it lies there.
    #[serde(rename = "parked")]
    pub(crate) dead_lettered_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
    pub(crate) deliver_by: Option<Timestamp>,
    pub(crate) kept_until: Timestamp,
}

impl StoredMessage {
    pub(super) const SORT: &'static str = "message";

    /// Whether it is of no use any more, because the code in it has expired. What travels among codes always says when
    /// that is; only older records may have lost it.
    pub(super) fn is_late(&self, now: Timestamp) -> bool {
        self.deliver_by.map_or(self.lane == Lane::Codes, |by| by <= now)
    }

    /// Its entry among the dead letters.
    pub(super) fn dead_letter_entry(&self) -> Option<QueueEntry> {
        self.dead_lettered_at.map(|due| QueueEntry {
            lane: Lane::Dead,
            channel: None,
            due,
            message: self.id.clone(),
            tries: 0,
            leased: false,
            paid: false,
            until: Some(self.kept_until),
        })
    }
}

impl Stored for StoredMessage {
    const COLLECTION: Collection = OUTBOX;

    fn key(&self) -> (String, String) {
        (self.id.to_string(), Self::SORT.into())
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.kept_until)
    }
}

/// An entry of a lane, in order of time for each channel. Moving it into the future is how a worker leases the message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct QueueEntry {
    pub(crate) lane: Lane,
    /// The channel of the message, so that messages that no sender takes at the moment keep nobody else's waiting.
    /// Absent among dead letters, and in older records.
    #[serde(default)]
    pub(crate) channel: Option<Channel>,
    pub(crate) due: Timestamp,
    pub(crate) message: MessageId,
    /// How many tries were begun, lost ones included.
    pub(crate) tries: u32,
    /// Whether a worker has the message. If it comes due like this, that worker has disappeared.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) leased: bool,
    /// Whether the text message that it stands for is counted among what was spent. Codes are when they are queued.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) paid: bool,
    /// Dead letters go when their messages do.
    pub(crate) until: Option<Timestamp>,
}

impl QueueEntry {
    /// A new message's entry.
    pub(super) fn first(lane: Lane, channel: Channel, due: Timestamp, message: MessageId) -> Self {
        Self {
            lane,
            channel: Some(channel),
            due,
            message,
            tries: 0,
            leased: false,
            paid: false,
            until: None,
        }
    }

    /// The entries of a channel that are due by `now`.
    pub(super) fn due(channel: Channel, now: Timestamp) -> Range {
        let channel = channel.as_str();
        Range::Between(format!("{channel}#"), format!("{channel}#{:015}$", now.millis()))
    }

    /// The entries of no channel.
    pub(super) fn without_channel() -> Range {
        Range::Between("0".into(), ":".into())
    }
}

impl Stored for QueueEntry {
    const COLLECTION: Collection = OUTBOX_QUEUE;

    fn key(&self) -> (String, String) {
        let time = format!("{:015}#{}", self.due.millis(), self.message);
        let sort = match self.channel {
            Some(channel) => format!("{}#{time}", channel.as_str()),
            None => time,
        };
        (self.lane.as_str().into(), sort)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        self.until
    }
}

/// Which message a vendor means by a name, under a pseudonym of sender and name; and what it reported by that name
/// before it was known whose it is. One record, so that a report and the answer that makes the name known cannot miss
/// each other.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Named {
    pub(super) pseudonym: String,
    pub(super) message: Option<MessageId>,
    /// Reports that wait for their message, at most [`Named::EARLY`].
    #[serde(default)]
    pub(super) early: Vec<Report>,
    pub(super) until: Timestamp,
}

impl Named {
    pub(super) const SORT: &'static str = "message";
    /// The most reports that wait by one name; a message has no more states that matter.
    pub(super) const EARLY: usize = 8;
}

impl Stored for Named {
    const COLLECTION: Collection = OUTBOX_RECEIPTS;

    fn key(&self) -> (String, String) {
        (self.pseudonym.clone(), Self::SORT.into())
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.until)
    }
}

/// An event that was applied, under a pseudonym of sender and event.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Applied {
    pub(super) pseudonym: String,
    /// Never, if the event must not be applied a second time however late it comes again.
    pub(super) until: Option<Timestamp>,
}

impl Applied {
    pub(super) const SORT: &'static str = "event";
}

impl Stored for Applied {
    const COLLECTION: Collection = OUTBOX_RECEIPTS;

    fn key(&self) -> (String, String) {
        (self.pseudonym.clone(), Self::SORT.into())
    }

    fn expires_at(&self) -> Option<Timestamp> {
        self.until
    }
}
