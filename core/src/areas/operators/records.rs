//! How operators are stored: one small record each, all in one partition, so that a list is one read.

use portcullis_ports::Timestamp;
use portcullis_ports::identity::Subject;
use portcullis_ports::storage::Collection;
use serde::{Deserialize, Serialize};

use super::model::Role;
use crate::foundation::table::{Memory, Stored};

/// Operators.
pub(crate) const OPERATORS: Collection = Collection {
    name: "operators",
    table: "operators",
    variable: "OPERATORS_TABLE_NAME",
};

/// The role of one operator.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Grant {
    pub(super) subject: Subject,
    pub(super) role: Role,
    pub(super) granted_at: Timestamp,
}

impl Grant {
    pub(super) const PARTITION: &'static str = "all";
}

impl Stored for Grant {
    const COLLECTION: Collection = OPERATORS;
    /// Everybody's page asks, and nearly everybody is none.
    const MEMORY: Memory = Memory::RecordsAndAbsence;

    fn key(&self) -> (String, String) {
        (Self::PARTITION.into(), self.subject.to_string())
    }
}
