//! Figures as operators see them.

use portcullis_ports::money::Currency;
use portcullis_ports::payments::DeclineClass;
use serde::Serialize;

use super::read::FiguresBy;
use crate::foundation::calendar::Zone;
use crate::foundation::use_case::Documented;

/// Payments that failed for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct FailedPayments {
    /// What would help; null where nobody said why.
    pub reason: Option<DeclineClass>,
    /// How many.
    pub count: i64,
}

/// What some days came to in one currency. Amounts are in minor units, and below zero where more was given back than came.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct FiguresOf {
    /// The first day, such as 2026-11-01.
    pub from: String,
    /// The last day, which is among them.
    pub to: String,
    /// Taken from payers.
    pub captured: i64,
    /// Given back to payers, less what came back because it failed.
    pub refunded: i64,
    /// Taken back by disputes, less what they gave back.
    pub disputed: i64,
    /// Kept by vendors.
    pub fees: i64,
    /// What else came to vendors, such as payments that nothing here explains.
    pub unmatched: i64,
    /// What all that leaves: `captured` - `refunded` - `disputed` - `fees` + `unmatched`. What was paid out to the bank
    /// changes nothing of it.
    pub net: i64,
    /// What was sold, without tax, less what was taken back.
    pub earned: i64,
    /// The tax on it.
    pub tax: i64,
    /// Debts that were given up.
    pub written_off: i64,
    /// Given by operators, less what they took back.
    pub goodwill: i64,
    /// Payments that brought money.
    pub payments_succeeded: i64,
    /// Payments that failed.
    pub payments_failed: i64,
    /// Payments that were called off.
    pub payments_canceled: i64,
    /// Those that failed, by what would help.
    pub failures: Vec<FailedPayments>,
    /// Disputes that began, without what a bank only asks about.
    pub disputes_opened: i64,
    /// Disputes that were won.
    pub disputes_won: i64,
    /// Disputes that were lost.
    pub disputes_lost: i64,
    /// Subscriptions that had begun and were not over when the first day began.
    pub subscriptions_at_start: i64,
    /// Subscriptions that began, tried or paid.
    pub subscriptions_begun: i64,
    /// Subscriptions that were over, of those that had begun.
    pub subscriptions_over: i64,
    /// Those over, in hundredths of a percent of those at the start; null if there were none at the start.
    pub churn_basis_points: Option<i64>,
    /// What subscriptions that are paid and go on bring in a month, when the last day ends: longer and shorter periods as if
    /// they were months.
    pub recurring_at_end: i64,
}

/// What was made in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct FiguresIn {
    /// The currency.
    pub currency: Currency,
    /// How many decimal places its amounts have (ISO 4217).
    pub digits: u32,
    /// All days together.
    pub total: FiguresOf,
    /// The days or months one by one, oldest first, also those on which nothing happened.
    pub spans: Vec<FiguresOf>,
}

/// What the business came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct FiguresView {
    /// The first day, such as 2026-11-01.
    pub from: String,
    /// The last day, which is among them.
    pub to: String,
    /// What `spans` are.
    pub by: FiguresBy,
    /// Where the days begin.
    pub time_zone: Zone,
    /// By the codes of their currencies; those in which anything ever happened that these figures tell.
    pub currencies: Vec<FiguresIn>,
}

impl Documented for FiguresView {
    const EXAMPLE: &str = r#"{
  "from": "2026-11-01",
  "to": "2026-11-28",
  "by": "month",
  "time_zone": "Europe/Berlin",
  "currencies": [
    {
      "currency": "EUR",
      "digits": 2,
      "total": {
        "from": "2026-11-01",
        "to": "2026-11-28",
        "captured": 1249000,
        "refunded": 5000,
        "disputed": 1999,
        "fees": 34210,
        "unmatched": 0,
        "net": 1207791,
        "earned": 1045000,
        "tax": 198550,
        "written_off": 0,
        "goodwill": 500,
        "payments_succeeded": 431,
        "payments_failed": 24,
        "payments_canceled": 7,
        "failures": [{ "reason": "retry_later", "count": 20 }, { "reason": "other_method", "count": 4 }],
        "disputes_opened": 1,
        "disputes_won": 0,
        "disputes_lost": 0,
        "subscriptions_at_start": 400,
        "subscriptions_begun": 31,
        "subscriptions_over": 12,
        "churn_basis_points": 300,
        "recurring_at_end": 1221000
      },
      "spans": [
        {
          "from": "2026-11-01",
          "to": "2026-11-28",
          "captured": 1249000,
          "refunded": 5000,
          "disputed": 1999,
          "fees": 34210,
          "unmatched": 0,
          "net": 1207791,
          "earned": 1045000,
          "tax": 198550,
          "written_off": 0,
          "goodwill": 500,
          "payments_succeeded": 431,
          "payments_failed": 24,
          "payments_canceled": 7,
          "failures": [{ "reason": "retry_later", "count": 20 }, { "reason": "other_method", "count": 4 }],
          "disputes_opened": 1,
          "disputes_won": 0,
          "disputes_lost": 0,
          "subscriptions_at_start": 400,
          "subscriptions_begun": 31,
          "subscriptions_over": 12,
          "churn_basis_points": 300,
          "recurring_at_end": 1221000
        }
      ]
    }
  ]
}"#;
}
