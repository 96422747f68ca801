//! Closing an account as callers see it.

use portcullis_ports::{Code, Kind};
use serde::{Deserialize, Serialize};

use super::records::{Closure, State};
use crate::areas::challenges::WRONG_PURPOSE;
use crate::areas::step_up::STEP_UP_REQUIRED;
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::input::{ChallengeId, SecretInput};
use crate::foundation::proof::CHALLENGE_ENDED;
use crate::foundation::use_case::{Documented, Problems, UseCase};

/// An operator wants to close the own account.
pub const OPERATOR_CANNOT_CLOSE: Code = Code::new(
    "operator-cannot-close",
    Kind::Conflict,
    "This account looks after the service: have its role taken away before you close it.",
);

/// There is nothing to take back.
pub const CLOSURE_NOT_PENDING: Code = Code::new(
    "closure-not-pending",
    Kind::Conflict,
    "This account is not closed, or it is being erased already.",
);

/// How an account stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum ClosureStatus {
    /// It is not closed.
    Open,
    /// Factors are to be proven first.
    Pending,
    /// It is closed and will be erased; that can still be taken back.
    Scheduled,
    /// It is being erased.
    Closed,
}

/// Whether an account is closed, and what comes next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(rename = "AccountClosure")
)]
pub struct ClosureView {
    /// How it stands.
    pub status: ClosureStatus,
    /// When it is erased, in Unix seconds; null unless it is closed.
    pub erases_at: Option<i64>,
    /// The factors that are to be proven, with `pending`.
    pub required_factors: Vec<FactorKind>,
    /// Those of them that were.
    pub passed: Vec<FactorKind>,
}

impl ClosureView {
    pub(super) fn of(closure: Option<&Closure>) -> Self {
        let status = match closure.map(|closure| closure.state) {
            None => ClosureStatus::Open,
            Some(State::Pending) => ClosureStatus::Scheduled,
            Some(State::Erasing | State::Erased) => ClosureStatus::Closed,
        };
        Self {
            status,
            erases_at: closure.map(|closure| closure.erases_at.seconds()),
            required_factors: Vec::new(),
            passed: Vec::new(),
        }
    }
}

impl Documented for ClosureView {
    const EXAMPLE: &str =
        r#"{ "status": "scheduled", "erases_at": 1791209600, "required_factors": [], "passed": [] }"#;
}

/// Reading it.
#[derive(Debug, Clone, Copy)]
pub struct ReadClosure;

impl UseCase for ReadClosure {
    const PROBLEMS: Problems = &[];
}

/// Beginning to close an account.
#[derive(Debug, Clone, Copy)]
pub struct StartClosure;

impl UseCase for StartClosure {
    const PROBLEMS: Problems = &[&[OPERATOR_CANNOT_CLOSE]];
}

/// An account is closed, after its owner has proven to be the owner.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct FinalizeClosure {
    /// The challenge that was begun; left out or null where none was needed.
    pub challenge_id: Option<SecretInput<ChallengeId>>,
}

impl Documented for FinalizeClosure {
    const EXAMPLE: &str = r#"{ "challenge_id": null }"#;
}

impl UseCase for FinalizeClosure {
    const PROBLEMS: Problems = &[&[
        STEP_UP_REQUIRED,
        CHALLENGE_ENDED,
        WRONG_PURPOSE,
        OPERATOR_CANNOT_CLOSE,
    ]];
}

/// Taking a closure back.
#[derive(Debug, Clone, Copy)]
pub struct TakeClosureBack;

impl UseCase for TakeClosureBack {
    const PROBLEMS: Problems = &[&[CLOSURE_NOT_PENDING]];
}
