//! How the rules of customers are stored: one record for each currency.

use portcullis_ports::Timestamp;
use portcullis_ports::id::PaymentId;
use portcullis_ports::identity::Subject;
use portcullis_ports::money::Currency;
use portcullis_ports::storage::Collection;
use serde::{Deserialize, Serialize};

use super::model::{AutopayId, LastAutopay, StoppedBy};
use crate::areas::payment_methods::PaymentMethodId;
use crate::foundation::calendar::Zone;
use crate::foundation::table::Stored;

/// What customers have collected by themselves.
pub(crate) const AUTOPAY_RULES: Collection = Collection {
    name: "autopay_rules",
    table: "payments",
    variable: "PAYMENTS_TABLE_NAME",
};

/// When something is collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Trigger {
    /// As soon as something is due.
    Due,
    /// As soon as at least so much is due, in minor units.
    Threshold { minor: i64 },
    /// On this day of every month, 1 to 31.
    Day { day: u8 },
}

/// What was ordered in a month, less what failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MonthSum {
    /// Such as `2026-11`.
    pub(super) month: String,
    pub(super) minor: i64,
    /// The zone of the rule when the month began: there it ends. That of the rule where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) zone: Option<Zone>,
}

/// A payment of the rule that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OpenPayment {
    pub(super) id: PaymentId,
    /// In which month it counts.
    pub(super) month: String,
    pub(super) minor: i64,
    /// Whether its payer was told that it waits.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) asked: bool,
}

/// What one customer wants to have collected in one currency, and how that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rule {
    pub(super) subject: Subject,
    pub(super) currency: Currency,
    /// The name of its task, and the beginning of the keys of its payments.
    pub(super) id: AutopayId,
    pub(super) enabled: bool,
    /// The default method where none is named.
    pub(super) method: Option<PaymentMethodId>,
    /// The most that one payment takes, in minor units.
    pub(super) payment_ceiling: Option<i64>,
    /// The most that the payments of one month take.
    pub(super) month_ceiling: Option<i64>,
    pub(super) trigger: Trigger,
    pub(super) zone: Zone,
    /// When it collects next, with a day of the month.
    pub(super) turn: Option<Timestamp>,
    /// The turn that its customer was told of.
    pub(super) noticed: Option<Timestamp>,
    /// When a payment that was refused for now is tried again, or a bound no longer holds.
    pub(super) retry_at: Option<Timestamp>,
    /// How often in a row payments were refused.
    pub(super) failures: u32,
    /// How many payments there were: part of their idempotency keys.
    pub(super) payments: u32,
    pub(super) open: Option<OpenPayment>,
    pub(super) month: Option<MonthSum>,
    pub(super) last: Option<LastAutopay>,
    /// Why it was turned off, if that was not its customer.
    pub(super) stopped: Option<StoppedBy>,
    pub(super) changed_at: Timestamp,
}

impl Rule {
    pub(super) const PREFIX: &'static str = "rule#";

    pub(super) fn sort(currency: Currency) -> String {
        format!("{}{currency}", Self::PREFIX)
    }

    /// A rule that was never turned on.
    pub(super) fn none(subject: &Subject, currency: Currency, id: AutopayId, now: Timestamp) -> Self {
        Self {
            subject: subject.clone(),
            currency,
            id,
            enabled: false,
            method: None,
            payment_ceiling: None,
            month_ceiling: None,
            trigger: Trigger::Due,
            zone: Zone::utc(),
            turn: None,
            noticed: None,
            retry_at: None,
            failures: 0,
            payments: 0,
            open: None,
            month: None,
            last: None,
            stopped: None,
            changed_at: now,
        }
    }
}

impl Stored for Rule {
    const COLLECTION: Collection = AUTOPAY_RULES;

    fn key(&self) -> (String, String) {
        (self.subject.to_string(), Self::sort(self.currency))
    }
}
