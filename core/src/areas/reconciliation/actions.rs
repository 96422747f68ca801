//! What needs a fresh proof of factors.

use crate::foundation::step_up_action::StepUpAction;

/// All of it.
pub(super) const ALL: &[StepUpAction] = &[DECIDE];

pub(super) const DECIDE: StepUpAction = StepUpAction::new(
    "decide_difference",
    "As an operator: to decide about a difference between the books and a payment vendor",
);
