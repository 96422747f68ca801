//! How closures are stored: one list, by whose account it is.

use portcullis_ports::Timestamp;
use portcullis_ports::identity::Subject;
use portcullis_ports::storage::Collection;
use serde::{Deserialize, Serialize};

use crate::foundation::table::Stored;

/// Accounts that are closed, and those that were erased.
pub(crate) const CLOSURES: Collection = Collection {
    name: "closures",
    table: "closures",
    variable: "CLOSURES_TABLE_NAME",
};

/// How far a closure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// It can be taken back.
    Pending,
    /// It cannot be taken back any more.
    Erasing,
    /// Nothing is left. Kept, so that an account that comes back with a restored backup is erased again.
    Erased,
}

/// The closure of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Closure {
    pub(super) subject: Subject,
    pub(super) state: State,
    pub(super) asked_at: Timestamp,
    pub(super) erases_at: Timestamp,
    /// When that was begun, or done.
    pub(super) moved_at: Timestamp,
}

impl Closure {
    pub(super) const PARTITION: &'static str = "closures";
}

impl Stored for Closure {
    const COLLECTION: Collection = CLOSURES;

    fn key(&self) -> (String, String) {
        (Self::PARTITION.into(), self.subject.to_string())
    }
}
