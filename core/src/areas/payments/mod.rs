//! Payments: money is taken once, given back once, and booked as the vendor shows it.
//!
//! What is about to be asked of a vendor is written down first, with the key that makes a repeat harmless; then the vendor
//! is asked; then what it answered is applied. Answers, webhooks, look-ups and operators all end in `apply`, which posts
//! the difference between what the vendor shows and what is booked. A call that nobody wrote the end of is looked up.

mod accept;
mod actions;
mod agreements;
mod apply;
#[cfg(test)]
mod apply_tests;
mod booked;
mod calls;
mod commands;
mod disputes;
mod dunning;
mod erasure;
mod events;
mod list;
mod look;
mod meters;
mod model;
mod observer;
mod offline;
mod operate;
mod post;
mod receipts;
mod records;
mod refunds;
mod rows;
pub mod scopes;
mod settings;
mod settle;
mod silence;
mod standing;
mod status;
mod tallied;
mod timeline;
mod unkeyed;
mod views;
mod watch;
mod webhooks;

use std::sync::Arc;

use portcullis_ports::{Code, Kind};

pub(crate) use agreements::{AgreedCharge, AgreementEvents, ChargeProof};
pub(crate) use apply::Movement;
pub(crate) use booked::{Among, BookedDispute, BookedPayment, BookedRefund, PaymentOwner, Shown};
pub use commands::{CaptureMode, CreatePayment, PayWith, Payer, RefundPayment};
pub use disputes::{DISPUTE_CLOSED, DISPUTE_NOT_ANSWERED, DisputeAnswer, DisputeFile};
pub use dunning::{Dunning, OverdueAct, OverdueStep};
pub use list::{Filter, PAGE};
pub use model::{DisputeId, Finding, InvoiceId, InvoiceSeries, OrderId, Purpose};
pub(crate) use observer::{PaymentNews, PaymentObserver};
pub use offline::{PayOut, RECEIPT_KNOWN, ReceiptProof, ReceiptReference, ReceiveMoney};
pub use operate::Decision;
pub use receipts::{Letterhead, NO_RECEIPT, Receipt};
use records::{DisputeRecord, PaymentLine, PaymentName, PaymentRecord, RefundRecord};
pub(crate) use records::{PAYMENT_DAYS, PAYMENT_NAMES, PAYMENTS};
pub use refunds::Refunded;
pub use settings::{AutopaySettings, Settings};
pub(crate) use silence::SILENCE;
pub use status::{RefundState, Status};
pub(crate) use tallied::{
    DISPUTE_LOST, DISPUTE_OPENED, DISPUTE_WON, PAYMENT_CANCELED, PAYMENT_FAILED, PAYMENT_SUCCEEDED,
};
use timeline::TimelineEntry;
pub use timeline::{
    CallOutcome, CallStep, EventResult, Timeline, TimelineItem, TimelineKind, TimelinePosting,
};
pub use unkeyed::PAYMENT_IN_PROGRESS;
pub use views::{DisputeView, PaidWithView, PaymentList, PaymentView, ReceivedView, RefundView};
pub(crate) use webhooks::PAYMENT_EVENTS;

use crate::areas::ledger::Ledger;
use crate::areas::operators::Operators;
pub use crate::areas::payment_methods::PaymentMethodId;
use crate::areas::payment_methods::PaymentMethods;
use crate::areas::step_up::StepUp;
use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::context::Context;
use crate::services::audit::Audit;
use crate::services::billing_freezes::BillingFreezes;
use crate::services::budgets::Budgets;
use crate::services::directory::Directory;
use crate::services::idempotency::Idempotency;
use crate::services::payment_vendors::PaymentVendors;
use crate::services::tallies::Tallies;
use crate::services::tasks::{Runners, Tasks};

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    families: &[
        // What was paid since the backup was paid.
        Family::new(
            PAYMENTS,
            Personal::Retained,
            &[
                shape::<PaymentRecord>("payment"),
                shape::<RefundRecord>("refund"),
                shape::<DisputeRecord>("dispute"),
                shape::<TimelineEntry>("timeline entry"),
            ],
        )
        .taken_over(),
        Family::new(
            PAYMENT_NAMES,
            Personal::RetainedInside,
            &[shape::<PaymentName>("name")],
        )
        .taken_over(),
        Family::new(
            PAYMENT_DAYS,
            Personal::RetainedInside,
            &[shape::<PaymentLine>("line")],
        )
        .taken_over(),
    ],
    problems: &[
        PAYMENT_NOT_FOUND,
        PAYMENT_DECLINED,
        PAYMENT_STATE,
        AMOUNT_NOT_TAKEN,
        NOTHING_DUE,
        REFUND_EXCEEDS_PAYMENT,
        REFUND_DECLINED,
        TOO_MANY_PAYMENTS,
        DISPUTE_CLOSED,
        DISPUTE_NOT_ANSWERED,
        NO_RECEIPT,
        PAYMENT_IN_PROGRESS,
        RECEIPT_KNOWN,
    ],
    meters: meters::ALL,
    events: events::ALL,
    actions: actions::ALL,
    scopes: scopes::ALL,
    tasks: &[&watch::WATCH, &PAYMENT_EVENTS, &SILENCE],
    ..Area::EMPTY
};

/// There is no such payment, or it is somebody else's.
pub const PAYMENT_NOT_FOUND: Code =
    Code::new("payment-not-found", Kind::NotFound, "There is no such payment.");
/// A bank or the vendor refused.
pub const PAYMENT_DECLINED: Code = Code::new(
    "payment-declined",
    Kind::Declined,
    "The payment was declined. `decline` says what would help.",
);
/// What was asked for does not fit to where the payment stands.
pub const PAYMENT_STATE: Code = Code::new(
    "payment-state",
    Kind::Conflict,
    "The payment does not allow this as it stands. Read it again.",
);
/// The vendor does not take this amount.
pub const AMOUNT_NOT_TAKEN: Code = Code::new(
    "amount-not-taken",
    Kind::Invalid,
    "The payment vendor does not take this amount.",
);
/// Nothing is owed that a payment could pay.
pub const NOTHING_DUE: Code = Code::new(
    "nothing-due",
    Kind::Conflict,
    "Nothing is due: what is owed is paid, or is being paid.",
);
/// More is to be given back than is left.
pub const REFUND_EXCEEDS_PAYMENT: Code = Code::new(
    "refund-exceeds-payment",
    Kind::Conflict,
    "More is to be given back than is left of the payment.",
);
/// The vendor refused to give money back.
pub const REFUND_DECLINED: Code = Code::new(
    "refund-declined",
    Kind::Declined,
    "The payment vendor refused the refund. Nothing was given back.",
);
/// One account has begun as many payments as it may for now.
pub const TOO_MANY_PAYMENTS: Code = Code::new(
    "too-many-payments",
    Kind::Limited,
    "Too many payments were begun, or asked about, in a short time.",
);

/// Takes payments, gives money back, and follows what vendors say.
#[derive(Clone)]
pub struct Payments {
    context: Arc<Context>,
    vendors: PaymentVendors,
    methods: PaymentMethods,
    step_up: StepUp,
    operators: Operators,
    budgets: Budgets,
    ledger: Ledger,
    audit: Audit,
    idempotency: Idempotency,
    freezes: BillingFreezes,
    directory: Directory,
    tasks: Tasks,
    tallies: Tallies,
    observers: Arc<[Arc<dyn PaymentObserver>]>,
    settings: Arc<Settings>,
}

/// What payments stand on.
pub(crate) struct Below<'a> {
    pub(crate) vendors: &'a PaymentVendors,
    pub(crate) methods: &'a PaymentMethods,
    pub(crate) step_up: &'a StepUp,
    pub(crate) operators: &'a Operators,
    pub(crate) budgets: &'a Budgets,
    pub(crate) ledger: &'a Ledger,
    pub(crate) audit: &'a Audit,
    pub(crate) idempotency: &'a Idempotency,
    pub(crate) freezes: &'a BillingFreezes,
    pub(crate) directory: &'a Directory,
    pub(crate) tasks: &'a Tasks,
    pub(crate) tallies: &'a Tallies,
    /// Who learns of payments, in this order.
    pub(crate) observers: Vec<Arc<dyn PaymentObserver>>,
}

impl Payments {
    pub(crate) fn new(context: &Arc<Context>, below: Below<'_>, settings: &Settings) -> Self {
        Self {
            context: Arc::clone(context),
            vendors: below.vendors.clone(),
            methods: below.methods.clone(),
            step_up: below.step_up.clone(),
            operators: below.operators.clone(),
            budgets: below.budgets.clone(),
            ledger: below.ledger.clone(),
            audit: below.audit.clone(),
            idempotency: below.idempotency.clone(),
            freezes: below.freezes.clone(),
            directory: below.directory.clone(),
            tasks: below.tasks.clone(),
            tallies: below.tallies.clone(),
            observers: below.observers.into(),
            settings: Arc::new(settings.clone()),
        }
    }

    /// Has payments watched by the workers of this process.
    pub(crate) fn register_runners(&self, runners: &mut Runners) {
        runners.repeating(&watch::WATCH, watch::Watch(self.clone()));
    }
}
