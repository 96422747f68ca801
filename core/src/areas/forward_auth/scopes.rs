//! What an API key can be allowed to do behind the gate.

use crate::foundation::scope::Scope;

/// All of it.
pub(super) const ALL: &[Scope] = &[ENTER];

/// Pass to applications that stand behind a reverse proxy.
pub const ENTER: Scope = Scope::new(
    "applications:enter",
    "Pass to the applications behind the reverse proxy",
);
