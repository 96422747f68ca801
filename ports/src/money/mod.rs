//! Money as whole minor units of one currency, with arithmetic that never wraps, mixes currencies, or rounds unasked.

mod currency;
mod decimal;
mod ratio;

use std::cmp::Ordering;
use std::fmt;
use std::iter::zip;

use serde::{Deserialize, Serialize};

pub use currency::Currency;
pub use decimal::{Decimal, DecimalError};
pub use ratio::{Ratio, Rounding};

use crate::error::{Code, Error, Kind, Result};

/// Two amounts of different currencies met in one sum or comparison.
pub const CURRENCY_MISMATCH: Code = Code::new(
    "currency-mismatch",
    Kind::Invalid,
    "Amounts of different currencies cannot be combined.",
);
/// The result does not fit into 64 bits.
pub const AMOUNT_OVERFLOW: Code = Code::new("amount-overflow", Kind::Invalid, "The amount is too large.");
/// Something that is paid or given back must be more than nothing.
pub const AMOUNT_NOT_POSITIVE: Code = Code::new(
    "amount-not-positive",
    Kind::Invalid,
    "The amount must be more than nothing.",
);

/// An amount in the currency's smallest unit (cents for USD, yen for JPY, fils for KWD). May be negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// How many of the smallest unit.
    pub minor: i64,
    /// Of which currency.
    pub currency: Currency,
}

impl Money {
    /// An amount.
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing, of that currency.
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// Reads decimal text such as `12.34`, with at most as many digits after the point as the currency has.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str, currency: Currency) -> std::result::Result<Self, DecimalError> {
        let minor = Decimal::parse(text, currency.digits())?.units();
        Ok(Self::new(minor, currency))
    }

    /// The amount as decimal text without the currency: `12.34`, `5` for whole yen.
    pub fn decimal(self) -> String {
        Decimal::new(self.minor, self.currency.digits()).to_string()
    }

    /// Whether it is more than nothing.
    pub const fn is_positive(self) -> bool {
        self.minor > 0
    }

    /// The sum of two amounts of one currency.
    ///
    /// # Errors
    /// `currency-mismatch`, `amount-overflow`.
    pub fn plus(self, other: Self) -> Result<Self> {
        self.same_currency(other)?;
        self.with(self.minor.checked_add(other.minor))
    }

    /// The difference of two amounts of one currency.
    ///
    /// # Errors
    /// `currency-mismatch`, `amount-overflow`.
    pub fn minus(self, other: Self) -> Result<Self> {
        self.same_currency(other)?;
        self.with(self.minor.checked_sub(other.minor))
    }

    /// The amount with the other sign.
    ///
    /// # Errors
    /// `amount-overflow`.
    pub fn negated(self) -> Result<Self> {
        self.with(self.minor.checked_neg())
    }

    /// Which of two amounts of one currency is more.
    ///
    /// # Errors
    /// `currency-mismatch`.
    pub fn compare(self, other: Self) -> Result<Ordering> {
        self.same_currency(other)?;
        Ok(self.minor.cmp(&other.minor))
    }

    /// The amount times a ratio, rounded as asked.
    ///
    /// # Errors
    /// `amount-overflow`.
    pub fn times(self, ratio: Ratio, rounding: Rounding) -> Result<Self> {
        self.with(ratio.of(self.minor, rounding))
    }

    /// Splits the amount in proportion to the weights. The parts always add up to it: what rounding leaves goes to the
    /// largest remainders, of equal ones to the first.
    ///
    /// # Errors
    /// Internal, if there is no weight above zero.
    pub fn allocate(self, weights: &[u32]) -> Result<Vec<Self>> {
        let total: i128 = weights.iter().copied().map(i128::from).sum();
        if total == 0 {
            return Err(Error::internal("an amount cannot be split without weights"));
        }
        let exact = |weight: &u32| i128::from(self.minor) * i128::from(*weight);
        let mut parts: Vec<i128> = weights.iter().map(|weight| exact(weight) / total).collect();
        let mut order: Vec<usize> = (0..weights.len()).collect();
        order.sort_by_key(|at| std::cmp::Reverse((exact(&weights[*at]) % total).abs()));
        let left = i128::from(self.minor) - parts.iter().sum::<i128>();
        for (at, _) in zip(order, 0..left.abs()) {
            parts[at] += left.signum();
        }
        let parts = parts.into_iter().map(|part| self.with(i64::try_from(part).ok()));
        parts.collect()
    }

    fn same_currency(self, other: Self) -> Result<()> {
        if self.currency == other.currency {
            return Ok(());
        }
        Err(CURRENCY_MISMATCH.with_detail(format!(
            "{} and {} cannot be combined.",
            self.currency, other.currency
        )))
    }

    fn with(self, minor: Option<i64>) -> Result<Self> {
        let minor = minor.ok_or_else(|| AMOUNT_OVERFLOW.error())?;
        Ok(Self::new(minor, self.currency))
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.decimal(), self.currency)
    }
}

/// An amount that is more than nothing: what is paid, held or given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Money", into = "Money")]
pub struct Amount(Money);

impl Amount {
    /// The amount, if it is more than nothing.
    ///
    /// # Errors
    /// `amount-not-positive`.
    pub fn new(money: Money) -> Result<Self> {
        if money.is_positive() {
            Ok(Self(money))
        } else {
            Err(AMOUNT_NOT_POSITIVE.error())
        }
    }

    /// The amount.
    pub const fn get(self) -> Money {
        self.0
    }
}

impl TryFrom<Money> for Amount {
    type Error = &'static str;

    fn try_from(money: Money) -> std::result::Result<Self, Self::Error> {
        Self::new(money).map_err(|_| "an amount of more than nothing is expected")
    }
}

impl From<Amount> for Money {
    fn from(amount: Amount) -> Self {
        amount.0
    }
}

#[cfg(test)]
mod tests;
