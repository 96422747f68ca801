//! What an API key can be allowed to do with carts.

use crate::foundation::scope::Scope;

/// All of it.
pub(super) const ALL: &[Scope] = &[READ, WRITE];

/// Read carts.
pub const READ: Scope = Scope::new("carts:read", "Read carts");

/// Open, fill, change and delete carts.
pub const WRITE: Scope = Scope::new("carts:write", "Open, fill, change and delete carts");
