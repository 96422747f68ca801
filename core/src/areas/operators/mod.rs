//! Operators: who may look after the service, with which role, and what they did.
//!
//! Other areas take an [`Operator`], which only [`Operators::authorize`] makes, and write what is done into both histories
//! with `Operators::append`.

mod actions;
mod billing;
mod customers;
mod events;
mod grants;
mod history;
mod inbox;
mod model;
mod records;

use std::sync::Arc;

use portcullis_ports::Result;
use portcullis_ports::identity::Subject;

pub use billing::{AdjustCustomer, Adjusted, AdjustmentKind, FreezeCustomer};
pub use model::{
    ACCOUNT_NOT_FOUND, ADDRESS_NOT_PROVEN, CUSTOMER_NOT_FOUND, CustomerFreeze, CustomerView, GrantOperator,
    LEVEL_PROBLEMS, NOT_AN_OPERATOR, Named, OPERATOR_FACTOR_REQUIRED, OPERATOR_LIMIT, OPERATOR_ROLE_REQUIRED,
    Operator, OperatorList, OperatorSelf, OperatorView, ReadCustomerEntries, Role,
};
use records::{Grant, OPERATORS};

use crate::areas::enrolled_factors::EnrolledFactors;
use crate::areas::ledger::{CreditObserver, Ledger};
use crate::areas::sessions::SignedIn;
use crate::areas::step_up::{STEP_UP_REQUIRED, StepUp};
use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::context::Context;
use crate::services::audit::Audit;
use crate::services::billing_freezes::{BillingFreezes, FreezeObserver};
use crate::services::directory::Directory;
use crate::services::idempotency::Idempotency;

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    families: &[Family::new(OPERATORS, Personal::BySort, &[shape::<Grant>("grant")]).taken_over()],
    problems: &[
        NOT_AN_OPERATOR,
        OPERATOR_ROLE_REQUIRED,
        OPERATOR_FACTOR_REQUIRED,
        ACCOUNT_NOT_FOUND,
        ADDRESS_NOT_PROVEN,
        OPERATOR_LIMIT,
        CUSTOMER_NOT_FOUND,
    ],
    events: events::ALL,
    actions: actions::ALL,
    ..Area::EMPTY
};

/// Knows who is an operator.
#[derive(Clone)]
pub struct Operators {
    context: Arc<Context>,
    enrolled: EnrolledFactors,
    step_up: StepUp,
    directory: Directory,
    audit: Audit,
    ledger: Ledger,
    idempotency: Idempotency,
    freezes: BillingFreezes,
    told_of_freezes: Arc<dyn FreezeObserver>,
    credits: Arc<dyn CreditObserver>,
}

/// What operators stand on.
pub(crate) struct Below<'a> {
    pub(crate) enrolled: &'a EnrolledFactors,
    pub(crate) step_up: &'a StepUp,
    pub(crate) directory: &'a Directory,
    pub(crate) audit: &'a Audit,
    pub(crate) ledger: &'a Ledger,
    pub(crate) idempotency: &'a Idempotency,
    pub(crate) freezes: &'a BillingFreezes,
    /// Who learns of customers that are frozen.
    pub(crate) told_of_freezes: Arc<dyn FreezeObserver>,
    /// Who learns of what customers are given.
    pub(crate) credits: Arc<dyn CreditObserver>,
}

impl Operators {
    pub(crate) fn new(context: &Arc<Context>, below: &Below<'_>) -> Self {
        Self {
            context: Arc::clone(context),
            enrolled: below.enrolled.clone(),
            step_up: below.step_up.clone(),
            directory: below.directory.clone(),
            audit: below.audit.clone(),
            ledger: below.ledger.clone(),
            idempotency: below.idempotency.clone(),
            freezes: below.freezes.clone(),
            told_of_freezes: Arc::clone(&below.told_of_freezes),
            credits: Arc::clone(&below.credits),
        }
    }

    /// The role of a person as it was within the last second, whether or not it can be used.
    pub async fn role(&self, subject: &Subject) -> Result<Option<Role>> {
        let grant = self.find(subject).await?;
        Ok(grant.map(|grant| grant.role))
    }

    /// Lets somebody with a session act as an operator.
    ///
    /// The session must hold the proof of a second factor that the account still has: a device that its owner trusts, and a
    /// session from before the factor was enrolled, are not enough.
    ///
    /// # Errors
    /// `not-an-operator`, `operator-role-required`, `operator-factor-required`, `step-up-required`.
    pub async fn authorize(&self, who: SignedIn, needed: Role) -> Result<Operator> {
        let Some(grant) = self.find(who.subject()).await? else {
            return Err(NOT_AN_OPERATOR.error());
        };
        if grant.role < needed {
            let (needed, has) = (needed.as_str(), grant.role.as_str());
            return Err(OPERATOR_ROLE_REQUIRED.with_detail(format!(
                "This needs the role `{needed}`; yours is `{has}`. `portcullis operators grant` gives another."
            )));
        }
        if self.enrolled.kinds(who.subject()).await?.is_empty() {
            return Err(OPERATOR_FACTOR_REQUIRED.error());
        }
        if !self.step_up.has_proven_factor(&who).await? {
            return Err(STEP_UP_REQUIRED.with_detail(
                "Operators prove a second factor once in each session: through /ui/step-up/start, then repeat the request.",
            ));
        }
        Ok(Operator {
            who,
            role: grant.role,
            granted_at: grant.granted_at.seconds(),
        })
    }

    async fn find(&self, subject: &Subject) -> Result<Option<Arc<Grant>>> {
        self.context.cache.find(Grant::PARTITION, subject.as_str()).await
    }
}
