//! What operators ask for about payments.

use std::collections::BTreeMap;
use std::fmt;

use data_encoding::BASE64;
use poem_openapi::Object;
use portcullis_core::idempotency::{KEY_REQUIRED, KEY_REUSED};
use portcullis_core::payment_vendors::{NOT_OFFERED, VENDOR_UNCLEAR};
use portcullis_core::payments::{
    DISPUTE_CLOSED, DISPUTE_NOT_ANSWERED, Decision, DisputeAnswer, DisputeFile, PAYMENT_NOT_FOUND,
    PAYMENT_STATE, REFUND_DECLINED, REFUND_EXCEEDS_PAYMENT, RefundPayment,
};
use portcullis_core::step_up::STEP_UP_REQUIRED;
use portcullis_core::use_case::{Documented, Problems, UseCase};
use portcullis_ports::money::{Amount, Currency};
use portcullis_ports::payments::{EvidenceDocument, EvidenceField, Handed, RefundReason};
use portcullis_ports::{Error, Result};
use serde::Deserialize;

use super::fields::{amount, bounded, wrong};
use super::payments::MovePayment;

/// A payment goes on.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompletePayment {
    /// What the vendor's script or widget handed to the page, as it is: names and texts. Most vendors hand over nothing.
    handed: Option<BTreeMap<String, String>>,
}

impl CompletePayment {
    pub(crate) fn handed(self) -> Result<Handed> {
        Handed::new(self.handed.unwrap_or_default()).map_err(|advice| wrong("handed", advice))
    }
}

impl UseCase for CompletePayment {
    const PROBLEMS: Problems = MovePayment::PROBLEMS;
}

impl Documented for CompletePayment {
    const EXAMPLE: &str = r#"{ "handed": { "threedsSuccess": "true" } }"#;
}

/// Held money is captured.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub(crate) struct CapturePayment {
    /// How much, in minor units of the payment's currency; all that is held where it is not said.
    #[oai(validator(minimum(value = "1")))]
    pub(crate) amount: Option<i64>,
}

impl Documented for CapturePayment {
    const EXAMPLE: &str = r#"{ "amount": 1000 }"#;
}

/// What operators do to a payment that moves money.
pub(crate) struct OperatePayment;

impl UseCase for OperatePayment {
    const PROBLEMS: Problems = &[&[
        STEP_UP_REQUIRED,
        PAYMENT_NOT_FOUND,
        PAYMENT_STATE,
        NOT_OFFERED,
        VENDOR_UNCLEAR,
    ]];
}

impl UseCase for CapturePayment {
    const PROBLEMS: Problems = OperatePayment::PROBLEMS;
}

impl UseCase for ResolvePayment {
    const PROBLEMS: Problems = OperatePayment::PROBLEMS;
}

/// Money is given back.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub(crate) struct BeginRefund {
    /// How much, in minor units of the payment's currency; all that is left where it is not said.
    #[oai(validator(minimum(value = "1")))]
    pub(crate) amount: Option<i64>,
    /// Why.
    pub(crate) reason: RefundReason,
}

impl Documented for BeginRefund {
    const EXAMPLE: &str = r#"{ "amount": 500, "reason": "requested" }"#;
}

impl UseCase for BeginRefund {
    const PROBLEMS: Problems = &[
        &[STEP_UP_REQUIRED, KEY_REQUIRED, KEY_REUSED, PAYMENT_NOT_FOUND],
        &[
            REFUND_EXCEEDS_PAYMENT,
            REFUND_DECLINED,
            NOT_OFFERED,
            VENDOR_UNCLEAR,
        ],
    ];
}

/// An amount in the currency of a payment.
pub(crate) fn part(minor: Option<i64>, currency: Currency) -> Result<Option<Amount>> {
    amount(minor, Some(currency))
}

impl BeginRefund {
    pub(crate) fn command(&self, currency: Currency) -> Result<RefundPayment> {
        Ok(RefundPayment {
            amount: part(self.amount, currency)?,
            reason: self.reason,
        })
    }
}

/// An operator decides about a payment.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResolvePayment {
    /// What is decided.
    pub(crate) decision: Decision,
    /// Why: it stands in both histories. At most 200 characters.
    #[oai(validator(max_length = 200))]
    pub(crate) reason: String,
}

impl ResolvePayment {
    pub(crate) fn reason(&self) -> Result<String> {
        let reason = bounded("reason", Some(self.reason.clone()), 200)?;
        if reason.is_empty() {
            return Err(wrong("reason", "A reason is expected."));
        }
        Ok(reason)
    }
}

impl Documented for ResolvePayment {
    const EXAMPLE: &str = r#"{ "decision": "not_sent", "reason": "The vendor confirmed it by phone" }"#;
}

/// Something is said about a dispute.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub(crate) struct DisputeText {
    /// What it is about.
    about: EvidenceField,
    /// What is said, at most 20,000 characters.
    #[oai(validator(max_length = 20000))]
    text: String,
}

/// A file that proves something about a dispute.
#[derive(Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub(crate) struct DisputeDocument {
    /// What it shows.
    about: EvidenceDocument,
    /// The whole file in base64 (RFC 4648, section 4): a PDF, PNG or JPEG, by what it holds.
    content: String,
}

impl fmt::Debug for DisputeDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "DisputeDocument({:?}, {} letters)",
            self.about,
            self.content.len()
        )
    }
}

/// A dispute is answered, or given up.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswerDispute {
    /// Gives it up, for good; then nothing else is said.
    pub(crate) accept: Option<bool>,
    /// Evidence.
    pub(crate) evidence: Option<Vec<DisputeText>>,
    /// Files, one about each matter, of 4,500,000 bytes together at most. Nothing of them is kept here.
    pub(crate) files: Option<Vec<DisputeDocument>>,
    /// Whether the evidence is final: the bank gets it, and nothing can be added.
    pub(crate) submit: Option<bool>,
}

impl Documented for AnswerDispute {
    const EXAMPLE: &str = r#"{
  "accept": false,
  "evidence": [{ "about": "access_log", "text": "Signed in ten times since" }],
  "files": [{ "about": "receipt", "content": "JVBERi0xLjcKJSVFT0YK" }],
  "submit": true
}"#;
    // Files of 4,500,000 bytes in base64, and all texts.
    const LONGEST: Option<usize> = Some(8 * 1024 * 1024);
}

impl UseCase for AnswerDispute {
    const PROBLEMS: Problems = &[
        &[STEP_UP_REQUIRED, PAYMENT_NOT_FOUND, NOT_OFFERED, VENDOR_UNCLEAR],
        &[DISPUTE_CLOSED, DISPUTE_NOT_ANSWERED],
    ];
}

impl TryFrom<AnswerDispute> for DisputeAnswer {
    type Error = Error;

    fn try_from(body: AnswerDispute) -> Result<Self> {
        let said = body.evidence.unwrap_or_default();
        let handed = body.files.unwrap_or_default();
        if body.accept.unwrap_or_default() {
            return if said.is_empty() && handed.is_empty() {
                Ok(Self::Accept)
            } else {
                Err(wrong(
                    "evidence",
                    "Nothing is expected where the dispute is given up.",
                ))
            };
        }
        let mut texts = BTreeMap::new();
        for one in said {
            if one.text.trim().is_empty() || one.text.chars().count() > 20_000 {
                return Err(wrong("evidence", "Texts of 1 to 20,000 characters are expected."));
            }
            if texts.insert(one.about, one.text).is_some() {
                return Err(wrong("evidence", "One text about each matter is expected."));
            }
        }
        let mut files = BTreeMap::new();
        for one in handed {
            let bytes = BASE64.decode(one.content.as_bytes());
            let bytes = bytes.map_err(|_| wrong("files", "Files in base64 are expected."))?;
            let file = DisputeFile::new(bytes).map_err(|advice| wrong("files", advice))?;
            if files.insert(one.about, file).is_some() {
                return Err(wrong("files", "One file about each matter is expected."));
            }
        }
        if texts.is_empty() && files.is_empty() {
            return Err(wrong(
                "evidence",
                "At least one text or file is expected, or `accept`.",
            ));
        }
        Ok(Self::Evidence {
            texts,
            files,
            submit: body.submit.unwrap_or_default(),
        })
    }
}
