//! How events of vendors are stored: each by its id, for ever; its delivery, sealed, for a while; lists by state.

use portcullis_ports::Timestamp;
use portcullis_ports::inbound::Proof;
use portcullis_ports::keys::{EncryptionContext, Sealed};
use portcullis_ports::storage::{Collection, Range};
use serde::{Deserialize, Serialize};

use crate::foundation::sealed_texts::SealedTexts;
use crate::foundation::table::Stored;

/// What vendors posted.
pub(crate) const INBOX: Collection = Collection {
    name: "inbox",
    table: "inbox",
    variable: "INBOX_TABLE_NAME",
};

/// Where an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "lowercase")
)]
pub enum EventState {
    /// It waits to be applied.
    Stored,
    /// It changed something.
    Applied,
    /// It is about something of ours, and changed nothing: it was known.
    Unchanged,
    /// It is about something that is not ours, or of another account or mode of the vendor.
    Foreign,
    /// It is of a kind that is not served here.
    Ignored,
    /// What it is about is not known yet; it is tried again for a day.
    Parked,
    /// What it is about did not become known within a day.
    Unmatched,
    /// It could not be applied, however often it was tried.
    Dead,
}

impl EventState {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Stored,
        Self::Applied,
        Self::Unchanged,
        Self::Foreign,
        Self::Ignored,
        Self::Parked,
        Self::Unmatched,
        Self::Dead,
    ];
    /// Those that can be listed: in which an operator may want to do something.
    pub const LISTED: [Self; 5] = [
        Self::Dead,
        Self::Unmatched,
        Self::Parked,
        Self::Foreign,
        Self::Ignored,
    ];

    /// The word in records, lists and meters.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Applied => "applied",
            Self::Unchanged => "unchanged",
            Self::Foreign => "foreign",
            Self::Ignored => "ignored",
            Self::Parked => "parked",
            Self::Unmatched => "unmatched",
            Self::Dead => "dead",
        }
    }
}

/// An event. It is never removed: an event that comes again, however late, meets it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Event {
    /// A pseudonym of port, instance and event.
    pub(super) key: String,
    pub(super) port: String,
    pub(super) instance: String,
    /// The vendor's id, or one of ours that follows from the content.
    pub(super) id: String,
    /// What it is, in the vendor's words.
    pub(super) name: String,
    pub(super) state: EventState,
    /// The delivery that it came with.
    pub(super) delivery: String,
    pub(super) received_at: Timestamp,
    pub(super) proof: Proof,
    /// When its state was decided last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) decided_at: Option<Timestamp>,
    /// Since when it waits for what it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) parked_since: Option<Timestamp>,
    /// Why it could not be applied. Holds no secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) failure: Option<String>,
}

impl Event {
    pub(super) const SORT: &'static str = "event";

    /// Its line in the list of its state, where there is one.
    pub(super) fn line(&self, until: Timestamp) -> Option<Line> {
        EventState::LISTED.contains(&self.state).then(|| Line {
            state: self.state,
            received_at: self.received_at,
            event: self.key.clone(),
            until,
        })
    }
}

impl Stored for Event {
    const COLLECTION: Collection = INBOX;

    fn key(&self) -> (String, String) {
        (self.key.clone(), Self::SORT.into())
    }
}

/// A delivery with everything that taking it apart depends on, sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RawDelivery {
    pub(super) id: String,
    pub(super) port: String,
    pub(super) instance: String,
    /// In parts, because key managers seal little at a time.
    pub(super) sealed: Vec<Sealed>,
    pub(super) until: Timestamp,
}

impl RawDelivery {
    pub(super) const SORT: &'static str = "delivery";

    /// What a part of it is sealed for: its place keeps parts from being taken for each other.
    pub(super) fn context(port: &str, instance: &str, id: &str, place: usize) -> EncryptionContext {
        EncryptionContext::new("inbox")
            .and("port", port)
            .and("instance", instance)
            .and("delivery", id)
            .and("part", place.to_string())
    }
}

impl Stored for RawDelivery {
    const COLLECTION: Collection = INBOX;

    fn key(&self) -> (String, String) {
        (self.id.clone(), Self::SORT.into())
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.until)
    }
}

impl SealedTexts for RawDelivery {
    fn sealed_texts(&mut self) -> Vec<(EncryptionContext, &mut Sealed)> {
        let (port, instance, id) = (&self.port, &self.instance, &self.id);
        let parts = self.sealed.iter_mut().enumerate();
        parts
            .map(|(part, sealed)| (Self::context(port, instance, id, part), sealed))
            .collect()
    }
}

/// An event in the list of its state. It goes with its delivery: after that there is nothing to be tried again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) state: EventState,
    pub(super) received_at: Timestamp,
    pub(super) event: String,
    pub(super) until: Timestamp,
}

impl Line {
    /// All lines of a partition.
    pub(super) const RANGE: Range = Range::All;
}

impl Stored for Line {
    const COLLECTION: Collection = INBOX;

    fn key(&self) -> (String, String) {
        let sort = format!("{:015}#{}", self.received_at.millis().max(0), self.event);
        (self.state.as_str().into(), sort)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.until)
    }
}
