//! Subscriptions: periods that are billed in advance, from a day on that never drifts, until somebody ends them.
//!
//! A period is billed in the commit that begins it, and its invoice is collected apart from that. We count the periods; those
//! that a vendor collects by itself begin with what it took, and are billed and paid in one commit. Whatever changes a
//! subscription writes in the same commit what it entitles to, and who has to look at it next.

mod actions;
mod agreement;
mod allowed;
mod asking;
mod billing;
mod books;
mod change;
mod charges;
mod commands;
mod dunning;
#[cfg(test)]
mod dunning_tests;
mod end;
mod events;
mod follow;
mod lifecycle;
#[cfg(test)]
mod lifecycle_tests;
mod list;
mod method;
mod notices;
mod observers;
mod order;
mod proration;
mod records;
mod runners;
pub mod scopes;
mod status;
mod subscribe;
mod tallied;
mod told;
mod views;

use std::sync::Arc;

use portcullis_ports::{Code, Kind};

pub use crate::areas::entitlements::SubscriptionId;
pub(crate) use books::SubscriptionBooks;
pub use commands::{
    CancelSubscription, CancelWhen, ChangeMethod, ChangeSubscription, ChangeWhen, CompleteSubscription,
    ListSubscriptions, OperatorCancel, PauseSubscription, ReadSubscription, ResumeSubscription, Subscribe,
};
pub use records::EndReason;
use records::{
    OfferRecord, SUBSCRIPTION_NAMES, SUBSCRIPTIONS, SubscriptionName, SubscriptionRecord, TRIALS,
    TrialsRecord, VENDOR_OFFERS,
};
pub use status::SubscriptionStatus;
pub(crate) use tallied::{RECURRING, SUBSCRIPTION_BEGUN, SUBSCRIPTION_OVER};
pub use views::{
    AskedOfVendor, ChangeLine, ChangePreview, Changed, CollectorView, Subscribed, SubscriptionPage,
    SubscriptionView,
};

use crate::areas::entitlements::EntitlementRecords;
use crate::areas::invoices::{InvoiceBooks, Invoices};
use crate::areas::operators::Operators;
use crate::areas::payment_methods::PaymentMethods;
use crate::areas::payments::Payments;
use crate::areas::plans::Plans;
use crate::areas::step_up::StepUp;
use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::context::Context;
use crate::services::billing_freezes::BillingFreezes;
use crate::services::idempotency::Idempotency;
use crate::services::payment_vendors::PaymentVendors;
use crate::services::tasks::Runners;

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    families: &[
        // What was billed since the backup must not be billed again.
        Family::new(
            SUBSCRIPTIONS,
            Personal::BySubject,
            &[shape::<SubscriptionRecord>("subscription")],
        )
        .taken_over(),
        // What was tried since the backup is not tried again.
        Family::new(TRIALS, Personal::BySubject, &[shape::<TrialsRecord>("trials")]).taken_over(),
        // What vendors were asked for since the backup is known there.
        Family::new(
            SUBSCRIPTION_NAMES,
            Personal::RetainedInside,
            &[shape::<SubscriptionName>("name")],
        )
        .taken_over(),
        Family::new(VENDOR_OFFERS, Personal::Nobody, &[shape::<OfferRecord>("offer")]).taken_over(),
    ],
    problems: &[
        SUBSCRIPTION_NOT_FOUND,
        SUBSCRIPTION_EXISTS,
        SUBSCRIPTION_LIMIT,
        SUBSCRIPTION_STATE,
        TRIAL_USED,
        CUSTOMER_RESTRICTED,
        NOT_SOLD_IN_CURRENCY,
        SUBSCRIPTION_DECLINED,
        COLLECTED_BY_VENDOR,
    ],
    texts: &[notices::NOTICE],
    events: events::ALL,
    actions: actions::ALL,
    tasks: &[&runners::RENEWALS, &runners::DUNNING, &follow::FOLLOW],
    scopes: scopes::ALL,
    ..Area::EMPTY
};

/// There is no such subscription, or it is somebody else's.
pub const SUBSCRIPTION_NOT_FOUND: Code = Code::new(
    "subscription-not-found",
    Kind::NotFound,
    "There is no such subscription.",
);
/// There is a live subscription to the plan.
pub const SUBSCRIPTION_EXISTS: Code = Code::new(
    "subscription-exists",
    Kind::Conflict,
    "This plan is subscribed to already: change that subscription, or cancel it first.",
);
/// One account has as many subscriptions as it may.
pub const SUBSCRIPTION_LIMIT: Code = Code::new(
    "subscription-limit",
    Kind::Conflict,
    "This account has as many subscriptions as it may: cancel one first.",
);
/// What was asked for does not fit to where the subscription stands.
pub const SUBSCRIPTION_STATE: Code = Code::new(
    "subscription-state",
    Kind::Conflict,
    "The subscription does not allow this as it stands. Read it again.",
);
/// The plan was tried before.
pub const TRIAL_USED: Code = Code::new(
    "trial-used",
    Kind::Conflict,
    "This account has tried the plan before: send `trial` as false to begin it paid.",
);
/// The customer may not have more billed.
pub const CUSTOMER_RESTRICTED: Code = Code::new(
    "customer-restricted",
    Kind::Conflict,
    "A payment of this account is contested, or a subscription not paid for too long: have that settled first.",
);
/// The vendor that is to collect it refused.
pub const SUBSCRIPTION_DECLINED: Code = Code::new(
    "subscription-declined",
    Kind::Declined,
    "The payment vendor refused to collect this subscription. Nothing was charged.",
);
/// What was asked for cannot be done to what a vendor collects.
pub const COLLECTED_BY_VENDOR: Code = Code::new(
    "collected-by-vendor",
    Kind::Conflict,
    "A payment vendor collects this subscription, and does not offer this.",
);
/// The plan has no price in that currency.
pub const NOT_SOLD_IN_CURRENCY: Code = Code::new(
    "not-sold-in-currency",
    Kind::Invalid,
    "The plan has no price in this currency.",
);

/// Begins subscriptions, bills them, changes them and ends them.
#[derive(Clone)]
pub struct Subscriptions {
    context: Arc<Context>,
    books: SubscriptionBooks,
    invoice_books: InvoiceBooks,
    invoices: Invoices,
    payments: Payments,
    plans: Plans,
    entitlements: EntitlementRecords,
    methods: PaymentMethods,
    operators: Operators,
    step_up: StepUp,
    idempotency: Idempotency,
    freezes: BillingFreezes,
    vendors: PaymentVendors,
}

/// What subscriptions stand on.
pub(crate) struct Below<'a> {
    /// Those that invoices tell.
    pub(crate) books: &'a SubscriptionBooks,
    pub(crate) invoice_books: &'a InvoiceBooks,
    pub(crate) invoices: &'a Invoices,
    pub(crate) payments: &'a Payments,
    pub(crate) plans: &'a Plans,
    pub(crate) entitlements: &'a EntitlementRecords,
    pub(crate) methods: &'a PaymentMethods,
    pub(crate) operators: &'a Operators,
    pub(crate) step_up: &'a StepUp,
    pub(crate) idempotency: &'a Idempotency,
    pub(crate) freezes: &'a BillingFreezes,
    pub(crate) vendors: &'a PaymentVendors,
}

impl Subscriptions {
    pub(crate) fn new(context: &Arc<Context>, below: &Below<'_>) -> Self {
        Self {
            context: Arc::clone(context),
            books: below.books.clone(),
            invoice_books: below.invoice_books.clone(),
            invoices: below.invoices.clone(),
            payments: below.payments.clone(),
            plans: below.plans.clone(),
            entitlements: below.entitlements.clone(),
            methods: below.methods.clone(),
            operators: below.operators.clone(),
            step_up: below.step_up.clone(),
            idempotency: below.idempotency.clone(),
            freezes: below.freezes.clone(),
            vendors: below.vendors.clone(),
        }
    }

    /// Has subscriptions renewed and collected by the workers of this process.
    pub(crate) fn register_runners(&self, all: &mut Runners) {
        all.repeating(&runners::RENEWALS, runners::Renewals(self.clone()));
        all.repeating(&runners::DUNNING, runners::DunningRunner(self.clone()));
        all.repeating(&follow::FOLLOW, follow::Follower(self.clone()));
    }
}
