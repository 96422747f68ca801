//! What needs factors proven a short while ago.

use crate::foundation::step_up_action::StepUpAction;

/// All of it.
pub(super) const ALL: &[StepUpAction] = &[ADD_METHOD, SET_DEFAULT, REMOVE_METHOD];

pub(crate) const ADD_METHOD: StepUpAction =
    StepUpAction::new("add_payment_method", "To add a payment method");
pub(super) const SET_DEFAULT: StepUpAction = StepUpAction::new(
    "set_default_payment_method",
    "To have another payment method charged by default",
);
pub(super) const REMOVE_METHOD: StepUpAction =
    StepUpAction::new("remove_payment_method", "To remove a payment method");
