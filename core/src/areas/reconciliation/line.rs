//! A line of a vendor's report, as it is compared and kept.

use portcullis_ports::money::Money;
use portcullis_ports::payments::{Activity, ActivityKind, AttemptId, VendorRef};
use portcullis_ports::{Result, Timestamp};
use serde::{Deserialize, Serialize};

/// A line of a vendor's report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ReportedLine {
    /// The vendor's name for it; unique.
    pub(super) theirs: VendorRef,
    pub(super) kind: ActivityKind,
    /// The vendor's object that moved the money.
    pub(super) source: Option<VendorRef>,
    /// The vendor's name for the payment.
    pub(super) payment: Option<VendorRef>,
    /// Our name for it.
    pub(super) ours: Option<AttemptId>,
    pub(super) amount: Money,
    pub(super) fee: Money,
    pub(super) at: Timestamp,
}

impl From<Activity> for ReportedLine {
    fn from(line: Activity) -> Self {
        Self {
            theirs: line.theirs,
            kind: line.kind,
            source: line.source,
            payment: line.payment,
            ours: line.ours,
            amount: line.amount,
            fee: line.fee,
            at: line.at,
        }
    }
}

impl ReportedLine {
    /// The word for its kind, in which sums are kept.
    pub(super) fn word(&self) -> String {
        match &self.kind {
            ActivityKind::Payment => "payment".to_owned(),
            ActivityKind::Refund => "refund".to_owned(),
            ActivityKind::RefundReversal => "refund_reversal".to_owned(),
            ActivityKind::Dispute => "dispute".to_owned(),
            ActivityKind::DisputeReversal => "dispute_reversal".to_owned(),
            ActivityKind::PaymentReversal => "payment_reversal".to_owned(),
            ActivityKind::Fee => "fee".to_owned(),
            ActivityKind::Payout => "payout".to_owned(),
            ActivityKind::Other(word) => format!("other:{word}"),
        }
    }

    /// The names by which its payment is found, the surest first.
    pub(super) fn names(&self) -> Vec<&VendorRef> {
        let mut names: Vec<&VendorRef> = self.payment.iter().chain(&self.source).collect();
        names.dedup();
        names
    }

    /// Whether `source` names what moved the money, and not only its payment.
    pub(super) fn names_source(&self) -> bool {
        self.source.is_some() && self.source != self.payment
    }

    /// What it adds to the account, after fees.
    ///
    /// # Errors
    /// `amount-overflow`; `currency-mismatch` if its fee is in another currency.
    pub(super) fn net(&self) -> Result<Money> {
        self.amount.minus(self.fee)
    }

    /// Whether it moves anything.
    pub(super) fn is_nothing(&self) -> bool {
        self.amount.minor == 0 && self.fee.minor == 0
    }
}
