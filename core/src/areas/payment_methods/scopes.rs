//! What an API key can be allowed to do with payment methods.

use crate::foundation::scope::Scope;

/// All of it.
pub(super) const ALL: &[Scope] = &[READ];

/// Read which payment methods are stored.
pub const READ: Scope = Scope::new("payment_methods:read", "Read which payment methods are stored");
