//! What people ask for.

use portcullis_ports::money::Currency;
use serde::{Deserialize, Serialize};

use super::{
    COLLECTED_BY_VENDOR, CUSTOMER_RESTRICTED, NOT_SOLD_IN_CURRENCY, SUBSCRIPTION_DECLINED,
    SUBSCRIPTION_EXISTS, SUBSCRIPTION_LIMIT, SUBSCRIPTION_NOT_FOUND, SUBSCRIPTION_STATE, TRIAL_USED,
};
use crate::areas::invoices::TOO_MANY_INVOICES;
use crate::areas::ledger::{COLLECTING, LEDGER_BROKEN, Reason};
use crate::areas::operators::CUSTOMER_NOT_FOUND;
use crate::areas::payment_methods::{
    METHOD_NOT_FOUND, METHOD_UNUSABLE, NO_DEFAULT_METHOD, PaymentMethodId, VENDOR_UNAVAILABLE,
};
use crate::areas::payments::{AMOUNT_NOT_TAKEN, TOO_MANY_PAYMENTS};
use crate::areas::plans::{PLAN_NOT_FOUND, PlanId};
use crate::areas::step_up::STEP_UP_REQUIRED;
use crate::foundation::cursor::{INVALID_CURSOR, SignedCursor};
use crate::foundation::use_case::{Documented, Problems, UseCase};
use crate::services::billing_freezes::BILLING_FROZEN;
use crate::services::idempotency::{KEY_REQUIRED, KEY_REUSED};
use crate::services::payment_vendors::{NOT_OFFERED, VENDOR_UNCLEAR};

/// What billing may answer with, whoever has it done.
const BILLED: &[portcullis_ports::Code] = &[BILLING_FROZEN, TOO_MANY_INVOICES, LEDGER_BROKEN];

/// A plan is subscribed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Subscribe {
    /// The plan.
    pub plan_id: PlanId,
    /// The currency, where the plan has prices in several.
    pub currency: Option<Currency>,
    /// What is charged, now and for every period; the default method where it is not said.
    pub payment_method_id: Option<PaymentMethodId>,
    /// The vendor that is to collect it by itself, by the name of its instance; that of the plan where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collector: Option<String>,
    /// False to begin it paid though the plan has a trial. Whoever has tried the plan has to say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trial: Option<bool>,
}

impl Documented for Subscribe {
    const EXAMPLE: &str = r#"{
  "plan_id": "pro-monthly",
  "currency": "USD",
  "payment_method_id": "pm_01h2xcejqtf2nbrexx3vqjhp41",
  "collector": null,
  "trial": null
}"#;
}

impl UseCase for Subscribe {
    const PROBLEMS: Problems = &[
        &[STEP_UP_REQUIRED, KEY_REQUIRED, KEY_REUSED],
        &[
            PLAN_NOT_FOUND,
            NOT_SOLD_IN_CURRENCY,
            SUBSCRIPTION_EXISTS,
            SUBSCRIPTION_LIMIT,
            TRIAL_USED,
            CUSTOMER_RESTRICTED,
        ],
        &[
            METHOD_NOT_FOUND,
            NO_DEFAULT_METHOD,
            METHOD_UNUSABLE,
            VENDOR_UNAVAILABLE,
        ],
        &[NOT_OFFERED, AMOUNT_NOT_TAKEN, COLLECTING, TOO_MANY_PAYMENTS],
        &[SUBSCRIPTION_DECLINED, VENDOR_UNCLEAR],
        BILLED,
    ];
}

/// When something takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum CancelWhen {
    /// When the period ends that is paid.
    PeriodEnd,
    /// At once.
    Now,
}

/// A subscription is cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct CancelSubscription {
    /// When it ends; with its period where it is not said.
    pub at: Option<CancelWhen>,
    /// With `now`: whether the days that are paid and not used any more go to the balance.
    pub credit: Option<bool>,
}

impl Documented for CancelSubscription {
    const EXAMPLE: &str = r#"{ "at": "period_end", "credit": null }"#;
}

impl UseCase for CancelSubscription {
    const PROBLEMS: Problems = &[
        &[SUBSCRIPTION_NOT_FOUND, SUBSCRIPTION_STATE],
        &[COLLECTING, TOO_MANY_INVOICES, LEDGER_BROKEN],
    ];
}

/// An operator cancels the subscription of a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct OperatorCancel {
    /// When it ends; with its period where it is not said.
    pub at: Option<CancelWhen>,
    /// With `now`: whether the days that are paid and not used any more go to the balance.
    pub credit: Option<bool>,
    /// Why: it stands in both histories.
    pub reason: Reason,
}

impl Documented for OperatorCancel {
    const EXAMPLE: &str = r#"{ "at": "now", "credit": true, "reason": "The customer asked by telephone" }"#;
}

impl UseCase for OperatorCancel {
    const PROBLEMS: Problems = &[
        &[STEP_UP_REQUIRED, CUSTOMER_NOT_FOUND],
        &[SUBSCRIPTION_NOT_FOUND, SUBSCRIPTION_STATE],
        &[COLLECTING, TOO_MANY_INVOICES, LEDGER_BROKEN],
    ];
}

/// A subscription is paused.
#[derive(Debug, Clone, Copy)]
pub struct PauseSubscription;

impl UseCase for PauseSubscription {
    const PROBLEMS: Problems = &[
        &[SUBSCRIPTION_NOT_FOUND, SUBSCRIPTION_STATE],
        &[COLLECTED_BY_VENDOR],
    ];
}

/// A subscription goes on.
#[derive(Debug, Clone, Copy)]
pub struct ResumeSubscription;

impl UseCase for ResumeSubscription {
    const PROBLEMS: Problems = &[
        &[STEP_UP_REQUIRED, SUBSCRIPTION_NOT_FOUND, SUBSCRIPTION_STATE],
        &[CUSTOMER_RESTRICTED, COLLECTED_BY_VENDOR],
        BILLED,
    ];
}

/// When a change of plan takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum ChangeWhen {
    /// At once: the days that are left are given back at the price of before, and billed at the new one.
    Now,
    /// With the next period. Until then nothing is billed.
    PeriodEnd,
}

/// A subscription goes on with another plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ChangeSubscription {
    /// The plan.
    pub plan_id: PlanId,
    /// When; at once where it is not said.
    pub at: Option<ChangeWhen>,
    /// Whether it is only shown what would be billed.
    pub preview: Option<bool>,
}

impl Documented for ChangeSubscription {
    const EXAMPLE: &str = r#"{ "plan_id": "team-monthly", "at": "now", "preview": true }"#;
}

impl UseCase for ChangeSubscription {
    const PROBLEMS: Problems = &[
        &[STEP_UP_REQUIRED, KEY_REQUIRED, KEY_REUSED],
        &[SUBSCRIPTION_NOT_FOUND, SUBSCRIPTION_STATE, SUBSCRIPTION_EXISTS],
        &[CUSTOMER_RESTRICTED, COLLECTED_BY_VENDOR],
        &[PLAN_NOT_FOUND, NOT_SOLD_IN_CURRENCY],
        BILLED,
    ];
}

/// A subscription is paid with another method.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ChangeMethod {
    /// What is charged; null for whatever method is the default.
    pub payment_method_id: Option<PaymentMethodId>,
}

impl Documented for ChangeMethod {
    const EXAMPLE: &str = r#"{ "payment_method_id": "pm_01h2xcejqtf2nbrexx3vqjhp41" }"#;
}

impl UseCase for ChangeMethod {
    const PROBLEMS: Problems = &[
        &[STEP_UP_REQUIRED, SUBSCRIPTION_NOT_FOUND, SUBSCRIPTION_STATE],
        &[METHOD_NOT_FOUND, NO_DEFAULT_METHOD, METHOD_UNUSABLE],
        &[COLLECTED_BY_VENDOR],
    ];
}

/// The payer of a subscription comes back from the vendor that is to collect it.
#[derive(Debug, Clone, Copy)]
pub struct CompleteSubscription;

impl UseCase for CompleteSubscription {
    const PROBLEMS: Problems = &[&[SUBSCRIPTION_NOT_FOUND, TOO_MANY_PAYMENTS]];
}

/// One's subscription is read.
#[derive(Debug, Clone, Copy)]
pub struct ReadSubscription;

impl UseCase for ReadSubscription {
    const PROBLEMS: Problems = &[&[SUBSCRIPTION_NOT_FOUND]];
}

/// Which subscriptions.
#[derive(Debug, Clone, Default)]
pub struct ListSubscriptions {
    /// Behind which subscription, as `next_cursor` of the page before; `None` for the first page.
    pub cursor: Option<SignedCursor>,
    /// How many at most, 1 to 100.
    pub limit: Option<usize>,
}

impl UseCase for ListSubscriptions {
    const PROBLEMS: Problems = &[&[INVALID_CURSOR]];
}
