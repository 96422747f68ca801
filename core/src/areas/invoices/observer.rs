//! How areas above invoices learn of them: in the commit that writes down what happened.

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::identity::Subject;
use portcullis_ports::money::Money;

use super::model::{InvoiceOrigin, InvoiceState};
use crate::areas::payments::{InvoiceId, PaymentNews};
use crate::foundation::table::Batch;

/// Learns of invoices, as [`crate::areas::payments::PaymentObserver`] does of payments.
#[async_trait]
pub(crate) trait InvoiceObserver: Send + Sync + 'static {
    /// Something happened to an invoice. There is nothing to refuse.
    ///
    /// # Errors
    /// Whatever store and ledger answer. The commit fails with it, and is tried again.
    async fn happened(&self, batch: &mut Batch, invoice: &InvoiceNews<'_>) -> Result<()>;
}

/// What happened.
#[derive(Debug, Clone, Copy)]
pub(crate) enum InvoiceEvent<'a> {
    /// It has a number and is owed.
    Issued,
    /// Nothing of it is owed any more.
    Paid,
    /// This payment of it ended without money.
    PaymentEnded(&'a PaymentNews<'a>),
    /// It was taken back.
    Voided,
    /// It was given up.
    GivenUp,
}

impl InvoiceEvent<'_> {
    /// The word in logs.
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Issued => "issued",
            Self::Paid => "paid",
            Self::PaymentEnded(payment) => {
                let failure = payment.failure.map(|failure| failure.code.as_str());
                failure.unwrap_or(payment.status.as_str())
            }
            Self::Voided => "voided",
            Self::GivenUp => "given_up",
        }
    }
}

/// What is told of an invoice.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InvoiceNews<'a> {
    pub(crate) id: &'a InvoiceId,
    pub(crate) subject: &'a Subject,
    pub(crate) origin: &'a InvoiceOrigin,
    /// Where it stands now.
    pub(crate) state: InvoiceState,
    pub(crate) total: Money,
    /// What is left to be paid.
    pub(crate) due: Money,
    pub(crate) event: InvoiceEvent<'a>,
}
