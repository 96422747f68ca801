//! What an API key can be allowed to do with catalog.

use crate::foundation::scope::Scope;

/// All of it.
pub(super) const ALL: &[Scope] = &[READ];

/// Read the catalog and its reviews.
pub const READ: Scope = Scope::new("catalog:read", "Read the catalog and its reviews");
