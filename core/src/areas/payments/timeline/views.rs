//! What happened to a payment as operators see it: one line for each thing.

use portcullis_ports::id::{PaymentId, RefundId, TransactionId};
use portcullis_ports::identity::Subject;
use portcullis_ports::money::{Currency, Money};
use portcullis_ports::payments::DisputeStatus;
use serde::Serialize;

use super::records::{CallOutcome, CallStep, Change, EventResult, Posted, TimelineEntry, TimelineKey};
use crate::areas::ledger::{EntryKind, Posting};
use crate::areas::payments::PAYMENT_NOT_FOUND;
use crate::areas::payments::model::{DisputeId, Finding};
use crate::areas::payments::status::{RefundState, Status};
use crate::foundation::use_case::{Documented, Problems, UseCase};
use crate::services::inbox::EventKey;

/// What a line of it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum TimelineKind {
    /// The payment was written down: `minor` and `currency`.
    Begun,
    /// It came to stand elsewhere: `from`, `status`, `failure`.
    Status,
    /// The vendor is about to be asked: `step`, `call`, `again`, `minor`, `refund_id`.
    Call,
    /// What became of a call: `step`, `call`, `sent_at_ms`, `outcome`, `failure`, `refund_id`.
    Answer,
    /// A refund came to stand there: `refund_id`, `refund_state`, `minor`.
    Refund,
    /// A dispute came to stand there: `dispute_id`, `dispute_status`; `minor` is what is missing by then.
    Dispute,
    /// The ledger took a transaction: `entry_kind`, `transaction_id`, `entry_number`, `postings`.
    Posting,
    /// It differs from what was ordered: `finding`.
    Finding,
    /// What was found is explained.
    Explained,
    /// An operator decided: `operator`, `decision`, `reason`.
    Decision,
    /// The vendor told something: `event`, `event_id`, `vendor_event`, `event_result`.
    Event,
}

/// An amount that one account gave to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct TimelinePosting {
    /// The account that was debited.
    pub debit: String,
    /// The account that was credited.
    pub credit: String,
    /// How much, in minor units of the line's currency.
    pub minor: u64,
}

impl From<&Posting> for TimelinePosting {
    fn from(posting: &Posting) -> Self {
        Self {
            debit: posting.debit().to_string(),
            credit: posting.credit().to_string(),
            minor: posting.minor(),
        }
    }
}

/// One thing that happened. Which of the fields are told follows from its kind; the others are null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct TimelineItem {
    /// When, in Unix seconds; of an event, when it arrived.
    pub at: i64,
    /// The same in milliseconds.
    pub at_ms: i64,
    /// What it is about.
    pub kind: TimelineKind,
    /// The number of the commit that it is part of, or behind which it belongs; from 1.
    pub commit: u32,
    /// Who caused it: `client` for a request, `webhook of …`, or the part of the program that did.
    pub by: String,
    /// Where the payment stood before.
    pub from: Option<Status>,
    /// Where the payment stands by then.
    pub status: Option<Status>,
    /// What the vendor is asked for.
    pub step: Option<CallStep>,
    /// The number of the call, which is part of its idempotency key.
    pub call: Option<u32>,
    /// Whether it is the same call once more, under the same key.
    pub again: Option<bool>,
    /// When the call was sent, in Unix milliseconds.
    pub sent_at_ms: Option<i64>,
    /// What became of the call.
    pub outcome: Option<CallOutcome>,
    /// The vendor's code for why it was refused.
    pub failure: Option<String>,
    /// The refund.
    pub refund_id: Option<RefundId>,
    /// Where the refund stands by then.
    pub refund_state: Option<RefundState>,
    /// The dispute.
    pub dispute_id: Option<DisputeId>,
    /// Where the dispute stands by then.
    pub dispute_status: Option<DisputeStatus>,
    /// How much, in minor units.
    pub minor: Option<i64>,
    /// The currency of all amounts of the line.
    pub currency: Option<Currency>,
    /// How many decimal places they have (ISO 4217).
    pub digits: Option<u32>,
    /// What happened in the ledger.
    pub entry_kind: Option<EntryKind>,
    /// The transaction in the ledger.
    pub transaction_id: Option<TransactionId>,
    /// The number of the entry on the account of the customer; null between accounts of the house.
    pub entry_number: Option<u64>,
    /// What was moved; empty where nothing was.
    pub postings: Vec<TimelinePosting>,
    /// What was found.
    pub finding: Option<Finding>,
    /// The operator.
    pub operator: Option<Subject>,
    /// What the operator decided.
    pub decision: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// What the vendor told, in its words.
    pub event: Option<String>,
    /// The name of the event in the inbox.
    pub event_id: Option<EventKey>,
    /// The vendor's name of the event.
    pub vendor_event: Option<String>,
    /// What became of the event.
    pub event_result: Option<EventResult>,
}

/// Everything that happened to a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Timeline {
    /// The payment.
    pub payment_id: PaymentId,
    /// Oldest first.
    pub items: Vec<TimelineItem>,
    /// Whether this is everything: of more than 1,000 commits, events and decisions some are left out.
    pub complete: bool,
}

impl UseCase for Timeline {
    const PROBLEMS: Problems = &[&[PAYMENT_NOT_FOUND]];
}

impl TimelineItem {
    /// The lines of an entry.
    pub(super) fn of(entry: &TimelineEntry) -> Vec<Self> {
        entry
            .changes
            .iter()
            .map(|change| Self::one(entry, change))
            .collect()
    }

    fn empty(entry: &TimelineEntry, kind: TimelineKind) -> Self {
        Self {
            at: entry.at.seconds(),
            at_ms: entry.at.millis(),
            kind,
            commit: entry.place,
            by: entry.by.clone(),
            from: None,
            status: None,
            step: None,
            call: None,
            again: None,
            sent_at_ms: None,
            outcome: None,
            failure: None,
            refund_id: None,
            refund_state: None,
            dispute_id: None,
            dispute_status: None,
            minor: None,
            currency: None,
            digits: None,
            entry_kind: None,
            transaction_id: None,
            entry_number: None,
            postings: Vec::new(),
            finding: None,
            operator: None,
            decision: None,
            reason: None,
            event: None,
            event_id: None,
            vendor_event: None,
            event_result: None,
        }
    }

    fn with(self, amount: Option<Money>) -> Self {
        Self {
            minor: amount.map(|amount| amount.minor),
            currency: amount.map(|amount| amount.currency),
            digits: amount.map(|amount| amount.currency.digits()),
            ..self
        }
    }

    fn one(entry: &TimelineEntry, change: &Change) -> Self {
        let line = |kind| Self::empty(entry, kind);
        match change.clone() {
            Change::Begun { amount } => line(TimelineKind::Begun).with(Some(amount)),
            Change::Status { from, to, failure } => Self {
                from: Some(from),
                status: Some(to),
                failure,
                ..line(TimelineKind::Status)
            },
            Change::Call {
                step,
                number,
                amount,
                refund,
                again,
            } => Self {
                step: Some(step),
                call: Some(number),
                again: Some(again),
                refund_id: refund,
                ..line(TimelineKind::Call).with(amount)
            },
            Change::Answer {
                step,
                number,
                refund,
                sent_at,
                outcome,
                failure,
            } => Self {
                step: Some(step),
                call: Some(number),
                sent_at_ms: Some(sent_at.millis()),
                outcome: Some(outcome),
                failure,
                refund_id: refund,
                ..line(TimelineKind::Answer)
            },
            Change::Refund { id, amount, to } => Self {
                refund_id: Some(id),
                refund_state: Some(to),
                ..line(TimelineKind::Refund).with(Some(amount))
            },
            Change::Dispute { id, status, missing } => Self {
                dispute_id: Some(id),
                dispute_status: Some(status),
                ..line(TimelineKind::Dispute).with(Some(missing))
            },
            Change::Posted(posted) => line(TimelineKind::Posting).posted(posted),
            Change::Found { finding } => Self {
                finding: Some(finding),
                ..line(TimelineKind::Finding)
            },
            Change::Explained => line(TimelineKind::Explained),
            Change::Decided {
                operator,
                decision,
                reason,
            } => Self {
                operator: Some(operator),
                decision: Some(decision),
                reason,
                ..line(TimelineKind::Decision)
            },
            Change::Event {
                name,
                vendor_id,
                result,
            } => Self {
                event: Some(name),
                event_id: match &entry.key {
                    TimelineKey::Event(key) => EventKey::parse(key).ok(),
                    TimelineKey::Commit(_) | TimelineKey::Decision(_) => None,
                },
                vendor_event: Some(vendor_id),
                event_result: Some(result),
                ..line(TimelineKind::Event)
            },
        }
    }

    fn posted(self, posted: Posted) -> Self {
        Self {
            entry_kind: Some(posted.kind),
            transaction_id: Some(posted.transaction),
            entry_number: posted.entry,
            currency: Some(posted.currency),
            digits: Some(posted.currency.digits()),
            postings: posted.postings.iter().map(TimelinePosting::from).collect(),
            ..self
        }
    }
}

impl Documented for Timeline {
    const EXAMPLE: &str = r#"{
  "payment_id": "pay_01h2xcejqtf2nbrexx3vqjhp41",
  "items": [
    {
      "at": 1790000000,
      "at_ms": 1790000000412,
      "kind": "answer",
      "commit": 2,
      "by": "client",
      "from": null,
      "status": null,
      "step": "charge",
      "call": 1,
      "again": null,
      "sent_at_ms": 1790000000017,
      "outcome": "answered",
      "failure": null,
      "refund_id": null,
      "refund_state": null,
      "dispute_id": null,
      "dispute_status": null,
      "minor": null,
      "currency": null,
      "digits": null,
      "entry_kind": null,
      "transaction_id": null,
      "entry_number": null,
      "postings": [],
      "finding": null,
      "operator": null,
      "decision": null,
      "reason": null,
      "event": null,
      "event_id": null,
      "vendor_event": null,
      "event_result": null
    }
  ],
  "complete": true
}"#;
}
