//! What areas above ask before they give money back, charge it or take something away.

use portcullis_ports::identity::Subject;
use portcullis_ports::money::{Currency, Money};
use portcullis_ports::{Error, Result, Timestamp};

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

    /// Notes on these invoices, newest last, that `minor` of what they charged became credit on the balance: refunds of their
    /// payments take that credit back instead of the sale.
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
                InvoiceState::Paid => left.min(slot.value.still_sold()),
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
    /// What its lines come to as they are priced.
    fn priced(&self) -> i64 {
        self.lines.iter().map(|line| line.amount).sum()
    }

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

/// So much of a price as `part` is of `whole`, rounded up.
fn share_of(price: i64, part: i64, whole: i64) -> Result<i64> {
    if whole <= 0 || part <= 0 {
        return Ok(0);
    }
    let exact = i128::from(price.max(0)) * i128::from(part);
    let whole = i128::from(whole);
    i64::try_from((exact + whole - 1) / whole).map_err(|error| Error::internal(error.to_string()))
}

impl Invoices {
    /// What of the prices of an invoice is not ours any more: refunds, those under way included, and what was given up or
    /// taken back. In minor units, as its lines are priced.
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
        share_of(invoice.priced(), invoice.not_kept(pending), invoice.total)
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

#[cfg(test)]
mod tests {
    use super::share_of;

    #[test]
    fn the_share_of_a_price_is_never_rounded_down() {
        assert_eq!(share_of(3_000, 3_570, 3_570).unwrap(), 3_000);
        assert_eq!(share_of(3_000, 1, 3_570).unwrap(), 1);
        assert_eq!(share_of(3_000, 0, 3_570).unwrap(), 0);
        assert_eq!(share_of(-3_000, 1, -3_570).unwrap(), 0);
        assert_eq!(share_of(i64::MAX, i64::MAX, i64::MAX).unwrap(), i64::MAX);
    }
}
