//! What needs a fresh proof of factors.

use crate::foundation::step_up_action::StepUpAction;

/// All of it.
pub(super) const ALL: &[StepUpAction] = &[MANAGE_CATALOG];

pub(super) const MANAGE_CATALOG: StepUpAction = StepUpAction::new(
    "manage_catalog",
    "As an operator: to change what the catalog offers, its prices and its stock",
);
