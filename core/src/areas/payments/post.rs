//! Money that has moved, in the ledger.

use portcullis_ports::identity::Subject;
use portcullis_ports::money::{Amount, Money};
use portcullis_ports::{Error, Result};

use super::Payments;
use super::apply::{Movement, Rows};
use super::records::{ChargedSource, PaymentRecord};
use super::timeline::Posted;
use crate::areas::ledger::{
    Cause, CauseId, HouseTransaction, InstanceName, Reason as LedgerReason, Sale, Transaction,
};
use crate::foundation::table::Batch;

impl Payments {
    /// Posts what has moved, and gives the transactions.
    ///
    /// # Errors
    /// Whatever the ledger refuses, and whatever the store answers.
    pub(super) async fn post(
        &self,
        batch: &mut Batch,
        rows: &mut Rows,
        movements: &[Movement],
    ) -> Result<Vec<Posted>> {
        let mut posted = Vec::new();
        let mut sales = Sales::before(rows, movements);
        let payment = &rows.payment;
        let subject = &payment.subject;
        let instance = InstanceName::parse(&payment.instance).map_err(Error::internal)?;
        let sold = payment.sells();
        let ours = Cause::Payment(payment.id.clone());
        for movement in movements {
            match movement {
                Movement::Captured { amount, settles } => {
                    let more = sales.captured(payment, *amount);
                    if let Some(more) = more.filter(|_| sold) {
                        let sale = Transaction::sale(&Sale::untaxed(more), ours.clone());
                        posted.push(self.book(batch, subject, &sale).await?);
                    }
                    let capture = Transaction::capture(&instance, *amount, ours.clone());
                    let capture = match settles {
                        Some(number) => capture.settling(*number),
                        None => capture,
                    };
                    posted.push(self.book(batch, subject, &capture).await?);
                }
                Movement::HoldReleased(number) => {
                    let released = Transaction::void(payment.currency(), *number, ours.clone());
                    posted.push(self.book(batch, subject, &released).await?);
                }
                Movement::Fee(fee) => {
                    posted.extend(self.post_fee(batch, &instance, *fee, ours.clone()).await?);
                }
                Movement::DisputeFee(dispute, fee) => {
                    let by = Cause::Dispute(cause(dispute.as_str())?);
                    posted.extend(self.post_fee(batch, &instance, *fee, by).await?);
                }
                Movement::Refunded(refund, amount) => {
                    let by = Cause::Refund(refund.clone());
                    let back = Transaction::refund(&instance, *amount, by.clone());
                    posted.push(self.book(batch, subject, &back).await?);
                    let less = sales.refunded(payment, amount.get().minor);
                    if let Some(less) = less.filter(|_| sold) {
                        let sale = Transaction::sale_reversed(&Sale::untaxed(less), by);
                        posted.push(self.book(batch, subject, &sale).await?);
                    }
                }
                Movement::RefundReturned(refund, amount) => {
                    let by = Cause::Refund(refund.clone());
                    let failed = Transaction::refund_failed(&instance, *amount, by.clone());
                    posted.push(self.book(batch, subject, &failed).await?);
                    let again = sales.refunded(payment, -amount.get().minor);
                    if let Some(again) = again.filter(|_| sold) {
                        let sale = Transaction::sale_restored(&Sale::untaxed(again), by);
                        posted.push(self.book(batch, subject, &sale).await?);
                    }
                }
                Movement::Withdrawn(dispute, amount) => {
                    let by = Cause::Dispute(cause(dispute.as_str())?);
                    let taken = Transaction::dispute_withdrawn(&instance, *amount, by);
                    posted.push(self.book(batch, subject, &taken).await?);
                }
                Movement::Reinstated(dispute, amount) => {
                    let by = Cause::Dispute(cause(dispute.as_str())?);
                    let given = Transaction::dispute_reinstated(&instance, *amount, by);
                    posted.push(self.book(batch, subject, &given).await?);
                }
                Movement::WrittenOff(dispute, amount) => {
                    let by = Cause::Dispute(cause(dispute.as_str())?);
                    let why = LedgerReason::parse("The bank decided a dispute against us.")
                        .map_err(Error::internal)?;
                    let lost = Transaction::write_off(*amount, by, why);
                    posted.push(self.book(batch, subject, &lost).await?);
                }
                Movement::WriteOffReturned(dispute, amount) => {
                    let by = Cause::Dispute(cause(dispute.as_str())?);
                    let why = LedgerReason::parse("The bank gave back what a lost dispute had cost.")
                        .map_err(Error::internal)?;
                    let returned = Transaction::write_off_returned(*amount, by, why);
                    posted.push(self.book(batch, subject, &returned).await?);
                }
            }
        }
        posted.extend(self.hold_rest(batch, rows, &instance).await?);
        Ok(posted)
    }

    /// What a part of came is waited for on: the rest is held, so that nobody else asks for it.
    async fn hold_rest(
        &self,
        batch: &mut Batch,
        rows: &mut Rows,
        instance: &InstanceName,
    ) -> Result<Option<Posted>> {
        let payment = &mut rows.payment;
        let rest = payment.amount.get().minus(payment.captured())?;
        let waits = payment.source == ChargedSource::Offline && !payment.status.is_final();
        if !waits || !payment.purpose.pays_debt() || payment.hold.is_some() || rest.minor <= 0 {
            return Ok(None);
        }
        let by = Cause::Payment(payment.id.clone());
        let transaction = Transaction::hold(instance, Amount::new(rest)?, by);
        let held = self.ledger.post(batch, &payment.subject, &transaction).await?;
        payment.hold = Some(held.number);
        Ok(Some(Posted::to_customer(&transaction, &held)))
    }

    async fn book(&self, batch: &mut Batch, subject: &Subject, what: &Transaction) -> Result<Posted> {
        let posted = self.ledger.post(batch, subject, what).await?;
        Ok(Posted::to_customer(what, &posted))
    }

    async fn post_fee(
        &self,
        batch: &mut Batch,
        instance: &InstanceName,
        fee: Money,
        cause: Cause,
    ) -> Result<Option<Posted>> {
        let Some(transaction) = HouseTransaction::fee_of(instance, fee, cause)? else {
            return Ok(None);
        };
        let id = self.ledger.post_house(batch, &transaction).await?;
        Ok(Some(Posted::to_house(&transaction, id)))
    }
}

/// What was taken and given back until then, while movements are gone through.
struct Sales {
    captured: i64,
    refunded: i64,
}

impl Sales {
    /// Before all of the movements that the rows have taken in.
    fn before(rows: &Rows, movements: &[Movement]) -> Self {
        let mut sales = Self {
            captured: rows.payment.captured().minor,
            refunded: rows.refunded().minor,
        };
        for movement in movements {
            match movement {
                Movement::Captured { amount, .. } => sales.captured -= amount.get().minor,
                Movement::Refunded(_, amount) => sales.refunded -= amount.get().minor,
                Movement::RefundReturned(_, amount) => sales.refunded += amount.get().minor,
                _ => {}
            }
        }
        sales
    }

    /// So much was taken: gives what is sold more.
    fn captured(&mut self, payment: &PaymentRecord, amount: Amount) -> Option<Amount> {
        let before = payment.sold(self.captured, self.refunded);
        self.captured += amount.get().minor;
        self.changed(payment, before)
    }

    /// So much was given back, or has come back if it is less than nothing: gives what is sold less, or more again.
    fn refunded(&mut self, payment: &PaymentRecord, minor: i64) -> Option<Amount> {
        let before = payment.sold(self.captured, self.refunded);
        self.refunded += minor;
        self.changed(payment, before)
    }

    fn changed(&self, payment: &PaymentRecord, before: i64) -> Option<Amount> {
        let difference = (payment.sold(self.captured, self.refunded) - before).abs();
        Amount::new(Money::new(difference, payment.currency())).ok()
    }
}

pub(super) fn cause(id: &str) -> Result<CauseId> {
    CauseId::parse(id).map_err(Error::internal)
}
