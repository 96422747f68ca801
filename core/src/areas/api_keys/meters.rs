//! What is counted of API keys.

use crate::foundation::meter::Meter;

/// All of it.
pub(super) const ALL: &[Meter] = &[USES];

pub(super) const USES: Meter = Meter::counter(
    "portcullis_api_key_uses_total",
    "Uses of API keys, by what they came to; `unproven` is whatever was no valid key.",
);
