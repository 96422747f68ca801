//! Payments as callers see them.

use portcullis_ports::id::{PaymentId, RefundId};
use portcullis_ports::identity::Subject;
use portcullis_ports::money::Money;
use portcullis_ports::payments::{DeclineClass, DisputeKind, DisputeStatus, Failure, MethodKind, NextAction};
use portcullis_ports::{Error, Timestamp};

use super::PAYMENT_DECLINED;
use super::apply::Rows;
use super::model::{DisputeId, Finding, Purpose};
use super::offline::{ReceiptProof, ReceiptReference};
use super::records::{DisputeRecord, PaidWith, PaymentRecord, ReceivedMoney, RefundRecord};
use super::status::{RefundState, Status};
use crate::areas::payment_methods::VENDOR_UNAVAILABLE;
use crate::foundation::cursor::SignedCursor;

/// A payment.
#[derive(Debug, Clone)]
pub struct PaymentView {
    /// Its id.
    pub id: PaymentId,
    /// Who pays.
    pub subject: Subject,
    /// The instance of the vendor.
    pub vendor: String,
    /// What it is for.
    pub purpose: Purpose,
    /// Where it stands.
    pub status: Status,
    /// What was asked for.
    pub amount: Money,
    /// Taken so far.
    pub captured: Money,
    /// Held, and not captured yet.
    pub capturable: Money,
    /// Given back so far.
    pub refunded: Money,
    /// What could still be given back.
    pub refundable: Money,
    /// What the vendor keeps, as far as that is known.
    pub fee: Option<Money>,
    /// What the payer reads.
    pub description: String,
    /// What it was paid with.
    pub method: Option<PaidWithView>,
    /// The word for what the payer has to do, with `requires_action`.
    pub action: Option<String>,
    /// What the payer has to do, with all that is needed for it. Only in the answer to whoever may do it.
    pub next_action: Option<NextAction>,
    /// Why it was refused, if it was.
    pub failure: Option<Failure>,
    /// Whether it failed without the vendor having been asked.
    pub unsent: bool,
    /// When it was seen first that money was taken.
    pub captured_at: Option<Timestamp>,
    /// Until when it can be captured.
    pub capture_before: Option<Timestamp>,
    /// Whether money came after it had been given up: it is to the credit of the payer.
    pub late: bool,
    /// Refunds, oldest first.
    pub refunds: Vec<RefundView>,
    /// Disputes, oldest first.
    pub disputes: Vec<DisputeView>,
    /// What needs an operator's eye.
    pub findings: Vec<Finding>,
    /// What operators said that came, oldest first.
    pub received: Vec<ReceivedView>,
    /// The vendor's name for it, for operators.
    pub reference: Option<String>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What a payment was paid with.
#[derive(Debug, Clone)]
pub struct PaidWithView {
    /// The kind.
    pub kind: MethodKind,
    /// What people call it.
    pub label: String,
    /// The last four characters of its number.
    pub last4: Option<String>,
}

/// Money that came outside of any vendor.
#[derive(Debug, Clone)]
pub struct ReceivedView {
    /// How much.
    pub amount: Money,
    /// What the bank calls it.
    pub reference: ReceiptReference,
    /// When it came.
    pub at: Timestamp,
    /// What proves it.
    pub proof: ReceiptProof,
    /// Who said so.
    pub operator: Subject,
}

impl From<&ReceivedMoney> for ReceivedView {
    fn from(received: &ReceivedMoney) -> Self {
        Self {
            amount: received.amount.get(),
            reference: received.reference.clone(),
            at: received.at,
            proof: received.proof.clone(),
            operator: received.operator.clone(),
        }
    }
}

/// A refund.
#[derive(Debug, Clone)]
pub struct RefundView {
    /// Its id.
    pub id: RefundId,
    /// How much.
    pub amount: Money,
    /// Where it stands.
    pub state: RefundState,
    /// Why it failed, if it did.
    pub failure: Option<Failure>,
    /// When it was asked for.
    pub created_at: Timestamp,
}

/// A dispute.
#[derive(Debug, Clone)]
pub struct DisputeView {
    /// Its id.
    pub id: DisputeId,
    /// What kind it is.
    pub kind: DisputeKind,
    /// Where it stands.
    pub status: DisputeStatus,
    /// What is contested.
    pub amount: Money,
    /// Taken from us and not given back.
    pub missing: Money,
    /// The bank's reason.
    pub reason: String,
    /// Until when evidence is taken.
    pub respond_by: Option<Timestamp>,
    /// Whether evidence was handed in.
    pub answered: bool,
    /// When it began.
    pub created_at: Timestamp,
}

/// A page of payments, newest first.
#[derive(Debug, Clone)]
pub struct PaymentList {
    /// The payments, without refunds and disputes. A page may hold fewer than were asked for, and even none.
    pub items: Vec<PaymentView>,
    /// Where the next page begins, if there is one.
    pub next: Option<SignedCursor>,
}

impl From<&PaidWith> for PaidWithView {
    fn from(method: &PaidWith) -> Self {
        Self {
            kind: method.kind,
            label: method.label.clone(),
            last4: method.last4.clone(),
        }
    }
}

impl From<&RefundRecord> for RefundView {
    fn from(refund: &RefundRecord) -> Self {
        Self {
            id: refund.id.clone(),
            amount: refund.amount.get(),
            state: refund.state,
            failure: refund.failure.clone(),
            created_at: refund.created_at,
        }
    }
}

impl From<&DisputeRecord> for DisputeView {
    fn from(dispute: &DisputeRecord) -> Self {
        Self {
            id: dispute.id.clone(),
            kind: dispute.kind,
            status: dispute.status,
            amount: dispute.amount,
            missing: Money::new(dispute.missing(), dispute.amount.currency),
            reason: dispute.reason.clone(),
            respond_by: dispute.respond_by,
            answered: dispute.answered,
            created_at: dispute.created_at,
        }
    }
}

impl PaymentView {
    pub(super) fn of(rows: &Rows, next_action: Option<NextAction>) -> Self {
        let payment = &rows.payment;
        Self {
            refunded: rows.refunded(),
            refundable: rows.refundable(),
            refunds: rows.refunds.iter().map(RefundView::from).collect(),
            disputes: rows.disputes.iter().map(DisputeView::from).collect(),
            next_action: next_action.filter(|_| payment.status == Status::RequiresAction),
            ..Self::alone(payment)
        }
    }

    /// Without refunds and disputes.
    pub(super) fn alone(payment: &PaymentRecord) -> Self {
        let attempt = payment.attempt();
        let nothing = Money::zero(payment.currency());
        Self {
            id: payment.id.clone(),
            subject: payment.subject.clone(),
            vendor: payment.instance.clone(),
            purpose: payment.purpose.clone(),
            status: payment.status,
            amount: payment.amount.get(),
            captured: payment.captured(),
            capturable: payment.capturable(),
            refunded: nothing,
            refundable: nothing,
            fee: attempt.and_then(|attempt| attempt.fee),
            description: payment.description.clone(),
            method: attempt
                .and_then(|attempt| attempt.method.as_ref())
                .map(PaidWithView::from),
            action: attempt
                .and_then(|attempt| attempt.action.clone())
                .filter(|_| payment.status == Status::RequiresAction),
            next_action: None,
            unsent: attempt.is_some_and(|attempt| attempt.unsent) && payment.status == Status::Failed,
            failure: attempt
                .and_then(|attempt| attempt.failure.clone())
                .filter(|_| payment.status.is_given_up() || payment.status == Status::RequiresAction),
            captured_at: payment.captured_at,
            capture_before: attempt
                .and_then(|attempt| attempt.capture_before)
                .filter(|_| payment.status == Status::Authorized),
            late: payment.late,
            refunds: Vec::new(),
            disputes: Vec::new(),
            findings: payment.findings.clone(),
            received: payment.received.iter().map(ReceivedView::from).collect(),
            reference: payment.theirs().map(ToString::to_string),
            created_at: payment.created_at,
            updated_at: payment.updated_at,
        }
    }

    /// What is said instead of a payment that failed, with its id and what would help: nothing was charged.
    pub fn refusal(&self) -> Option<Error> {
        if self.status != Status::Failed {
            return None;
        }
        let refusal = if self.unsent {
            VENDOR_UNAVAILABLE.error()
        } else {
            PAYMENT_DECLINED.error()
        };
        let refusal = refusal.member("payment_id", self.id.to_string());
        let class = self.decline().map_or("", DeclineClass::as_str);
        Some(refusal.member("decline", class))
    }

    /// What would help, if it was refused.
    pub fn decline(&self) -> Option<DeclineClass> {
        self.failure.as_ref().map(|failure| failure.class)
    }
}
