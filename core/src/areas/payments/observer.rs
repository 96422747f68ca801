//! How areas above payments learn of them: in the commit that writes down what happened.

use async_trait::async_trait;
use portcullis_ports::id::{PaymentId, SubscriptionId};
use portcullis_ports::identity::Subject;
use portcullis_ports::money::{Amount, Money};
use portcullis_ports::payments::Failure;
use portcullis_ports::{Result, Timestamp};

use super::Payments;
use super::apply::{Movement, Rows};
use super::model::Purpose;
use super::records::{ChargedSource, PaymentRecord};
use super::status::Status;
use crate::foundation::table::Batch;

/// Learns of payments. Everything that is told is in `batch` and not committed yet, postings included; what an observer adds
/// to it happens together with that or not at all. It is told again if the commit has to be tried again, and holds the
/// payer's turn meanwhile. The order in which observers are told is that of their registration.
#[async_trait]
pub(crate) trait PaymentObserver: Send + Sync + 'static {
    /// What a payment for this purpose has to collect. It is asked before the payment is accepted, in the commit that accepts
    /// it: the last look at what is to be paid. `None` of whoever does not know the purpose.
    ///
    /// # Errors
    /// Why it must not be paid now. Then nothing is asked of a vendor.
    async fn due(&self, batch: &mut Batch, subject: &Subject, purpose: &Purpose) -> Result<Option<Amount>>;

    /// A payment is accepted: the vendor is asked as soon as the commit is done.
    ///
    /// # Errors
    /// Why it must not be begun. Then nothing is asked of a vendor.
    async fn begun(&self, batch: &mut Batch, payment: &PaymentNews<'_>) -> Result<()>;

    /// A payment came to stand elsewhere, or money of it moved. It has happened: there is nothing to refuse.
    ///
    /// # Errors
    /// Whatever store and ledger answer. The commit fails with it, and is tried again by whoever follows the payment.
    async fn moved(&self, batch: &mut Batch, payment: &PaymentNews<'_>) -> Result<()>;
}

/// What is told of a payment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PaymentNews<'a> {
    pub(crate) id: &'a PaymentId,
    /// Who pays.
    pub(crate) subject: &'a Subject,
    pub(crate) purpose: &'a Purpose,
    /// What was ordered.
    pub(crate) amount: Amount,
    /// Where it stood before this commit.
    pub(crate) before: Status,
    /// Where it stands now.
    pub(crate) status: Status,
    /// Taken so far.
    pub(crate) captured: Money,
    /// Whether its payer was not there, and had agreed before.
    pub(crate) absent: bool,
    /// When it was accepted.
    pub(crate) begun_at: Timestamp,
    /// Whether the vendor was never asked, so that nobody refused it.
    pub(crate) unsent: bool,
    /// Whether money came after it had been given up.
    pub(crate) late: bool,
    /// Why the last try was refused, if it was.
    pub(crate) failure: Option<&'a Failure>,
    /// The subscription for which the vendor took it by itself, if it did.
    pub(crate) agreement: Option<&'a SubscriptionId>,
    /// What moved in this commit.
    pub(crate) movements: &'a [Movement],
}

impl<'a> PaymentNews<'a> {
    fn of(payment: &'a PaymentRecord, before: Status, movements: &'a [Movement]) -> Self {
        Self {
            id: &payment.id,
            subject: &payment.subject,
            purpose: &payment.purpose,
            amount: payment.amount,
            before,
            status: payment.status,
            captured: payment.captured(),
            absent: payment.ip.is_none(),
            begun_at: payment.created_at,
            unsent: payment.attempt().is_some_and(|attempt| attempt.unsent),
            late: payment.late,
            failure: payment.attempt().and_then(|attempt| attempt.failure.as_ref()),
            agreement: match &payment.source {
                ChargedSource::Agreement { subscription } => Some(subscription),
                _ => None,
            },
            movements,
        }
    }

    /// Whether it ended in this commit, with money or without.
    pub(crate) const fn ended(&self) -> bool {
        self.status.is_final() && !self.before.is_final()
    }
}

impl Payments {
    /// What a payment for this purpose has to collect, if an area above knows.
    pub(super) async fn due_of(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        purpose: &Purpose,
    ) -> Result<Option<Amount>> {
        for observer in self.observers.iter() {
            if let Some(due) = observer.due(batch, subject, purpose).await? {
                return Ok(Some(due));
            }
        }
        Ok(None)
    }

    /// Tells that a payment is accepted.
    pub(super) async fn tell_begun(&self, batch: &mut Batch, rows: &Rows) -> Result<()> {
        let news = PaymentNews::of(&rows.payment, rows.payment.status, &[]);
        for observer in self.observers.iter() {
            observer.begun(batch, &news).await?;
        }
        Ok(())
    }

    /// Tells what a commit changes, if that is anything to be told.
    pub(super) async fn tell_moved(
        &self,
        batch: &mut Batch,
        before: Status,
        rows: &Rows,
        movements: &[Movement],
    ) -> Result<()> {
        if movements.is_empty() && before == rows.payment.status {
            return Ok(());
        }
        let news = PaymentNews::of(&rows.payment, before, movements);
        for observer in self.observers.iter() {
            observer.moved(batch, &news).await?;
        }
        Ok(())
    }
}
