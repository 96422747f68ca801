//! What invoices do to the ledger, and who is told of them, in the commit of what it follows from.

use std::sync::Arc;

use portcullis_ports::identity::Subject;
use portcullis_ports::money::Amount;
use portcullis_ports::{Error, Result};

use super::balance::BalanceTasks;
use super::compute::net_of;
use super::events;
use super::model::{InvoiceOrigin, InvoiceState};
use super::observer::{InvoiceEvent, InvoiceNews, InvoiceObserver};
use super::records::{AccountRecord, InvoiceRecord};
use super::{INVOICE_NOT_FOUND, INVOICE_STATE};
use crate::areas::ledger::{Cause, CauseId, Ledger, Reason, Sale, Transaction};
use crate::areas::payments::{InvoiceId, Settings};
use crate::foundation::context::Context;
use crate::foundation::source::Source;
use crate::foundation::table::{Batch, Slot};
use crate::services::audit::{Audit, Event};
use crate::services::payment_vendors::PaymentVendors;

/// Keeps the books of invoices.
#[derive(Clone)]
pub(crate) struct InvoiceBooks {
    pub(super) context: Arc<Context>,
    pub(super) ledger: Ledger,
    pub(super) audit: Audit,
    pub(super) vendors: PaymentVendors,
    pub(super) balance_tasks: BalanceTasks,
    pub(super) observers: Arc<[Arc<dyn InvoiceObserver>]>,
    pub(super) settings: Arc<Settings>,
    /// The turn of whoever takes the next number.
    pub(super) numbering: Arc<async_lock::Mutex<()>>,
}

impl InvoiceBooks {
    /// Observers learn of invoices in this order.
    pub(crate) fn new(
        context: &Arc<Context>,
        (ledger, audit, vendors, balance_tasks): (&Ledger, &Audit, &PaymentVendors, &BalanceTasks),
        observers: Vec<Arc<dyn InvoiceObserver>>,
        settings: &Settings,
    ) -> Self {
        Self {
            context: Arc::clone(context),
            ledger: ledger.clone(),
            audit: audit.clone(),
            vendors: vendors.clone(),
            balance_tasks: balance_tasks.clone(),
            observers: observers.into(),
            settings: Arc::new(settings.clone()),
            numbering: Arc::default(),
        }
    }

    /// An invoice of that person, as it will be once `batch` is done.
    ///
    /// # Errors
    /// `invoice-not-found`.
    pub(super) async fn read_in(
        &self,
        batch: &Batch,
        subject: &Subject,
        id: &InvoiceId,
    ) -> Result<Slot<InvoiceRecord>> {
        let table = self.context.table::<InvoiceRecord>();
        let sort = InvoiceRecord::sort(id);
        let found = table.found_in(batch, subject.as_str(), &sort).await?;
        found.ok_or_else(|| INVOICE_NOT_FOUND.error())
    }

    pub(super) async fn account_in(&self, batch: &Batch, subject: &Subject) -> Result<Slot<AccountRecord>> {
        let table = self.context.table::<AccountRecord>();
        let empty = || AccountRecord::empty(subject);
        table
            .slot_in(batch, subject.as_str(), AccountRecord::SORT, empty)
            .await
    }

    /// Adds a changed invoice to a commit, and what is due by it to what its customer owes.
    pub(super) async fn save(&self, batch: &mut Batch, mut slot: Slot<InvoiceRecord>) -> Result<()> {
        let mut account = self.account_in(batch, &slot.value.subject).await?;
        slot.value.updated_at = self.context.now();
        account.value.follow(&slot.value);
        batch.save(&account)?;
        batch.save(&slot)
    }

    pub(super) async fn post(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        transaction: &Transaction,
    ) -> Result<()> {
        self.ledger.post(batch, subject, transaction).await.map(drop)
    }

    /// Takes back so much of the sale, or lets it count again if it is less than nothing.
    pub(super) async fn reverse(
        &self,
        batch: &mut Batch,
        invoice: &mut InvoiceRecord,
        more: i64,
    ) -> Result<()> {
        let (before, after) = (invoice.reversed, invoice.reversed + more);
        let (net, total) = (invoice.net, invoice.total);
        let earned = net_of(after, net, total) - net_of(before, net, total);
        let tax = more - earned;
        invoice.reversed = after;
        let sale = Sale::of(invoice.money(earned.abs()), invoice.money(tax.abs()))?;
        let Some(sale) = sale else { return Ok(()) };
        let by = cause(invoice)?;
        let transaction = if more > 0 {
            Transaction::sale_reversed(&sale, by)
        } else {
            Transaction::sale_restored(&sale, by)
        };
        self.post(batch, &invoice.subject, &transaction).await
    }

    /// Takes back all of the sale that still counts.
    pub(super) async fn reverse_rest(&self, batch: &mut Batch, invoice: &mut InvoiceRecord) -> Result<()> {
        let rest = (invoice.total - invoice.reversed).max(0);
        self.reverse(batch, invoice, rest).await
    }

    /// Gives up so much, or takes that back if it is less than nothing.
    pub(super) async fn write_off(
        &self,
        batch: &mut Batch,
        invoice: &mut InvoiceRecord,
        more: i64,
    ) -> Result<()> {
        if more == 0 {
            return Ok(());
        }
        invoice.written_off += more;
        let amount = Amount::new(invoice.money(more.abs()))?;
        let by = cause(invoice)?;
        let because = |text| Reason::parse(text).map_err(Error::internal);
        let transaction = if more > 0 {
            Transaction::write_off(amount, by, because("The invoice was given up as uncollectible.")?)
        } else {
            let why = because("Money came for an invoice that had been given up.")?;
            Transaction::write_off_returned(amount, by, why)
        };
        self.post(batch, &invoice.subject, &transaction).await
    }

    /// Whoever wants to know is told, and the history says it.
    pub(super) async fn tell(
        &self,
        batch: &mut Batch,
        invoice: &InvoiceRecord,
        event: InvoiceEvent<'_>,
    ) -> Result<()> {
        let source = Source::internal("invoices");
        let by_operator = matches!(invoice.origin, InvoiceOrigin::Operator { .. });
        let kind = match event {
            InvoiceEvent::Issued if !by_operator => Some(events::ISSUED),
            InvoiceEvent::Paid => Some(events::PAID),
            // Histories tell of them with the payment, or with the operator.
            InvoiceEvent::Issued
            | InvoiceEvent::PaymentEnded(..)
            | InvoiceEvent::Voided
            | InvoiceEvent::GivenUp => None,
        };
        if let Some(kind) = kind {
            let event = told(Event::success(kind, &source), invoice);
            self.audit.append(batch, &invoice.subject, &[event]).await?;
        }
        let news = InvoiceNews {
            id: &invoice.id,
            subject: &invoice.subject,
            origin: &invoice.origin,
            state: invoice.state,
            total: invoice.money(invoice.total),
            due: invoice.money(invoice.due()),
            event,
        };
        tracing::debug!(
            invoice = %news.id,
            subject = %news.subject,
            origin = news.origin.kind(),
            state = news.state.as_str(),
            total = %news.total,
            due = %news.due,
            event = news.event.as_str(),
            "an invoice moved"
        );
        for observer in self.observers.iter() {
            observer.happened(batch, &news).await?;
        }
        Ok(())
    }

    /// An open invoice of which nothing is due is paid. Says whether it came to be.
    pub(super) fn close(&self, invoice: &mut InvoiceRecord) -> bool {
        let paid = match invoice.state {
            InvoiceState::Open => invoice.due() <= 0,
            InvoiceState::Uncollectible => invoice.written_off == 0,
            InvoiceState::Draft | InvoiceState::Paid | InvoiceState::Void => false,
        };
        if paid {
            invoice.state = InvoiceState::Paid;
            invoice.paid_at = Some(self.context.now());
        }
        paid
    }
}

/// What histories say of an invoice.
pub(super) fn told<'a>(event: Event<'a>, invoice: &InvoiceRecord) -> Event<'a> {
    let event = event
        .with("invoice", &invoice.id)
        .with("amount", invoice.money(invoice.total));
    match &invoice.number {
        Some(number) => event.with("number", number.text()),
        None => event,
    }
}

pub(super) fn cause(invoice: &InvoiceRecord) -> Result<Cause> {
    let id = CauseId::parse(invoice.id.as_str()).map_err(Error::internal)?;
    Ok(Cause::Order(id))
}

pub(super) fn state(state: InvoiceState, rule: &str) -> Error {
    INVOICE_STATE.with_detail(format!("The invoice is `{}`: {rule}.", state.as_str()))
}
