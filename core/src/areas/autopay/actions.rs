//! What needs a fresh proof of factors.

use crate::foundation::step_up_action::StepUpAction;

/// All of it.
pub(super) const ALL: &[StepUpAction] = &[CHANGE_AUTOPAY];

pub(super) const CHANGE_AUTOPAY: StepUpAction = StepUpAction::new(
    "change_autopay",
    "To turn automatic payment on, or let it collect more, sooner or with another method",
);
