//! PayPal's orders, refunds and disputes as pictures of payments.

use portcullis_ports::Timestamp;
use portcullis_ports::id::RefundId;
use portcullis_ports::money::Money;
use portcullis_ports::payments::{
    AttemptId, DisputeKind, DisputeSnapshot, DisputeStatus, Failure, NextAction, PaymentStatus,
    RefundSnapshot, RefundStatus, Snapshot, Tag, VendorRef,
};

use crate::failures::{of_capture, of_processor};
use crate::methods;
use crate::terms::{from_paypal, from_time};
use crate::wire::{self, Authorization, Capture, Dispute, Order, Refund};

/// What every picture of an account says.
pub(crate) struct Pictures {
    pub(crate) live: bool,
    pub(crate) account: Option<VendorRef>,
}

/// What PayPal keeps for us with a payment, in the one field that comes back everywhere: our name for the attempt, and the
/// tag or the refund behind a comma.
pub(crate) fn custom(attempt: &AttemptId, more: &str) -> String {
    format!("{attempt},{more}")
}

/// Our name for an attempt, in what PayPal kept.
pub(crate) fn attempt(custom: &str) -> Option<AttemptId> {
    custom
        .split_once(',')
        .map_or(custom, |(attempt, _)| attempt)
        .parse()
        .ok()
}

/// Our name for a refund, in what PayPal kept.
pub(crate) fn refund_id(custom: &str) -> Option<RefundId> {
    RefundId::parse(custom.split_once(',')?.1).ok()
}

/// Whether money came with it.
pub(crate) fn is_taken(capture: &Capture) -> bool {
    matches!(
        capture.status.as_str(),
        "COMPLETED" | "PARTIALLY_REFUNDED" | "REFUNDED"
    )
}

/// The hold that counts: a renewed one takes the place of the former.
pub(crate) fn hold(order: &Order) -> Option<&Authorization> {
    let all = order.unit()?.payments.authorizations.iter();
    all.max_by_key(|hold| from_time(&hold.create_time))
}

impl Pictures {
    /// A payment, as its order shows it. `None` if PayPal wrote something else.
    pub(crate) fn payment(&self, order: &Order, at: Timestamp) -> Option<Snapshot> {
        let unit = order.unit()?;
        let amount = from_paypal(unit.amount.as_ref()?)?;
        let (status, failure) = status(order, at);
        let taken = || unit.payments.captures.iter().filter(|capture| is_taken(capture));
        let captured = taken().try_fold(Money::zero(amount.currency), |sum, capture| {
            sum.plus(from_paypal(capture.amount.as_ref()?)?).ok()
        })?;
        let fees = taken().filter_map(|capture| capture.seller_receivable_breakdown.paypal_fee.as_ref());
        let fee = fees
            .filter_map(from_paypal)
            .reduce(|sum, fee| sum.plus(fee).unwrap_or(sum));
        let authorized = hold(order).filter(|_| status == PaymentStatus::Authorized);
        let custom = unit.custom_id.as_deref().unwrap_or_default();
        let approve = wire::link(&order.links, &["payer-action", "approve"]);
        let refunds = unit.payments.refunds.iter().map(|one| refund(one, &order.id, at));
        let created_at = from_time(&order.create_time).unwrap_or(at);
        Some(Snapshot {
            theirs: Some(VendorRef::parse(&order.id).ok()?),
            ours: attempt(custom),
            tag: custom.split_once(',').and_then(|(_, tag)| Tag::parse(tag).ok()),
            customer: None,
            status,
            amount,
            capturable: match authorized {
                Some(hold) => from_paypal(hold.amount.as_ref()?)?,
                None => Money::zero(amount.currency),
            },
            captured,
            capture_before: authorized.and_then(|hold| from_time(hold.expiration_time.as_deref()?)),
            // An approved order waits for us, and for nobody else.
            action: approve
                .filter(|_| matches!(status, PaymentStatus::RequiresAction | PaymentStatus::Failed))
                .filter(|_| order.status != "APPROVED" && order.status != "COMPLETED")
                .map(|url| NextAction::Redirect { url: url.to_owned() }),
            refunds: refunds.collect::<Option<_>>()?,
            disputes: Vec::new(),
            complete: false,
            fee,
            method: methods::paid_with(&order.payment_source),
            failure,
            created_at,
            at,
            live: self.live,
            account: match &unit.payee.merchant_id {
                Some(payee) if self.account.is_some() => VendorRef::parse(payee).ok(),
                _ => self.account.clone(),
            },
        })
    }
}

/// Where a payment stands: what was taken counts before what was tried, and both before what the order says.
fn status(order: &Order, at: Timestamp) -> (PaymentStatus, Option<Failure>) {
    let captures = order.unit().map_or(&[][..], |unit| &unit.payments.captures);
    if captures.iter().any(is_taken) {
        return (PaymentStatus::Succeeded, None);
    }
    if captures.iter().any(|capture| capture.status == "PENDING") {
        return (PaymentStatus::Processing, None);
    }
    if let Some(hold) = hold(order) {
        let over = |text: &str| from_time(text).is_some_and(|end| end <= at);
        match hold.status.as_str() {
            "CREATED" if hold.expiration_time.as_deref().is_some_and(over) => {
                return (PaymentStatus::Canceled, None);
            }
            "CREATED" => return (PaymentStatus::Authorized, None),
            "VOIDED" => return (PaymentStatus::Canceled, None),
            "DENIED" => {
                let failure = of_processor(&hold.processor_response, &hold.status);
                return (PaymentStatus::Failed, Some(failure));
            }
            // Under review, or captured by what is not shown yet.
            _ if captures.is_empty() => return (PaymentStatus::Processing, None),
            _ => {}
        }
    }
    match (order.status.as_str(), captures.last()) {
        ("VOIDED", _) => (PaymentStatus::Canceled, None),
        // The payer chose another way to pay after a refusal, or is asked to.
        ("CREATED" | "SAVED" | "PAYER_ACTION_REQUIRED" | "APPROVED", _) => {
            (PaymentStatus::RequiresAction, None)
        }
        (_, Some(capture)) => (PaymentStatus::Failed, Some(of_capture(capture))),
        _ => (PaymentStatus::Processing, None),
    }
}

/// A refund of an order, or of what else is named.
pub(crate) fn refund(refund: &Refund, payment: &str, at: Timestamp) -> Option<RefundSnapshot> {
    let status = match refund.status.as_str() {
        "COMPLETED" => RefundStatus::Succeeded,
        "FAILED" => RefundStatus::Failed,
        "CANCELLED" => RefundStatus::Canceled,
        _ => RefundStatus::Pending,
    };
    let gone = matches!(status, RefundStatus::Failed | RefundStatus::Canceled);
    let reason = refund.status_details.reason.as_deref().unwrap_or(&refund.status);
    Some(RefundSnapshot {
        theirs: VendorRef::parse(&refund.id).ok()?,
        ours: refund.custom_id.as_deref().and_then(refund_id),
        payment: VendorRef::parse(payment).ok(),
        status,
        amount: from_paypal(refund.amount.as_ref()?)?,
        failure: gone.then(|| {
            let class = portcullis_ports::payments::DeclineClass::OurSide;
            Failure::new(class, reason, "PayPal could not give the money back")
        }),
        created_at: from_time(&refund.create_time).unwrap_or(at),
        at,
    })
}

/// A dispute.
pub(crate) fn dispute(
    dispute: &Dispute,
    payment: Option<&VendorRef>,
    at: Timestamp,
) -> Option<DisputeSnapshot> {
    let amount = from_paypal(dispute.dispute_amount.as_ref()?)?;
    let status = match (
        dispute.status.as_str(),
        dispute.dispute_outcome.outcome_code.as_deref(),
    ) {
        ("RESOLVED", Some("RESOLVED_BUYER_FAVOUR" | "ACCEPTED")) => DisputeStatus::Lost,
        ("RESOLVED", Some("RESOLVED_SELLER_FAVOUR" | "RESOLVED_WITH_PAYOUT" | "DENIED")) => {
            DisputeStatus::Won
        }
        ("RESOLVED", _) => DisputeStatus::Closed,
        ("OPEN" | "WAITING_FOR_SELLER_RESPONSE", _) => DisputeStatus::NeedsResponse,
        _ => DisputeStatus::UnderReview,
    };
    let moved = |direction: &str, fee: bool| {
        let ours = dispute.money_movements.iter().filter(|movement| {
            movement.affected_party == "SELLER"
                && movement.r#type == direction
                && (movement.reason != "DISPUTE_SETTLEMENT") == fee
        });
        ours.filter_map(|movement| from_paypal(movement.amount.as_ref()?))
            .try_fold(Money::zero(amount.currency), |sum, moved| sum.plus(moved).ok())
    };
    let fee = moved("DEBIT", true)?.minus(moved("CREDIT", true)?).ok()?;
    Some(DisputeSnapshot {
        theirs: VendorRef::parse(&dispute.dispute_id).ok()?,
        payment: payment.cloned(),
        kind: match dispute.dispute_life_cycle_stage.as_str() {
            "INQUIRY" => DisputeKind::Inquiry,
            _ => DisputeKind::Chargeback,
        },
        status,
        amount,
        withdrawn: moved("DEBIT", false)?,
        reinstated: moved("CREDIT", false)?,
        fee: Some(fee).filter(|fee| fee.minor != 0),
        reason: dispute.reason.chars().take(64).collect(),
        respond_by: dispute.seller_response_due_date.as_deref().and_then(from_time),
        answered: dispute
            .evidences
            .iter()
            .any(|one| one.source == "SUBMITTED_BY_SELLER"),
        created_at: from_time(&dispute.create_time).unwrap_or(at),
        at,
    })
}
