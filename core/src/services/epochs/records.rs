//! How epochs are stored: one record per person, and one for everybody.

use portcullis_ports::Timestamp;
use portcullis_ports::id::SessionId;
use portcullis_ports::identity::Subject;
use portcullis_ports::storage::Collection;
use serde::{Deserialize, Serialize};

use super::lineage::{EpochId, TokenId};
use super::reason::EndReason;
use crate::foundation::table::Memory;
use crate::foundation::table::Stored;

/// Epochs.
pub(crate) const EPOCHS: Collection = Collection {
    name: "epochs",
    table: "epochs",
    variable: "DDB_SESSIONS_TABLE",
};

/// The epoch of one person. There is no record as long as nothing was ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SubjectEpoch {
    pub(super) subject: Subject,
    pub(super) id: EpochId,
    /// When the epoch before it ended.
    pub(super) changed_at: Timestamp,
    /// The session of an older epoch that goes on.
    pub(super) kept: Option<Kept>,
    /// Tokens that ended with the session that they began.
    pub(super) revoked: Vec<RevokedToken>,
    /// Ended epochs, oldest first.
    pub(super) former: Vec<Former>,
    /// Sessions that ended with all that grew from them, where one commit could not write down each, or where something
    /// may have grown at that moment.
    #[serde(default)]
    pub(super) ended: Vec<EndedSession>,
}

/// A session that is refused with all that grew from it, whatever else is written about them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct EndedSession {
    pub(super) session: SessionId,
    /// How long it is remembered.
    pub(super) until: Timestamp,
}

/// A session that asked to end all others.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) session: SessionId,
    /// Whether tokens of before are accepted beside it, so that its client may go on as it is.
    pub(super) with_tokens: bool,
}

/// A token that is refused before its time.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct RevokedToken {
    pub(super) token: TokenId,
    /// It has expired by then.
    pub(super) until: Timestamp,
}

/// An ended epoch.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Former {
    pub(super) id: EpochId,
    pub(super) kept: Option<SessionId>,
    pub(super) ended_at: Timestamp,
    #[serde(default)]
    pub(super) reason: EndReason,
}

impl SubjectEpoch {
    pub(super) const SORT: &'static str = "epoch";

    pub(super) fn first(subject: &Subject) -> Self {
        Self {
            subject: subject.clone(),
            id: EpochId::default(),
            changed_at: Timestamp::from_millis(0),
            kept: None,
            revoked: Vec::new(),
            former: Vec::new(),
            ended: Vec::new(),
        }
    }
}

impl Stored for SubjectEpoch {
    const COLLECTION: Collection = EPOCHS;
    const MEMORY: Memory = Memory::RecordsAndAbsence;

    fn key(&self) -> (String, String) {
        (self.subject.to_string(), Self::SORT.into())
    }
}

/// The epoch of everybody. There is no record as long as no backup was restored and no operator ended all sessions.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DeploymentEpoch {
    pub(super) id: EpochId,
    /// When the epoch before it ended.
    pub(super) changed_at: Timestamp,
    /// Why.
    #[serde(default)]
    pub(super) reason: EndReason,
    /// When a backup was last restored without knowing what was used up since it was made.
    #[serde(default)]
    pub(super) uses_lost_at: Option<Timestamp>,
}

impl DeploymentEpoch {
    pub(super) const PARTITION: &'static str = "deployment";
    /// Another one than that of persons, one of whom another identity provider may call `deployment`.
    pub(super) const SORT: &'static str = "deployment";
}

impl Stored for DeploymentEpoch {
    const COLLECTION: Collection = EPOCHS;
    const MEMORY: Memory = Memory::RecordsAndAbsence;

    fn key(&self) -> (String, String) {
        (Self::PARTITION.into(), Self::SORT.into())
    }
}
