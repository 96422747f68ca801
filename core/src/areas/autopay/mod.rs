//! Automatic payment: what a customer owes is collected from a stored method, within the bounds that the customer set.
//!
//! A customer has one rule for each currency. A debit plans a look in its own commit; the look decides with what is true
//! then, and makes one payment as any other. The commit that accepts the payment names it in the rule, and the commit that
//! ends it takes it out again, so that a rule never has two, however many nodes look and whichever of them dies.

mod actions;
mod change;
mod decide;
mod events;
mod model;
mod notices;
mod observe;
mod records;
mod rules;
#[cfg(test)]
mod rules_tests;
mod run;
pub mod scopes;
mod store;

use std::sync::Arc;

pub use model::{
    AutopayId, AutopayList, AutopayResult, AutopayTrigger, AutopayView, BillingSettings, LastAutopay,
    ReadAutopay, SetAutopay, StoppedBy,
};
pub(crate) use records::AUTOPAY_RULES;
use records::Rule;
pub(crate) use store::AutopayRules;

use portcullis_ports::money::Currency;

use crate::areas::ledger::Ledger;
use crate::areas::payment_methods::PaymentMethods;
use crate::areas::payments::Payments;
use crate::areas::sessions::Sessions;
use crate::areas::step_up::StepUp;
use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::context::Context;
use crate::services::billing_freezes::BillingFreezes;
use crate::services::tasks::Runners;

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    families: &[
        // What was collected since the backup was collected, and what was turned off since stays off.
        Family::new(AUTOPAY_RULES, Personal::BySubject, &[shape::<Rule>("rule")]).taken_over(),
    ],
    events: events::ALL,
    actions: actions::ALL,
    tasks: &[&run::AUTOPAY],
    texts: &[notices::NOTICE],
    scopes: scopes::ALL,
    ..Area::EMPTY
};

/// What automatic payment stands on.
pub(crate) struct Below<'a> {
    pub(crate) rules: &'a AutopayRules,
    pub(crate) sessions: &'a Sessions,
    pub(crate) step_up: &'a StepUp,
    pub(crate) ledger: &'a Ledger,
    pub(crate) methods: &'a PaymentMethods,
    pub(crate) payments: &'a Payments,
    pub(crate) freezes: &'a BillingFreezes,
    /// The currency of requests that name none.
    pub(crate) default_currency: Option<Currency>,
}

/// Collects what is due, where customers asked for it.
#[derive(Clone)]
pub struct Autopay {
    context: Arc<Context>,
    rules: AutopayRules,
    sessions: Sessions,
    step_up: StepUp,
    ledger: Ledger,
    methods: PaymentMethods,
    payments: Payments,
    freezes: BillingFreezes,
    default_currency: Option<Currency>,
}

impl Autopay {
    pub(crate) fn new(context: &Arc<Context>, below: &Below<'_>) -> Self {
        Self {
            context: Arc::clone(context),
            rules: below.rules.clone(),
            sessions: below.sessions.clone(),
            step_up: below.step_up.clone(),
            ledger: below.ledger.clone(),
            methods: below.methods.clone(),
            payments: below.payments.clone(),
            freezes: below.freezes.clone(),
            default_currency: below.default_currency,
        }
    }

    /// Has what is due looked at by the workers of this process.
    pub(crate) fn register_runners(&self, runners: &mut Runners) {
        runners.repeating(&run::AUTOPAY, run::Collector(self.clone()));
    }
}
