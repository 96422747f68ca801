//! What stands in histories.

use crate::foundation::event_kind::EventKind;

/// All of it.
pub(super) const ALL: &[EventKind] = &[PLAN_CREATED, PLAN_CHANGED];

pub(super) const PLAN_CREATED: EventKind = EventKind::new(
    "operator_plan_create",
    "An operator made a plan that people can subscribe to.",
);
pub(super) const PLAN_CHANGED: EventKind = EventKind::new(
    "operator_plan_change",
    "An operator changed a plan or its prices.",
);
