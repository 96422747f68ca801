//! What an operator sets about sensitive actions.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::foundation::requirement::Requirement;

/// What sensitive actions need.
#[derive(Debug, Clone)]
pub(crate) struct StepUpRules {
    /// The oldest proof that still counts.
    pub(crate) oldest: Duration,
    pub(crate) require_for: RequireFor,
}

/// Which enrolled factors sensitive actions need, each proven recently in the same session.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RequireFor {
    /// To add an authenticator app, a phone number or an e-mail address: `any`, `strongest` or `all`.
    pub add_factor: Requirement,
    /// To remove a factor without proving another one in the same request.
    pub remove_factor: Requirement,
    /// To replace recovery codes.
    pub regenerate_recovery_codes: Requirement,
}

impl Default for RequireFor {
    fn default() -> Self {
        Self {
            add_factor: Requirement::Any,
            remove_factor: Requirement::Any,
            regenerate_recovery_codes: Requirement::Any,
        }
    }
}
