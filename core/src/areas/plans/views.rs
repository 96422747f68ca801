//! Plans as people see them.

use portcullis_ports::money::Currency;
use serde::{Deserialize, Serialize};

use super::model::{EntitlementName, Entitlements, Plan, PlanId, Price, PriceId};
use crate::foundation::calendar::{Unit, Zone};
use crate::foundation::taxes::TaxCode;
use crate::foundation::use_case::Documented;

/// Whether people can subscribe to a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum PlanStatus {
    /// They can.
    Active,
    /// They cannot any more; those who did keep it.
    Archived,
}

/// Something that somebody is entitled to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(rename = "Entitlement")
)]
pub struct EntitlementView {
    /// What an application calls it.
    pub name: EntitlementName,
    /// How many or how much of it; null where there is no limit.
    #[cfg_attr(feature = "openapi", oai(validator(maximum(value = "9007199254740991"))))]
    pub limit: Option<u64>,
}

impl EntitlementView {
    /// Each of them, by name.
    pub(crate) fn all(entitlements: &Entitlements) -> Vec<Self> {
        let each = entitlements.iter();
        each.map(|(name, limit)| Self {
            name: name.clone(),
            limit: *limit,
        })
        .collect()
    }
}

/// What a period of a plan costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(rename = "Price"))]
pub struct PriceView {
    /// Its id.
    pub price_id: PriceId,
    /// In minor units.
    pub amount: i64,
    /// The currency.
    pub currency: Currency,
    /// How many decimal places its amounts have (ISO 4217).
    pub digits: u32,
}

impl From<&Price> for PriceView {
    fn from(price: &Price) -> Self {
        Self {
            price_id: price.id.clone(),
            amount: price.amount.minor,
            currency: price.amount.currency,
            digits: price.amount.currency.digits(),
        }
    }
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(rename = "Plan"))]
pub struct PlanView {
    /// Its id.
    pub plan_id: PlanId,
    /// What people read.
    pub name: String,
    /// What it is, for people.
    pub description: Option<String>,
    /// The unit of its periods.
    pub interval: Unit,
    /// How many of them one period has.
    pub interval_count: u16,
    /// The day of the month on which its periods begin; null where they begin when a subscription does.
    pub anchor_day: Option<u8>,
    /// Where its days begin.
    pub time_zone: Zone,
    /// For how many days it may be tried before it is paid.
    pub trial_days: u16,
    /// How it is taxed.
    pub tax_code: Option<TaxCode>,
    /// The vendor that collects it by itself, by the name of its instance; null where we do.
    pub collector: Option<String>,
    /// What it entitles to.
    pub entitlements: Vec<EntitlementView>,
    /// What a period costs, in every currency in which it is offered.
    pub prices: Vec<PriceView>,
    /// Whether people can subscribe to it.
    pub status: PlanStatus,
}

impl PlanView {
    pub(super) fn of(plan: &Plan) -> Self {
        Self {
            plan_id: plan.id.clone(),
            name: plan.name.to_string(),
            description: plan.description.clone(),
            interval: plan.interval.unit,
            interval_count: plan.interval.count.get(),
            anchor_day: plan.anchor_day.map(i8::unsigned_abs),
            time_zone: plan.zone.clone(),
            trial_days: plan.trial_days,
            tax_code: plan.tax_code.clone(),
            collector: plan.collector.clone(),
            entitlements: EntitlementView::all(&plan.entitlements),
            prices: plan.prices.values().map(PriceView::from).collect(),
            status: if plan.archived {
                PlanStatus::Archived
            } else {
                PlanStatus::Active
            },
        }
    }
}

impl Documented for PlanView {
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
  "entitlements": [{ "name": "export", "limit": null }, { "name": "projects", "limit": 20 }],
  "prices": [
    { "price_id": "price_01h2xcejqtf2nbrexx3vqjhp41", "amount": 1999, "currency": "USD", "digits": 2 }
  ],
  "status": "active"
}"#;
}

/// Plans.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct PlanList {
    /// By their ids.
    pub plans: Vec<PlanView>,
}

impl Documented for PlanList {
    const EXAMPLE: &str = r#"{
  "plans": [
    {
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
      "entitlements": [{ "name": "export", "limit": null }, { "name": "projects", "limit": 20 }],
      "prices": [
        { "price_id": "price_01h2xcejqtf2nbrexx3vqjhp41", "amount": 1999, "currency": "USD", "digits": 2 }
      ],
      "status": "active"
    }
  ]
}"#;
}
