//! What clients of the replaced service send, field for field. Unknown fields are refused.

use poem_openapi::Object;
use portcullis_core::autopay::SetAutopay;
use portcullis_core::idempotency::IdempotencyKey;
use portcullis_core::ledger::LEDGER_BROKEN;
use portcullis_core::payment_methods::{
    BeginSetup, CompleteSetup, PaymentMethodId, RemoveMethod, SetDefaultMethod, SetMethodPriority,
};
use portcullis_core::payment_vendors::VENDOR_UNCLEAR;
use portcullis_core::payments::{PAYMENT_IN_PROGRESS, PAYMENT_STATE};
use portcullis_core::plans::PlanId;
use portcullis_core::subscriptions::{CancelSubscription, Subscribe, SubscriptionId};
use portcullis_core::use_case::{Documented, Problems, UseCase};
use portcullis_ports::Result;
use portcullis_ports::money::Currency;
use portcullis_ports::payments::VendorRef;
use serde::Deserialize;

use crate::dto::{BeginPayment, wrong};
use crate::problem::NOT_FOUND;

/// Something is charged at once.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChargeOnce {
    /// How much, in minor units.
    #[oai(validator(minimum(value = "1")))]
    pub(crate) amount_cents: i64,
    /// The currency; that of the setting `billing.default_currency` where it is not said.
    pub(crate) currency: Option<Currency>,
    /// The stored method; the default one where it is not said. May also be sent as `payment_token_id`.
    #[serde(alias = "payment_token_id")]
    pub(crate) payment_method_id: Option<PaymentMethodId>,
    /// What the payer reads: at most 200 characters.
    #[oai(validator(
        max_length = 200,
        pattern = "^[\\t-\\r \\u0085]*[^\\u0000-\\u001f\\u007f-\\u009f]*[\\t-\\r \\u0085]*$"
    ))]
    pub(crate) description: Option<String>,
    /// What the client calls this intent: sent again it pays nothing a second time.
    pub(crate) idempotency_key: Option<String>,
}

impl Documented for ChargeOnce {
    const EXAMPLE: &str = r#"{ "amount_cents": 1999, "currency": "USD", "description": "Plum kettle", "idempotency_key": "order-42" }"#;
    const ALIAS: Option<(&str, &str)> = Some(("payment_method_id", "payment_token_id"));
}

/// What is due is paid.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub(crate) struct PayBalance {
    /// How much at most, in minor units; everything that is due where it is not said.
    #[oai(validator(minimum(value = "1")))]
    pub(crate) amount_cents: Option<i64>,
    /// The currency; that in which something is due where it is not said.
    pub(crate) currency: Option<Currency>,
    /// The stored method; the default one where it is not said. May also be sent as `payment_token_id`.
    #[serde(alias = "payment_token_id")]
    pub(crate) payment_method_id: Option<PaymentMethodId>,
    /// What the client calls this intent: sent again it pays nothing a second time.
    pub(crate) idempotency_key: Option<String>,
}

impl Documented for PayBalance {
    const EXAMPLE: &str = r#"{ "amount_cents": 1000, "idempotency_key": "november" }"#;
    const ALIAS: Option<(&str, &str)> = Some(("payment_method_id", "payment_token_id"));
}

/// The payer is sent to a page of the vendor.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub(crate) struct BeginCheckout {
    /// How much, in minor units.
    #[oai(validator(minimum(value = "1")))]
    pub(crate) amount_cents: i64,
    /// The currency; that of the setting `billing.default_currency` where it is not said.
    pub(crate) currency: Option<Currency>,
    /// What the payer reads: at most 200 characters.
    #[oai(validator(
        max_length = 200,
        pattern = "^[\\t-\\r \\u0085]*[^\\u0000-\\u001f\\u007f-\\u009f]*[\\t-\\r \\u0085]*$"
    ))]
    pub(crate) description: Option<String>,
    /// What the client calls this intent: sent again it begins nothing a second time.
    pub(crate) idempotency_key: Option<String>,
}

impl Documented for BeginCheckout {
    const EXAMPLE: &str = r#"{ "amount_cents": 1999, "currency": "USD", "description": "Plum kettle" }"#;
}

/// A bank account is proven by what arrived there.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyDeposits {
    /// The vendor's name of the setup, with which its secret begins.
    pub(crate) setup_intent_id: VendorRef,
    /// The two amounts that arrived, in the smallest unit of the account's currency.
    #[oai(validator(min_items = 2, max_items = 2, minimum(value = "0")))]
    pub(crate) amounts: Option<Vec<u32>>,
    /// The code in the text of the deposit; at most 32 characters.
    #[oai(validator(max_length = 32))]
    pub(crate) descriptor_code: Option<String>,
}

impl Documented for VerifyDeposits {
    const EXAMPLE: &str = r#"{ "setup_intent_id": "seti_1PqTzR2eZvKYlo2C", "amounts": [32, 45] }"#;
}

/// Something is put on the balance.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddCharge {
    /// How much, in minor units.
    #[oai(validator(minimum(value = "1"), maximum(value = "1000000000000")))]
    pub(crate) amount_cents: i64,
    /// How far it is.
    pub(crate) state: ChargeState,
    /// What it is for: at most 100 characters; `usage` where it is not said.
    #[oai(validator(max_length = 100, pattern = "^[ -~]*$"))]
    pub(crate) reason: Option<String>,
    /// The currency; that of the setting `billing.default_currency` where it is not said.
    pub(crate) currency: Option<Currency>,
}

/// How far a charge is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, poem_openapi::Enum)]
#[serde(rename_all = "lowercase")]
#[oai(rename_all = "lowercase")]
pub(crate) enum ChargeState {
    /// It may still be voided.
    Pending,
    /// It is owed.
    Settled,
}

impl Documented for AddCharge {
    const EXAMPLE: &str = r#"{ "amount_cents": 1200, "state": "settled", "reason": "usage" }"#;
}

impl UseCase for AddCharge {
    const PROBLEMS: Problems = &[&[NOT_FOUND, LEDGER_BROKEN, VENDOR_UNCLEAR]];
}

/// A plan is subscribed to.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubscribeMonthly {
    /// The plan; `monthly` where it is not said.
    pub(crate) plan_id: Option<PlanId>,
    /// What the client takes to be its price, in minor units: another one than that of the plan is refused.
    pub(crate) monthly_price_cents: Option<i64>,
    /// The stored method; the default one where it is not said. May also be sent as `payment_token_id`.
    #[serde(alias = "payment_token_id")]
    pub(crate) payment_method_id: Option<PaymentMethodId>,
    /// What the client calls this intent: sent again it subscribes to nothing a second time.
    pub(crate) idempotency_key: Option<String>,
}

impl Documented for SubscribeMonthly {
    const EXAMPLE: &str = r#"{ "plan_id": "monthly", "idempotency_key": "november" }"#;
    const ALIAS: Option<(&str, &str)> = Some(("payment_method_id", "payment_token_id"));
}

impl UseCase for SubscribeMonthly {
    const PROBLEMS: Problems = Subscribe::PROBLEMS;
}

/// A subscription is cancelled.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub(crate) struct CancelByAlias {
    /// Which.
    pub(crate) subscription_id: SubscriptionId,
    /// Why. It is not kept.
    #[oai(validator(max_length = 200))]
    pub(crate) reason: Option<String>,
    /// Not needed: cancelling twice is cancelling once.
    pub(crate) idempotency_key: Option<String>,
}

impl Documented for CancelByAlias {
    const EXAMPLE: &str =
        r#"{ "subscription_id": "sub_01h2xcejqtf2nbrexx3vqjhp41", "reason": "user_requested" }"#;
}

impl UseCase for CancelByAlias {
    const PROBLEMS: Problems = CancelSubscription::PROBLEMS;
}

/// A payment through an alias.
pub(crate) struct PayByAlias;

impl UseCase for PayByAlias {
    const PROBLEMS: Problems = &[
        BeginPayment::PROBLEMS[0],
        BeginPayment::PROBLEMS[1],
        BeginPayment::PROBLEMS[2],
        &[PAYMENT_IN_PROGRESS, PAYMENT_STATE, LEDGER_BROKEN],
    ];
}

/// The adding of a method through an alias.
pub(crate) struct SetUpByAlias;

impl UseCase for SetUpByAlias {
    const PROBLEMS: Problems = BeginSetup::PROBLEMS;
}

/// The proof of a bank account through an alias.
impl UseCase for VerifyDeposits {
    const PROBLEMS: Problems = CompleteSetup::PROBLEMS;
}

/// The choice of a default through an alias.
pub(crate) struct DefaultByAlias;

impl UseCase for DefaultByAlias {
    const PROBLEMS: Problems = &[SetDefaultMethod::PROBLEMS[0], &[VENDOR_UNCLEAR]];
}

/// Automatic payment through an alias.
pub(crate) struct AutopayByAlias;

impl UseCase for AutopayByAlias {
    const PROBLEMS: Problems = &[SetAutopay::PROBLEMS[0], &[VENDOR_UNCLEAR]];
}

/// Another place through an alias.
pub(crate) struct PriorityByAlias;

impl UseCase for PriorityByAlias {
    const PROBLEMS: Problems = &[SetMethodPriority::PROBLEMS[0], &[VENDOR_UNCLEAR]];
}

/// The removal of a method through an alias.
pub(crate) struct RemoveByAlias;

impl UseCase for RemoveByAlias {
    const PROBLEMS: Problems = &[RemoveMethod::PROBLEMS[0], &[VENDOR_UNCLEAR]];
}

/// Something is read through an alias.
pub(crate) struct ReadByAlias;

impl UseCase for ReadByAlias {
    const PROBLEMS: Problems = &[&[VENDOR_UNCLEAR, LEDGER_BROKEN]];
}

/// The key in a body. An empty one is none.
pub(crate) fn key(text: Option<&String>) -> Result<Option<IdempotencyKey>> {
    let text = text.filter(|text| !text.is_empty());
    let key = text.map(|text| IdempotencyKey::parse(text)).transpose();
    key.map_err(|expected| wrong("idempotency_key", expected))
}
