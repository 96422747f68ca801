//! Prices finer than a currency's smallest coin: one part of a text message often costs less than a cent.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use portcullis_ports::money::{Currency, Decimal};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How many units one dollar, euro or yen has.
const UNITS: u64 = 10_000;
/// The digits after the point that there may be.
const DIGITS: u32 = 4;
/// The most: a billion dollars, euros or yen.
const MOST: u64 = 1_000_000_000 * UNITS;
const ADVICE: &str = "an amount such as 20.00 USD is expected, with at most four digits after the point";

/// An amount in ten-thousandths of a currency's main unit, never negative. Written as `0.0079 USD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    pub(crate) units: u64,
    pub(crate) currency: Currency,
}

impl Price {
    pub(crate) const fn of(units: u64, currency: Currency) -> Self {
        Self { units, currency }
    }

    /// Of which currency.
    pub const fn currency(&self) -> Currency {
        self.currency
    }

    /// In whole dollars, euros or yen, for gauges.
    #[expect(clippy::cast_precision_loss, reason = "gauges are no accounts")]
    pub fn major(&self) -> f64 {
        self.units as f64 / UNITS as f64
    }
}

impl FromStr for Price {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (amount, currency) = text.trim().split_once(' ').ok_or(ADVICE)?;
        let currency = Currency::parse(currency).map_err(|_| ADVICE)?;
        let units = Decimal::parse(amount, DIGITS).map_err(|_| ADVICE)?.units();
        match u64::try_from(units) {
            Ok(units) if units <= MOST => Ok(Self { units, currency }),
            _ => Err(ADVICE),
        }
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = i64::try_from(self.units).unwrap_or(i64::MAX);
        let amount = Decimal::new(units, DIGITS).to_string();
        let shorter = amount.strip_suffix("00").or_else(|| amount.strip_suffix('0'));
        write!(f, "{} {}", shorter.unwrap_or(&amount), self.currency)
    }
}

impl Serialize for Price {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Price {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Price {
    fn schema_name() -> Cow<'static, str> {
        "Price".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^[0-9]{1,10}([.][0-9]{1,4})? [A-Za-z]{3}$",
            "examples": ["20.00 USD"],
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn prices_are_read_to_the_hundredth_of_a_cent() {
        let units = |text: &str| text.parse::<Price>().unwrap().units;
        assert_eq!(
            (units("20.00 USD"), units("0.0079 usd"), units("20 USD")),
            (200_000, 79, 200_000)
        );
        for wrong in [
            "",
            "20",
            "20USD",
            "-1 USD",
            "1.00001 USD",
            "1. USD",
            ".5 USD",
            "1,5 USD",
            "1 DOLLAR",
            "99999999999 USD",
        ] {
            assert!(wrong.parse::<Price>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn they_are_shown_with_two_to_four_digits() {
        let shown = |text: &str| text.parse::<Price>().unwrap().to_string();
        assert_eq!(shown("20 usd"), "20.00 USD");
        assert_eq!(
            (shown("0.0079 USD"), shown("0.045 USD")),
            ("0.0079 USD".into(), "0.045 USD".into())
        );
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(units in 0..=MOST) {
            let price = Price::of(units, Currency::parse("EUR").unwrap());
            prop_assert_eq!(price.to_string().parse::<Price>().unwrap(), price);
        }

        #[test]
        fn reading_never_panics(text in ".{0,24}") {
            if let Ok(price) = text.parse::<Price>() {
                prop_assert_eq!(price.to_string().parse::<Price>().unwrap(), price);
            }
        }
    }
}
