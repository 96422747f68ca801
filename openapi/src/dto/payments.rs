//! Payments on the wire: whole minor units beside their currency, and what only operators see left out for payers.

use poem_openapi::{Enum, Object};
use portcullis_core::billing_freezes::BILLING_FROZEN;
use portcullis_core::cursor::SignedCursor;
use portcullis_core::idempotency::{KEY_REQUIRED, KEY_REUSED};
use portcullis_core::ledger::{COLLECTING, HOLD_EXCEEDS_PAYABLE, TOO_MANY_PENDING};
use portcullis_core::payment_methods::{
    METHOD_NOT_FOUND, METHOD_UNUSABLE, NO_DEFAULT_METHOD, PaymentMethodId, VENDOR_UNAVAILABLE,
};
use portcullis_core::payment_vendors::{NOT_OFFERED, NextActionView, VENDOR_UNCLEAR};
use portcullis_core::payments::{
    AMOUNT_NOT_TAKEN, CaptureMode, CreatePayment, DisputeId, DisputeView, Finding, InvoiceId, NOTHING_DUE,
    PAYMENT_DECLINED, PAYMENT_NOT_FOUND, PAYMENT_STATE, PaymentList, PaymentView, Purpose, RefundState,
    RefundView, Status, TOO_MANY_PAYMENTS,
};
use portcullis_core::step_up::STEP_UP_REQUIRED;
use portcullis_core::use_case::{Documented, Problems, UseCase};
use portcullis_ports::id::{PaymentId, RefundId};
use portcullis_ports::identity::Subject;
use portcullis_ports::money::Currency;
use portcullis_ports::payments::{DeclineClass, DisputeKind, DisputeStatus, MethodKind};
use portcullis_ports::{Error, Result, Timestamp};
use serde::{Deserialize, Serialize};

use super::fields::{amount, bounded, wrong};
use super::offline::ReceivedMoney;
use super::pay_by::PayBy;

/// What a payment is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub(crate) enum PaymentPurpose {
    /// It pays what is owed on the balance.
    Balance,
    /// It pays something at once that was not put on the balance before.
    Purchase,
    /// It pays an invoice.
    Invoice,
    /// It pays an order, whose id is `reference`.
    Order,
}

/// What a payment is begun for. Invoices are paid with `POST /api/billing/invoices/{invoice_id}/pay`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub(crate) enum BeginPaymentPurpose {
    /// It pays what is owed on the balance.
    Balance,
    /// It pays something at once that was not put on the balance before.
    Purchase,
}

/// A payment is asked for.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub(crate) struct BeginPayment {
    /// What it is for.
    pub(crate) purpose: BeginPaymentPurpose,
    /// How much, in minor units. What pays the balance may leave it out: then it is everything that is due.
    #[oai(validator(minimum(value = "1")))]
    pub(crate) amount: Option<i64>,
    /// The currency of the amount; of the balance, where several are owed.
    pub(crate) currency: Option<Currency>,
    /// How it is paid.
    pub(crate) pay_by: PayBy,
    /// The stored method.
    pub(crate) payment_method_id: Option<PaymentMethodId>,
    /// Whether a method that is entered is stored for later.
    pub(crate) save_method: Option<bool>,
    /// The vendor, by the name of its instance, where there are several and no stored method says it.
    pub(crate) vendor: Option<String>,
    /// When the money is taken; at once where it is not said.
    pub(crate) capture: Option<CaptureMode>,
    /// What the payer reads: at most 200 characters.
    #[oai(validator(
        max_length = 200,
        pattern = "^[\\t-\\r \\u0085]*[^\\u0000-\\u001f\\u007f-\\u009f]*[\\t-\\r \\u0085]*$"
    ))]
    pub(crate) description: Option<String>,
    /// What the application calls a purchase: at most 100 characters.
    #[oai(validator(
        max_length = 100,
        pattern = "^[\\t-\\r \\u0085]*[^\\u0000-\\u001f\\u007f-\\u009f]*[\\t-\\r \\u0085]*$"
    ))]
    pub(crate) reference: Option<String>,
}

impl Documented for BeginPayment {
    const EXAMPLE: &str = r#"{
  "purpose": "purchase",
  "amount": 1999,
  "currency": "USD",
  "pay_by": "browser",
  "payment_method_id": null,
  "save_method": false,
  "vendor": null,
  "capture": "now",
  "description": "Plum kettle",
  "reference": "order-42"
}"#;
}

impl UseCase for BeginPayment {
    const PROBLEMS: Problems = &[
        &[
            STEP_UP_REQUIRED,
            KEY_REQUIRED,
            KEY_REUSED,
            VENDOR_UNCLEAR,
            NOT_OFFERED,
            BILLING_FROZEN,
        ],
        &[
            AMOUNT_NOT_TAKEN,
            NOTHING_DUE,
            COLLECTING,
            HOLD_EXCEEDS_PAYABLE,
            TOO_MANY_PENDING,
        ],
        &[
            METHOD_NOT_FOUND,
            NO_DEFAULT_METHOD,
            METHOD_UNUSABLE,
            VENDOR_UNAVAILABLE,
            TOO_MANY_PAYMENTS,
            PAYMENT_DECLINED,
        ],
    ];
}

impl TryFrom<BeginPayment> for CreatePayment {
    type Error = Error;

    fn try_from(body: BeginPayment) -> Result<Self> {
        let amount = amount(body.amount, body.currency)?;
        let description = bounded("description", body.description, 200)?;
        let reference = bounded("reference", body.reference, 100)?;
        let purpose = match body.purpose {
            BeginPaymentPurpose::Balance => Purpose::Balance,
            BeginPaymentPurpose::Purchase => Purpose::Purchase {
                reference: Some(reference).filter(|reference| !reference.is_empty()),
            },
        };
        if purpose != Purpose::Balance && amount.is_none() {
            return Err(wrong("amount", "An amount in minor units is expected."));
        }
        let with = body.pay_by.with(body.payment_method_id, body.save_method)?;
        Ok(Self {
            purpose,
            amount,
            at_most: None,
            currency: body.currency,
            vendor: body.vendor,
            with,
            capture: body.capture.unwrap_or(CaptureMode::Now),
            description,
        })
    }
}

/// What a payment was paid with.
#[derive(Debug, Serialize, Object)]
pub(crate) struct PaidWith {
    /// The kind.
    method_type: MethodKind,
    /// What people call it.
    label: String,
    /// The last four characters of its number.
    last4: Option<String>,
}

/// Money given back.
#[derive(Debug, Serialize, Object)]
#[expect(
    clippy::struct_field_names,
    reason = "ids say whose they are, as everywhere in the API"
)]
pub(crate) struct Refund {
    /// Names it.
    refund_id: RefundId,
    /// How much, in minor units.
    amount: i64,
    /// Where it stands.
    status: RefundState,
    /// What would help, if it failed.
    decline: Option<DeclineClass>,
    /// When it was asked for, in Unix seconds.
    created_at: i64,
}

/// A payment that is contested at the bank.
#[derive(Debug, Serialize, Object)]
#[expect(
    clippy::struct_field_names,
    reason = "ids say whose they are, as everywhere in the API"
)]
pub(crate) struct Dispute {
    /// Names it.
    dispute_id: DisputeId,
    /// What kind it is.
    kind: DisputeKind,
    /// Where it stands.
    status: DisputeStatus,
    /// What is contested, in minor units.
    amount: i64,
    /// Taken from us and not given back, in minor units.
    missing: i64,
    /// The bank's reason, in the vendor's word.
    reason: String,
    /// Until when evidence is taken, in Unix seconds.
    respond_by: Option<i64>,
    /// Whether evidence was handed in.
    answered: bool,
    /// When it began, in Unix seconds.
    created_at: i64,
}

/// What only operators see of a payment.
#[derive(Debug, Serialize, Object)]
pub(crate) struct PaymentForOperators {
    /// The stable name of the payer's account.
    user_sub: Subject,
    /// The vendor's name for it.
    vendor_reference: Option<String>,
    /// What the vendor keeps, in minor units of `fee_currency`, as far as that is known.
    fee: Option<i64>,
    /// The currency of the fee.
    fee_currency: Option<Currency>,
    /// How many decimal places the fee has (ISO 4217).
    fee_digits: Option<u32>,
    /// The vendor's code for why it was refused.
    decline_code: Option<String>,
    /// What needs an operator's eye.
    findings: Vec<Finding>,
    /// What operators marked as received, oldest first.
    received: Vec<ReceivedMoney>,
}

/// A payment.
#[derive(Debug, Serialize, Object)]
#[expect(
    clippy::struct_field_names,
    reason = "ids say whose they are, as everywhere in the API"
)]
pub(crate) struct Payment {
    /// Names it.
    payment_id: PaymentId,
    /// Where it stands.
    status: Status,
    /// What it is for.
    purpose: PaymentPurpose,
    /// What the application calls it.
    reference: Option<String>,
    /// The invoice that it pays; null for other purposes.
    invoice_id: Option<InvoiceId>,
    /// What was asked for, in minor units.
    amount: i64,
    /// The currency of all amounts but the fee.
    currency: Currency,
    /// How many decimal places they have (ISO 4217).
    digits: u32,
    /// Taken so far.
    captured: i64,
    /// Held, and not captured yet.
    capturable: i64,
    /// Given back so far; null in lists.
    refunded: Option<i64>,
    /// What could still be given back; null in lists.
    refundable: Option<i64>,
    /// The vendor, by the name of its instance.
    vendor: String,
    /// What the payer reads.
    description: String,
    /// What it was paid with.
    method: Option<PaidWith>,
    /// The word for what the payer has to do, with `requires_action`. `POST …/complete` tells all that is needed for it.
    action: Option<String>,
    /// What the payer has to do. Only in the answer to whoever may do it.
    next_action: Option<NextActionView>,
    /// What would help, if it was refused.
    decline: Option<DeclineClass>,
    /// Until when held money can be captured, in Unix seconds.
    capture_before: Option<i64>,
    /// Whether the money came after the payment had been given up: it is to the credit of the payer.
    late: bool,
    /// Refunds, oldest first; not in lists.
    refunds: Vec<Refund>,
    /// Disputes, oldest first; not in lists.
    disputes: Vec<Dispute>,
    /// What only operators see; null for payers.
    operator: Option<PaymentForOperators>,
    /// When it was begun, in Unix seconds.
    created_at: i64,
    /// When it last changed, in Unix seconds.
    updated_at: i64,
}

impl From<&RefundView> for Refund {
    fn from(refund: &RefundView) -> Self {
        Self {
            refund_id: refund.id.clone(),
            amount: refund.amount.minor,
            status: refund.state,
            decline: refund.failure.as_ref().map(|failure| failure.class),
            created_at: refund.created_at.seconds(),
        }
    }
}

impl From<&DisputeView> for Dispute {
    fn from(dispute: &DisputeView) -> Self {
        Self {
            dispute_id: dispute.id.clone(),
            kind: dispute.kind,
            status: dispute.status,
            amount: dispute.amount.minor,
            missing: dispute.missing.minor,
            reason: dispute.reason.clone(),
            respond_by: dispute.respond_by.map(Timestamp::seconds),
            answered: dispute.answered,
            created_at: dispute.created_at.seconds(),
        }
    }
}

impl Payment {
    /// As its payer sees it.
    pub(crate) fn of(view: PaymentView) -> Self {
        let decline = view.decline();
        let (purpose, reference, invoice_id) = match view.purpose {
            Purpose::Balance => (PaymentPurpose::Balance, None, None),
            Purpose::Purchase { reference } => (PaymentPurpose::Purchase, reference, None),
            Purpose::Invoice { invoice } => (PaymentPurpose::Invoice, None, Some(invoice)),
            Purpose::Order { order } => (PaymentPurpose::Order, Some(order.to_string()), None),
        };
        Self {
            payment_id: view.id,
            status: view.status,
            purpose,
            reference,
            invoice_id,
            amount: view.amount.minor,
            currency: view.amount.currency,
            digits: view.amount.currency.digits(),
            captured: view.captured.minor,
            capturable: view.capturable.minor,
            refunded: Some(view.refunded.minor),
            refundable: Some(view.refundable.minor),
            vendor: view.vendor,
            description: view.description,
            method: view.method.map(|method| PaidWith {
                method_type: method.kind,
                label: method.label,
                last4: method.last4,
            }),
            action: view.action,
            next_action: view.next_action.map(NextActionView::of),
            decline,
            capture_before: view.capture_before.map(Timestamp::seconds),
            late: view.late,
            refunds: view.refunds.iter().map(Refund::from).collect(),
            disputes: view.disputes.iter().map(Dispute::from).collect(),
            operator: None,
            created_at: view.created_at.seconds(),
            updated_at: view.updated_at.seconds(),
        }
    }

    /// In a list, whose lines do not hold what hangs on a payment.
    pub(crate) fn in_list(self) -> Self {
        Self {
            refunded: None,
            refundable: None,
            ..self
        }
    }

    /// As operators see it.
    pub(crate) fn for_operator(view: PaymentView) -> Self {
        let operator = PaymentForOperators {
            user_sub: view.subject.clone(),
            vendor_reference: view.reference.clone(),
            fee: view.fee.map(|fee| fee.minor),
            fee_currency: view.fee.map(|fee| fee.currency),
            fee_digits: view.fee.map(|fee| fee.currency.digits()),
            decline_code: view.failure.as_ref().map(|failure| failure.code.clone()),
            findings: view.findings.clone(),
            received: view.received.iter().map(ReceivedMoney::from).collect(),
        };
        Self {
            next_action: None,
            operator: Some(operator),
            ..Self::of(view)
        }
    }
}

impl Documented for Payment {
    const EXAMPLE: &str = r#"{
  "payment_id": "pay_01h2xcejqtf2nbrexx3vqjhp41",
  "status": "succeeded",
  "purpose": "purchase",
  "reference": "order-42",
  "invoice_id": null,
  "amount": 1999,
  "currency": "USD",
  "digits": 2,
  "captured": 1999,
  "capturable": 0,
  "refunded": 0,
  "refundable": 1999,
  "vendor": "main",
  "description": "Plum kettle",
  "method": { "method_type": "card", "label": "Visa", "last4": "4242" },
  "action": null,
  "next_action": null,
  "decline": null,
  "capture_before": null,
  "late": false,
  "refunds": [],
  "disputes": [],
  "operator": null,
  "created_at": 1790000000,
  "updated_at": 1790000060
}"#;
}

/// A page of payments, newest first.
#[derive(Debug, Serialize, Object)]
pub(crate) struct PaymentPage {
    /// The payments, without their refunds and disputes.
    payments: Vec<Payment>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<SignedCursor>,
}

impl PaymentPage {
    pub(crate) fn of(list: PaymentList, shown: impl Fn(PaymentView) -> Payment) -> Self {
        Self {
            payments: list.items.into_iter().map(|one| shown(one).in_list()).collect(),
            next_cursor: list.next,
        }
    }
}

impl Documented for PaymentPage {
    const EXAMPLE: &str = r#"{ "payments": [], "next_cursor": null }"#;
}

/// One payment is read, or listed with others.
pub(crate) struct ReadPayment;

impl UseCase for ReadPayment {
    const PROBLEMS: Problems = &[&[PAYMENT_NOT_FOUND]];
}

/// Payments are listed.
pub(crate) struct ListPayments;

impl UseCase for ListPayments {
    const PROBLEMS: Problems = &[&[portcullis_core::cursor::INVALID_CURSOR]];
}

/// A payment that was begun goes on, or is called off.
pub(crate) struct MovePayment;

impl UseCase for MovePayment {
    const PROBLEMS: Problems = &[
        &[PAYMENT_NOT_FOUND, PAYMENT_STATE, NOT_OFFERED],
        &[VENDOR_UNCLEAR, TOO_MANY_PAYMENTS],
    ];
}
