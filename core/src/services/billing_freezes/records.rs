//! How it is stored that somebody's billing is frozen.

use portcullis_ports::Timestamp;
use portcullis_ports::identity::Subject;
use portcullis_ports::storage::Collection;
use serde::{Deserialize, Serialize};

use crate::foundation::table::{Memory, Stored};

/// Whose billing is frozen.
pub(crate) const BILLING_FREEZES: Collection = Collection {
    name: "billing_freezes",
    table: "payments",
    variable: "PAYMENTS_TABLE_NAME",
};

/// Whether the billing of a customer is frozen, and since when. Nothing stands of those who never were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Freeze {
    pub(super) subject: Subject,
    /// Nothing once it was thawed.
    pub(super) frozen: Option<Frozen>,
}

/// A freeze that is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Frozen {
    pub(super) since: Timestamp,
    pub(super) operator: Subject,
    pub(super) reason: String,
}

impl Freeze {
    pub(super) const SORT: &'static str = "freeze";
}

impl Stored for Freeze {
    const COLLECTION: Collection = BILLING_FREEZES;
    // That there is none is the rule, and asked with every use of an API key.
    const MEMORY: Memory = Memory::RecordsAndAbsence;

    fn key(&self) -> (String, String) {
        (self.subject.to_string(), Self::SORT.into())
    }
}
