//! What an operator sets about the cache.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::foundation::settings::SettingsTable;

/// What a node keeps in memory.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The most sessions, accounts and factors that are remembered, together; about 1 KiB each. With fewer than are in
    /// use, the store is read more often.
    #[schemars(range(min = 64, max = 10_000_000))]
    pub records: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { records: 8192 }
    }
}

impl SettingsTable for Settings {
    const NAME: &'static str = "cache";
}
