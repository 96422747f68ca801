//! What operators ask for.

use portcullis_ports::money::Currency;
use serde::{Deserialize, Serialize};

use super::model::PlanId;
use super::views::{EntitlementView, PlanStatus};
use super::{PLAN_EXISTS, PLAN_LIMIT, PLAN_NOT_FOUND};
use crate::areas::step_up::STEP_UP_REQUIRED;
use crate::foundation::calendar::{Unit, Zone};
use crate::foundation::input::Label;
use crate::foundation::taxes::TaxCode;
use crate::foundation::use_case::{Documented, Problems, UseCase};
use crate::services::payment_vendors::{NOT_OFFERED, VENDOR_UNCLEAR};

/// What a period shall cost in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct NewPrice {
    /// The currency.
    pub currency: Currency,
    /// In minor units, 0 for nothing; null when it is not offered in this currency any more.
    #[cfg_attr(
        feature = "openapi",
        oai(validator(minimum(value = "0"), maximum(value = "1000000000000")))
    )]
    pub amount: Option<i64>,
}

/// A plan is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct CreatePlan {
    /// What it is called for good.
    pub plan_id: PlanId,
    /// What people read.
    pub name: Label,
    /// What it is, for people: at most 500 characters.
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 500)))]
    pub description: Option<String>,
    /// The unit of its periods.
    pub interval: Unit,
    /// How many of them one period has; 1 where it is not said.
    #[cfg_attr(
        feature = "openapi",
        oai(validator(minimum(value = "1"), maximum(value = "366")))
    )]
    pub interval_count: Option<u16>,
    /// The day of the month on which all periods begin, for months alone; the first one is shorter then, and costs less.
    /// Where it is not said, periods begin when a subscription does.
    #[cfg_attr(
        feature = "openapi",
        oai(validator(minimum(value = "1"), maximum(value = "31")))
    )]
    pub anchor_day: Option<u8>,
    /// Where its days begin; UTC where it is not said.
    pub time_zone: Option<Zone>,
    /// For how many days it may be tried before it is paid.
    #[cfg_attr(feature = "openapi", oai(validator(maximum(value = "730"))))]
    pub trial_days: Option<u16>,
    /// How it is taxed: a name of `billing.taxes`. Without it there is no tax.
    pub tax_code: Option<TaxCode>,
    /// The vendor that collects it by itself, by the name of its instance; where it is not said we collect it. It stays so for
    /// good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collector: Option<String>,
    /// What it entitles to.
    #[cfg_attr(feature = "openapi", oai(validator(max_items = 100)))]
    pub entitlements: Option<Vec<EntitlementView>>,
    /// What a period costs, in every currency in which it is offered.
    #[cfg_attr(feature = "openapi", oai(validator(min_items = 1, max_items = 50)))]
    pub prices: Vec<NewPrice>,
}

impl Documented for CreatePlan {
    const EXAMPLE: &str = r#"{
  "plan_id": "pro-monthly",
  "name": "Pro",
  "description": "For teams",
  "interval": "month",
  "interval_count": 1,
  "anchor_day": null,
  "time_zone": "Europe/Berlin",
  "trial_days": 14,
  "tax_code": null,
  "collector": null,
  "entitlements": [{ "name": "projects", "limit": 20 }, { "name": "export", "limit": null }],
  "prices": [{ "currency": "USD", "amount": 1999 }, { "currency": "EUR", "amount": 1899 }]
}"#;
}

impl UseCase for CreatePlan {
    const PROBLEMS: Problems = &[
        &[STEP_UP_REQUIRED, PLAN_EXISTS, PLAN_LIMIT],
        &[NOT_OFFERED, VENDOR_UNCLEAR],
    ];
}

/// A plan is changed. What is left out stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ChangePlan {
    /// What people read.
    pub name: Option<Label>,
    /// What it is, for people: at most 500 characters.
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 500)))]
    pub description: Option<String>,
    /// For how many days who subscribes from now on may try it.
    #[cfg_attr(feature = "openapi", oai(validator(maximum(value = "730"))))]
    pub trial_days: Option<u16>,
    /// How it is taxed: a name of `billing.taxes`. It holds from the next period of every subscription on.
    pub tax_code: Option<TaxCode>,
    /// Everything that it entitles to. It holds from the next period of every subscription on.
    #[cfg_attr(feature = "openapi", oai(validator(max_items = 100)))]
    pub entitlements: Option<Vec<EntitlementView>>,
    /// Other prices, each a new row for who subscribes from now on; currencies that are left out stay as they are.
    #[cfg_attr(feature = "openapi", oai(validator(max_items = 50)))]
    pub prices: Option<Vec<NewPrice>>,
    /// Whether people can subscribe to it.
    pub status: Option<PlanStatus>,
}

impl Documented for ChangePlan {
    const EXAMPLE: &str = r#"{
  "name": null,
  "description": null,
  "trial_days": null,
  "tax_code": null,
  "entitlements": null,
  "prices": [{ "currency": "USD", "amount": 2199 }],
  "status": "active"
}"#;
}

impl UseCase for ChangePlan {
    const PROBLEMS: Problems = &[
        &[STEP_UP_REQUIRED, PLAN_NOT_FOUND],
        &[NOT_OFFERED, VENDOR_UNCLEAR],
    ];
}

/// The plans are listed.
#[derive(Debug, Clone, Copy)]
pub struct ListPlans;

impl UseCase for ListPlans {
    const PROBLEMS: Problems = &[];
}
