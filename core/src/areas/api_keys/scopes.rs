//! What an API key can be allowed to do with others.

use crate::foundation::scope::Scope;

/// All of it.
pub(super) const ALL: &[Scope] = &[VERIFY];

/// For keys of operators alone.
pub const VERIFY: Scope = Scope::new(
    "api_keys:verify",
    "Have API keys of others verified: for the application's own back end, whose key an operator makes",
);
