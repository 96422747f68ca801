//! What an API key can be allowed to do with ledger.

use crate::foundation::scope::Scope;

/// All of it.
pub(super) const ALL: &[Scope] = &[READ];

/// Read balances and entries, and print statements.
pub const READ: Scope = Scope::new("ledger:read", "Read balances and entries, and print statements");
