//! What invoices do to the ledger, and what payments do to invoices, each in the commit of what it follows from.

use std::sync::Arc;

use async_trait::async_trait;
use portcullis_ports::identity::Subject;
use portcullis_ports::money::Amount;
use portcullis_ports::{Error, Result};

use super::balance::BalanceTasks;
use super::compute::net_of;
use super::events;
use super::model::InvoiceState;
use super::observer::{InvoiceEvent, InvoiceNews, InvoiceObserver};
use super::records::{AccountRecord, InvoiceRecord};
use super::{INVOICE_NOT_FOUND, INVOICE_STATE};
use crate::areas::ledger::{COLLECTING, Cause, CauseId, Ledger, Reason, Sale, Transaction};
use crate::areas::payments::{InvoiceId, Movement, PaymentNews, PaymentObserver, Purpose, Settings, Status};
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
    async fn reverse(&self, batch: &mut Batch, invoice: &mut InvoiceRecord, more: i64) -> Result<()> {
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
        let kind = match event {
            InvoiceEvent::Issued => Some(events::ISSUED),
            InvoiceEvent::Paid => Some(events::PAID),
            // Histories tell of them with the payment, or with the operator.
            InvoiceEvent::PaymentEnded(..) | InvoiceEvent::Voided | InvoiceEvent::GivenUp => None,
        };
        if let Some(kind) = kind {
            let number = invoice.number.as_ref().map(super::records::NumberRecord::text);
            let event = Event::success(kind, &source)
                .with("invoice", &invoice.id)
                .with("number", number.unwrap_or_default())
                .with("amount", invoice.money(invoice.total));
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

    /// So much came by a payment of it.
    async fn receive(&self, batch: &mut Batch, invoice: &mut InvoiceRecord, minor: i64) -> Result<()> {
        match invoice.state {
            InvoiceState::Open => invoice.from_payments += minor.min(invoice.due()),
            InvoiceState::Uncollectible => {
                let back = minor.min(invoice.written_off);
                self.write_off(batch, invoice, -back).await?;
                invoice.from_payments += back;
            }
            // It is to the customer's credit.
            InvoiceState::Draft | InvoiceState::Paid | InvoiceState::Void => {}
        }
        Ok(())
    }

    /// So much was given back: first of what was not needed, then of what was paid.
    async fn give_back(&self, batch: &mut Batch, invoice: &mut InvoiceRecord, minor: i64) -> Result<()> {
        let spare = invoice.received - invoice.from_payments - (invoice.refunded - invoice.reversed);
        let paid = minor - minor.min(spare.max(0));
        invoice.refunded += minor;
        match invoice.state {
            InvoiceState::Paid => {
                let sold = paid.min(invoice.total - invoice.reversed).max(0);
                self.reverse(batch, invoice, sold).await?;
            }
            InvoiceState::Open => invoice.from_payments -= paid.min(invoice.from_payments),
            InvoiceState::Uncollectible => {
                let again = paid.min(invoice.from_payments);
                invoice.from_payments -= again;
                self.write_off(batch, invoice, again).await?;
            }
            InvoiceState::Draft | InvoiceState::Void => {}
        }
        Ok(())
    }

    /// So much of what was given back has come back to us.
    async fn keep_after_all(&self, batch: &mut Batch, invoice: &mut InvoiceRecord, minor: i64) -> Result<()> {
        invoice.refunded -= minor;
        if invoice.state == InvoiceState::Paid {
            let restored = minor.min(invoice.reversed);
            return self.reverse(batch, invoice, -restored).await;
        }
        self.receive(batch, invoice, minor).await
    }

    /// What a payment did to the invoice that it pays.
    async fn paid_by(&self, batch: &mut Batch, id: &InvoiceId, payment: &PaymentNews<'_>) -> Result<()> {
        let mut slot = self.read_in(batch, payment.subject, id).await?;
        let before = slot.value.clone();
        let invoice = &mut slot.value;
        for movement in payment.movements {
            match movement {
                Movement::Captured { amount, .. } => {
                    invoice.received += amount.get().minor;
                    self.receive(batch, invoice, amount.get().minor).await?;
                }
                Movement::Refunded(_, amount) => self.give_back(batch, invoice, amount.get().minor).await?,
                Movement::RefundReturned(_, amount) => {
                    self.keep_after_all(batch, invoice, amount.get().minor).await?;
                }
                // What a bank takes back is owed on the balance again, and what nobody pays is not owed any more.
                Movement::Withdrawn(..)
                | Movement::Reinstated(..)
                | Movement::WrittenOff(..)
                | Movement::WriteOffReturned(..)
                | Movement::Fee(_)
                | Movement::DisputeFee(..)
                | Movement::HoldReleased(_) => {}
            }
        }
        let closed = self.close(invoice);
        invoice
            .collecting
            .take_if(|by| payment.ended() && by == payment.id);
        let invoice = slot.value.clone();
        if invoice != before {
            self.save(batch, slot).await?;
        }
        if closed {
            self.tell(batch, &invoice, InvoiceEvent::Paid).await?;
        }
        if payment.ended() && payment.status != Status::Succeeded {
            self.tell(batch, &invoice, InvoiceEvent::PaymentEnded(payment))
                .await?;
        }
        Ok(())
    }
}

#[async_trait]
impl PaymentObserver for InvoiceBooks {
    async fn due(&self, batch: &mut Batch, subject: &Subject, purpose: &Purpose) -> Result<Option<Amount>> {
        let Purpose::Invoice { invoice } = purpose else {
            return Ok(None);
        };
        let invoice = self.read_in(batch, subject, invoice).await?.value;
        if let Some(payment) = &invoice.collecting {
            return Err(COLLECTING.error().member("payment_id", payment.to_string()));
        }
        if invoice.state != InvoiceState::Open {
            return Err(state(invoice.state, "only an open one can be paid"));
        }
        Amount::new(invoice.money(invoice.due())).map(Some)
    }

    async fn begun(&self, batch: &mut Batch, payment: &PaymentNews<'_>) -> Result<()> {
        let Purpose::Invoice { invoice } = payment.purpose else {
            return Ok(());
        };
        let mut slot = self.read_in(batch, payment.subject, invoice).await?;
        if payment
            .amount
            .get()
            .compare(slot.value.money(slot.value.due()))?
            .is_gt()
        {
            return Err(INVOICE_STATE.with_detail("Less than that is left to be paid."));
        }
        slot.value.collected_by(payment.id);
        self.save(batch, slot).await
    }

    async fn moved(&self, batch: &mut Batch, payment: &PaymentNews<'_>) -> Result<()> {
        if let Purpose::Invoice { invoice } = payment.purpose {
            self.paid_by(batch, invoice, payment).await?;
        }
        // What buys something at once leaves nothing on the balance, unless it came too late for that.
        if payment.purpose.pays_debt() || payment.late {
            let currency = payment.amount.get().currency;
            self.pay_from_balance(batch, payment.subject, currency).await?;
        }
        Ok(())
    }
}

pub(super) fn cause(invoice: &InvoiceRecord) -> Result<Cause> {
    let id = CauseId::parse(invoice.id.as_str()).map_err(Error::internal)?;
    Ok(Cause::Order(id))
}

pub(super) fn state(state: InvoiceState, rule: &str) -> Error {
    INVOICE_STATE.with_detail(format!("The invoice is `{}`: {rule}.", state.as_str()))
}
