//! Money as whole minor units of one currency, with arithmetic that never rounds, wraps or mixes currencies.

use serde::{Deserialize, Serialize};

use crate::error::{Code, Kind, Result};
use crate::text;

text!(
    /// An ISO 4217 currency code in capitals.
    Currency, "currency", "USD", |text| {
        let code = text.trim().to_ascii_uppercase();
        if code.len() == 3 && code.chars().all(|c| c.is_ascii_alphabetic()) {
            Ok(code)
        } else {
            Err("a three-letter currency code such as USD is expected")
        }
    }
);

/// Two amounts of different currencies met in one sum.
pub const CURRENCY_MISMATCH: Code = Code::new(
    "currency-mismatch",
    Kind::Invalid,
    "Amounts of different currencies cannot be combined.",
);
/// The sum does not fit.
pub const AMOUNT_OVERFLOW: Code = Code::new("amount-overflow", Kind::Invalid, "The amount is too large.");

/// An amount in the currency's smallest unit (cents for USD, yen for JPY). May be negative.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// How many of the smallest unit.
    pub minor: i64,
    /// Of which currency.
    pub currency: Currency,
}

impl Money {
    /// An amount.
    pub fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// The sum of two amounts of one currency.
    ///
    /// # Errors
    /// `currency-mismatch`, `amount-overflow`.
    pub fn plus(&self, other: &Self) -> Result<Self> {
        self.combine(other, i64::checked_add)
    }

    /// The difference of two amounts of one currency.
    ///
    /// # Errors
    /// `currency-mismatch`, `amount-overflow`.
    pub fn minus(&self, other: &Self) -> Result<Self> {
        self.combine(other, i64::checked_sub)
    }

    fn combine(&self, other: &Self, operation: fn(i64, i64) -> Option<i64>) -> Result<Self> {
        if self.currency != other.currency {
            return Err(CURRENCY_MISMATCH.with_detail(format!(
                "{} and {} cannot be combined.",
                self.currency, other.currency
            )));
        }
        let minor = operation(self.minor, other.minor).ok_or_else(|| AMOUNT_OVERFLOW.error())?;
        Ok(Self {
            minor,
            currency: self.currency.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn usd(minor: i64) -> Money {
        Money::new(minor, Currency::parse("usd").unwrap())
    }

    #[test]
    fn currencies_do_not_mix() {
        let eur = Money::new(1, Currency::parse("EUR").unwrap());
        assert_eq!(usd(1).plus(&eur).unwrap_err().code(), CURRENCY_MISMATCH);
    }

    proptest! {
        #[test]
        fn what_is_added_can_be_taken_away(a in any::<i64>(), b in any::<i64>()) {
            match usd(a).plus(&usd(b)) {
                Ok(sum) => prop_assert_eq!(sum.minus(&usd(b)).unwrap(), usd(a)),
                Err(error) => {
                    prop_assert_eq!(error.code(), AMOUNT_OVERFLOW);
                    prop_assert!(a.checked_add(b).is_none());
                }
            }
        }
    }
}
