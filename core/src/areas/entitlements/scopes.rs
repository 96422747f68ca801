//! What an API key can be allowed to do with entitlements.

use crate::foundation::scope::Scope;

/// All of it.
pub(super) const ALL: &[Scope] = &[READ];

/// Read what one is entitled to.
pub const READ: Scope = Scope::new("entitlements:read", "Read what the account is entitled to");
