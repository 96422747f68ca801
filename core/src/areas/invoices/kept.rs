//! What areas above ask before they give money back, charge it or take something away.

use portcullis_ports::identity::Subject;
use portcullis_ports::money::{Currency, Money};
use portcullis_ports::{Result, Timestamp};

use super::books::InvoiceBooks;
use super::compute::compute;
use super::model::{InvoiceState, OrderLine};
use super::records::InvoiceRecord;
use super::{INVOICE_NOT_FOUND, InvoiceId, Invoices};
use crate::areas::payments::{PaymentView, Status};
use crate::foundation::table::Batch;

impl InvoiceBooks {
    /// What these lines come to, with taxes.
    ///
    /// # Errors
    /// `invalid-request` for lines that make no invoice.
    pub(crate) fn total_of(&self, currency: Currency, lines: &[OrderLine]) -> Result<Money> {
        let computed = compute(currency, lines, &self.settings.taxes)?;
        Ok(Money::new(computed.total, currency))
    }

    /// Notes on these invoices, newest last, that `minor` of what their payments brought became credit on the balance: refunds of
    /// those payments take that credit back instead of the sale.
    ///
    /// # Errors
    /// `invoice-not-found`.
    pub(crate) async fn note_credit(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        invoices: &[InvoiceId],
        minor: i64,
    ) -> Result<()> {
        let mut left = minor;
        for id in invoices.iter().rev() {
            if left <= 0 {
                break;
            }
            let mut slot = self.read_in(batch, subject, id).await?;
            let part = match slot.value.state {
                InvoiceState::Paid => left.min(slot.value.still_paid()),
                InvoiceState::Draft
                | InvoiceState::Open
                | InvoiceState::Uncollectible
                | InvoiceState::Void => 0,
            };
            if part > 0 {
                slot.value.credited += part;
                left -= part;
                self.save(batch, slot).await?;
            }
        }
        Ok(())
    }
}

impl InvoiceRecord {
    /// How much of `total` was given back, is about to be, or never came.
    fn not_kept(&self, pending: i64) -> i64 {
        let gone = match self.state {
            InvoiceState::Draft | InvoiceState::Open => 0,
            InvoiceState::Paid => self.reversed.saturating_add(pending),
            InvoiceState::Uncollectible => self
                .reversed
                .saturating_add(self.written_off)
                .saturating_add(pending),
            InvoiceState::Void => self.total,
        };
        gone.clamp(0, self.total.max(0))
    }
}

impl Invoices {
    /// What of an invoice is not ours any more: refunds, those under way included, and what was given up or taken back. In minor
    /// units, with taxes.
    ///
    /// # Errors
    /// `invoice-not-found`.
    pub(crate) async fn given_back(&self, subject: &Subject, id: &InvoiceId) -> Result<i64> {
        let invoice = self.read(subject, id).await?;
        let mut pending = 0_i64;
        for payment in &invoice.payments {
            let payment = self.payments.get(subject, payment).await?;
            let reserved = payment.refunds.iter().filter(|refund| refund.state.reserves());
            pending = reserved.fold(pending, |sum, refund| sum.saturating_add(refund.amount.minor));
        }
        Ok(invoice.not_kept(pending))
    }

    /// Since when it is open what becomes of a payment that would pay an invoice, and that its payer cannot speed up: a bank
    /// decides, or nobody knows. One that waits for its payer is none.
    ///
    /// # Errors
    /// `invoice-not-found`.
    pub(crate) async fn undecided(&self, subject: &Subject, id: &InvoiceId) -> Result<Option<Timestamp>> {
        let invoice = self.read(subject, id).await?;
        if invoice.state != InvoiceState::Open {
            return Ok(None);
        }
        let payment = if let Some(payment) = &invoice.collecting {
            Some(payment.clone())
        } else {
            // What pays the balance pays the invoice, if nothing beside it is left to be asked for.
            let balance = self.books.ledger.balance(subject, invoice.currency).await?;
            balance.collecting.filter(|_| balance.payable < invoice.due())
        };
        let Some(payment) = payment else {
            return Ok(None);
        };
        let payment = self.payments.get(subject, &payment).await?;
        Ok(is_undecided(&payment).then_some(payment.created_at))
    }

    async fn read(&self, subject: &Subject, id: &InvoiceId) -> Result<InvoiceRecord> {
        let found = self.find(subject, id).await?;
        Ok(found.ok_or_else(|| INVOICE_NOT_FOUND.error())?.value)
    }
}

fn is_undecided(payment: &PaymentView) -> bool {
    match payment.status {
        Status::Sending | Status::Unknown | Status::Processing | Status::Authorized | Status::Capturing => {
            true
        }
        Status::RequiresAction | Status::Succeeded | Status::Failed | Status::Canceled => false,
    }
}
