//! What is ordered: charges and refunds.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::method::MethodRef;
use super::names::{AttemptId, CallKey, Tag, VendorRef};
use crate::clock::Timestamp;
use crate::id::RefundId;
use crate::money::Amount;

/// Whether the payer is there to confirm something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presence {
    /// In front of a browser.
    Present {
        /// Where the payer comes back to from a page of the vendor or the bank.
        return_url: String,
        /// Where a payer who calls it off comes back to; `return_url` where there is none of its own.
        cancel_url: Option<String>,
        /// The address of the payer's device.
        ip: Option<IpAddr>,
    },
    /// Not there: a stored method is charged by an earlier agreement.
    Absent,
}

/// An agreement to debits that the payer has just given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mandate {
    /// When it was given.
    pub accepted_at: Timestamp,
    /// The address of the device it was given on.
    pub ip: Option<IpAddr>,
    /// What the browser called itself.
    pub user_agent: Option<String>,
}

/// What is charged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A method that was stored before.
    Stored(MethodRef),
    /// A method that the payer enters in the vendor's own part of the page. Needs [`Presence::Present`].
    Fresh {
        /// Whether it is stored for later charges in the payer's absence. Needs a customer where the vendor has customers.
        save: bool,
    },
    /// A page of the vendor, to which the payer is sent. Needs [`Presence::Present`].
    HostedPage,
    /// Nothing of a vendor: the payer is told how to pay ([`super::NextAction::Instructions`]), and operators say what came.
    Offline,
}

/// When the money is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capture {
    /// At once.
    Now,
    /// It is held, and taken or released later by [`super::Holds`].
    Later,
}

/// What the payer reads of a payment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Statement {
    /// What it is for, in receipts and on the vendor's page. At most 500 characters.
    pub description: String,
    /// What is added to the name of the business on the bank's statement, if anything: at most 22 characters of A–Z, 0–9, space
    /// and hyphen.
    pub suffix: Option<String>,
}

/// One attempt to take money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// Ours: the vendor keeps it, and gives it back in pictures.
    pub id: AttemptId,
    /// The idempotency key.
    pub key: CallKey,
    /// Whether this very order may have been sent before. A plugin whose vendor does not recognise keys refuses it then, with
    /// `NotSent`.
    pub resend: bool,
    /// How much.
    pub amount: Amount,
    /// What is charged.
    pub source: Source,
    /// Whether the payer is there.
    pub presence: Presence,
    /// When the money is taken.
    pub capture: Capture,
    /// The vendor's customer, where the vendor has customers.
    pub customer: Option<VendorRef>,
    /// An agreement to debits that the payer gave with this order; needed for the first debit of a bank account that was not
    /// stored with one.
    pub mandate: Option<Mandate>,
    /// What the payer reads.
    pub statement: Statement,
    /// Given back unchanged with pictures.
    pub tag: Tag,
}

/// Why money is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum RefundReason {
    /// The payer asked for it.
    Requested,
    /// It was taken twice.
    Duplicate,
    /// It was not the payer.
    Fraudulent,
}

/// Money is given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundOrder {
    /// Ours: the vendor keeps it, and gives it back in pictures.
    pub id: RefundId,
    /// The idempotency key.
    pub key: CallKey,
    /// Whether this very order may have been sent before.
    pub resend: bool,
    /// The vendor's name for the payment.
    pub payment: VendorRef,
    /// Our name for the attempt that captured the money.
    pub attempt: AttemptId,
    /// How much; not more than was captured and not yet given back.
    pub amount: Amount,
    /// How many payments of its subscription are known, if it is one that the vendor took by itself: this is the last of them.
    /// A vendor that gives back the last one alone refuses with `NotSent` if it has taken more.
    pub of_payments: Option<u32>,
    /// Why.
    pub reason: RefundReason,
}
