//! What stays of the payments of an account that is erased: the money, and nothing that tells who paid.
//!
//! Banks contest payments months later, and the books have to explain them as long as the law asks: so rows stay.

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::identity::Subject;

use super::Payments;
use super::records::{PaymentRecord, RefundRecord};
use super::status::RefundState;
use crate::foundation::account_erasure::AccountErasure;
use crate::foundation::source::Source;

#[async_trait]
impl AccountErasure for Payments {
    /// Waits until every payment and refund has come to its end.
    async fn wind_down(&self, subject: &Subject, _: &Source) -> Result<bool> {
        let open = |payment: &PaymentRecord| !payment.status.is_final() || payment.call.is_some();
        if self
            .context
            .any_row(subject.as_str(), PaymentRecord::PREFIX, open)
            .await?
        {
            return Ok(false);
        }
        let open = |refund: &RefundRecord| {
            matches!(
                refund.state,
                RefundState::Sending | RefundState::Unknown | RefundState::Pending
            )
        };
        let open = self.context.any_row(subject.as_str(), RefundRecord::PREFIX, open);
        Ok(!open.await?)
    }

    /// Takes out the address of the device, and what is shown of the method.
    async fn erase(&self, subject: &Subject, _: &Source) -> Result<()> {
        let (subject, prefix) = (subject.as_str(), PaymentRecord::PREFIX);
        self.context
            .rewrite_rows(subject, prefix, PaymentRecord::pseudonymise)
            .await
    }
}

impl PaymentRecord {
    fn pseudonymise(&mut self) {
        self.ip = None;
        for method in self
            .attempts
            .iter_mut()
            .filter_map(|attempt| attempt.method.as_mut())
        {
            method.label.clear();
            method.last4 = None;
            method.expires = None;
        }
    }
}
