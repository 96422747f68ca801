//! How messages on their way are stored.

use portcullis_ports::Timestamp;
use portcullis_ports::id::MessageId;
use portcullis_ports::keys::Sealed;
use portcullis_ports::notification::Destination;
use portcullis_ports::storage::Collection;
use serde::{Deserialize, Serialize};

use crate::table::Stored;

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

/// Messages that must not wait for others travel in a lane of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lane {
    /// Security codes.
    Codes,
    /// Everything else.
    Notices,
    /// What was given up, for an operator to look at.
    Dead,
}

impl Lane {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Codes => "codes",
            Self::Notices => "notices",
            Self::Dead => "dead",
        }
    }
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Delivery {
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
}

/// One try to send a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When.
    pub at: Timestamp,
    /// The outcome's word.
    pub outcome: String,
    /// Why, for the operator.
    pub detail: String,
}

/// A message with its history. The text is sealed, and gone once it was delivered or expired.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StoredMessage {
    pub(crate) id: MessageId,
    pub(crate) to: Destination,
    pub(crate) subject: String,
    pub(crate) text: Option<Sealed>,
    pub(crate) lane: Lane,
    pub(crate) delivery: Delivery,
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) reference: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) deliver_by: Option<Timestamp>,
    pub(crate) kept_until: Timestamp,
}

impl StoredMessage {
    pub(super) const SORT: &'static str = "message";
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

/// A place in a lane. Moving it into the future is how a worker leases the message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) lane: Lane,
    pub(crate) due: Timestamp,
    pub(crate) message: MessageId,
    /// How many tries were begun, lost ones included.
    pub(crate) tries: u32,
}

impl Place {
    /// The first sort key that is due after `now`.
    pub(super) fn horizon(now: Timestamp) -> String {
        format!("{:015}$", now.millis())
    }
}

impl Stored for Place {
    const COLLECTION: Collection = OUTBOX_QUEUE;

    fn key(&self) -> (String, String) {
        (
            self.lane.word().into(),
            format!("{:015}#{}", self.due.millis(), self.message),
        )
    }
}
