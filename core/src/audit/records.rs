//! How histories are stored.

use std::collections::BTreeMap;

use portcullis_ports::identity::Subject;
use portcullis_ports::storage::Collection;
use portcullis_ports::{Error, Result, Timestamp};
use serde::{Deserialize, Serialize};

use super::EventOutcome;
use crate::deployment::fingerprint;
use crate::table::Stored;

/// Histories.
pub(crate) const AUDIT: Collection = Collection {
    name: "audit",
    table: "audit",
    variable: "AUDIT_TABLE_NAME",
};

/// One thing that happened to an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Whose history.
    pub subject: Subject,
    /// Its place, from 1.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// What, from the catalogue of events.
    pub event: String,
    /// How it ended.
    pub outcome: EventOutcome,
    /// From where.
    pub ip: String,
    /// With what.
    pub user_agent: String,
    /// More about it.
    pub details: BTreeMap<String, String>,
    /// The hash of the entry before, empty for the first.
    pub previous: String,
}

impl Entry {
    pub(super) const PREFIX: &'static str = "entry#";

    /// SHA-256 over the entry's JSON, whose field order is fixed by the type.
    pub fn hash(&self) -> Result<String> {
        let json = serde_json::to_string(self)
            .map_err(|error| Error::internal("an audit entry cannot be written").because(error))?;
        Ok(fingerprint(&json))
    }
}

impl Stored for Entry {
    const COLLECTION: Collection = AUDIT;

    fn key(&self) -> (String, String) {
        (
            self.subject.to_string(),
            format!("{}{:012}", Self::PREFIX, self.number),
        )
    }
}

/// Where a history ends.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) subject: Subject,
    pub(super) entries: u64,
    pub(super) hash: String,
}

impl Head {
    pub(super) const SORT: &'static str = "head";
}

impl Stored for Head {
    const COLLECTION: Collection = AUDIT;

    fn key(&self) -> (String, String) {
        (self.subject.to_string(), Self::SORT.into())
    }
}
