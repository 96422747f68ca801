//! What an API key can be allowed to do with subscriptions.

use crate::foundation::scope::Scope;

/// All of it.
pub(super) const ALL: &[Scope] = &[READ];

/// Read subscriptions.
pub const READ: Scope = Scope::new("subscriptions:read", "Read subscriptions");
