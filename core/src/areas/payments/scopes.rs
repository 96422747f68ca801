//! What an API key can be allowed to do with payments.

use crate::foundation::scope::Scope;

/// All of it.
pub(super) const ALL: &[Scope] = &[READ];

/// Read payments and print receipts.
pub const READ: Scope = Scope::new("payments:read", "Read payments and print receipts");
