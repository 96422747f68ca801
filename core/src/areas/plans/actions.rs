//! What needs a fresh proof of factors.

use crate::foundation::step_up_action::StepUpAction;

/// All of it.
pub(super) const ALL: &[StepUpAction] = &[MANAGE_PLANS];

pub(super) const MANAGE_PLANS: StepUpAction = StepUpAction::new(
    "manage_plans",
    "As an operator: to offer a plan, or to change one and its prices",
);
