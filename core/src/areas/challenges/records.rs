//! How challenges are stored: under the hash of an id that only the client holds.

use portcullis_ports::Timestamp;
use portcullis_ports::storage::Collection;

use super::model::Challenge;
use crate::foundation::table::Stored;

/// Challenges.
pub(crate) const CHALLENGES: Collection = Collection {
    name: "challenges",
    table: "challenges",
    variable: "DDB_SESSIONS_TABLE",
};

impl Challenge {
    pub(super) const SORT: &'static str = "challenge";
}

impl Stored for Challenge {
    const COLLECTION: Collection = CHALLENGES;

    fn key(&self) -> (String, String) {
        (self.id_hash.clone(), Self::SORT.into())
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}
