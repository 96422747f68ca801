//! What moved on the vendor's account, for comparing it with the books.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::event::PaymentEvent;
use super::names::{AttemptId, VendorRef};
use crate::clock::Timestamp;
use crate::error::Result;
use crate::money::Money;

/// From one moment to another, the second not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeSpan {
    /// The first moment that belongs to it.
    pub from: Timestamp,
    /// The first moment that does not.
    pub to: Timestamp,
}

/// Where a list goes on, in the vendor's terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub String);

/// What moved money.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActivityKind {
    /// A payment was taken.
    Payment,
    /// A payment was given back.
    Refund,
    /// A refund came back to us.
    RefundReversal,
    /// A dispute took money.
    Dispute,
    /// A dispute gave money back.
    DisputeReversal,
    /// A bank debit that had succeeded was returned.
    PaymentReversal,
    /// A fee that belongs to none of the others.
    Fee,
    /// Money left for our bank account, or came back from there.
    Payout,
    /// Something else, in the vendor's word.
    Other(String),
}

/// One line of the vendor's account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// The vendor's name for the line; unique.
    pub theirs: VendorRef,
    /// What it is.
    pub kind: ActivityKind,
    /// The payment, refund, dispute or payout that it is about.
    pub source: Option<VendorRef>,
    /// The payment that it belongs to, where the vendor says so.
    pub payment: Option<VendorRef>,
    /// Our name for that payment, where the vendor says so.
    pub ours: Option<AttemptId>,
    /// What it adds to the account before fees; negative where money leaves.
    pub amount: Money,
    /// What the vendor keeps of it; negative where a fee comes back.
    pub fee: Money,
    /// When it was booked.
    pub at: Timestamp,
    /// From when on it can be paid out.
    pub available_at: Option<Timestamp>,
}

/// A part of what moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivityPage {
    /// Lines, in the vendor's order.
    pub lines: Vec<Activity>,
    /// Where it goes on; `None` at the end.
    pub next: Option<Cursor>,
}

/// A part of what happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventPage {
    /// Events, as webhooks would have brought them.
    pub events: Vec<PaymentEvent>,
    /// Where it goes on; `None` at the end.
    pub next: Option<Cursor>,
}

/// Money at the vendor, in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holding {
    /// What can be paid out.
    pub available: Money,
    /// What will become available.
    pub pending: Money,
}

/// Reads the vendor's account. Changes nothing there.
#[async_trait]
pub trait Reports: Send + Sync + 'static {
    /// What was booked in a span, page by page; a line is in exactly one page.
    ///
    /// # Errors
    /// `payments-unavailable`.
    async fn activity(&self, span: &TimeSpan, after: Option<&Cursor>) -> Result<ActivityPage>;

    /// What happened since a moment, page by page, for when webhooks were missed. Empty where the vendor keeps no events.
    ///
    /// # Errors
    /// `payments-unavailable`.
    async fn events_since(&self, since: Timestamp, after: Option<&Cursor>) -> Result<EventPage>;

    /// What lies at the vendor. A currency that is left out holds nothing; where the vendor does not tell, the list is empty.
    ///
    /// # Errors
    /// `payments-unavailable`.
    async fn holdings(&self) -> Result<Vec<Holding>>;
}
