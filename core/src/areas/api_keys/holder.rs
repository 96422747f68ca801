//! Who asks with a key, or with whatever else an operation takes.

use std::sync::Arc;

use portcullis_ports::identity::Subject;

use super::ApiKeyId;
use super::records::ApiKey;
use crate::areas::sessions::SignedIn;
use crate::foundation::source::Source;

/// A program with a key that was accepted.
#[derive(Debug, Clone)]
pub struct KeyHolder {
    pub(super) key: Arc<ApiKey>,
    /// From where.
    pub source: Source,
}

impl KeyHolder {
    /// Whose key it is.
    pub fn subject(&self) -> &Subject {
        &self.key.subject
    }

    /// Which one.
    pub fn key_id(&self) -> &ApiKeyId {
        &self.key.id
    }
}

/// Somebody who is signed in, or a program with a key that may do what is asked.
#[derive(Debug, Clone)]
pub enum Requester {
    /// By a session.
    Session(SignedIn),
    /// By a key.
    Key(KeyHolder),
}

/// Whoever asks for something, about one account and from somewhere.
pub trait Asking: Sync {
    /// Whose account it is about.
    fn subject(&self) -> &Subject;
    /// From where.
    fn source(&self) -> &Source;
}

impl Asking for SignedIn {
    fn subject(&self) -> &Subject {
        Self::subject(self)
    }

    fn source(&self) -> &Source {
        &self.source
    }
}

impl Asking for Requester {
    fn subject(&self) -> &Subject {
        match self {
            Self::Session(who) => who.subject(),
            Self::Key(holder) => holder.subject(),
        }
    }

    fn source(&self) -> &Source {
        match self {
            Self::Session(who) => &who.source,
            Self::Key(holder) => &holder.source,
        }
    }
}
