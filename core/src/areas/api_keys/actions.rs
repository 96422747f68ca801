//! What needs factors proven a short while ago.

use crate::foundation::step_up_action::StepUpAction;

/// All of it.
pub(super) const ALL: &[StepUpAction] = &[MANAGE];

pub(super) const MANAGE: StepUpAction = StepUpAction::new(
    "manage_api_keys",
    "To create or rotate an API key, or to let one do more",
);
