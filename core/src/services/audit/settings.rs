//! What an operator sets about histories.

use portcullis_ports::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::foundation::limit::Limit;
use crate::foundation::settings::{Broken, SettingsTable};

/// The history of every account.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How long entries are kept. They are pruned once a day; what is left still proves that nothing else is missing.
    pub kept: Span,
    /// How long entries about what was refused are kept, such as wrong passwords, which anybody can cause. No longer
    /// than `kept`.
    pub failures_kept: Span,
    /// How many failures of one kind are written for one account; further ones are counted, and the next entry says
    /// how many there were.
    pub failures_per_account: Limit,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            kept: Span::days(400),
            failures_kept: Span::days(90),
            failures_per_account: Limit::new(50, Span::days(1)),
        }
    }
}

impl SettingsTable for Settings {
    const NAME: &'static str = "audit";
    const PROTECTS: bool = false;

    fn errors(&self) -> Vec<Broken> {
        let Self {
            kept, failures_kept, ..
        } = self;
        if failures_kept <= kept {
            return Vec::new();
        }
        let text = format!(
            "{failures_kept} is longer than `audit.kept`, {kept}, after which everything goes.\n\
             Shorten it, or lengthen `audit.kept`."
        );
        vec![("failures_kept", text)]
    }
}
