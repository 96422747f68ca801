//! How keys are stored: under a name that shows neither person nor key.

use portcullis_ports::Timestamp;
use portcullis_ports::storage::Collection;
use serde::{Deserialize, Serialize};

use crate::foundation::table::Stored;

/// Keys that were used.
pub(crate) const IDEMPOTENCY: Collection = Collection {
    name: "idempotency",
    table: "idempotency",
    variable: "IDEMPOTENCY_TABLE_NAME",
};

/// What a key was used for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct KeyUse {
    pub(super) name: String,
    /// A code over the request.
    pub(super) request: String,
    /// The id of what it made.
    pub(super) row: String,
    pub(super) used_at: Timestamp,
    pub(super) kept_until: Timestamp,
}

impl KeyUse {
    pub(super) const SORT: &'static str = "use";
}

impl Stored for KeyUse {
    const COLLECTION: Collection = IDEMPOTENCY;

    fn key(&self) -> (String, String) {
        (self.name.clone(), Self::SORT.into())
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.kept_until)
    }
}
