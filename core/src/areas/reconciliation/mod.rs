//! Reconciliation: whether what vendors booked on our accounts there agrees with our books.
//!
//! A run reads a vendor's report to its end and compares every line with what is booked here. What does not fit is looked
//! at once more and then listed, never repaired: an operator decides. Only what is in no order of ours, payouts and fees
//! that belong to nothing else, is posted from a report, once.

mod actions;
mod compare;
mod decide;
mod differences;
mod events;
mod figures;
mod line;
mod list;
mod measure;
mod meters;
mod missing;
mod model;
mod post;
mod read;
mod records;
mod run;
mod schedule;
mod span;
mod views;

use std::sync::Arc;

use portcullis_ports::{Code, Kind};

pub use decide::{DecideDifference, DifferenceDecision};
pub use list::{DifferenceFilter, ListDifferences, ListReconciliations, PAGE};
pub use model::{DifferenceId, DifferenceKind, DifferenceState, ReconciliationId, RunState};
use records::{DIFFERENCES, Difference, DifferenceLine, LineMark, RECONCILED_LINES, RECONCILIATIONS};
use records::{ReconciledUntil, RunRecord};
pub use run::BeginReconciliation;
pub use views::{
    CurrencyFigures, DecidedView, DifferencePage, DifferenceView, LineSum, MoneyView, ReconciliationPage,
    ReconciliationView,
};

use crate::areas::ledger::{CreditObserver, Ledger};
use crate::areas::operators::Operators;
use crate::areas::payments::Payments;
use crate::areas::step_up::StepUp;
use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::context::Context;
use crate::services::budgets::Budgets;
use crate::services::idempotency::Idempotency;
use crate::services::payment_vendors::PaymentVendors;
use crate::services::tasks::{Runners, Tasks};

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    families: &[
        Family::new(
            RECONCILIATIONS,
            Personal::RetainedInside,
            &[shape::<RunRecord>("run"), shape::<ReconciledUntil>("until")],
        )
        .taken_over(),
        Family::new(
            DIFFERENCES,
            Personal::RetainedInside,
            &[shape::<Difference>("difference"), shape::<DifferenceLine>("line")],
        )
        .taken_over(),
        // What was posted since the backup must not be posted again: the ledger is taken over as well.
        Family::new(RECONCILED_LINES, Personal::Nobody, &[shape::<LineMark>("posted")]).taken_over(),
    ],
    problems: &[DIFFERENCE_NOT_FOUND, DIFFERENCE_STATE, TOO_MANY_RECONCILIATIONS],
    events: events::ALL,
    actions: actions::ALL,
    meters: meters::ALL,
    tasks: &[&schedule::DAILY, &schedule::RUN],
    ..Area::EMPTY
};

/// There is no such difference.
pub const DIFFERENCE_NOT_FOUND: Code = Code::new(
    "difference-not-found",
    Kind::NotFound,
    "There is no such difference between the books and a payment vendor.",
);
/// What was decided does not fit to the difference as it stands.
pub const DIFFERENCE_STATE: Code = Code::new(
    "difference-state",
    Kind::Conflict,
    "The difference does not allow this as it stands. Read it again.",
);
/// One vendor's reports were asked for too often.
pub const TOO_MANY_RECONCILIATIONS: Code = Code::new(
    "too-many-reconciliations",
    Kind::Limited,
    "The reports of this payment vendor were asked for too often in a short time.",
);

/// Compares the books with what vendors report.
#[derive(Clone)]
pub struct Reconciliation {
    context: Arc<Context>,
    vendors: PaymentVendors,
    payments: Payments,
    step_up: StepUp,
    operators: Operators,
    budgets: Budgets,
    ledger: Ledger,
    idempotency: Idempotency,
    tasks: Tasks,
    credits: Arc<dyn CreditObserver>,
}

/// What reconciliation stands on.
pub(crate) struct Below<'a> {
    pub(crate) vendors: &'a PaymentVendors,
    pub(crate) payments: &'a Payments,
    pub(crate) step_up: &'a StepUp,
    pub(crate) operators: &'a Operators,
    pub(crate) budgets: &'a Budgets,
    pub(crate) ledger: &'a Ledger,
    pub(crate) idempotency: &'a Idempotency,
    pub(crate) tasks: &'a Tasks,
    /// Who learns of what customers are given.
    pub(crate) credits: Arc<dyn CreditObserver>,
}

impl Reconciliation {
    pub(crate) fn new(context: &Arc<Context>, below: &Below<'_>) -> Self {
        Self {
            context: Arc::clone(context),
            vendors: below.vendors.clone(),
            payments: below.payments.clone(),
            step_up: below.step_up.clone(),
            operators: below.operators.clone(),
            budgets: below.budgets.clone(),
            ledger: below.ledger.clone(),
            idempotency: below.idempotency.clone(),
            tasks: below.tasks.clone(),
            credits: Arc::clone(&below.credits),
        }
    }

    /// Has vendors compared by the workers of this process.
    pub(crate) fn register_runners(&self, runners: &mut Runners) {
        runners.repeating(&schedule::DAILY, schedule::Daily(self.clone()));
        runners.repeating(&schedule::RUN, schedule::Run(self.clone()));
    }
}
