//! What payments and credits do to invoices, in the commit that books them.

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::identity::Subject;
use portcullis_ports::money::{Amount, Currency};

use super::INVOICE_STATE;
use super::books::{InvoiceBooks, state};
use super::model::InvoiceState;
use super::observer::InvoiceEvent;
use super::records::InvoiceRecord;
use crate::areas::ledger::{COLLECTING, CreditObserver};
use crate::areas::payments::{InvoiceId, Movement, PaymentNews, PaymentObserver, Purpose, Status};
use crate::foundation::table::Batch;

impl InvoiceBooks {
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

    /// So much was given back: first of what was not needed, then of what was paid. Credit that another invoice gave for it is
    /// given back last, and is owed on the balance then: no money leaves twice.
    async fn give_back(&self, batch: &mut Batch, invoice: &mut InvoiceRecord, minor: i64) -> Result<()> {
        let spare = invoice.surplus() - (invoice.refunded - invoice.reversed);
        let paid = minor - minor.min(spare.max(0));
        invoice.refunded += minor;
        match invoice.state {
            InvoiceState::Paid => {
                let sold = paid.min(invoice.still_paid());
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
            // Refunds that are left, beyond what was not needed, have taken the sale back before any credit.
            let left = (invoice.refunded - invoice.surplus()).max(0);
            let restored = (invoice.reversed - left).clamp(0, minor);
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
        invoice.paid_by(payment.id);
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
        if payment.purpose.pays_debt() || (payment.late && payment.purpose.credits_late()) {
            let currency = payment.amount.get().currency;
            self.pay_from_balance(batch, payment.subject, currency).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl CreditObserver for InvoiceBooks {
    async fn credited(&self, batch: &mut Batch, subject: &Subject, currency: Currency) -> Result<()> {
        self.pay_from_balance(batch, subject, currency).await
    }
}
