//! What stays of the payments of an account that is erased: the money, and nothing that tells who paid.
//!
//! Banks contest payments months later, and the books have to explain them as long as the law asks: so rows stay.

use portcullis_ports::Result;
use portcullis_ports::identity::Subject;
use portcullis_ports::storage::{MAX_PAGE, Range};

use super::Payments;
use super::records::{PaymentRecord, RefundRecord};
use super::status::RefundState;
use crate::foundation::table::{Batch, Stored};

/// Rows that one commit changes.
const CHUNK: usize = 50;

impl Payments {
    /// Whether every payment and refund of a customer has come to its end.
    pub(crate) async fn are_over(&self, subject: &Subject) -> Result<bool> {
        let open = |payment: &PaymentRecord| !payment.status.is_final() || payment.call.is_some();
        if self.any(subject, PaymentRecord::PREFIX, open).await? {
            return Ok(false);
        }
        let open = |refund: &RefundRecord| {
            matches!(
                refund.state,
                RefundState::Sending | RefundState::Unknown | RefundState::Pending
            )
        };
        Ok(!self.any(subject, RefundRecord::PREFIX, open).await?)
    }

    async fn any<T: Stored>(
        &self,
        subject: &Subject,
        prefix: &str,
        wanted: impl Fn(&T) -> bool,
    ) -> Result<bool> {
        let table = self.context.table::<T>();
        let mut after = None;
        loop {
            let range = Range::Prefix(prefix.to_owned());
            let (page, next) = table
                .complete_page(subject.as_str(), range, MAX_PAGE, after)
                .await?;
            if page.iter().any(|row| wanted(&row.value)) {
                return Ok(true);
            }
            match next {
                Some(next) => after = Some(next),
                None => return Ok(false),
            }
        }
    }

    /// Takes out of the payments of a customer what tells who paid: the address of the device, and what is shown of the
    /// method.
    pub(crate) async fn pseudonymise(&self, subject: &Subject) -> Result<()> {
        let mut after = None;
        loop {
            let range = Range::Prefix(PaymentRecord::PREFIX.to_owned());
            let table = self.context.table::<PaymentRecord>();
            let (page, next) = table.complete_page(subject.as_str(), range, CHUNK, after).await?;
            let mut batch = Batch::default();
            for read in &page {
                let mut payment = read.value.clone();
                payment.pseudonymise();
                if payment != read.value {
                    batch.replace(read, &payment)?;
                }
            }
            self.context.commit(batch).await?;
            match next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
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
