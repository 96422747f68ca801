//! What needs factors proven a short while ago.

use crate::foundation::step_up_action::StepUpAction;

/// All of it.
pub(super) const ALL: &[StepUpAction] = &[CLOSE];

pub(super) const CLOSE: StepUpAction = StepUpAction::new("close_account", "To close the account");
