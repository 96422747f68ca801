//! What an API key can be allowed to do with orders.

use crate::foundation::scope::Scope;

/// All of it.
pub(super) const ALL: &[Scope] = &[READ];

/// Read orders.
pub const READ: Scope = Scope::new("orders:read", "Read orders");
