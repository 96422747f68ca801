//! Plans: what people can subscribe to, for which price in which currency, and what it entitles them to.
//!
//! How periods are counted is fixed when a plan is made, and the rows of prices never change: another price is another row.
//! So nothing that an operator changes reaches a period that was billed before.

mod actions;
mod commands;
mod define;
mod events;
mod list;
mod model;
mod records;
pub mod scopes;
mod views;

use std::sync::Arc;

use portcullis_ports::{Code, Kind};

pub use commands::{ChangePlan, CreatePlan, ListPlans, NewPrice};
pub use model::{EntitlementName, Entitlements, Plan, PlanId, Price, PriceId};
pub(crate) use records::PLANS;
use records::{PlanRecord, PriceRecord};
pub use views::{EntitlementView, PlanList, PlanStatus, PlanView, PriceView};

use crate::areas::operators::Operators;
use crate::areas::payments::Settings;
use crate::areas::step_up::StepUp;
use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::context::Context;
use crate::services::payment_vendors::PaymentVendors;

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    families: &[
        // What was subscribed to since the backup is taken over, and names these.
        Family::new(
            PLANS,
            Personal::Nobody,
            &[shape::<PlanRecord>("plan"), shape::<PriceRecord>("price")],
        )
        .taken_over(),
    ],
    problems: &[PLAN_NOT_FOUND, PLAN_EXISTS, PLAN_LIMIT],
    events: events::ALL,
    actions: actions::ALL,
    scopes: scopes::ALL,
    ..Area::EMPTY
};

/// There is no such plan, or it is not offered any more.
pub const PLAN_NOT_FOUND: Code = Code::new(
    "plan-not-found",
    Kind::NotFound,
    "There is no such plan, or it is not offered any more.",
);
/// A plan of this id exists.
pub const PLAN_EXISTS: Code = Code::new(
    "plan-exists",
    Kind::Conflict,
    "There is a plan of this id: change it, or choose another id.",
);
/// There are as many plans as there may be.
pub const PLAN_LIMIT: Code = Code::new(
    "plan-limit",
    Kind::Conflict,
    "There are as many plans as there may be, archived ones included.",
);

/// Defines plans and shows them.
#[derive(Clone)]
pub struct Plans {
    context: Arc<Context>,
    step_up: StepUp,
    operators: Operators,
    vendors: PaymentVendors,
    settings: Arc<Settings>,
}

impl Plans {
    pub(crate) fn new(
        context: &Arc<Context>,
        step_up: &StepUp,
        (operators, vendors): (&Operators, &PaymentVendors),
        settings: &Settings,
    ) -> Self {
        Self {
            context: Arc::clone(context),
            step_up: step_up.clone(),
            operators: operators.clone(),
            vendors: vendors.clone(),
            settings: Arc::new(settings.clone()),
        }
    }
}
