//! How payments, refunds and disputes are stored: side by side under their payer, each kind in the order of time.

use std::net::IpAddr;

use portcullis_ports::Timestamp;
use portcullis_ports::id::{PaymentId, RefundId, SubscriptionId};
use portcullis_ports::identity::Subject;
use portcullis_ports::money::{Amount, Currency, Money};
use portcullis_ports::payments::{
    DisputeKind, DisputeStatus, Expiry, Failure, MethodKind, RefundReason, StoredMethod, VendorRef,
};
use portcullis_ports::storage::Collection;
use serde::{Deserialize, Serialize};

use super::PaymentMethodId;
use super::model::{DisputeId, Finding, Purpose};
use super::offline::{ReceiptProof, ReceiptReference};
use super::status::{RefundState, Status};
use crate::foundation::table::Stored;

/// Payments, refunds and disputes.
pub(crate) const PAYMENTS: Collection = Collection {
    name: "payments",
    table: "payments",
    variable: "PAYMENTS_TABLE_NAME",
};
/// Which payment a name of a vendor or of ours belongs to.
pub(crate) const PAYMENT_NAMES: Collection = Collection {
    name: "payment_names",
    table: "payments",
    variable: "PAYMENTS_TABLE_NAME",
};
/// The payments of everybody, for operators.
pub(crate) const PAYMENT_DAYS: Collection = Collection {
    name: "payment_days",
    table: "payments",
    variable: "PAYMENTS_TABLE_NAME",
};

/// What the money is taken from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ChargedSource {
    /// A stored method.
    Stored {
        id: PaymentMethodId,
        theirs: VendorRef,
        kind: MethodKind,
    },
    /// A method that the payer enters at the vendor.
    Fresh { save: bool },
    /// A page of the vendor.
    HostedPage,
    /// Nothing of a vendor: operators say what came.
    Offline,
    /// What its payer agreed to at the vendor: the vendor took it by itself, for a subscription.
    Agreement { subscription: SubscriptionId },
}

/// A step that the vendor was asked to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Step {
    Charge,
    Complete,
    Capture,
    Void,
    Withdraw,
}

impl Step {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Charge => "charge",
            Self::Complete => "complete",
            Self::Capture => "capture",
            Self::Void => "void",
            Self::Withdraw => "withdraw",
        }
    }
}

/// A call that may have reached the vendor, and of which nobody has written down what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OpenCall {
    pub(super) step: Step,
    /// Of all calls of this step for this payment, from 1: part of the idempotency key, so that a repeat has the same one
    /// and another call never has.
    pub(super) number: u32,
    /// How much is captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) amount: Option<Amount>,
    /// When it was sent first. A key is recognised for so long.
    pub(super) sent_at: Timestamp,
    /// When it was sent last: until a call has had its time, nobody else looks.
    pub(super) last_sent_at: Timestamp,
}

/// One object of the vendor, with the figures that are booked of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Attempt {
    /// The vendor's name for it, as soon as it is known.
    pub(super) theirs: Option<VendorRef>,
    /// Booked so far, in the currency of the payment.
    pub(super) captured: i64,
    /// What can still be captured.
    pub(super) capturable: i64,
    /// What the vendor keeps, booked so far; in the currency of the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) fee: Option<Money>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) capture_before: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) failure: Option<Failure>,
    /// Whether the vendor was not asked for what failed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) unsent: bool,
    /// The word for what the payer has to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) action: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) method: Option<PaidWith>,
}

impl Attempt {
    pub(super) const fn new() -> Self {
        Self {
            theirs: None,
            captured: 0,
            capturable: 0,
            fee: None,
            capture_before: None,
            failure: None,
            unsent: false,
            action: None,
            method: None,
        }
    }
}

/// What is shown of the method that paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PaidWith {
    pub(super) kind: MethodKind,
    pub(super) label: String,
    pub(super) last4: Option<String>,
    pub(super) expires: Option<Expiry>,
}

impl From<&StoredMethod> for PaidWith {
    fn from(method: &StoredMethod) -> Self {
        Self {
            kind: method.reference.kind,
            label: method.label.clone(),
            last4: method.last4.clone(),
            expires: method.expires,
        }
    }
}

/// Money that came outside of any vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ReceivedMoney {
    pub(super) amount: Amount,
    pub(super) reference: ReceiptReference,
    pub(super) at: Timestamp,
    pub(super) proof: ReceiptProof,
    pub(super) operator: Subject,
}

/// That a refund was paid out, outside of any vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PaidOut {
    pub(super) reference: ReceiptReference,
    pub(super) at: Timestamp,
    pub(super) proof: ReceiptProof,
    pub(super) operator: Subject,
}

/// A payment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct PaymentRecord {
    pub(super) id: PaymentId,
    pub(super) subject: Subject,
    pub(super) instance: String,
    pub(super) purpose: Purpose,
    pub(super) amount: Amount,
    /// Whether the money is held first.
    pub(super) capture_later: bool,
    pub(super) source: ChargedSource,
    pub(super) description: String,
    /// The vendor's customer.
    pub(super) customer: Option<VendorRef>,
    pub(super) status: Status,
    /// The vendor's objects for it: one, if all is well.
    pub(super) attempts: Vec<Attempt>,
    pub(super) call: Option<OpenCall>,
    /// How many calls there were, which gives every one a number of its own.
    pub(super) calls: u32,
    /// The number of the pending entry in the ledger that holds its amount on the balance of its payer.
    pub(super) hold: Option<u64>,
    /// Refunds of it, oldest first.
    pub(super) refunds: Vec<RefundId>,
    /// Disputes about it, oldest first.
    pub(super) disputes: Vec<DisputeId>,
    /// The address of the payer's device, if the payer was there.
    pub(super) ip: Option<IpAddr>,
    /// Whether money came after it had been given up.
    pub(super) late: bool,
    /// What needs an operator's eye.
    #[serde(default)]
    pub(super) findings: Vec<Finding>,
    /// What an operator has explained, and is not told of again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) explained: Vec<Finding>,
    /// When it was seen first that money was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) captured_at: Option<Timestamp>,
    /// What operators said that came, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) received: Vec<ReceivedMoney>,
    /// How many commits its timeline tells of.
    #[serde(default, skip_serializing_if = "none_yet")]
    pub(super) commits: u32,
    /// How often it was looked up since it last changed.
    pub(super) looks: u32,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
const fn none_yet(commits: &u32) -> bool {
    *commits == 0
}

impl PaymentRecord {
    pub(super) const PREFIX: &'static str = "p#";

    pub(super) fn sort(id: &PaymentId) -> String {
        format!("{}{id}", Self::PREFIX)
    }

    pub(super) fn currency(&self) -> Currency {
        self.amount.get().currency
    }

    fn sum(&self, of: impl Fn(&Attempt) -> i64) -> Money {
        let minor = self.attempts.iter().map(of).fold(0, i64::saturating_add);
        Money::new(minor, self.currency())
    }

    /// Whether its money pays for what is sold with it. What comes after it was given up buys nothing any more: it is to the
    /// credit of the payer, unless it is for an order, which gives it back.
    pub(super) fn sells(&self) -> bool {
        let credited = self.late && self.purpose.credits_late();
        !self.purpose.pays_debt() && !credited
    }

    /// Taken from the payer so far.
    pub(super) fn captured(&self) -> Money {
        self.sum(|attempt| attempt.captured)
    }

    /// What operators said that came, in minor units.
    pub(super) fn said_received(&self) -> i64 {
        let amounts = self.received.iter().map(|one| one.amount.get().minor);
        amounts.fold(0, i64::saturating_add)
    }

    /// How much of it is sold once so much was taken and so much given back. What came outside of vendors beyond what was
    /// ordered is to the payer's credit.
    pub(super) fn sold(&self, captured: i64, refunded: i64) -> i64 {
        let kept = captured.saturating_sub(refunded);
        match self.source {
            ChargedSource::Offline => kept.clamp(0, self.amount.get().minor),
            ChargedSource::Stored { .. }
            | ChargedSource::Fresh { .. }
            | ChargedSource::HostedPage
            | ChargedSource::Agreement { .. } => kept,
        }
    }

    /// What can still be captured.
    pub(super) fn capturable(&self) -> Money {
        self.sum(|attempt| attempt.capturable)
    }

    /// The vendor's object that is acted upon.
    pub(super) fn attempt(&self) -> Option<&Attempt> {
        self.attempts.first()
    }

    pub(super) fn theirs(&self) -> Option<&VendorRef> {
        self.attempt().and_then(|attempt| attempt.theirs.as_ref())
    }
}

impl Stored for PaymentRecord {
    const COLLECTION: Collection = PAYMENTS;

    fn key(&self) -> (String, String) {
        (self.subject.to_string(), Self::sort(&self.id))
    }
}

/// Who asked for a refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RefundOrigin {
    /// An operator, here.
    Operator(Subject),
    /// Nobody: the order that was paid could not be kept.
    Order,
    /// Somebody at the vendor.
    Vendor,
}

/// Money given back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct RefundRecord {
    pub(super) id: RefundId,
    pub(super) payment: PaymentId,
    pub(super) subject: Subject,
    pub(super) amount: Amount,
    pub(super) origin: RefundOrigin,
    pub(super) reason: Option<RefundReason>,
    pub(super) state: RefundState,
    /// Whether it stands in the ledger.
    pub(super) booked: bool,
    pub(super) theirs: Option<VendorRef>,
    pub(super) call: Option<OpenCall>,
    pub(super) failure: Option<Failure>,
    /// What an operator said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) paid_out: Option<PaidOut>,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

impl RefundRecord {
    pub(super) const PREFIX: &'static str = "r#";

    pub(super) fn sort(id: &RefundId) -> String {
        format!("{}{id}", Self::PREFIX)
    }
}

impl Stored for RefundRecord {
    const COLLECTION: Collection = PAYMENTS;

    fn key(&self) -> (String, String) {
        (self.subject.to_string(), Self::sort(&self.id))
    }
}

/// A payment that its payer contests at the bank.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct DisputeRecord {
    pub(super) id: DisputeId,
    pub(super) payment: PaymentId,
    pub(super) subject: Subject,
    pub(super) theirs: VendorRef,
    pub(super) kind: DisputeKind,
    pub(super) status: DisputeStatus,
    pub(super) amount: Money,
    /// Booked so far.
    pub(super) withdrawn: i64,
    /// Booked so far.
    pub(super) reinstated: i64,
    /// Booked so far.
    pub(super) fee: Option<Money>,
    /// Given up as lost, booked so far.
    pub(super) written_off: i64,
    pub(super) reason: String,
    pub(super) respond_by: Option<Timestamp>,
    pub(super) answered: bool,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

impl DisputeRecord {
    pub(super) const PREFIX: &'static str = "d#";

    pub(super) fn sort(id: &DisputeId) -> String {
        format!("{}{id}", Self::PREFIX)
    }

    /// Taken from us and not given back.
    pub(super) fn missing(&self) -> i64 {
        self.withdrawn.saturating_sub(self.reinstated).max(0)
    }
}

impl Stored for DisputeRecord {
    const COLLECTION: Collection = PAYMENTS;

    fn key(&self) -> (String, String) {
        (self.subject.to_string(), Self::sort(&self.id))
    }
}

/// Whose payment a name belongs to. The name itself is hidden by a pseudonym.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PaymentName {
    pub(super) name: String,
    pub(super) subject: Subject,
    pub(super) payment: PaymentId,
}

impl PaymentName {
    pub(super) const SORT: &'static str = "name";
}

impl Stored for PaymentName {
    const COLLECTION: Collection = PAYMENT_NAMES;

    fn key(&self) -> (String, String) {
        (self.name.clone(), Self::SORT.into())
    }
}

/// A line in an operator's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PaymentLine {
    /// Which list: a day of all payments, or what is open.
    pub(super) list: String,
    pub(super) id: PaymentId,
    pub(super) subject: Subject,
}

impl Stored for PaymentLine {
    const COLLECTION: Collection = PAYMENT_DAYS;

    fn key(&self) -> (String, String) {
        (self.list.clone(), self.id.to_string())
    }
}
