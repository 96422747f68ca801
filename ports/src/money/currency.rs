//! Currencies of ISO 4217.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const ADVICE: &str = "a three-letter currency code of ISO 4217 such as USD is expected";

/// A currency that people pay with: three capital letters of ISO 4217, and how many digits its amounts have after the
/// point. Metals, funds and test codes, which have no smallest unit, are none.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency {
    listed: iso_currency::Currency,
    digits: u32,
}

impl Currency {
    /// Reads a code, in capitals or not.
    ///
    /// # Errors
    /// A sentence that says what would be right.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let code = text.trim().to_ascii_uppercase();
        let listed = iso_currency::Currency::from_code(&code).ok_or(ADVICE)?;
        let digits = u32::from(listed.exponent().ok_or(ADVICE)?);
        Ok(Self { listed, digits })
    }

    /// The code, in capitals.
    pub fn as_str(&self) -> &'static str {
        self.listed.code()
    }

    /// How many digits amounts have after the point: 2 for USD, 0 for JPY, 3 for KWD, at most 4.
    pub const fn digits(self) -> u32 {
        self.digits
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl PartialOrd for Currency {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Currency {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl FromStr for Currency {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Currency {
    fn schema_name() -> Cow<'static, str> {
        "Currency".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "string", "format": "currency", "examples": ["USD"] })
    }
}

#[cfg(feature = "openapi")]
crate::api_text!(Currency, "currency", "USD");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn currencies_are_those_of_the_standard_that_have_a_smallest_unit() {
        let digits = |code: &str| Currency::parse(code).map(Currency::digits);
        assert_eq!(
            (digits("usd"), digits(" JPY "), digits("KWD"), digits("CLF")),
            (Ok(2), Ok(0), Ok(3), Ok(4))
        );
        for none in ["", "US", "USDX", "ZZZ", "XAU", "XXX", "XTS", "U$D"] {
            assert!(Currency::parse(none).is_err(), "{none}");
        }
    }
}
