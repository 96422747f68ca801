//! Payments that a payer contests at the bank.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::decline::Decline;
use super::evidence_files::{EvidenceFile, FileTerms};
use super::names::{CallKey, VendorRef};
use crate::clock::Timestamp;
use crate::error::Result;
use crate::money::Money;
use crate::outcome::Outcome;

/// What is contested, and what can be done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum DisputeKind {
    /// The bank asks; no money has moved.
    Inquiry,
    /// The money was taken back, and evidence may win it again.
    Chargeback,
    /// A bank debit was returned. It cannot be contested.
    BankReturn,
}

impl DisputeKind {
    /// The word used in records and figures.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inquiry => "inquiry",
            Self::Chargeback => "chargeback",
            Self::BankReturn => "bank_return",
        }
    }
}

/// Where a dispute stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum DisputeStatus {
    /// It waits for evidence.
    NeedsResponse,
    /// The bank decides.
    UnderReview,
    /// Decided for us.
    Won,
    /// Decided for the payer.
    Lost,
    /// Ended without a decision, such as an inquiry that became no chargeback.
    Closed,
}

impl DisputeStatus {
    /// The word used in records and histories.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NeedsResponse => "needs_response",
            Self::UnderReview => "under_review",
            Self::Won => "won",
            Self::Lost => "lost",
            Self::Closed => "closed",
        }
    }
}

/// Where the contested money is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum Funds {
    /// It was not taken.
    None,
    /// It was taken from us.
    Withdrawn,
    /// It was taken and given back.
    Reinstated,
}

/// What the vendor knows of one dispute, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisputeSnapshot {
    /// The vendor's name for it.
    pub theirs: VendorRef,
    /// The vendor's name for the payment, where the picture holds it.
    pub payment: Option<VendorRef>,
    /// What kind it is.
    pub kind: DisputeKind,
    /// Where it stands.
    pub status: DisputeStatus,
    /// What is contested.
    pub amount: Money,
    /// All that was taken from us for it so far, without fees. Never shrinks.
    pub withdrawn: Money,
    /// All that was given back so far, without fees. Never shrinks.
    pub reinstated: Money,
    /// What the vendor keeps for it, less what it gave back of that. In the currency of the account.
    pub fee: Option<Money>,
    /// The bank's reason, in the vendor's word, such as `fraudulent`.
    pub reason: String,
    /// Until when evidence is taken.
    pub respond_by: Option<Timestamp>,
    /// Whether evidence was handed in.
    pub answered: bool,
    /// When the vendor made it.
    pub created_at: Timestamp,
    /// When the picture was taken.
    pub at: Timestamp,
}

impl DisputeSnapshot {
    /// Where the contested money is.
    pub fn funds(&self) -> Funds {
        match (self.withdrawn.minor, self.reinstated.minor) {
            (0, _) => Funds::None,
            (withdrawn, reinstated) if reinstated >= withdrawn => Funds::Reinstated,
            _ => Funds::Withdrawn,
        }
    }
}

/// What became of an answer to a dispute.
pub type DisputeOutcome = Outcome<DisputeSnapshot, Decline, DisputeSnapshot>;

/// What evidence is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum EvidenceField {
    /// What was sold.
    ProductDescription,
    /// The buyer's name.
    CustomerName,
    /// The buyer's e-mail address.
    CustomerEmail,
    /// The address of the device that was bought with.
    CustomerIp,
    /// When it was served or sent.
    ServiceDate,
    /// What the buyer did with it: logs of use.
    AccessLog,
    /// Who carried it.
    ShippingCarrier,
    /// The number to track it by.
    ShippingTrackingNumber,
    /// When it was sent.
    ShippingDate,
    /// What the terms say about refunds, and how the buyer was told.
    RefundPolicy,
    /// Why no refund was due.
    RefundRefusal,
    /// What the terms say about ending a subscription, and how the buyer was told.
    CancellationPolicy,
    /// Why a subscription was not ended.
    CancellationRefusal,
    /// The payment that this one is said to repeat.
    DuplicateCharge,
    /// Why it repeats none.
    DuplicateExplanation,
    /// Anything else.
    Other,
}

/// Evidence is handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The vendor's name for the dispute.
    pub dispute: VendorRef,
    /// The idempotency key of this call.
    pub key: CallKey,
    /// Whether this very order may have been sent before.
    pub resend: bool,
    /// What is said, by what it is about. Each at most 20,000 characters.
    pub texts: BTreeMap<EvidenceField, String>,
    /// What proves it, one file about each matter, within [`Disputes::files`].
    pub files: Vec<EvidenceFile>,
    /// Whether it is final: the bank gets it, and nothing can be added.
    pub submit: bool,
}

/// A dispute is given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisputeAcceptance {
    /// The vendor's name for the dispute.
    pub dispute: VendorRef,
    /// The idempotency key of this call.
    pub key: CallKey,
    /// Whether this very order may have been sent before.
    pub resend: bool,
}

/// Reads and answers disputes.
#[async_trait]
pub trait Disputes: Send + Sync + 'static {
    /// Whether evidence can be handed in here, and not at the vendor only.
    fn takes_evidence(&self) -> bool;

    /// How much of files is taken as evidence; nothing where none are.
    fn files(&self) -> Option<FileTerms> {
        None
    }

    /// What the vendor knows of a dispute.
    ///
    /// # Errors
    /// `dispute-unknown` if the vendor does not have it; `payments-unavailable`.
    async fn read(&self, dispute: &VendorRef) -> Result<DisputeSnapshot>;

    /// Hands in evidence. Declined where it is too late or the kind cannot be contested.
    async fn answer(&self, evidence: &Evidence) -> DisputeOutcome;

    /// Gives it up, for good.
    async fn accept(&self, acceptance: &DisputeAcceptance) -> DisputeOutcome;
}
