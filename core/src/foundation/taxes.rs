//! Rates of tax by their codes, and how an amount is split by one.

use std::num::NonZeroU32;

use portcullis_ports::money::{Decimal, Money, Ratio, Rounding};
use portcullis_ports::{Result, text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The parts of a whole in which rates are counted.
const WHOLE: NonZeroU32 = NonZeroU32::MIN.saturating_add(999_999);
/// Digits after the point of a rate in percent.
const DIGITS: u32 = 4;

text!(
    /// What lines of invoices call a rate of tax: 1 to 32 small letters, digits, `_` and `-`.
    TaxCode, "tax-code", "standard", in "^[a-z0-9_-]{1,32}$", |text| {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
        if (1..=32).contains(&text.len()) && text.bytes().all(fits) {
            Ok(text.to_owned())
        } else {
            Err("a tax code of 1 to 32 small letters, digits, _ and - is expected")
        }
    }
);

text!(
    /// A rate in percent, from 0 to 100, with at most four digits after the point.
    Percent, "percent", "19", in r"^[0-9]{1,3}(\.[0-9]{1,4})?$", |text| {
        let units = Decimal::parse(text, DIGITS).map(Decimal::units);
        match units {
            Ok(0..=1_000_000) if !text.starts_with('-') => Ok(text.to_owned()),
            _ => Err("a rate in percent from 0 to 100 is expected, such as 19 or 7.7"),
        }
    }
);

/// A rate of tax.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaxRate {
    /// What stands on invoices, such as "VAT".
    pub name: String,
    /// How much, in percent of what is earned, such as "19".
    pub percent: Percent,
    /// Whether prices hold the tax already; otherwise it comes on top.
    #[serde(default)]
    pub inclusive: bool,
}

impl Percent {
    /// In millionths of the whole.
    fn millionths(&self) -> u32 {
        let units = Decimal::parse(&self.0, DIGITS).map_or(0, Decimal::units);
        u32::try_from(units).unwrap_or_default()
    }
}

impl TaxRate {
    /// What is earned of an amount, and the tax: parts of it where prices hold the tax, and otherwise the amount with what
    /// comes on top.
    ///
    /// # Errors
    /// `amount-overflow`.
    pub(crate) fn split(&self, amount: Money) -> Result<(Money, Money)> {
        let rate = self.percent.millionths();
        if !self.inclusive {
            let tax = amount.times(Ratio::new(rate, WHOLE), Rounding::HalfUp)?;
            return Ok((amount, tax));
        }
        let parts = amount.allocate(&[WHOLE.get(), rate])?;
        let nothing = Money::zero(amount.currency);
        let mut parts = parts.into_iter();
        Ok((parts.next().unwrap_or(amount), parts.next().unwrap_or(nothing)))
    }
}

#[cfg(test)]
mod tests {
    use portcullis_ports::money::Currency;
    use proptest::prelude::*;

    use super::*;

    fn rate(percent: &str, inclusive: bool) -> TaxRate {
        TaxRate {
            name: "VAT".to_owned(),
            percent: Percent::parse(percent).unwrap(),
            inclusive,
        }
    }

    fn eur(minor: i64) -> Money {
        Money::new(minor, Currency::parse("EUR").unwrap())
    }

    #[test]
    fn tax_comes_on_top_or_is_inside() {
        assert_eq!(
            rate("19", false).split(eur(10_000)).unwrap(),
            (eur(10_000), eur(1_900))
        );
        assert_eq!(
            rate("19", true).split(eur(11_900)).unwrap(),
            (eur(10_000), eur(1_900))
        );
        assert_eq!(rate("7.7", false).split(eur(50)).unwrap(), (eur(50), eur(4)));
        assert_eq!(rate("0", true).split(eur(99)).unwrap(), (eur(99), eur(0)));
        assert_eq!(
            rate("19", true).split(eur(-11_900)).unwrap(),
            (eur(-10_000), eur(-1_900))
        );
    }

    #[test]
    fn rates_are_percents_and_nothing_else() {
        for wrong in ["", "-1", "100.1", "1e2", "19%", "1.23456", "-0"] {
            assert!(Percent::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Percent::parse("100").unwrap().millionths(), 1_000_000);
        assert_eq!(Percent::parse("0.0001").unwrap().millionths(), 1);
    }

    proptest! {
        #[test]
        fn parts_of_a_price_that_holds_its_tax_are_the_price(minor in -1_000_000_000_i64..1_000_000_000, units in 0_u32..=1_000_000) {
            let percent = Decimal::new(units.into(), DIGITS).to_string();
            let (net, tax) = rate(&percent, true).split(eur(minor)).unwrap();
            prop_assert_eq!(net.minor + tax.minor, minor);
        }
    }
}
