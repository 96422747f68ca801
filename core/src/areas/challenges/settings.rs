//! What an operator sets about challenges.

use portcullis_ports::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::foundation::settings::SettingsTable;

/// Short-lived records that collect proofs.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How long a challenge may be answered.
    #[schemars(extend("x-env" = ["SESSION_CHALLENGE_TTL_SECONDS"], "x-env-unit" = "seconds"))]
    pub lifetime: Span,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lifetime: Span::minutes(5),
        }
    }
}

impl SettingsTable for Settings {
    const NAME: &'static str = "challenges";
}
