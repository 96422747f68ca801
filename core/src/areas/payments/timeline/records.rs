//! How what happened to a payment is stored: beside the rows of the payment, in the commit that makes it true.

use std::fmt;

use portcullis_ports::Timestamp;
use portcullis_ports::id::{PaymentId, RefundId, TransactionId};
use portcullis_ports::identity::Subject;
use portcullis_ports::money::{Currency, Money};
use portcullis_ports::payments::DisputeStatus;
use portcullis_ports::storage::Collection;
use serde::{Deserialize, Serialize};

use crate::areas::ledger::{EntryKind, Posting};
use crate::areas::payments::model::{DisputeId, Finding};
use crate::areas::payments::records::PAYMENTS;
use crate::areas::payments::status::{RefundState, Status};
use crate::foundation::table::Stored;
use crate::services::inbox::Handled;

/// A step that the vendor was asked to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum CallStep {
    /// Money is taken or held, or the payer is asked.
    Charge,
    /// It goes on after the payer approved.
    Complete,
    /// Held money is taken.
    Capture,
    /// Held money is let go.
    Void,
    /// What waits for its payer is called off.
    Withdraw,
    /// Money is given back.
    Refund,
}

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum CallOutcome {
    /// The vendor showed how the payment stands.
    Answered,
    /// It was refused, or never arrived.
    Refused,
    /// Nobody knows: it is looked up.
    Unknown,
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum EventResult {
    /// It changed something.
    Applied,
    /// What it tells was known.
    Unchanged,
    /// It is of another account or mode of the vendor.
    Foreign,
    /// It is of a kind that is not served here.
    Ignored,
    /// What it is about is not known yet.
    Parked,
}

impl From<Handled> for EventResult {
    fn from(handled: Handled) -> Self {
        match handled {
            Handled::Applied => Self::Applied,
            Handled::Unchanged => Self::Unchanged,
            Handled::Foreign => Self::Foreign,
            Handled::Ignored => Self::Ignored,
            Handled::Parked => Self::Parked,
        }
    }
}

/// A transaction that the ledger took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Posted {
    pub(crate) kind: EntryKind,
    pub(crate) currency: Currency,
    pub(crate) transaction: TransactionId,
    /// Its number on the account of the customer; nothing if it is between accounts of the house.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) entry: Option<u64>,
    pub(crate) postings: Vec<Posting>,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub(super) enum Change {
    /// The payment was written down.
    Begun { amount: Money },
    /// It came to stand there.
    Status {
        from: Status,
        to: Status,
        /// The vendor's code for why it was refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failure: Option<String>,
    },
    /// The vendor is about to be asked.
    Call {
        step: CallStep,
        number: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        amount: Option<Money>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refund: Option<RefundId>,
        /// Whether it is the same call once more, under the same key.
        again: bool,
    },
    /// What became of a call.
    Answer {
        step: CallStep,
        number: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refund: Option<RefundId>,
        sent_at: Timestamp,
        outcome: CallOutcome,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failure: Option<String>,
    },
    /// A refund came to stand there.
    Refund {
        id: RefundId,
        amount: Money,
        to: RefundState,
    },
    /// A dispute came to stand there.
    Dispute {
        id: DisputeId,
        status: DisputeStatus,
        /// Taken from us by then, and not given back.
        missing: Money,
    },
    /// The ledger took a transaction.
    Posted(Posted),
    /// It differs from what was ordered.
    Found { finding: Finding },
    /// What was found is explained.
    Explained,
    /// An operator decided something.
    Decided {
        operator: Subject,
        decision: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The vendor told something.
    Event {
        /// The vendor's word.
        name: String,
        vendor_id: String,
        result: EventResult,
    },
}

/// What names an entry among those of its payment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TimelineKey {
    /// By its number.
    Commit(u32),
    /// By the name of the event in the inbox.
    Event(String),
    /// By an id.
    Decision(String),
}

impl fmt::Display for TimelineKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Commit(number) => write!(f, "c{number:010}"),
            Self::Event(key) => write!(f, "e{key}"),
            Self::Decision(id) => write!(f, "{id}"),
        }
    }
}

/// What happened at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TimelineEntry {
    pub(super) subject: Subject,
    pub(super) payment: PaymentId,
    /// The commit that it is, or behind which it belongs.
    pub(super) place: u32,
    pub(super) key: TimelineKey,
    pub(super) at: Timestamp,
    /// Who caused it: a client, or the part of the program that did.
    pub(super) by: String,
    pub(super) changes: Vec<Change>,
}

impl TimelineEntry {
    pub(super) fn prefix(payment: &PaymentId) -> String {
        format!("h#{payment}#")
    }

    /// What the names of events begin with.
    pub(crate) fn events(payment: &PaymentId) -> String {
        format!("{}e", Self::prefix(payment))
    }

    pub(super) fn sort(payment: &PaymentId, key: &TimelineKey) -> String {
        format!("{}{key}", Self::prefix(payment))
    }
}

impl Stored for TimelineEntry {
    const COLLECTION: Collection = PAYMENTS;

    fn key(&self) -> (String, String) {
        (self.subject.to_string(), Self::sort(&self.payment, &self.key))
    }
}
