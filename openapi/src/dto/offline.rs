//! What operators say of payments outside of any vendor.

use poem_openapi::Object;
use portcullis_core::idempotency::{KEY_REQUIRED, KEY_REUSED};
use portcullis_core::payment_vendors::VENDOR_UNCLEAR;
use portcullis_core::payments::{
    PAYMENT_NOT_FOUND, PAYMENT_STATE, PayOut, RECEIPT_KNOWN, ReceiptProof, ReceiptReference, ReceiveMoney,
    ReceivedView,
};
use portcullis_core::step_up::STEP_UP_REQUIRED;
use portcullis_core::use_case::{Documented, Problems, UseCase};
use portcullis_ports::identity::Subject;
use portcullis_ports::money::{Amount, Currency, Money};
use portcullis_ports::{Result, Timestamp};
use serde::{Deserialize, Serialize};

use super::customers::MOST;
use super::fields::wrong;

/// Money came for a payment.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub(crate) struct MarkReceived {
    /// How much, in minor units of the payment's currency: a part, the whole, or more.
    #[oai(validator(minimum(value = "1"), maximum(value = "1000000000000")))]
    amount: i64,
    /// What the bank, or the book of cash, calls it. Each is booked once.
    reference: ReceiptReference,
    /// When it came, in Unix seconds, in the last ten years; now where it is not said.
    at: Option<i64>,
    /// What proves it, for whoever asks later.
    proof: Option<ReceiptProof>,
}

fn given(proof: Option<ReceiptProof>) -> Result<ReceiptProof> {
    let none = || ReceiptProof::parse("").map_err(|advice| wrong("proof", advice));
    proof.map_or_else(none, Ok)
}

impl MarkReceived {
    pub(crate) fn command(self, currency: Currency) -> Result<ReceiveMoney> {
        if self.amount > MOST {
            return Err(wrong("amount", "At most 1000000000000 minor units are expected."));
        }
        let amount = Amount::new(Money::new(self.amount, currency));
        Ok(ReceiveMoney {
            amount: amount.map_err(|_| wrong("amount", "More than 0 minor units are expected."))?,
            reference: self.reference,
            at: self.at.map(Timestamp::from_seconds),
            proof: given(self.proof)?,
        })
    }
}

impl UseCase for MarkReceived {
    const PROBLEMS: Problems = &[
        &[STEP_UP_REQUIRED, KEY_REQUIRED, KEY_REUSED],
        &[PAYMENT_NOT_FOUND, PAYMENT_STATE, RECEIPT_KNOWN, VENDOR_UNCLEAR],
    ];
}

impl Documented for MarkReceived {
    const EXAMPLE: &str = r#"{
  "amount": 11900,
  "reference": "2026-11-27/0042",
  "at": 1790000000,
  "proof": "Statement 11/2026, page 3"
}"#;
}

/// A refund was paid out.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub(crate) struct MarkPaidOut {
    /// What the bank, or the book of cash, calls it. Each is booked once.
    reference: ReceiptReference,
    /// When it went out, in Unix seconds, in the last ten years; now where it is not said.
    at: Option<i64>,
    /// What proves it, for whoever asks later.
    proof: Option<ReceiptProof>,
}

impl MarkPaidOut {
    pub(crate) fn command(self) -> Result<PayOut> {
        Ok(PayOut {
            reference: self.reference,
            at: self.at.map(Timestamp::from_seconds),
            proof: given(self.proof)?,
        })
    }
}

impl UseCase for MarkPaidOut {
    const PROBLEMS: Problems = MarkReceived::PROBLEMS;
}

impl Documented for MarkPaidOut {
    const EXAMPLE: &str =
        r#"{ "reference": "2026-12-01/0007", "at": 1790400000, "proof": "Statement 12/2026, page 1" }"#;
}

/// Money that came outside of any vendor, as an operator marked it.
#[derive(Debug, Serialize, Object)]
pub(crate) struct ReceivedMoney {
    /// How much, in minor units.
    amount: i64,
    /// What the bank calls it.
    reference: ReceiptReference,
    /// When it came, in Unix seconds.
    at: i64,
    /// What proves it.
    proof: ReceiptProof,
    /// Who marked it.
    operator: Subject,
}

impl From<&ReceivedView> for ReceivedMoney {
    fn from(received: &ReceivedView) -> Self {
        Self {
            amount: received.amount.minor,
            reference: received.reference.clone(),
            at: received.at.seconds(),
            proof: received.proof.clone(),
            operator: received.operator.clone(),
        }
    }
}
