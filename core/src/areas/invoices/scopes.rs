//! What an API key can be allowed to do with invoices.

use crate::foundation::scope::Scope;

/// All of it.
pub(super) const ALL: &[Scope] = &[READ];

/// Read and print invoices.
pub const READ: Scope = Scope::new("invoices:read", "Read and print invoices");
