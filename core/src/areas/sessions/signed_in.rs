//! Who is asking: proven by the first factor, or signed in.

use std::sync::Arc;

use portcullis_ports::Timestamp;
use portcullis_ports::id::SessionId;
use portcullis_ports::identity::Subject;

use super::Session;
use crate::foundation::source::Source;
use crate::services::epochs::{Lineage, TokenId};

/// Somebody who proved the first factor.
#[derive(Debug, Clone)]
pub struct Identified {
    /// Who.
    pub subject: Subject,
    /// When the proof was given.
    pub at: Timestamp,
    /// What the proof grew from.
    pub(crate) lineage: Lineage,
    /// The session that was shown beside it, or that is the proof.
    pub(crate) session: Option<SessionId>,
    /// From where.
    pub source: Source,
}

/// Somebody with a live session.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The session.
    pub session: Arc<Session>,
    /// The access token that was shown beside it.
    pub(crate) token: Option<TokenId>,
    /// From where.
    pub source: Source,
}

impl SignedIn {
    /// Who.
    pub fn subject(&self) -> &Subject {
        &self.session.subject
    }
}
