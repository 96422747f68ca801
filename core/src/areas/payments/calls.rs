//! What a vendor is asked, made of the rows alone: so that a repeat is the same to the last byte.

use portcullis_ports::money::{Amount, Money};
use portcullis_ports::outcome::Reference;
use portcullis_ports::payments::{
    AttemptId, CallKey, Capture, CaptureOrder, Charge, ChargeOutcome, Handed, KnownOrder, KnownRefund,
    MethodRef, Presence, RefundOrder, RefundOutcome, Return, Sought, Source, Statement, Tag, VendorRef,
    VoidOrder, Withdrawal,
};
use portcullis_ports::{Error, Result};

use super::Payments;
use super::apply::Rows;
use super::records::{ChargedSource, DisputeRecord, OpenCall, PaymentRecord, RefundRecord, Step};
use crate::foundation::guard::{GuardedPayments, Urgency};
use crate::services::payment_vendors::{call_key, key_of, order_tag, present, return_state};

impl PaymentRecord {
    /// What the vendor calls the attempt for us. There is one: what was declined is paid by another payment.
    pub(super) fn attempt_id(&self) -> AttemptId {
        AttemptId {
            payment: self.id.clone(),
            attempt: 1,
        }
    }

    const fn when(&self) -> Capture {
        if self.capture_later {
            Capture::Later
        } else {
            Capture::Now
        }
    }

    /// The stored method that is charged, if it is one.
    fn method(&self) -> Option<MethodRef> {
        match &self.source {
            ChargedSource::Stored { theirs, kind, .. } => Some(MethodRef {
                theirs: theirs.clone(),
                customer: self.customer.clone(),
                kind: *kind,
            }),
            ChargedSource::Fresh { .. }
            | ChargedSource::HostedPage
            | ChargedSource::Offline
            | ChargedSource::Agreement { .. } => None,
        }
    }

    fn charged(&self) -> Source {
        match (&self.source, self.method()) {
            (_, Some(method)) => Source::Stored(method),
            (ChargedSource::Fresh { save }, None) => Source::Fresh { save: *save },
            (ChargedSource::Offline, None) => Source::Offline,
            (_, None) => Source::HostedPage,
        }
    }
}

impl RefundRecord {
    fn known(&self) -> KnownRefund {
        KnownRefund {
            id: self.id.clone(),
            theirs: self.theirs.clone(),
            amount: self.amount,
            sent_at: self.created_at,
            open: self.state.reserves() && self.paid_out.is_none(),
        }
    }
}

impl Payments {
    fn key(&self, instance: &str, step: &str, row: &str, number: u32) -> Result<CallKey> {
        call_key(&self.context, "payment-call", (instance, step, row, number))
    }

    fn call_key(&self, payment: &PaymentRecord, step: Step, number: u32) -> Result<CallKey> {
        self.key(&payment.instance, step.as_str(), payment.id.as_str(), number)
    }

    /// The key of an answer to a dispute: of what is said, so that saying it again is no other answer.
    pub(super) fn dispute_key(
        &self,
        instance: &GuardedPayments,
        dispute: &DisputeRecord,
        said: &str,
    ) -> Result<CallKey> {
        let parts = [instance.instance(), dispute.id.as_str(), said];
        key_of(&self.context, "dispute-answer", &parts)
    }

    fn tag(&self, payment: &PaymentRecord) -> Result<Tag> {
        let order = (payment.instance.as_str(), payment.id.as_str(), payment.amount);
        order_tag(&self.context, "payment-tag", order)
    }

    pub(super) fn return_state(&self, payment: &portcullis_ports::id::PaymentId) -> Result<String> {
        return_state(&self.context, "payment-return", payment.as_str())
    }

    fn presence(&self, payment: &PaymentRecord) -> Result<Presence> {
        match payment.ip {
            Some(ip) => present(&self.context, &self.return_state(&payment.id)?, ip),
            None => Ok(Presence::Absent),
        }
    }

    /// Makes a call that is written down already.
    pub(super) async fn call(
        &self,
        instance: &GuardedPayments,
        payment: &PaymentRecord,
        call: &OpenCall,
        resend: bool,
        handed: &Handed,
    ) -> Result<ChargeOutcome> {
        let (id, key) = (
            payment.attempt_id(),
            self.call_key(payment, call.step, call.number)?,
        );
        let theirs = || {
            let named = payment.theirs().cloned();
            named.ok_or_else(|| Error::internal("a payment that the vendor has not named goes no further"))
        };
        Ok(match call.step {
            Step::Charge => {
                let urgency = if payment.ip.is_some() {
                    Urgency::Urgent
                } else {
                    Urgency::Ordinary
                };
                let order = Charge {
                    id,
                    key,
                    resend,
                    amount: payment.amount,
                    source: payment.charged(),
                    presence: self.presence(payment)?,
                    capture: payment.when(),
                    customer: payment.customer.clone(),
                    mandate: None,
                    statement: Statement {
                        description: payment.description.clone(),
                        suffix: None,
                    },
                    tag: self.tag(payment)?,
                };
                instance.charge(&order, urgency).await
            }
            Step::Complete => {
                let back = Return {
                    id,
                    key,
                    resend,
                    payment: payment.theirs().cloned(),
                    amount: payment.amount,
                    capture: payment.when(),
                    method: payment.method(),
                    tag: self.tag(payment)?,
                    handed: handed.clone(),
                };
                instance.complete(&back).await
            }
            Step::Capture => {
                let order = CaptureOrder {
                    id,
                    key,
                    resend,
                    payment: theirs()?,
                    amount: call.amount.unwrap_or(payment.amount),
                };
                instance.capture(&order).await
            }
            Step::Void => {
                let payment = theirs()?;
                instance
                    .void(&VoidOrder {
                        id,
                        key,
                        resend,
                        payment,
                    })
                    .await
            }
            Step::Withdraw => {
                let withdrawal = Withdrawal {
                    id,
                    key,
                    payment: payment.theirs().cloned(),
                    amount: payment.amount,
                };
                instance.withdraw(&withdrawal).await
            }
        })
    }

    /// Asks for a refund that is written down already.
    pub(super) async fn call_refund(
        &self,
        instance: &GuardedPayments,
        payment: &PaymentRecord,
        refund: &RefundRecord,
        resend: bool,
    ) -> Result<RefundOutcome> {
        let theirs = payment.theirs().cloned();
        let theirs =
            theirs.ok_or_else(|| Error::internal("a payment without the vendor's name was captured"))?;
        let order = RefundOrder {
            id: refund.id.clone(),
            key: self.key(&payment.instance, "refund", refund.id.as_str(), 1)?,
            resend,
            payment: theirs,
            attempt: payment.attempt_id(),
            amount: refund.amount,
            of_payments: self.of_payments(payment).await?,
            reason: refund
                .reason
                .unwrap_or(portcullis_ports::payments::RefundReason::Requested),
        };
        Ok(instance.refund(&order).await)
    }

    /// What is looked up of a payment: the object that the vendor named, or the one that is known.
    pub(super) fn sought(&self, rows: &Rows, named: Option<&VendorRef>, latest: bool) -> Result<Sought> {
        let payment = &rows.payment;
        let theirs = named.or(payment.theirs());
        let ours = || Reference::Ours(payment.attempt_id().to_string());
        let mut attempts = payment.attempts.iter();
        let shown = attempts.find(|attempt| attempt.theirs.as_ref() == theirs);
        let booked = match payment.source {
            ChargedSource::Offline => payment.said_received(),
            ChargedSource::Stored { .. }
            | ChargedSource::Fresh { .. }
            | ChargedSource::HostedPage
            | ChargedSource::Agreement { .. } => shown.map_or(0, |attempt| attempt.captured),
        };
        let refunds = rows.refunds.iter().filter(|refund| !refund.state.is_void());
        Ok(Sought {
            reference: theirs.map_or_else(ours, |theirs| Reference::Theirs(theirs.to_string())),
            customer: payment.customer.clone(),
            key: self.call_key(payment, Step::Charge, 1)?,
            sent_at: payment.created_at,
            known: Some(KnownOrder {
                amount: payment.amount,
                method: payment.method(),
                booked: Money::new(booked, payment.currency()),
                refunds: refunds.map(RefundRecord::known).collect(),
                called_off: payment.status.is_given_up(),
                latest,
            }),
        })
    }

    /// Writes down that a step is about to be asked for.
    pub(super) fn open_call(&self, payment: &mut PaymentRecord, step: Step, amount: Option<Amount>) {
        let now = self.context.now();
        payment.calls = payment.calls.saturating_add(1);
        // The first is the charge; the others are numbered after it, whatever they are.
        payment.call = Some(OpenCall {
            step,
            number: payment.calls,
            amount,
            sent_at: now,
            last_sent_at: now,
        });
    }
}
