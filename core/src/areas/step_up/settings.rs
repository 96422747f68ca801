//! What an operator sets about sensitive actions.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::foundation::requirement::Requirement;
use crate::foundation::step_up_action::StepUpAction;

/// What sensitive actions need.
#[derive(Debug, Clone)]
pub(crate) struct StepUpRules {
    /// The oldest proof that still counts.
    pub(crate) oldest: Duration,
    pub(crate) require_for: RequireFor,
    /// Every action that an area declares.
    pub(crate) actions: Vec<StepUpAction>,
}

/// Which enrolled factors sensitive actions need, each proven recently in the same session; by the names of the actions.
/// An action without an entry needs any one of them.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct RequireFor(BTreeMap<String, Requirement>);

impl RequireFor {
    /// What one action needs unless an operator says otherwise.
    pub(crate) const DEFAULT: Requirement = Requirement::Any;

    pub(crate) fn of(&self, action: StepUpAction) -> Requirement {
        self.0.get(action.name).copied().unwrap_or(Self::DEFAULT)
    }

    #[cfg(test)]
    pub(crate) fn set(&mut self, action: StepUpAction, requirement: Requirement) {
        self.0.insert(action.name.to_owned(), requirement);
    }
}
