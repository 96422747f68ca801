//! What an API key can be allowed to do with autopay.

use crate::foundation::scope::Scope;

/// All of it.
pub(super) const ALL: &[Scope] = &[READ];

/// Read what is set about billing and automatic payment.
pub const READ: Scope = Scope::new(
    "autopay:read",
    "Read what is set about billing and automatic payment",
);
