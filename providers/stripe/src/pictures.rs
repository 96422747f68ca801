//! Stripe's objects as pictures of payments, refunds and disputes.

use std::time::Duration;

use portcullis_ports::Timestamp;
use portcullis_ports::id::RefundId;
use portcullis_ports::money::Money;
use portcullis_ports::payments::{
    ClientSecret, DisputeKind, DisputeSnapshot, DisputeStatus, MicrodepositKind, NextAction, PaymentStatus,
    RefundSnapshot, RefundStatus, Setup, SetupStatus, Snapshot, Tag, VendorRef,
};

use crate::failures::{failure, of_reason};
use crate::methods;
use crate::terms::from_stripe;
use crate::wire::{self, Action, Dispute, Identified, Metadata, PaymentIntent, Refund, Session, SetupIntent};

/// What every picture of an account says.
pub(crate) struct Pictures {
    pub(crate) public_key: String,
    pub(crate) account: Option<VendorRef>,
}

impl Pictures {
    /// A payment, as its intent shows it. `None` if Stripe wrote something else.
    pub(crate) fn payment(&self, intent: &PaymentIntent, at: Timestamp) -> Option<Snapshot> {
        let of = |amount| from_stripe(amount, &intent.currency);
        let charge = intent.latest_charge.as_ref().and_then(|charge| charge.object());
        let booked = charge.and_then(|charge| charge.balance_transaction.as_ref()?.object());
        let card = charge.and_then(|charge| charge.payment_method_details.as_ref()?.card.as_ref());
        let status = payment_status(intent);
        // After a refusal the payer may try again with the same secret.
        let waits = matches!(status, PaymentStatus::RequiresAction | PaymentStatus::Failed);
        let action = waits.then(|| {
            let secret = intent.client_secret.as_ref();
            self.action(intent.next_action.as_ref(), secret.map(String::as_str))
        });
        let held = status == PaymentStatus::Authorized;
        let method = intent.payment_method.as_ref().and_then(|method| method.object());
        Some(Snapshot {
            theirs: Some(intent.name()?),
            ours: attempt(&intent.metadata),
            tag: tag(&intent.metadata),
            customer: intent.customer.as_ref().and_then(Identified::name),
            status,
            amount: of(intent.amount)?,
            capturable: of(intent.amount_capturable)?,
            captured: of(intent.amount_received)?,
            capture_before: card
                .and_then(|card| card.capture_before)
                .filter(|_| held)
                .map(Timestamp::from_seconds),
            action: action.flatten(),
            refunds: Vec::new(),
            disputes: Vec::new(),
            complete: false,
            fee: booked.and_then(|booked| from_stripe(booked.fee, &booked.currency)),
            method: method.and_then(|method| methods::stored(method, None)),
            failure: match (&intent.last_payment_error, status) {
                (Some(error), PaymentStatus::Failed) => Some(failure(error)),
                _ => None,
            },
            created_at: Timestamp::from_seconds(intent.created),
            at,
            live: intent.livemode,
            account: self.account.clone(),
        })
    }

    /// A page of Checkout whose payment, if one was begun on it, shows nothing beyond it.
    pub(crate) fn page(&self, session: &Session, at: Timestamp) -> Option<Snapshot> {
        let amount = from_stripe(session.amount_total?, session.currency.as_deref()?)?;
        let nothing = Money::zero(amount.currency);
        let metadata = session.metadata.clone().unwrap_or_default();
        Some(Snapshot {
            theirs: Some(match &session.payment_intent {
                Some(intent) => intent.name()?,
                None => session.name()?,
            }),
            ours: attempt(&metadata),
            tag: tag(&metadata),
            customer: session.customer.as_ref().and_then(Identified::name),
            status: match session.status.as_deref() {
                Some("open") => PaymentStatus::RequiresAction,
                Some("expired") => PaymentStatus::Canceled,
                _ => PaymentStatus::Processing,
            },
            amount,
            capturable: nothing,
            captured: nothing,
            capture_before: None,
            action: to_page(session),
            refunds: Vec::new(),
            disputes: Vec::new(),
            complete: false,
            fee: None,
            method: None,
            failure: None,
            created_at: Timestamp::from_seconds(session.created),
            at,
            live: session.livemode,
            account: self.account.clone(),
        })
    }

    /// The storing of a method.
    pub(crate) fn setup(&self, intent: &SetupIntent, at: Timestamp) -> Option<Setup> {
        let error = intent.last_setup_error.as_ref();
        let status = match intent.status.as_str() {
            "succeeded" => SetupStatus::Succeeded,
            "canceled" => SetupStatus::Canceled,
            "processing" => SetupStatus::Processing,
            "requires_payment_method" if error.is_some() => SetupStatus::Failed,
            _ => SetupStatus::RequiresAction,
        };
        let mandate = intent.mandate.as_ref().map(|mandate| mandate.id().to_owned());
        let method = intent.payment_method.as_ref().and_then(|method| method.object());
        let waits = status == SetupStatus::RequiresAction;
        let ours = intent.metadata.as_ref().and_then(|known| known.get(wire::SETUP));
        Some(Setup {
            theirs: intent.name()?,
            ours: ours.and_then(|text| text.parse().ok()),
            customer: intent.customer.as_ref().and_then(Identified::name),
            status,
            action: waits
                .then(|| self.action(intent.next_action.as_ref(), intent.client_secret.as_deref()))
                .flatten(),
            method: method.and_then(|method| methods::stored(method, mandate.as_deref())),
            failure: error.filter(|_| status == SetupStatus::Failed).map(failure),
            at,
            live: intent.livemode,
            account: self.account.clone(),
        })
    }

    fn action(&self, action: Option<&Action>, secret: Option<&str>) -> Option<NextAction> {
        let confirm = || {
            secret.map(|secret| NextAction::Confirm {
                client_secret: ClientSecret::new(secret),
                public_key: self.public_key.clone(),
            })
        };
        let Some(action) = action else { return confirm() };
        match (&action.redirect_to_url, &action.verify_with_microdeposits) {
            (_, Some(deposits)) if action.kind == "verify_with_microdeposits" => {
                Some(NextAction::Microdeposits {
                    kind: match deposits.microdeposit_type.as_deref() {
                        Some("descriptor_code") => MicrodepositKind::Code,
                        _ => MicrodepositKind::Amounts,
                    },
                    arrives: Timestamp::from_seconds(deposits.arrival_date),
                    url: Some(deposits.hosted_verification_url.clone()),
                })
            }
            (Some(redirect), _) if action.kind == "redirect_to_url" => {
                redirect.url.clone().map(|url| NextAction::Redirect { url })
            }
            // Whatever else there is, Stripe's script knows what to do.
            _ => confirm(),
        }
    }
}

/// The picture of an intent that waits for its payer, with what its page of Checkout says: the payer goes on there and
/// nowhere else, as Stripe lets nobody confirm an intent that Checkout made.
pub(crate) fn on_page(picture: Snapshot, session: &Session) -> Snapshot {
    let expired = session.is("expired");
    Snapshot {
        status: if expired {
            PaymentStatus::Canceled
        } else {
            picture.status
        },
        action: to_page(session),
        failure: picture.failure.filter(|_| !expired),
        ..picture
    }
}

/// The way to a page of Checkout, while it is open.
fn to_page(session: &Session) -> Option<NextAction> {
    let url = session.url.clone().filter(|_| session.is("open"));
    url.map(|url| NextAction::Redirect { url })
}

fn payment_status(intent: &PaymentIntent) -> PaymentStatus {
    match intent.status.as_str() {
        "succeeded" => PaymentStatus::Succeeded,
        "canceled" => PaymentStatus::Canceled,
        "requires_capture" => PaymentStatus::Authorized,
        "requires_payment_method" if intent.last_payment_error.is_some() => PaymentStatus::Failed,
        "requires_payment_method" | "requires_confirmation" | "requires_action" => {
            PaymentStatus::RequiresAction
        }
        // `processing`, and a status of tomorrow: something goes on at Stripe.
        _ => PaymentStatus::Processing,
    }
}

/// Our name for an attempt, as Stripe kept it.
pub(crate) fn attempt(metadata: &Metadata) -> Option<portcullis_ports::payments::AttemptId> {
    metadata.get(wire::ATTEMPT).and_then(|text| text.parse().ok())
}

fn tag(metadata: &Metadata) -> Option<Tag> {
    metadata.get(wire::TAG).and_then(|text| Tag::parse(text).ok())
}

/// A refund.
pub(crate) fn refund(refund: &Refund, at: Timestamp) -> Option<RefundSnapshot> {
    let status = match refund.status.as_deref() {
        Some("succeeded") => RefundStatus::Succeeded,
        Some("failed") => RefundStatus::Failed,
        Some("canceled") => RefundStatus::Canceled,
        _ => RefundStatus::Pending,
    };
    let gone = matches!(status, RefundStatus::Failed | RefundStatus::Canceled);
    let ours = refund.metadata.as_ref().and_then(|known| known.get(wire::REFUND));
    Some(RefundSnapshot {
        theirs: refund.name()?,
        ours: ours.and_then(|text| RefundId::parse(text).ok()),
        payment: refund.payment_intent.as_ref().and_then(Identified::name),
        status,
        amount: from_stripe(refund.amount, &refund.currency)?,
        failure: gone.then(|| of_reason(refund.failure_reason.as_deref())),
        created_at: Timestamp::from_seconds(refund.created),
        at,
    })
}

/// Reasons that only returned bank debits have.
const RETURNED: [&str; 4] = [
    "bank_cannot_process",
    "debit_not_authorized",
    "incorrect_account_details",
    "insufficient_funds",
];

/// A dispute.
pub(crate) fn dispute(dispute: &Dispute, at: Timestamp) -> Option<DisputeSnapshot> {
    let amount = from_stripe(dispute.amount, &dispute.currency)?;
    let card = dispute
        .payment_method_details
        .as_ref()
        .is_some_and(|with| with.kind == "card");
    let kind = match dispute.status.as_str() {
        status if status.starts_with("warning_") => DisputeKind::Inquiry,
        _ if !card && RETURNED.contains(&dispute.reason.as_str()) => DisputeKind::BankReturn,
        _ => DisputeKind::Chargeback,
    };
    let status = match dispute.status.as_str() {
        "needs_response" | "warning_needs_response" => DisputeStatus::NeedsResponse,
        "won" | "prevented" => DisputeStatus::Won,
        "lost" => DisputeStatus::Lost,
        "warning_closed" => DisputeStatus::Closed,
        _ => DisputeStatus::UnderReview,
    };
    // Lines of an account that settles in another currency are counted as whole disputes.
    let moved = |sign: i64| {
        let lines = dispute
            .balance_transactions
            .iter()
            .filter(|line| line.amount.signum() == sign);
        let figures = lines.map(|line| {
            if line.currency == dispute.currency {
                line.amount.saturating_abs()
            } else {
                dispute.amount
            }
        });
        from_stripe(figures.fold(0, i64::saturating_add), &dispute.currency)
    };
    let fees = dispute.balance_transactions.first().and_then(|first| {
        let all = dispute.balance_transactions.iter();
        let sum = all
            .filter(|line| line.currency == first.currency)
            .map(|line| line.fee)
            .sum();
        from_stripe(sum, &first.currency)
    });
    let details = dispute.evidence_details.as_ref();
    Some(DisputeSnapshot {
        theirs: dispute.name()?,
        payment: dispute.payment_intent.as_ref().and_then(Identified::name),
        kind,
        status,
        amount,
        withdrawn: moved(-1)?,
        reinstated: moved(1)?,
        fee: fees,
        reason: dispute.reason.chars().take(64).collect(),
        respond_by: details
            .and_then(|details| details.due_by)
            .map(Timestamp::from_seconds),
        answered: details.is_some_and(|details| details.submission_count > 0),
        created_at: Timestamp::from_seconds(dispute.created),
        at,
    })
}

/// How far the clocks may be apart: `portcullis doctor --live` complains from 15 s on.
pub(crate) const SKEW: Duration = Duration::from_mins(1);
