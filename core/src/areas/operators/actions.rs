//! What needs a fresh proof of factors.

use crate::foundation::step_up_action::StepUpAction;

/// All of it.
pub(super) const ALL: &[StepUpAction] = &[REPLAY_EVENT, ADJUST_CUSTOMER, FREEZE_CUSTOMER];

pub(super) const REPLAY_EVENT: StepUpAction = StepUpAction::new(
    "replay_event",
    "As an operator: to have what a vendor posted applied again",
);
pub(super) const ADJUST_CUSTOMER: StepUpAction = StepUpAction::new(
    "adjust_customer",
    "As an operator: to give a customer something, or take it back",
);
pub(super) const FREEZE_CUSTOMER: StepUpAction = StepUpAction::new(
    "freeze_customer",
    "As an operator: to freeze the billing of a customer, or thaw it",
);
