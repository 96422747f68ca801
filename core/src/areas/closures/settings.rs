//! What an operator sets about the closing of accounts.

use portcullis_ports::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::foundation::settings::{Broken, SettingsTable};

/// The longest grace period: whoever wants to be forgotten is, within a quarter of a year.
const LONGEST: Span = Span::days(90);

/// The closing of accounts.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// A closed account is erased after this long, at most 90 days. Until then its owner can take it back.
    pub grace: Span,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            grace: Span::days(14),
        }
    }
}

impl SettingsTable for Settings {
    const NAME: &'static str = "closures";

    fn errors(&self) -> Vec<Broken> {
        if self.grace > LONGEST {
            let text = format!("{} is too long.\nExpected is at most {LONGEST}.", self.grace);
            return vec![("grace", text)];
        }
        Vec::new()
    }
}
