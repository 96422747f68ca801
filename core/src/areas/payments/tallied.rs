//! What is counted of payments and disputes, in the commit that writes it down.

use portcullis_ports::payments::{DisputeKind, DisputeStatus};

use super::apply::Rows;
use super::records::DisputeRecord;
use super::status::Status;
use crate::services::tallies::Tallied;

/// A payment brought money.
pub(crate) const PAYMENT_SUCCEEDED: &str = "payment_succeeded";
/// A payment failed, by what would help.
pub(crate) const PAYMENT_FAILED: &str = "payment_failed";
/// A payment was called off.
pub(crate) const PAYMENT_CANCELED: &str = "payment_canceled";
/// Money of a payment is contested, by kind. What a bank only asks about is none.
pub(crate) const DISPUTE_OPENED: &str = "dispute_opened";
/// A dispute was won.
pub(crate) const DISPUTE_WON: &str = "dispute_won";
/// A dispute was lost.
pub(crate) const DISPUTE_LOST: &str = "dispute_lost";

/// What happened between two states of the rows of a payment.
pub(super) fn counted(before: &Rows, after: &Rows) -> Vec<Tallied> {
    let payment = &after.payment;
    let once = |what| Tallied::once(what, payment.currency());
    let mut happened = Vec::new();
    if before.payment.status != payment.status {
        let failure = payment.attempt().and_then(|attempt| attempt.failure.as_ref());
        happened.extend(match payment.status {
            Status::Succeeded => Some(once(PAYMENT_SUCCEEDED)),
            Status::Canceled => Some(once(PAYMENT_CANCELED)),
            Status::Failed => {
                let failed = once(PAYMENT_FAILED);
                Some(match failure {
                    Some(failure) => failed.of(failure.class.as_str()),
                    None => failed,
                })
            }
            _ => None,
        });
    }
    for dispute in &after.disputes {
        let known = before.disputes.iter().find(|known| known.id == dispute.id);
        let contests = |dispute: &DisputeRecord| dispute.kind != DisputeKind::Inquiry;
        if contests(dispute) && !known.is_some_and(contests) {
            happened.push(once(DISPUTE_OPENED).of(dispute.kind.as_str()));
        }
        if known.map(|known| known.status) != Some(dispute.status) && contests(dispute) {
            happened.extend(match dispute.status {
                DisputeStatus::Won => Some(once(DISPUTE_WON)),
                DisputeStatus::Lost => Some(once(DISPUTE_LOST)),
                _ => None,
            });
        }
    }
    happened
}
