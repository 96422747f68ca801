//! What a payment does to a balance before any money moves: it holds an amount, and keeps others from collecting the same debt.

use portcullis_ports::Result;
use portcullis_ports::id::PaymentId;
use portcullis_ports::identity::Subject;
use portcullis_ports::money::{Amount, Currency};

use super::accounts::InstanceName;
use super::cause::Cause;
use super::post::Posted;
use super::transaction::Transaction;
use super::{COLLECTING, HOLD_EXCEEDS_PAYABLE, Ledger};
use crate::foundation::table::Batch;

/// How much may be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldLimit {
    /// What is payable at this moment.
    Payable,
    /// Whatever is asked for: what is paid beyond a debt is to the customer's credit.
    None,
}

impl Ledger {
    /// Holds what a payment may bring, so that nobody asks for it twice.
    ///
    /// # Errors
    /// `hold-exceeds-payable`; those of [`Self::post`].
    pub(crate) async fn hold(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        (instance, amount): (&InstanceName, Amount),
        limit: HoldLimit,
        cause: Cause,
    ) -> Result<Posted> {
        let currency = amount.get().currency;
        if limit == HoldLimit::Payable {
            let slot = self.balance_in(batch, subject, currency).await?;
            if amount.get().minor > slot.value.figures.payable() {
                return Err(HOLD_EXCEEDS_PAYABLE.error());
            }
        }
        self.post(batch, subject, &Transaction::hold(instance, amount, cause))
            .await
    }

    /// What a customer will owe once `batch` is done, in minor units; negative if there will be something to their credit.
    ///
    /// # Errors
    /// `ledger-broken`; whatever the store answers.
    pub(crate) async fn owed_in(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        currency: Currency,
    ) -> Result<i64> {
        let slot = self.balance_in(batch, subject, currency).await?;
        Ok(slot.value.figures.owed())
    }

    /// Makes one payment the only one that collects what a customer owes in a currency. The same may ask again.
    ///
    /// # Errors
    /// `collecting` if another does.
    pub(crate) async fn begin_collection(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        currency: Currency,
        payment: &PaymentId,
    ) -> Result<()> {
        let mut slot = self.balance_in(batch, subject, currency).await?;
        match &slot.value.collecting {
            Some(other) if other != payment => Err(COLLECTING.error()),
            Some(_) => Ok(()),
            None => {
                slot.value.collecting = Some(payment.clone());
                self.save(batch, slot)
            }
        }
    }

    /// Lets others collect again, if it is this payment that does.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub(crate) async fn end_collection(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        currency: Currency,
        payment: &PaymentId,
    ) -> Result<()> {
        let mut slot = self.balance_in(batch, subject, currency).await?;
        if slot.value.collecting.as_ref() == Some(payment) {
            slot.value.collecting = None;
            self.save(batch, slot)?;
        }
        Ok(())
    }
}
