//! What transactions are about.

use serde::{Deserialize, Serialize};

/// What happened. The named constructors of `Transaction` and `HouseTransaction` say which accounts it moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum EntryKind {
    /// Something was bought, invoiced or used.
    Sale,
    /// A sale was taken back, because its money was refunded or is lost.
    SaleReversed,
    /// A sale that was taken back counts again, because its refund failed.
    SaleRestored,
    /// A payment began.
    Hold,
    /// A payment brought money.
    Capture,
    /// What was pending will not be.
    Void,
    /// Money was given back.
    Refund,
    /// Money that was given back came back to us.
    RefundFailed,
    /// A dispute took money.
    DisputeWithdrawn,
    /// A dispute gave money back.
    DisputeReinstated,
    /// A debt was given up.
    WriteOff,
    /// An operator gave something.
    Credit,
    /// An operator took something back.
    Debit,
    /// Money that was in suspense is this customer's.
    Adopted,
    /// A vendor charged us.
    Fee,
    /// A vendor gave a charge back.
    FeeReturned,
    /// Money came to a vendor, and no row of ours explains it.
    Unmatched,
    /// Such money left the vendor again.
    UnmatchedReturned,
    /// A vendor paid out to our bank.
    Payout,
    /// A payout came back.
    PayoutReturned,
}

impl EntryKind {
    /// The word in records and exports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sale => "sale",
            Self::SaleReversed => "sale_reversed",
            Self::SaleRestored => "sale_restored",
            Self::Hold => "hold",
            Self::Capture => "capture",
            Self::Void => "void",
            Self::Refund => "refund",
            Self::RefundFailed => "refund_failed",
            Self::DisputeWithdrawn => "dispute_withdrawn",
            Self::DisputeReinstated => "dispute_reinstated",
            Self::WriteOff => "write_off",
            Self::Credit => "credit",
            Self::Debit => "debit",
            Self::Adopted => "adopted",
            Self::Fee => "fee",
            Self::FeeReturned => "fee_returned",
            Self::Unmatched => "unmatched",
            Self::UnmatchedReturned => "unmatched_returned",
            Self::Payout => "payout",
            Self::PayoutReturned => "payout_returned",
        }
    }
}
