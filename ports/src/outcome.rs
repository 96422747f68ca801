//! What became of something that left the process: five answers, the honest "we do not know" among them.

use serde::{Deserialize, Serialize};

use crate::error::Retry;

/// The result of asking a third party to do something that costs, sends or moves.
///
/// A time-out after the request was sent is [`Outcome::Unknown`], never an error that invites a repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Outcome<T, D = Reason, P = Reference> {
    /// It happened.
    Done(T),
    /// It was accepted and will be decided later; ask with the reference.
    Pending(P),
    /// It was understood and refused; asking again unchanged gives the same answer.
    Declined(D),
    /// It certainly did not happen; [`Reason::retry`] says whether to try again.
    NotSent(Reason),
    /// It may have happened; look it up with the reference before doing anything else.
    Unknown(Reference),
}

/// What a third party says of a matter whose outcome was [`Outcome::Unknown`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Resolution<T, D = Reason, P = Reference> {
    /// It knows the matter, and what became of it.
    Found(Outcome<T, D, P>),
    /// It did not happen, and what is under way will not make it happen any more: it may be asked for again.
    Absent,
    /// It may have happened; [`Reason::retry`] says whether another lookup makes sense.
    CannotTell(Reason),
}

/// The name of a matter, and who gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reference {
    /// The third party, in an answer.
    Theirs(String),
    /// This house, where no answer came: theirs is not known.
    Ours(String),
}

impl<T, D, P> Resolution<T, D, P> {
    /// The word used for it in metrics.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Found(_) => "found",
            Self::Absent => "absent",
            Self::CannotTell(_) => "cannot_tell",
        }
    }
}

impl Reference {
    /// The name alone.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Theirs(name) | Self::Ours(name) => name,
        }
    }
}

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

impl<T, D, P> Outcome<T, D, P> {
    /// Changes the value of a success and leaves the rest.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Outcome<U, D, P> {
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
