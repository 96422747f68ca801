//! What a plan is.

use std::collections::BTreeMap;

use portcullis_ports::money::{Currency, Money};
use portcullis_ports::{Timestamp, id, text};
use serde::{Deserialize, Serialize};

use crate::foundation::calendar::{Interval, Zone};
use crate::foundation::input::Label;
use crate::foundation::taxes::TaxCode;

/// Whether a text is a name of lower-case letters, digits and the marks that may stand within it.
fn is_name(text: &str, marks: &[u8]) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let mut bytes = text.bytes();
    let begins = bytes.next().is_some_and(plain);
    begins && text.len() <= 64 && bytes.all(|byte| plain(byte) || marks.contains(&byte))
}

text!(
    /// What an operator calls a plan for good.
    PlanId, "plan-id", "pro-monthly", in "^[a-z0-9][a-z0-9_-]{0,63}$", |text| {
        if is_name(text, b"_-") {
            Ok(text.to_owned())
        } else {
            Err("1 to 64 lower-case letters, digits, - and _ are expected, such as pro-monthly")
        }
    }
);

id!(
    /// Names a price of a plan.
    PriceId, "price", "price_01h2xcejqtf2nbrexx3vqjhp41"
);

text!(
    /// What an application calls something that a plan entitles to.
    EntitlementName, "entitlement", "projects", in "^[a-z0-9][a-z0-9_.:-]{0,63}$", |text| {
        if is_name(text, b"_.:-") {
            Ok(text.to_owned())
        } else {
            Err("1 to 64 lower-case letters, digits, and any of _ . : - are expected, such as projects")
        }
    }
);

/// What somebody is entitled to, each with its limit where it has one.
pub type Entitlements = BTreeMap<EntitlementName, Option<u64>>;

/// What a period of a plan costs in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// Its id.
    pub id: PriceId,
    /// The plan.
    pub plan: PlanId,
    /// For one whole period.
    pub amount: Money,
    /// Since when it is offered.
    pub created_at: Timestamp,
}

/// Something that people can subscribe to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Its id.
    pub id: PlanId,
    /// What people read.
    pub name: Label,
    /// What it is, for people.
    pub description: Option<String>,
    /// How long a period is.
    pub interval: Interval,
    /// The day of the month on which periods begin, 1 to 31; where there is none they begin when a subscription does.
    pub anchor_day: Option<i8>,
    /// Where the days of its periods begin.
    pub zone: Zone,
    /// How long it may be tried before it is paid; 0 for not at all.
    pub trial_days: u16,
    /// How it is taxed.
    pub tax_code: Option<TaxCode>,
    /// The vendor that collects it by itself, by the name of its instance; we do where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collector: Option<String>,
    /// What it entitles to.
    pub entitlements: Entitlements,
    /// The price of today in every currency in which it is offered.
    pub prices: BTreeMap<Currency, Price>,
    /// Whether nobody can subscribe to it any more. Those who did keep it.
    pub archived: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}
