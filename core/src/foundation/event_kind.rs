//! Kinds of events in the histories of accounts, as areas declare them.

/// Something that can happen to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EventKind {
    /// Stored with every entry and told by meters: it is never renamed, and never given to anything else.
    pub(crate) name: &'static str,
    /// What happened, for the reference.
    pub(crate) summary: &'static str,
}

impl EventKind {
    pub(crate) const fn new(name: &'static str, summary: &'static str) -> Self {
        Self { name, summary }
    }
}
