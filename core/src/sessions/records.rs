//! How sessions are stored: the session under its id, and a line under its account for the list.

use portcullis_ports::Timestamp;
use portcullis_ports::id::SessionId;
use portcullis_ports::identity::Subject;
use portcullis_ports::storage::Collection;
use serde::{Deserialize, Serialize};

use super::Session;
use crate::recall::Memory;
use crate::table::Stored;

/// Sessions.
pub(crate) const SESSIONS: Collection = Collection {
    name: "sessions",
    table: "sessions",
    variable: "DDB_SESSIONS_TABLE",
};
/// Which sessions an account has.
pub(crate) const ACCOUNT_SESSIONS: Collection = Collection {
    name: "account_sessions",
    table: "account_sessions",
    variable: "DDB_SESSIONS_TABLE",
};

impl Session {
    pub(super) const SORT: &'static str = "session";
}

impl Stored for Session {
    const COLLECTION: Collection = SESSIONS;
    const MEMORY: Memory = Memory::Records;

    fn key(&self) -> (String, String) {
        (self.id.to_string(), Self::SORT.into())
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

/// A session's line in its account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) subject: Subject,
    pub(super) session: SessionId,
    pub(super) expires_at: Timestamp,
}

impl Stored for Line {
    const COLLECTION: Collection = ACCOUNT_SESSIONS;

    fn key(&self) -> (String, String) {
        (self.subject.to_string(), self.session.to_string())
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}
