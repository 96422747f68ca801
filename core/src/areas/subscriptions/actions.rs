//! What needs a fresh proof of factors.

use crate::foundation::step_up_action::StepUpAction;

/// All of it.
pub(super) const ALL: &[StepUpAction] = &[CANCEL_FOR_CUSTOMER];

pub(super) const CANCEL_FOR_CUSTOMER: StepUpAction = StepUpAction::new(
    "cancel_subscription",
    "As an operator: to cancel the subscription of a customer",
);
