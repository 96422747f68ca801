//! How suppressed destinations are stored: under a pseudonym, so that the list is no address store.

use portcullis_ports::Timestamp;
use portcullis_ports::notification::SuppressionCause;
use portcullis_ports::storage::Collection;
use serde::{Deserialize, Serialize};

use crate::foundation::table::Stored;

/// Destinations that must not be written to.
pub(crate) const SUPPRESSIONS: Collection = Collection {
    name: "suppressions",
    table: "suppressions",
    variable: "SUPPRESSIONS_TABLE_NAME",
};

/// One reason, in force until it is lifted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) cause: SuppressionCause,
    pub(super) since: Timestamp,
    pub(super) detail: String,
    pub(super) source: String,
    /// A lifted reason is kept for a while, so that a late report of the time before does not bring it back.
    pub(super) lifted_at: Option<Timestamp>,
}

/// All reasons of one destination.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Suppressed {
    pub(super) pseudonym: String,
    pub(super) masked: String,
    pub(super) entries: Vec<Entry>,
    /// Set once nothing is in force any more.
    pub(super) until: Option<Timestamp>,
}

impl Suppressed {
    /// The parts of the list; each holds the pseudonyms that begin with its name.
    pub(crate) const SHARDS: [&'static str; 16] = [
        "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f",
    ];

    pub(super) fn shard(pseudonym: &str) -> &str {
        pseudonym.get(..1).unwrap_or("0")
    }
}

impl Stored for Suppressed {
    const COLLECTION: Collection = SUPPRESSIONS;

    fn key(&self) -> (String, String) {
        (Self::shard(&self.pseudonym).to_owned(), self.pseudonym.clone())
    }

    fn expires_at(&self) -> Option<Timestamp> {
        self.until
    }
}
