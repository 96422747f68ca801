//! What an API key can be allowed to do with plans.

use crate::foundation::scope::Scope;

/// All of it.
pub(super) const ALL: &[Scope] = &[READ];

/// Read which plans there are.
pub const READ: Scope = Scope::new("plans:read", "Read which plans there are");
