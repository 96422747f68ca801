//! Scopes of API keys, as areas declare them.

/// Something that an API key may be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// As requests and keys name it: never renamed, and never given to anything else.
    pub name: &'static str,
    /// What it allows, as a sentence without its full stop.
    pub summary: &'static str,
}

impl Scope {
    pub(crate) const fn new(name: &'static str, summary: &'static str) -> Self {
        Self { name, summary }
    }
}
