//! What an operator sets about sessions.

use portcullis_ports::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::foundation::settings::{Broken, SettingsTable};

/// The shortest idle limit: activity is noted once a minute.
const SHORTEST_IDLE: Span = Span::minutes(2);

/// What follows a complete sign-in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// A session ends this long after it began, however busy it is.
    #[schemars(extend("x-env" = ["UI_SESSION_TTL_SECONDS"], "x-env-unit" = "seconds"))]
    pub lifetime: Span,
    /// A session ends when it was not used for this long. At least two minutes.
    #[schemars(extend("x-env" = ["UI_INACTIVITY_SECONDS"], "x-env-unit" = "seconds"))]
    pub idle: Span,
    /// Sensitive actions need a factor that was proven at most this long ago.
    pub step_up: Span,
    /// The most sessions of one account. When one more begins, the oldest ends of the sign-in that has the most.
    #[schemars(range(min = 1, max = 500))]
    pub limit: usize,
    /// A network or a device from which an account signed in completely counts as known for this long.
    pub known_source_lifetime: Span,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lifetime: Span::days(30),
            idle: Span::minutes(15),
            step_up: Span::minutes(10),
            limit: 100,
            known_source_lifetime: Span::days(90),
        }
    }
}

impl SettingsTable for Settings {
    const NAME: &'static str = "sessions";

    fn errors(&self) -> Vec<Broken> {
        let Self { idle, lifetime, .. } = self;
        let mut errors = Vec::new();
        if *idle < SHORTEST_IDLE {
            let text = format!(
                "{idle} is too short: people would be signed out while they read.\nExpected is at least {SHORTEST_IDLE}."
            );
            errors.push(("idle", text));
        }
        if idle > lifetime {
            let text = format!(
                "{idle} is longer than `sessions.lifetime`, {lifetime}.\nShorten it, or lengthen the lifetime."
            );
            errors.push(("idle", text));
        }
        errors
    }
}
