//! How areas above the ledger learn that a customer owes more or less: in the commit that posts it.

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::identity::Subject;
use portcullis_ports::money::{Currency, Money};

use super::Ledger;
use crate::foundation::table::Batch;

/// Learns of debits.
#[async_trait]
pub(crate) trait DebitObserver: Send + Sync + 'static {
    /// A customer owes more, of which `payable` may be asked by now. The posting is in `batch` and not committed yet, and more
    /// may follow in it that pays at once: whoever collects looks again.
    ///
    /// # Errors
    /// Whatever the store answers. The posting fails with it.
    async fn debited(&self, batch: &mut Batch, subject: &Subject, payable: Money) -> Result<()>;
}

/// Learns of what a customer is given without a payment.
#[async_trait]
pub(crate) trait CreditObserver: Send + Sync + 'static {
    /// A customer owes less of a currency. The posting is in `batch` and not committed yet.
    ///
    /// # Errors
    /// Whatever store and ledger answer. The posting fails with it.
    async fn credited(&self, batch: &mut Batch, subject: &Subject, currency: Currency) -> Result<()>;
}

impl Ledger {
    /// The same, telling somebody of debits.
    #[must_use]
    pub(crate) fn observed_by(self, observer: std::sync::Arc<dyn DebitObserver>) -> Self {
        Self {
            observer: Some(observer),
            ..self
        }
    }

    /// Writes a balance as it is, so that this commit and every commit that posts to it exclude each other: whoever posts
    /// after it sees what else it holds.
    ///
    /// # Errors
    /// `ledger-broken`; whatever the store answers.
    pub(crate) async fn touch(&self, batch: &mut Batch, subject: &Subject, currency: Currency) -> Result<()> {
        let slot = self.balance_in(batch, subject, currency).await?;
        self.save(batch, slot)
    }
}
