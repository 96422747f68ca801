//! What became of something that left the process: five answers, the honest "we do not know" among them.

use crate::error::Retry;

/// The result of asking a third party to do something that costs, sends or moves.
///
/// A time-out after the request was sent is [`Outcome::Unknown`], never an error that invites a repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Outcome<T> {
    /// It happened.
    Done(T),
    /// It was accepted and will be decided later; ask with the reference.
    Pending(Reference),
    /// It was understood and refused; asking again unchanged gives the same answer.
    Declined(Reason),
    /// It certainly did not happen; [`Reason::retry`] says whether to try again.
    NotSent(Reason),
    /// It may have happened; look it up with the reference before doing anything else.
    Unknown(Reference),
}

/// The third party's name for the matter, or ours where theirs was not received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference(pub String);

/// Why something did not happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// A stable word to branch on, such as `address-rejected`.
    pub code: String,
    /// A sentence for the operator. Holds no secret.
    pub detail: String,
    /// Whether trying again makes sense.
    pub retry: Retry,
    /// Whether it stands in the way of everything that is asked of the third party, and not of this matter alone.
    pub outage: bool,
}

impl Reason {
    /// A reason that holds for good.
    pub fn permanent(code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            detail: detail.into(),
            retry: Retry::Never,
            outage: false,
        }
    }

    /// A reason that passes.
    pub fn passing(code: impl Into<String>, detail: impl Into<String>, wait: std::time::Duration) -> Self {
        Self {
            code: code.into(),
            detail: detail.into(),
            retry: Retry::Later(wait),
            outage: false,
        }
    }

    /// A reason that passes and stands in the way of everything: no connection, credentials that are refused.
    pub fn outage(code: impl Into<String>, detail: impl Into<String>, wait: std::time::Duration) -> Self {
        Self {
            outage: true,
            ..Self::passing(code, detail, wait)
        }
    }
}

impl<T> Outcome<T> {
    /// Changes the value of a success and leaves the rest.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Outcome<U> {
        match self {
            Self::Done(value) => Outcome::Done(change(value)),
            Self::Pending(reference) => Outcome::Pending(reference),
            Self::Declined(reason) => Outcome::Declined(reason),
            Self::NotSent(reason) => Outcome::NotSent(reason),
            Self::Unknown(reference) => Outcome::Unknown(reference),
        }
    }

    /// The word used for this outcome in metrics and records.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Done(_) => "done",
            Self::Pending(_) => "pending",
            Self::Declined(_) => "declined",
            Self::NotSent(_) => "not_sent",
            Self::Unknown(_) => "unknown",
        }
    }
}
