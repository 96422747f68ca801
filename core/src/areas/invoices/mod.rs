//! Invoices: what is owed for what, with taxes and a number, and what became of it.
//!
//! An invoice stands on its customer's balance from the moment it is issued. It is paid by payments of its own, or out of the
//! balance: what comes there beyond all other debts pays open invoices, oldest first. One payment at a time collects it, and
//! what that payment may bring is held on the balance, so that no other payment asks for the same debt.

mod actions;
mod balance;
mod books;
mod collect;
mod compute;
#[cfg(test)]
mod compute_tests;
mod events;
mod follow;
mod issue;
mod kept;
mod list;
mod model;
mod observer;
mod operate;
mod records;
pub mod scopes;
mod views;

use std::sync::Arc;

use portcullis_ports::{Code, Kind};

pub(crate) use balance::BalanceTasks;
pub(crate) use books::InvoiceBooks;
pub use collect::{Collected, PayInvoice};
pub use list::{ListInvoices, PAGE};
pub use model::{InvoiceOrder, InvoiceOrigin, InvoiceState, LineText, OrderLine};
pub(crate) use observer::{InvoiceEvent, InvoiceNews, InvoiceObserver};
pub use operate::{EndInvoice, WriteInvoice};
use records::{AccountRecord, INVOICE_NUMBERS, INVOICES, InvoiceRecord, NumberedRecord, SeriesRecord};
pub use views::{InvoiceDocument, InvoiceLineView, InvoicePage, InvoiceTaxView, InvoiceView, ReadInvoice};

pub use crate::areas::payments::{InvoiceId, InvoiceSeries};
pub use crate::foundation::taxes::TaxCode;

use crate::areas::operators::Operators;
use crate::areas::payments::Payments;
use crate::areas::step_up::StepUp;
use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::context::Context;
use crate::services::directory::Directory;
use crate::services::idempotency::Idempotency;
use crate::services::tasks::Runners;

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    families: &[
        // The law asks for them, and for numbers without a gap. They are written in the commits of the ledger.
        Family::new(
            INVOICES,
            Personal::Retained,
            &[
                shape::<InvoiceRecord>("invoice"),
                shape::<AccountRecord>("account"),
            ],
        )
        .taken_over(),
        Family::new(
            INVOICE_NUMBERS,
            Personal::RetainedInside,
            &[shape::<NumberedRecord>("number"), shape::<SeriesRecord>("series")],
        )
        .taken_over(),
    ],
    problems: &[INVOICE_NOT_FOUND, INVOICE_STATE, TOO_MANY_INVOICES],
    events: events::ALL,
    actions: actions::ALL,
    tasks: &[&balance::BALANCE],
    scopes: scopes::ALL,
    ..Area::EMPTY
};

/// There is no such invoice, or it is somebody else's.
pub const INVOICE_NOT_FOUND: Code =
    Code::new("invoice-not-found", Kind::NotFound, "There is no such invoice.");
/// What was asked for does not fit to where the invoice stands.
pub const INVOICE_STATE: Code = Code::new(
    "invoice-state",
    Kind::Conflict,
    "The invoice does not allow this as it stands. Read it again.",
);
/// One account owes as many invoices as it may.
pub const TOO_MANY_INVOICES: Code = Code::new(
    "too-many-invoices",
    Kind::Limited,
    "Too many invoices of this account are open: have some of them paid, taken back or given up.",
);

/// Writes invoices, shows them and has them paid.
#[derive(Clone)]
pub struct Invoices {
    context: Arc<Context>,
    books: InvoiceBooks,
    payments: Payments,
    step_up: StepUp,
    operators: Operators,
    directory: Directory,
    idempotency: Idempotency,
}

/// What invoices stand on.
pub(crate) struct Below<'a> {
    /// Those that payments tell.
    pub(crate) books: &'a InvoiceBooks,
    pub(crate) payments: &'a Payments,
    pub(crate) step_up: &'a StepUp,
    pub(crate) operators: &'a Operators,
    pub(crate) directory: &'a Directory,
    pub(crate) idempotency: &'a Idempotency,
}

impl Invoices {
    pub(crate) fn new(context: &Arc<Context>, below: &Below<'_>) -> Self {
        Self {
            context: Arc::clone(context),
            books: below.books.clone(),
            payments: below.payments.clone(),
            step_up: below.step_up.clone(),
            operators: below.operators.clone(),
            directory: below.directory.clone(),
            idempotency: below.idempotency.clone(),
        }
    }
    /// Has balances pay what is open by the workers of this process.
    pub(crate) fn register_runners(&self, runners: &mut Runners) {
        runners.repeating(&balance::BALANCE, balance::BalanceRunner(self.books.clone()));
    }
}
