//! Stored payment methods: what a person may be charged by, kept at vendors and known here by name.
//!
//! All methods of a person are one record, so that the limit, the default and "the same card once" hold in every commit.
//! Adding one is a conversation with the vendor: it is written down first, and its end is learnt from whoever tells it
//! first, the browser or the vendor. A removed method is gone here at once, and the vendor is told until it confirms.

mod actions;
mod calls;
mod choose;
mod customers;
mod events;
mod expiry;
mod forget;
mod keep;
mod model;
mod names;
mod news;
mod records;
mod rules;
#[cfg(test)]
mod rules_tests;
pub mod scopes;
mod setup_progress;
mod setups;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod unkeyed;

use std::sync::Arc;

use portcullis_ports::identity::Subject;
use portcullis_ports::payments::MethodKind;
use portcullis_ports::{Result, Timestamp};

pub(crate) use actions::ADD_METHOD;
pub(crate) use expiry::ExpiringCard;
pub(crate) use model::UsableMethod;
pub use model::{
    BeginSetup, CompleteSetup, DeadReason, METHOD_LIMIT, METHOD_NOT_FOUND, METHOD_UNUSABLE, MethodStatus,
    MethodView, NO_DEFAULT_METHOD, PaymentMethodId, ReadSetup, RemoveMethod, SETUP_DECLINED, SETUP_LIMIT,
    SETUP_NOT_FOUND, SetDefaultMethod, SetMethodPriority, SetupState, SetupView, VENDOR_UNAVAILABLE,
};
pub(crate) use records::{BILLING_CUSTOMERS, NamedMethod, PAYMENT_METHOD_NAMES, PAYMENT_METHODS};
use records::{BillingCustomers, CustomerMethods, Method, MethodName, VendorAccount};

use crate::areas::sessions::Sessions;
use crate::areas::step_up::StepUp;
use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::context::Context;
use crate::foundation::table::{Batch, Slot};
use crate::services::audit::Audit;
use crate::services::billing_freezes::BillingFreezes;
use crate::services::budgets::Budgets;
use crate::services::idempotency::Idempotency;
use crate::services::payment_vendors::PaymentVendors;
use crate::services::security_notifications::SecurityNotifications;
use crate::services::tasks::Tasks;

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    families: &[
        // What was made at a vendor since the backup is there, and what was removed since must not come back.
        Family::new(
            BILLING_CUSTOMERS,
            Personal::BySubject,
            &[shape::<BillingCustomers>("customers")],
        )
        .taken_over(),
        Family::new(
            PAYMENT_METHODS,
            Personal::BySubject,
            &[shape::<CustomerMethods>("methods")],
        )
        .taken_over(),
        Family::new(
            PAYMENT_METHOD_NAMES,
            Personal::RetainedInside,
            &[shape::<MethodName>("name")],
        )
        .taken_over(),
    ],
    problems: &[
        METHOD_NOT_FOUND,
        NO_DEFAULT_METHOD,
        METHOD_UNUSABLE,
        METHOD_LIMIT,
        SETUP_NOT_FOUND,
        SETUP_LIMIT,
        SETUP_DECLINED,
        VENDOR_UNAVAILABLE,
    ],
    events: events::ALL,
    actions: actions::ALL,
    tasks: &[&forget::FORGET],
    scopes: scopes::ALL,
    ..Area::EMPTY
};

/// What stored methods stand on.
pub(crate) struct Below<'a> {
    pub(crate) vendors: &'a PaymentVendors,
    pub(crate) sessions: &'a Sessions,
    pub(crate) step_up: &'a StepUp,
    pub(crate) budgets: &'a Budgets,
    pub(crate) idempotency: &'a Idempotency,
    pub(crate) freezes: &'a BillingFreezes,
    pub(crate) tasks: &'a Tasks,
    pub(crate) audit: &'a Audit,
    pub(crate) notifications: &'a SecurityNotifications,
}

/// Stores, lists and removes the methods that people pay with.
#[derive(Clone)]
pub struct PaymentMethods {
    context: Arc<Context>,
    vendors: PaymentVendors,
    sessions: Sessions,
    step_up: StepUp,
    budgets: Budgets,
    idempotency: Idempotency,
    freezes: BillingFreezes,
    tasks: Tasks,
    audit: Audit,
    notifications: SecurityNotifications,
}

impl PaymentMethods {
    pub(crate) fn new(context: &Arc<Context>, below: &Below<'_>) -> Self {
        Self {
            context: Arc::clone(context),
            vendors: below.vendors.clone(),
            sessions: below.sessions.clone(),
            step_up: below.step_up.clone(),
            budgets: below.budgets.clone(),
            idempotency: below.idempotency.clone(),
            freezes: below.freezes.clone(),
            tasks: below.tasks.clone(),
            audit: below.audit.clone(),
            notifications: below.notifications.clone(),
        }
    }

    /// The methods of a person, by priority.
    pub async fn list(&self, subject: &Subject) -> Result<Vec<MethodView>> {
        let slot = self.methods(subject).await?;
        let now = self.context.now();
        let views = slot.value.in_order().into_iter();
        Ok(views.map(|method| self.view(&slot.value, method, now)).collect())
    }

    /// A method, usable or not; the default one where none is named.
    ///
    /// # Errors
    /// `payment-method-not-found`, `no-default-payment-method`.
    pub(crate) async fn named(&self, subject: &Subject, id: Option<&PaymentMethodId>) -> Result<NamedMethod> {
        let slot = self.methods(subject).await?;
        named(&slot.value, id).cloned().map(NamedMethod)
    }

    /// A method that this vendor can charge.
    ///
    /// # Errors
    /// `payment-method-unusable`.
    pub(crate) fn require_usable(&self, named: &NamedMethod, instance: &str) -> Result<UsableMethod> {
        let NamedMethod(method) = named;
        if method.instance != instance {
            let keeper = &method.instance;
            return Err(METHOD_UNUSABLE.with_detail(format!(
                "This payment method is kept by `{keeper}`, which has to charge it."
            )));
        }
        self.require_alive(method)?;
        let reference = &method.stored.reference;
        Ok(UsableMethod {
            id: method.id.clone(),
            theirs: reference.theirs.clone(),
            kind: reference.kind,
            stored_at: method.stored_at,
        })
    }

    fn require_alive(&self, method: &Method) -> Result<()> {
        match self.dead(method, self.context.now()) {
            None => Ok(()),
            Some(reason) => Err(METHOD_UNUSABLE
                .with_detail(reason.sentence())
                .with_context("reason", reason.as_str())),
        }
    }

    /// Why a method cannot be charged here and now.
    fn dead(&self, method: &Method, now: Timestamp) -> Option<DeadReason> {
        let vendor = self.vendors.iter().find(|one| one.instance() == method.instance);
        let is_ours = vendor.is_some_and(|one| VendorAccount::of(one.terms()).matches(&method.account));
        method
            .dead(now)
            .or((!is_ours).then_some(DeadReason::OtherAccount))
    }

    fn view(&self, methods: &CustomerMethods, method: &Method, now: Timestamp) -> MethodView {
        let (stored, reason) = (&method.stored, self.dead(method, now));
        let is_card = stored.reference.kind == MethodKind::Card;
        MethodView {
            payment_method_id: method.id.clone(),
            vendor: method.instance.clone(),
            method_type: stored.reference.kind,
            label: stored.label.clone(),
            brand: is_card.then(|| stored.label.clone()),
            last4: stored.last4.clone(),
            exp_month: stored.expires.map(|expires| expires.month),
            exp_year: stored.expires.map(|expires| expires.year),
            priority: method.priority,
            is_default: methods.default.as_ref() == Some(&method.id),
            status: method.status(reason, now),
            reason,
            stored_at: method.stored_at.seconds(),
        }
    }

    async fn methods(&self, subject: &Subject) -> Result<Slot<CustomerMethods>> {
        self.methods_in(&Batch::default(), subject).await
    }

    /// As they will be once the batch is done.
    async fn methods_in(&self, batch: &Batch, subject: &Subject) -> Result<Slot<CustomerMethods>> {
        let table = self.context.table::<CustomerMethods>();
        let none = || CustomerMethods::none(subject);
        table
            .slot_in(batch, subject.as_str(), CustomerMethods::SORT, none)
            .await
    }
}

/// The method of that id, or the default.
fn named<'a>(methods: &'a CustomerMethods, id: Option<&PaymentMethodId>) -> Result<&'a Method> {
    let Some(id) = id else {
        let default = methods.default.as_ref().and_then(|id| methods.method(id));
        return default.ok_or_else(|| NO_DEFAULT_METHOD.error());
    };
    methods.method(id).ok_or_else(|| METHOD_NOT_FOUND.error())
}
