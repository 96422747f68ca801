//! A limit: so many times within so long.

use portcullis_ports::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// So many times within so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// How many times.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub most: u32,
    /// Within how long, counted from the first time.
    pub window: Span,
}

impl Limit {
    /// `most` times within `window`.
    pub const fn new(most: u32, window: Span) -> Self {
        Self { most, window }
    }
}
