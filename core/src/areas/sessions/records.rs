//! How sessions are stored: the session under its id, and a line under its account with all that the list shows.

use portcullis_ports::Timestamp;
use portcullis_ports::id::SessionId;
use portcullis_ports::identity::Subject;
use portcullis_ports::storage::Collection;
use serde::{Deserialize, Serialize};

use super::Session;
use super::lines::AFTERLIFE;
use crate::foundation::table::Memory;
use crate::foundation::table::Stored;
use crate::services::epochs::Lineage;

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
    pub(crate) const SORT: &'static str = "session";
}

impl Stored for Session {
    const COLLECTION: Collection = SESSIONS;
    const MEMORY: Memory = Memory::Records;

    fn key(&self) -> (String, String) {
        (self.id.to_string(), Self::SORT.into())
    }

    fn expires_at(&self) -> Option<Timestamp> {
        // Until then whoever holds it is told why it is over.
        Some(self.expires_at + AFTERLIFE)
    }
}

/// A session's line in its account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) subject: Subject,
    pub(super) session: SessionId,
    pub(super) expires_at: Timestamp,
    /// Missing in lines of before; then the session itself is read.
    #[serde(default)]
    pub(super) summary: Option<Summary>,
}

/// What the list shows of a session, so that it reads none.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Summary {
    pub(super) created_at: Timestamp,
    pub(super) last_seen_at: Timestamp,
    pub(super) ip: String,
    pub(super) user_agent: String,
    pub(super) revoked_at: Option<Timestamp>,
    pub(super) lineage: Lineage,
}

impl Line {
    pub(super) fn of(session: &Session) -> Self {
        Self {
            subject: session.subject.clone(),
            session: session.id.clone(),
            expires_at: session.expires_at,
            summary: Some(Summary::of(session)),
        }
    }
}

impl Summary {
    pub(super) fn of(session: &Session) -> Self {
        Self {
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
            ip: session.ip.clone(),
            user_agent: session.user_agent.clone(),
            revoked_at: session.revoked_at,
            lineage: session.lineage.clone(),
        }
    }
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
