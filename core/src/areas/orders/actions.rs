//! What needs a fresh proof of factors.

use crate::foundation::step_up_action::StepUpAction;

/// All of it.
pub(super) const ALL: &[StepUpAction] = &[DECIDE_ORDER];

pub(super) const DECIDE_ORDER: StepUpAction = StepUpAction::new(
    "decide_order",
    "As an operator: to give the money of an order back, or to decide about its cancellation",
);
