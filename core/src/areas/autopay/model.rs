//! Automatic payment as callers see it: what they set, what they read.

use portcullis_ports::Timestamp;
use portcullis_ports::id;
use portcullis_ports::id::PaymentId;
use portcullis_ports::money::Currency;
use portcullis_ports::payments::DeclineClass;
use serde::{Deserialize, Serialize};

use crate::areas::payment_methods::{METHOD_NOT_FOUND, METHOD_UNUSABLE, NO_DEFAULT_METHOD, PaymentMethodId};
use crate::areas::step_up::STEP_UP_REQUIRED;
use crate::foundation::calendar::Zone;
use crate::foundation::use_case::{Documented, Problems, UseCase};
use crate::services::billing_freezes::BILLING_FROZEN;

id!(
    /// Names the rule of a customer.
    AutopayId, "atp", "atp_01h2xcejqtf2nbrexx3vqjhp41"
);

/// When something is collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum AutopayTrigger {
    /// As soon as something is due.
    Due,
    /// As soon as at least `threshold` is due.
    Threshold,
    /// On `day` of every month, at nine in the morning in `time_zone`.
    Day,
}

/// What became of a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum AutopayResult {
    /// It was collected.
    Succeeded,
    /// It was refused for now, and is tried again.
    Retrying,
    /// It was refused as often as it is tried: it is left to the customer.
    Failed,
    /// The bank wants the customer to confirm: pay it by hand.
    NeedsCustomer,
    /// More is due than one payment may take.
    AbovePaymentCeiling,
    /// More is due than is left of the month.
    AboveMonthCeiling,
    /// The method cannot be charged: automatic payment was turned off.
    Stopped,
}

/// Why the service turned it off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum StoppedBy {
    /// The bank refused for good.
    HardDecline,
    /// The method has expired, was removed, or there is no default.
    MethodGone,
}

/// The last thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct LastAutopay {
    /// When, in Unix seconds.
    pub at: i64,
    /// What.
    pub result: AutopayResult,
    /// How much it was about, in minor units.
    pub amount: i64,
    /// The payment; null where none was made.
    pub payment_id: Option<PaymentId>,
    /// What would help, where it was refused.
    pub decline: Option<DeclineClass>,
}

/// What one customer has collected in one currency. All amounts are in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(rename = "Autopay"))]
pub struct AutopayView {
    /// Always true, for clients of the replaced service.
    pub ok: bool,
    /// The currency.
    pub currency: Currency,
    /// How many decimal places its amounts have (ISO 4217).
    pub digits: u32,
    /// Whether anything is collected.
    pub enabled: bool,
    /// The method that is charged; null for the default one.
    pub payment_method_id: Option<PaymentMethodId>,
    /// The most that one payment takes; null where there is no bound.
    pub payment_ceiling: Option<i64>,
    /// The most that is taken in one month; null where there is no bound.
    pub month_ceiling: Option<i64>,
    /// What of that was taken or ordered this month.
    pub month_taken: i64,
    /// When something is collected.
    pub trigger: AutopayTrigger,
    /// The day of the month, with `day`; the last day of a month that has none such.
    pub day: Option<u8>,
    /// With `threshold`.
    pub threshold: Option<i64>,
    /// Where days and months begin and end, by its name in the IANA database.
    pub time_zone: Zone,
    /// When it collects or tries next, in Unix seconds; null where that depends on what becomes due.
    pub next_at: Option<i64>,
    /// The payment that is under way.
    pub open_payment_id: Option<PaymentId>,
    /// The last thing that happened.
    pub last: Option<LastAutopay>,
    /// Why the service turned it off, if it did.
    pub stopped_by: Option<StoppedBy>,
    /// When it was set, in Unix seconds.
    pub changed_at: i64,
}

const EXAMPLE: &str = r#"{
  "ok": true,
  "currency": "USD",
  "digits": 2,
  "enabled": true,
  "payment_method_id": null,
  "payment_ceiling": 10000,
  "month_ceiling": 25000,
  "month_taken": 1999,
  "trigger": "day",
  "day": 15,
  "threshold": null,
  "time_zone": "Europe/Berlin",
  "next_at": 1790000000,
  "open_payment_id": null,
  "last": {
    "at": 1789900000,
    "result": "succeeded",
    "amount": 1999,
    "payment_id": "pay_01h2xcejqtf2nbrexx3vqjhp41",
    "decline": null
  },
  "stopped_by": null,
  "changed_at": 1789000000
}"#;

impl Documented for AutopayView {
    const EXAMPLE: &str = EXAMPLE;
}

/// The rules of a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct AutopayList {
    /// By the codes of their currencies.
    pub rules: Vec<AutopayView>,
}

impl Documented for AutopayList {
    const EXAMPLE: &str = r#"{ "rules": [] }"#;
}

/// What a customer has set about billing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct BillingSettings {
    /// Whether anything is collected by itself, in whichever currency.
    pub autopay_enabled: bool,
    /// The currency in which that is, or else that of the setting `billing.default_currency`; null without one.
    pub currency: Option<Currency>,
    /// The method that is charged where none is named.
    pub default_payment_method_id: Option<PaymentMethodId>,
    /// The same under the name that some clients know.
    pub default_payment_token_id: Option<PaymentMethodId>,
    /// Automatic payment, by the codes of currencies.
    pub autopay: Vec<AutopayView>,
}

impl Documented for BillingSettings {
    const EXAMPLE: &str = r#"{
  "autopay_enabled": false,
  "currency": "USD",
  "default_payment_method_id": "pm_01h2xcejqtf2nbrexx3vqjhp41",
  "default_payment_token_id": "pm_01h2xcejqtf2nbrexx3vqjhp41",
  "autopay": []
}"#;
}

/// Reading them.
#[derive(Debug, Clone, Copy)]
pub struct ReadAutopay;

impl UseCase for ReadAutopay {
    const PROBLEMS: Problems = &[];
}

/// Automatic payment is turned on, changed or turned off. What is left out stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SetAutopay {
    /// Whether anything is collected.
    pub enabled: bool,
    /// Of which account; that of the only one, or of the setting `billing.default_currency`, where it is not said.
    pub currency: Option<Currency>,
    /// The method that is charged; the default one where none was ever named. May also be sent as `payment_token_id`.
    #[serde(alias = "payment_token_id")]
    pub payment_method_id: Option<PaymentMethodId>,
    /// Have the default method charged, whichever it is by then.
    pub default_method: Option<bool>,
    /// The most that one payment takes, in minor units; 0 for no bound.
    #[cfg_attr(feature = "openapi", oai(validator(minimum(value = "0"))))]
    pub payment_ceiling: Option<i64>,
    /// The most that is taken in one month, in minor units; 0 for no bound.
    #[cfg_attr(feature = "openapi", oai(validator(minimum(value = "0"))))]
    pub month_ceiling: Option<i64>,
    /// When something is collected; `due` where it was never said.
    pub trigger: Option<AutopayTrigger>,
    /// The day of the month, 1 to 31, with `day`.
    #[cfg_attr(
        feature = "openapi",
        oai(validator(minimum(value = "1"), maximum(value = "31")))
    )]
    pub day: Option<u8>,
    /// How much, in minor units, with `threshold`.
    #[cfg_attr(feature = "openapi", oai(validator(minimum(value = "1"))))]
    pub threshold: Option<i64>,
    /// Where days and months begin and end; `UTC` where it was never said.
    pub time_zone: Option<Zone>,
}

impl Documented for SetAutopay {
    const EXAMPLE: &str = r#"{
  "enabled": true,
  "currency": "USD",
  "payment_ceiling": 10000,
  "month_ceiling": 25000,
  "trigger": "day",
  "day": 15,
  "time_zone": "Europe/Berlin"
}"#;
    const ALIAS: Option<(&str, &str)> = Some(("payment_method_id", "payment_token_id"));
}

impl UseCase for SetAutopay {
    const PROBLEMS: Problems = &[&[
        STEP_UP_REQUIRED,
        BILLING_FROZEN,
        METHOD_NOT_FOUND,
        METHOD_UNUSABLE,
        NO_DEFAULT_METHOD,
    ]];
}

impl LastAutopay {
    pub(super) fn new(at: Timestamp, result: AutopayResult, amount: i64) -> Self {
        Self {
            at: at.seconds(),
            result,
            amount,
            payment_id: None,
            decline: None,
        }
    }
}
