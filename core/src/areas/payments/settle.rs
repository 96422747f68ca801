//! Writing down what a vendor showed or answered: rows, ledger, history and the next look in one commit.

use std::time::Duration;

use portcullis_ports::outcome::{Outcome, Reason, Reference};
use portcullis_ports::payments::{
    CUSTOMER_GONE, ChargeOutcome, Decline, DeclineClass, DisputeStatus, Failure, PaymentStatus, Reuse,
    Snapshot, VendorRef,
};
use portcullis_ports::storage::STORE_CONFLICT;
use portcullis_ports::{Result, Retry};

use super::apply::{Movement, Rows, apply};
use super::model::Purpose;
use super::records::{ChargedSource, PaymentRecord, Step};
use super::rows::{ReadRows, mark_captured, mark_open};
use super::status::{RefundState, Status};
use super::tallied::counted;
use super::watch::{WATCH, Watched};
use super::{Payments, events};
use crate::areas::ledger::PENDING_ENTRY_ENDED;
use crate::foundation::guard::GuardedPayments;
use crate::foundation::source::Source;
use crate::foundation::table::Batch;
use crate::services::audit::{Event, EventOutcome};

/// How long after its limit a call is still left to whoever made it.
const MARGIN: Duration = Duration::from_secs(15);

/// For how long nobody but who made a call asks what became of it.
pub(super) const CALL_TIME: Duration = GuardedPayments::limit().saturating_add(MARGIN);

/// Who sees to it that a payment is looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Follow {
    /// The commit moves the task.
    Task,
    /// The runner of the task, who has it in hands.
    Runner,
}

/// What a vendor answered to a call, as far as it is definite.
pub(super) enum Answer {
    Picture(Box<Snapshot>),
    /// It did not happen, for this reason.
    Refused(Failure, Option<VendorRef>),
    /// The vendor was not asked.
    NotSent(Failure),
    /// Nobody knows; the vendor's name may be known.
    Unknown(Option<VendorRef>),
}

impl Answer {
    /// `resend` if the call had been made before: that it was not made again says nothing of the first time.
    pub(super) fn of(outcome: ChargeOutcome, resend: bool) -> Self {
        match outcome {
            Outcome::Done(picture) | Outcome::Pending(picture) => Self::Picture(Box::new(picture)),
            Outcome::Declined(Decline {
                snapshot: Some(picture),
                ..
            }) => Self::Picture(picture),
            Outcome::Declined(decline) if !resend => {
                let reference = decline.reference.clone();
                Self::Refused(decline.failure(), reference)
            }
            Outcome::NotSent(reason) if !resend => Self::NotSent(failure(&reason)),
            Outcome::Unknown(Reference::Theirs(name)) => Self::Unknown(VendorRef::parse(&name).ok()),
            Outcome::Declined(_) | Outcome::NotSent(_) | Outcome::Unknown(_) => Self::Unknown(None),
        }
    }
}

pub(super) fn failure(reason: &Reason) -> Failure {
    let class = match reason.retry {
        Retry::Later(_) => DeclineClass::RetryLater,
        Retry::Never | Retry::Unknown => DeclineClass::OurSide,
    };
    Failure::new(class, reason.code.clone(), reason.detail.clone())
}

impl Rows {
    /// Whether an operator should look.
    pub(super) fn needs_attention(&self) -> bool {
        let open = |status| matches!(status, DisputeStatus::NeedsResponse | DisputeStatus::UnderReview);
        !self.payment.findings.is_empty()
            || self.payment.status == Status::Unknown
            || self
                .refunds
                .iter()
                .any(|refund| refund.state == RefundState::Unknown)
            || self.disputes.iter().any(|dispute| open(dispute.status))
    }

    /// Takes down what a call came to that gave no picture. Gives what has to be posted.
    pub(super) fn conclude(&mut self, answer: &Answer) -> Vec<Movement> {
        let payment = &mut self.payment;
        let Some(step) = payment.call.as_ref().map(|call| call.step) else {
            return Vec::new();
        };
        match answer {
            Answer::Picture(_) => Vec::new(),
            Answer::Refused(failure, _) | Answer::NotSent(failure) => {
                payment.call = None;
                if let Some(attempt) = payment.attempts.first_mut() {
                    attempt.failure = Some(failure.clone());
                    attempt.unsent = matches!(answer, Answer::NotSent(_));
                    if let (None, Answer::Refused(_, theirs)) = (&attempt.theirs, answer) {
                        attempt.theirs.clone_from(theirs);
                    }
                }
                match step {
                    Step::Charge => payment.status = Status::Failed,
                    // What was held is held on.
                    Step::Capture => payment.status = Status::Authorized,
                    Step::Complete | Step::Void | Step::Withdraw => {}
                }
                payment.release().into_iter().collect()
            }
            Answer::Unknown(theirs) => {
                if let Some(attempt) = payment.attempts.first_mut()
                    && attempt.theirs.is_none()
                {
                    attempt.theirs.clone_from(theirs);
                }
                if matches!(step, Step::Charge | Step::Complete | Step::Capture) {
                    payment.status = Status::Unknown;
                }
                Vec::new()
            }
        }
    }
}

impl Payments {
    /// Writes down what became of a call. `sent` is the payment as it was written before the call: if anybody wrote it
    /// since, the vendor is asked anew instead of believing an answer that may be older than what is known.
    pub(super) async fn settle(
        &self,
        sent: &PaymentRecord,
        answer: &Answer,
        source: &Source,
        follow: Follow,
    ) -> Result<Rows> {
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                self.context.lock_subject(&mut batch, &sent.subject).await;
                let read = self.read(&sent.subject, &sent.id).await?;
                if read.payment() != sent {
                    drop(batch);
                    let looked = self.look(&sent.subject, &sent.id, source, follow).await?;
                    return Ok(looked.rows);
                }
                let mut rows = read.rows();
                let movements = match answer {
                    Answer::Picture(picture) => {
                        apply(&mut rows, picture, &*self.context, self.context.now())?
                    }
                    other => rows.conclude(other),
                };
                if let (Answer::Refused(failure, _), Some(customer)) = (answer, &sent.customer)
                    && failure.code == CUSTOMER_GONE
                {
                    self.methods
                        .customer_gone(&mut batch, &sent.instance, &sent.subject, customer)
                        .await?;
                }
                self.write(&mut batch, &read, &mut rows, &movements, source, follow)
                    .await?;
                self.context.commit(batch).await?;
                Ok(rows)
            })
            .await
    }

    /// Stores the method that a payer wanted kept, once it has paid.
    pub(super) async fn keep_method(
        &self,
        batch: &mut Batch,
        read: &ReadRows,
        picture: &Snapshot,
    ) -> Result<()> {
        let payment = read.payment();
        let wanted = payment.source == ChargedSource::Fresh { save: true };
        let paid = matches!(
            picture.status,
            PaymentStatus::Succeeded | PaymentStatus::Authorized | PaymentStatus::Processing
        );
        match &picture.method {
            Some(method) if wanted && paid && method.reuse == Reuse::Many => {
                self.methods
                    .adopt(batch, &payment.subject, &payment.instance, method)
                    .await
            }
            _ => Ok(()),
        }
    }

    /// Adds changed rows to a commit, with all that follows from the change.
    pub(super) async fn write(
        &self,
        batch: &mut Batch,
        read: &ReadRows,
        rows: &mut Rows,
        movements: &[Movement],
        source: &Source,
        follow: Follow,
    ) -> Result<()> {
        let before = read.rows();
        if before != *rows {
            rows.payment.updated_at = self.context.now();
        }
        let posted = self.post(batch, rows, movements).await;
        // What was held is not any more: somebody else has written these rows, and the ledger, since they were read.
        let posted = posted.map_err(|error| match error.code() {
            PENDING_ENTRY_ENDED => STORE_CONFLICT.error(),
            _ => error,
        })?;
        let over = rows.payment.status.is_final() && !before.payment.status.is_final();
        if over && rows.payment.purpose == Purpose::Balance {
            let (payment, currency) = (&rows.payment, rows.payment.currency());
            self.ledger
                .end_collection(batch, &payment.subject, currency, &payment.id)
                .await?;
        }
        self.tell_moved(batch, before.payment.status, rows, movements)
            .await?;
        self.tallies.add(batch, counted(&before, rows))?;
        self.add_vendor_names(batch, &before.payment, &rows.payment)?;
        mark_open(batch, &before, rows)?;
        mark_captured(batch, &before.payment, &rows.payment)?;
        let happened = happened(&before, rows, source);
        if !happened.is_empty() {
            self.audit.append(batch, &rows.payment.subject, &happened).await?;
        }
        if follow == Follow::Task {
            self.follow(batch, rows).await?;
        }
        self.note_changes(batch, Some(&before), rows, posted, source)?;
        read.save(batch, rows)
    }

    /// Has a payment looked at when it is due next, or never again if nothing is left to be learned.
    pub(super) async fn follow(&self, batch: &mut Batch, rows: &Rows) -> Result<()> {
        let payment = &rows.payment;
        let id = payment.id.as_str();
        let first = (id, payment.created_at + CALL_TIME);
        match self.next_look(rows) {
            Some(due) => {
                let watched = Watched {
                    subject: payment.subject.clone(),
                };
                if !self.tasks.move_first_in(batch, &WATCH, first, due).await? {
                    self.tasks.plan(batch, &WATCH, id, due, &watched).await?;
                }
            }
            None => {
                self.tasks.cancel_first(batch, &WATCH, first).await?;
            }
        }
        Ok(())
    }
}

/// What goes into the history.
pub(super) fn happened<'a>(before: &Rows, after: &Rows, source: &'a Source) -> Vec<Event<'a>> {
    let payment = &after.payment;
    let mut happened = Vec::new();
    let about = |event: Event<'a>| {
        event
            .with("payment", &payment.id)
            .with("amount", payment.amount.get())
            .with("vendor", &payment.instance)
    };
    if before.payment.status != payment.status
        && let Some(kind) = events::of(payment.status)
    {
        let outcome = match payment.status {
            Status::Succeeded | Status::Authorized => EventOutcome::Success,
            Status::Failed => EventOutcome::Failure,
            _ => EventOutcome::Info,
        };
        let mut event = about(Event::new(kind, outcome, source));
        if let Some(failure) = payment.attempt().and_then(|attempt| attempt.failure.as_ref()) {
            event = event.with("decline", &failure.code);
        }
        if payment.late {
            event = event.with("late", true);
        }
        happened.push(event);
    }
    for refund in &after.refunds {
        let known = before.refunds.iter().find(|known| known.id == refund.id);
        let changed = known.is_none_or(|known| known.state != refund.state);
        let told = matches!(
            refund.state,
            RefundState::Succeeded | RefundState::Failed | RefundState::Canceled
        );
        if changed && told {
            let event = Event::new(events::REFUND, EventOutcome::Info, source)
                .with("payment", &payment.id)
                .with("refund", &refund.id)
                .with("amount", refund.amount.get())
                .with("state", refund.state.as_str());
            happened.push(event);
        }
    }
    for dispute in &after.disputes {
        let known = before.disputes.iter().find(|known| known.id == dispute.id);
        let same = |known: &super::records::DisputeRecord| {
            known.status == dispute.status
                && known.withdrawn == dispute.withdrawn
                && known.reinstated == dispute.reinstated
        };
        if !known.is_some_and(same) {
            let event = Event::new(events::DISPUTE, EventOutcome::Info, source)
                .with("payment", &payment.id)
                .with("dispute", &dispute.id)
                .with("amount", dispute.amount)
                .with("status", dispute.status.as_str());
            happened.push(event);
        }
    }
    happened
}
