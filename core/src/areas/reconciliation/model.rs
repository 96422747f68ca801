//! Words of reconciliation, as callers see them.

use portcullis_ports::id;
use serde::{Deserialize, Serialize};

id!(
    /// Names a run that compared the books with a vendor's report.
    ReconciliationId, "rcn", "rcn_01h2xcejqtf2nbrexx3vqjhp41"
);
id!(
    /// Names a difference between the books and a vendor. The same difference has the same name in every run.
    DifferenceId, "dif", "dif_01h2xcejqtf2nbrexx3vqjhp41"
);

/// In what the books and the vendor differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum DifferenceKind {
    /// The vendor reports money that moved for a payment that nobody here knows.
    MissingHere,
    /// Money is booked here of which the vendor reports nothing, and which it does not know when it is asked.
    MissingThere,
    /// The vendor reports another amount than is booked.
    Amount,
    /// The vendor reports another currency than is booked.
    Currency,
    /// The vendor reports a refund, a dispute or the end of one that is not booked.
    Status,
    /// The vendor reports that one payment was taken more than once.
    Twice,
    /// For more than a day nobody knows what became of an order to the vendor.
    StaleUnknown,
}

impl DifferenceKind {
    /// The word in records and lists.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MissingHere => "missing_here",
            Self::MissingThere => "missing_there",
            Self::Amount => "amount",
            Self::Currency => "currency",
            Self::Status => "status",
            Self::Twice => "twice",
            Self::StaleUnknown => "stale_unknown",
        }
    }
}

/// Where a difference stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum DifferenceState {
    /// An operator has to decide.
    Open,
    /// The vendor was asked again, or told later, and that explained it.
    Explained,
    /// An operator takes it as it is. Nothing was booked.
    Accepted,
    /// An operator booked its money for a customer.
    Adopted,
}

impl DifferenceState {
    /// All of them, in the order of a difference's life.
    pub const ALL: [Self; 4] = [Self::Open, Self::Explained, Self::Accepted, Self::Adopted];

    /// The word in records and lists.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Explained => "explained",
            Self::Accepted => "accepted",
            Self::Adopted => "adopted",
        }
    }

    /// Whether an operator has decided.
    pub const fn is_decided(self) -> bool {
        matches!(self, Self::Accepted | Self::Adopted)
    }

    /// Whether what the vendor holds differs from the books by it.
    pub(super) const fn stands(self) -> bool {
        matches!(self, Self::Open | Self::Accepted)
    }
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename = "ReconciliationState", rename_all = "snake_case")
)]
pub enum RunState {
    /// It waits for a worker, or is being worked on.
    Running,
    /// Everything was read.
    Complete,
    /// Something could not be read: that it reports nothing of a payment proves nothing.
    Incomplete,
}

impl RunState {
    /// The word in records and lists.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Complete => "complete",
            Self::Incomplete => "incomplete",
        }
    }
}
