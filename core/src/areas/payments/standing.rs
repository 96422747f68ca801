//! Whether a customer contests what was paid.

use portcullis_ports::Result;
use portcullis_ports::identity::Subject;
use portcullis_ports::payments::{DisputeKind, DisputeStatus};
use portcullis_ports::storage::Range;

use super::Payments;
use super::records::DisputeRecord;

/// How many disputes are looked at, newest first.
const NEWEST: usize = 100;

impl Payments {
    /// Whether a bank holds money of a payment of this customer back and has not decided. An inquiry holds none.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub(crate) async fn is_contested(&self, subject: &Subject) -> Result<bool> {
        let disputes = self.context.table::<DisputeRecord>();
        let range = Range::Prefix(DisputeRecord::PREFIX.into());
        let (newest, _) = disputes
            .page_newest_first(subject.as_str(), range, NEWEST, None)
            .await?;
        let is_open = |status| matches!(status, DisputeStatus::NeedsResponse | DisputeStatus::UnderReview);
        Ok(newest
            .iter()
            .any(|dispute| dispute.kind != DisputeKind::Inquiry && is_open(dispute.status)))
    }
}
