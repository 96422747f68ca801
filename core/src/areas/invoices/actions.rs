//! What needs a fresh proof of factors.

use crate::foundation::step_up_action::StepUpAction;

/// All of it.
pub(super) const ALL: &[StepUpAction] = &[WRITE_INVOICE];

pub(super) const WRITE_INVOICE: StepUpAction = StepUpAction::new(
    "write_invoice",
    "As an operator: to issue an invoice, take it back or give it up",
);
