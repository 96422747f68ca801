//! Having invoices paid: by whoever owes them, or by an area above in their absence.

use portcullis_ports::Result;
use portcullis_ports::identity::Subject;
use portcullis_ports::money::Money;
use serde::Serialize;

use super::books::state;
use super::model::InvoiceState;
use super::observer::InvoiceEvent;
use super::records::{InvoiceRecord, NumberRecord};
use super::{INVOICE_NOT_FOUND, InvoiceId, Invoices};
use crate::areas::payments::{CaptureMode, CreatePayment, PayWith, Payer, PaymentView, Purpose};
use crate::areas::sessions::SignedIn;
use crate::foundation::source::Source;
use crate::foundation::table::Batch;
use crate::services::idempotency::IdempotencyKey;

/// How an invoice is paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PayInvoice {
    /// The vendor, by the name of its instance; that of the method, or the only one where none is named.
    pub vendor: Option<String>,
    /// How it is paid.
    pub with: PayWith,
}

/// What became of collecting an invoice.
#[derive(Debug, Clone)]
pub enum Collected {
    /// A payment collects it, or has. It says how it stands.
    By(Box<PaymentView>),
    /// There is nothing to collect: it is paid, or too small and asked for with the next one.
    Nothing,
}

impl Invoices {
    /// Pays what is left of one's own invoice. The same key gives the same payment.
    ///
    /// # Errors
    /// `invoice-not-found`; `invoice-state`; `collecting`; those of payments.
    pub async fn pay(
        &self,
        who: &SignedIn,
        key: &IdempotencyKey,
        id: &InvoiceId,
        command: &PayInvoice,
        source: &Source,
    ) -> Result<PaymentView> {
        let invoice = self.up_to_date(who.subject(), id).await?;
        let payment = payment_of(&invoice, command);
        self.payments
            .create_for(Payer::Present(who), key, &payment, source)
            .await
    }

    /// Collects what is left of an invoice. The key names the try: asked again with it, there is no second payment.
    ///
    /// # Errors
    /// `invoice-not-found`; `invoice-state` if it is not owed; `collecting` if a payment collects it already; those of
    /// payments.
    pub async fn collect(
        &self,
        payer: Payer<'_>,
        key: &IdempotencyKey,
        id: &InvoiceId,
        command: &PayInvoice,
        source: &Source,
    ) -> Result<Collected> {
        let invoice = self.up_to_date(payer.subject(), id).await?;
        match invoice.state {
            InvoiceState::Open => {}
            InvoiceState::Paid => return Ok(Collected::Nothing),
            other => return Err(state(other, "only an open one can be collected")),
        }
        let payment = payment_of(&invoice, command);
        let due = invoice.money(invoice.due());
        let least = self.payments.least(payer, &payment, due.currency).await?;
        let small = invoice.collecting.is_none() && least.is_some_and(|least| due.minor < least);
        if small && self.roll_over(payer.subject(), id, due).await? {
            return Ok(Collected::Nothing);
        }
        let payment = self.payments.create_for(payer, key, &payment, source).await?;
        Ok(Collected::By(Box::new(payment)))
    }

    /// An invoice, once it is paid as far as what is on the balance goes.
    async fn up_to_date(&self, subject: &Subject, id: &InvoiceId) -> Result<InvoiceRecord> {
        let read = async || {
            let found = self.find(subject, id).await?;
            found
                .map(|found| found.value)
                .ok_or_else(|| INVOICE_NOT_FOUND.error())
        };
        let invoice = read().await?;
        if invoice.state != InvoiceState::Open {
            return Ok(invoice);
        }
        self.books.pay_all(subject, invoice.currency).await?;
        read().await
    }

    /// Leaves what is too small on the balance, to be asked for with the next invoice. Not if it changed meanwhile.
    async fn roll_over(&self, subject: &Subject, id: &InvoiceId, due: Money) -> Result<bool> {
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                self.context.lock_subject(&mut batch, subject).await;
                let mut slot = self.books.read_in(&batch, subject, id).await?;
                let invoice = &mut slot.value;
                let same = invoice.state == InvoiceState::Open && invoice.due() == due.minor;
                if !same || invoice.collecting.is_some() {
                    return Ok(false);
                }
                invoice.rolled_over = due.minor;
                invoice.state = InvoiceState::Paid;
                invoice.paid_at = Some(self.context.now());
                let invoice = slot.value.clone();
                let mut account = self.books.account_in(&batch, subject).await?;
                let rolled = account.value.rolled_over.entry(due.currency).or_default();
                *rolled = rolled.saturating_add(due.minor);
                batch.save(&account)?;
                self.books.save(&mut batch, slot).await?;
                self.books.tell(&mut batch, &invoice, InvoiceEvent::Paid).await?;
                self.context.commit(batch).await?;
                Ok(true)
            })
            .await
    }
}

fn payment_of(invoice: &InvoiceRecord, command: &PayInvoice) -> CreatePayment {
    let number = invoice.number.as_ref().map(NumberRecord::text);
    CreatePayment {
        purpose: Purpose::Invoice {
            invoice: invoice.id.clone(),
        },
        // What is left when it is begun.
        amount: None,
        at_most: None,
        currency: None,
        vendor: command.vendor.clone(),
        with: command.with.clone(),
        capture: CaptureMode::Now,
        description: number.unwrap_or_default(),
    }
}
