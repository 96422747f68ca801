//! What an operator sets about API keys.

use portcullis_ports::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ScopeName;
use crate::areas::scopes;
use crate::foundation::limit::Limit;
use crate::foundation::settings::{Broken, SettingsTable};

/// The most that can be set for the overlap of secrets. The API document says so as well.
pub(super) const LONGEST_OVERLAP: Span = Span::days(7);

/// API keys.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The most valid keys of one account.
    #[schemars(range(min = 1, max = 100))]
    pub limit: usize,
    /// A key ends this long after it was made, unless its owner says otherwise.
    #[schemars(extend("x-env" = ["API_KEY_TTL_DAYS"], "x-env-unit" = "days"))]
    pub lifetime: Span,
    /// The longest that an owner may say.
    pub longest_lifetime: Span,
    /// The longest for which the secret of a key is valid beside the one in its place, at most 7 days.
    pub longest_overlap: Span,
    /// Uses of one key within a minute, at the most. Owners may set fewer.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub rate_per_minute: u32,
    /// Uses of one key on one day (UTC), at the most. Owners may set fewer.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub daily_quota: u32,
    /// How often one key may have others verified. It is counted by itself, and for no key that is verified.
    pub verifications: Limit,
    /// Scopes of the application beside those of the service, such as `reports:read`. The service only says whether a key has
    /// them.
    pub application_scopes: Vec<ScopeName>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            limit: 25,
            lifetime: Span::days(365),
            longest_lifetime: Span::days(730),
            longest_overlap: Span::days(7),
            rate_per_minute: 6_000,
            daily_quota: 1_000_000,
            verifications: Limit::new(60_000, Span::minutes(1)),
            application_scopes: Vec::new(),
        }
    }
}

impl SettingsTable for Settings {
    const NAME: &'static str = "api_keys";

    fn errors(&self) -> Vec<Broken> {
        let mut errors = Vec::new();
        let Self {
            lifetime,
            longest_lifetime,
            longest_overlap,
            ..
        } = self;
        if lifetime > longest_lifetime {
            let text = format!(
                "{lifetime} is longer than `api_keys.longest_lifetime`, {longest_lifetime}.\nShorten it, or lengthen the \
                 longest."
            );
            errors.push(("lifetime", text));
        }
        if *longest_overlap > LONGEST_OVERLAP {
            let text = format!("{longest_overlap} is too long.\nExpected is at most {LONGEST_OVERLAP}.");
            errors.push(("longest_overlap", text));
        }
        for scope in scopes() {
            if self
                .application_scopes
                .iter()
                .any(|one| one.as_str() == scope.name)
            {
                let text = format!(
                    "{} is a scope of the service.\nTake another name, or leave it out.",
                    scope.name
                );
                errors.push(("application_scopes", text));
            }
        }
        errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_overlap_for_a_week_at_most() {
        let broken = |days| {
            let settings = Settings {
                longest_overlap: Span::days(days),
                ..Settings::default()
            };
            let errors = settings.errors();
            errors.iter().map(|(name, _)| *name).collect::<Vec<_>>()
        };
        assert!(broken(7).is_empty());
        assert_eq!(broken(8), ["longest_overlap"]);
    }
}
