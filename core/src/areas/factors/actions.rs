//! What needs factors proven a short while ago.

use crate::foundation::step_up_action::StepUpAction;

/// All of it.
pub(super) const ALL: &[StepUpAction] = &[ADD_FACTOR, REMOVE_FACTOR, REGENERATE_RECOVERY_CODES];

pub(crate) const ADD_FACTOR: StepUpAction = StepUpAction::new(
    "add_factor",
    "To add an authenticator app, a phone number or an e-mail address",
);
pub(crate) const REMOVE_FACTOR: StepUpAction = StepUpAction::new(
    "remove_factor",
    "To remove a factor without proving another one in the same request",
);
pub(crate) const REGENERATE_RECOVERY_CODES: StepUpAction =
    StepUpAction::new("regenerate_recovery_codes", "To replace recovery codes");
