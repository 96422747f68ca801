//! What an operator sets about the bill for text messages, and what in it does not fit together.

use std::collections::BTreeMap;

use portcullis_ports::money::Currency;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::foundation::prefix::Prefix;
use crate::foundation::price::Price;
use crate::foundation::settings::{Broken, SettingsTable};

/// The brake on the bill for text messages. It is off until a limit is set. Every part of a message counts with its
/// price when it is queued, in days of UTC; all limits and prices are in one currency.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The most that all text messages of a day may cost, such as "20.00 USD".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_day: Option<Price>,
    /// The most that the messages of a day to one country or one prefix of `per_segment` may cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_prefix_day: Option<Price>,
    /// The most that the messages of a day to one number may cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_number_day: Option<Price>,
    /// How much of each limit, in percent, is kept for codes to enrolled numbers of people who proved the first factor.
    /// Codes that enrol a number, and notices, cannot use it up. 0 keeps nothing.
    #[schemars(range(min = 0, max = 90))]
    pub sign_in_reserve: u8,
    /// What one part of a message costs where `per_segment` says nothing else, such as "0.30 USD". Needed with any
    /// limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_price: Option<Price>,
    /// What one part of a message costs, by the beginning of the number; the longest that fits counts. Such as
    /// `{ "+1" = "0.0079 USD", "+49" = "0.11 USD" }`.
    pub per_segment: BTreeMap<Prefix, Price>,
    /// Text messages go only to numbers that begin with one of these. Empty allows all.
    pub allow: Vec<Prefix>,
    /// No text message goes to numbers that begin with one of these, even if `allow` names them.
    pub deny: Vec<Prefix>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            per_day: None,
            per_prefix_day: None,
            per_number_day: None,
            sign_in_reserve: 50,
            default_price: None,
            per_segment: BTreeMap::new(),
            allow: Vec::new(),
            deny: Vec::new(),
        }
    }
}

impl Settings {
    /// What of a limit is not kept for sign-ins.
    pub(crate) fn unreserved(&self, limit: u64) -> u64 {
        let reserve = u64::from(self.sign_in_reserve.min(100));
        limit.saturating_sub(limit.saturating_mul(reserve) / 100)
    }

    /// Whether anything is limited by its cost.
    pub fn is_limited(&self) -> bool {
        self.limits().next().is_some()
    }

    /// The currency of all amounts, if there are any.
    pub fn currency(&self) -> Option<Currency> {
        self.limits()
            .chain(&self.default_price)
            .map(Price::currency)
            .next()
    }

    fn limits(&self) -> impl Iterator<Item = &Price> {
        [&self.per_day, &self.per_prefix_day, &self.per_number_day]
            .into_iter()
            .flatten()
    }
}

impl SettingsTable for Settings {
    const NAME: &'static str = "sms_spend";

    /// Amounts that do not fit together.
    fn errors(&self) -> Vec<Broken> {
        let mut errors = Vec::new();
        let mut refuse =
            |field, problem: String, remedy: &str| errors.push((field, format!("{problem}\n{remedy}")));
        let Some(currency) = self.currency() else {
            return errors;
        };
        let fields = [
            ("per_day", &self.per_day),
            ("per_prefix_day", &self.per_prefix_day),
            ("per_number_day", &self.per_number_day),
            ("default_price", &self.default_price),
        ];
        let set = fields
            .into_iter()
            .filter_map(|(field, price)| Some((field, price.as_ref()?)));
        let table = self.per_segment.values().map(|price| ("per_segment", price));
        for (field, price) in set.chain(table) {
            if price.currency() != currency {
                let problem = format!("{price} is not in {currency}, the currency of the other amounts.");
                refuse(field, problem, "Write all amounts in one currency.");
            }
        }
        if self.is_limited() && self.default_price.is_none() {
            refuse(
                "default_price",
                "A limit needs a price for the countries that `per_segment` does not name.".to_owned(),
                "Set the highest price that the sender charges for one part, such as \"0.30 USD\".",
            );
        }
        if let Some(price) = &self.default_price {
            let narrow =
                |limit: &&Price| limit.units >= price.units && self.unreserved(limit.units) < price.units;
            if let Some(limit) = self.limits().find(narrow) {
                let problem = format!(
                    "Of {limit}, {} % are kept for sign-ins: the rest does not pay for one message of {price}, so that \
                     nobody could add a phone number.",
                    self.sign_in_reserve
                );
                refuse(
                    "sign_in_reserve",
                    problem,
                    "Lower the reserve, or raise the limit.",
                );
            }
        }
        errors
    }
}
