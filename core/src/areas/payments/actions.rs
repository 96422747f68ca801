//! What needs a fresh proof of factors.

use crate::foundation::step_up_action::StepUpAction;

/// All of it.
pub(super) const ALL: &[StepUpAction] = &[PAY, MOVE_MONEY];

pub(super) const PAY: StepUpAction =
    StepUpAction::new("pay", "To pay much, or with a method that was stored lately");
pub(super) const MOVE_MONEY: StepUpAction = StepUpAction::new(
    "move_money",
    "As an operator: to refund, capture or let go a payment",
);
