//! Asking a vendor how a payment stands, and writing that down.

use futures_util::future::BoxFuture;
use portcullis_ports::id::PaymentId;
use portcullis_ports::identity::Subject;
use portcullis_ports::outcome::Resolution;
use portcullis_ports::payments::{DeclineClass, Failure, Handed, RefundRule, Snapshot, VendorRef};
use portcullis_ports::{Result, Timestamp};

use super::Payments;
use super::apply::{Rows, apply};
use super::model::Finding;
use super::records::{OpenCall, PaymentRecord, Step};
use super::settle::{Answer, CALL_TIME, Follow};
use super::status::{RefundState, Status};
use super::watch::gave_up;
use crate::foundation::guard::GuardedPayments;
use crate::foundation::source::Source;
use crate::foundation::table::Batch;

/// What a look found.
pub(super) struct Looked {
    /// The payment as it is now.
    pub(super) rows: Rows,
    /// The picture of it, if the vendor showed one.
    pub(super) picture: Option<Box<Snapshot>>,
    /// Whether the vendor says that it has no such payment.
    pub(super) absent: bool,
    /// Whether anything was news.
    pub(super) changed: bool,
}

/// What an open call is to be done about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// Nothing now.
    Wait,
    /// It is made again: the vendor recognises it.
    Resend,
    /// It never arrived.
    Absent,
}

impl Payments {
    /// Asks the vendor how a payment stands, and applies that. A call that was lost is made again where the vendor
    /// promises to recognise it, and nowhere else.
    pub(super) async fn look(
        &self,
        subject: &Subject,
        id: &PaymentId,
        source: &Source,
        follow: Follow,
    ) -> Result<Looked> {
        self.look_at((subject, id), None, source, follow).await
    }

    /// The same for an object that the vendor named in an event, which may be another than the one that is known.
    pub(super) async fn look_at(
        &self,
        (subject, id): (&Subject, &PaymentId),
        named: Option<&VendorRef>,
        source: &Source,
        follow: Follow,
    ) -> Result<Looked> {
        let looks = || self.look_once((subject, id), named, source, follow);
        let (mut looked, next) = self.context.retried(looks).await?;
        if next == Next::Resend {
            looked.rows = self.resend(looked.rows, source, follow).await?;
        }
        Ok(looked)
    }

    async fn look_once(
        &self,
        (subject, id): (&Subject, &PaymentId),
        named: Option<&VendorRef>,
        source: &Source,
        follow: Follow,
    ) -> Result<(Looked, Next)> {
        let read = self.read(subject, id).await?;
        let instance = self.vendors.named(&read.payment().instance)?;
        let last_only = instance.terms().refunds == RefundRule::LastOfSubscription;
        let latest = !last_only || self.is_latest(read.payment()).await?;
        let sought = self.sought(&read.rows(), named, latest)?;
        let resolution = instance.find(&sought).await;
        let mut rows = read.rows();
        let (now, mut movements) = (self.context.now(), Vec::new());
        let (picture, absent) = match resolution {
            Resolution::Found(outcome) => (outcome.snapshot().cloned(), false),
            Resolution::Absent => (None, true),
            Resolution::CannotTell(reason) => {
                tracing::debug!(payment = %id, code = reason.code, "a vendor cannot tell of a payment");
                (None, false)
            }
        };
        let ours = picture
            .as_ref()
            .filter(|picture| belongs(instance, read.payment(), picture));
        if let Some(picture) = ours {
            movements = apply(&mut rows, picture, &*self.context, now)?;
        } else if picture.is_some() {
            rows.payment.found(Finding::Foreign);
        }
        let next = next_of(instance, &rows, absent, now);
        if next == Next::Absent {
            let why = "the order never arrived at the vendor";
            let failure = Failure::new(DeclineClass::RetryLater, "not-arrived", why);
            movements.extend(rows.conclude(&Answer::NotSent(failure)));
        }
        // Another object of the vendor shows nothing of the refunds of this one.
        let whole = ours
            .filter(|picture| picture.theirs.as_ref() == rows.payment.theirs())
            .cloned();
        rows.resolve_refunds(instance, whole.as_ref(), now);
        rows.lose_sight(now);
        let changed = rows != read.rows();
        // Whoever polls does not use up the patience of the watch.
        if !changed && follow == Follow::Runner {
            rows.payment.looks = rows.payment.looks.saturating_add(1);
            if gave_up(&rows) || self.is_long_overdue(&rows) {
                rows.payment.found(Finding::Unresolved);
            }
        }
        let mut batch = Batch::default();
        self.context.lock_subject(&mut batch, subject).await;
        if let Some(picture) = ours {
            self.keep_method(&mut batch, &read, picture).await?;
        }
        self.write(&mut batch, &read, &mut rows, &movements, source, follow)
            .await?;
        self.context.commit(batch).await?;
        let picture = picture.map(Box::new);
        Ok((
            Looked {
                rows,
                picture,
                absent,
                changed,
            },
            next,
        ))
    }

    /// Makes an open call again, under the same key.
    fn resend<'a>(&'a self, rows: Rows, source: &'a Source, follow: Follow) -> BoxFuture<'a, Result<Rows>> {
        // In a box: settling may look again.
        Box::pin(self.resend_once(rows, source, follow))
    }

    async fn resend_once(&self, rows: Rows, source: &Source, follow: Follow) -> Result<Rows> {
        let payment = rows.payment;
        let (subject, id) = (payment.subject.clone(), payment.id.clone());
        let sent = self
            .context
            .retried(|| async {
                let mut batch = Batch::default();
                self.context.lock_subject(&mut batch, &subject).await;
                let read = self.read(&subject, &id).await?;
                let mut rows = read.rows();
                match &mut rows.payment.call {
                    Some(call) if read.payment() == &payment => call.last_sent_at = self.context.now(),
                    // Somebody else has gone on with it.
                    _ => return Ok((rows, false)),
                }
                self.write(&mut batch, &read, &mut rows, &[], source, follow)
                    .await?;
                self.context.commit(batch).await?;
                Ok((rows, true))
            })
            .await?;
        let (rows, ours) = sent;
        let Some(call) = rows.payment.call.clone().filter(|_| ours) else {
            return Ok(rows);
        };
        let instance = self.vendors.named(&rows.payment.instance)?;
        let outcome = self
            .call(instance, &rows.payment, &call, true, &Handed::default())
            .await?;
        self.settle(&rows.payment, &Answer::of(outcome, true), source, follow)
            .await
    }
}

/// Whether a picture is of this payment, in this mode and of this account.
fn belongs(instance: &GuardedPayments, payment: &PaymentRecord, picture: &Snapshot) -> bool {
    let terms = instance.terms();
    let same_account = match (&terms.account, &picture.account) {
        (Some(ours), Some(theirs)) => ours == theirs,
        _ => true,
    };
    let same_payment = picture
        .ours
        .as_ref()
        .is_none_or(|ours| ours.payment == payment.id);
    terms.live == picture.live && same_account && same_payment
}

/// What is to be done about the call that is open, if one is.
fn next_of(instance: &GuardedPayments, rows: &Rows, absent: bool, now: Timestamp) -> Next {
    let Some(call) = &rows.payment.call else {
        return Next::Wait;
    };
    // Whoever made it may still be waiting for the answer.
    if now < call.last_sent_at + CALL_TIME {
        return Next::Wait;
    }
    let terms = instance.terms();
    // A key may be answered with the vendor's failure ever after: what is proven not to be there is not sent again.
    let proven = |after| now.since(call.last_sent_at) >= after;
    if absent && call.step == Step::Charge && terms.absence_after.is_some_and(proven) {
        return Next::Absent;
    }
    let window = match call.step {
        Step::Charge => terms.replay.charge,
        Step::Complete => terms.replay.complete,
        Step::Capture | Step::Void => terms.replay.capture,
        // Calling off a payment is no money call: it may be repeated at will.
        Step::Withdraw => Some(std::time::Duration::MAX / 4),
    };
    // Clocks jump: half of the window is kept.
    if window.is_some_and(|window| now.since(call.sent_at) < window / 2) {
        return Next::Resend;
    }
    Next::Wait
}

impl Rows {
    /// What was sent, and whose answer nobody has written down in its time, is not known to have arrived.
    fn lose_sight(&mut self, now: Timestamp) {
        let late = |call: &Option<OpenCall>| {
            call.as_ref()
                .is_some_and(|call| now >= call.last_sent_at + CALL_TIME)
        };
        if self.payment.status == Status::Sending && late(&self.payment.call) {
            self.payment.status = Status::Unknown;
        }
        for refund in &mut self.refunds {
            if refund.state == RefundState::Sending && late(&refund.call) {
                refund.state = RefundState::Unknown;
            }
        }
    }

    /// Decides refunds of which nobody knows, where a complete picture of the payment shows that they do not exist.
    fn resolve_refunds(&mut self, instance: &GuardedPayments, picture: Option<&Snapshot>, now: Timestamp) {
        let complete = picture.is_some_and(|picture| picture.complete);
        let Some(after) = instance.terms().absence_after.filter(|_| complete) else {
            return;
        };
        for refund in &mut self.refunds {
            let lost = matches!(refund.state, RefundState::Sending | RefundState::Unknown);
            let Some(call) = refund.call.as_ref().filter(|_| lost && refund.theirs.is_none()) else {
                continue;
            };
            if now.since(call.last_sent_at) >= after.max(CALL_TIME) {
                let why = "the order never arrived at the vendor";
                refund.give_up(Failure::new(DeclineClass::RetryLater, "not-arrived", why), now);
            }
        }
    }
}
