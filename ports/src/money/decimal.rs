//! Decimal text of a fixed number of digits after the point, without floats on the way.

use std::fmt;

/// A number with a fixed number of digits after the point, as a whole number of its last digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    units: i64,
    digits: u32,
}

/// Why a text is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecimalError {
    /// It is no decimal number. One has digits, and a point with digits behind it, or none.
    NotDecimal,
    /// It has more digits after the point than there may be.
    TooFine {
        /// How many there may be.
        digits: u32,
    },
    /// It does not fit into 64 bits.
    TooLarge,
}

impl fmt::Display for DecimalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotDecimal => f.write_str("a decimal number such as 12.34 is expected"),
            Self::TooFine { digits: 0 } => f.write_str("a whole number is expected"),
            Self::TooFine { digits } => write!(f, "at most {digits} digits after the point are expected"),
            Self::TooLarge => f.write_str("a smaller number is expected"),
        }
    }
}

impl std::error::Error for DecimalError {}

impl Decimal {
    /// So many units of the last digit.
    pub const fn new(units: i64, digits: u32) -> Self {
        Self { units, digits }
    }

    /// How many units of the last digit it is.
    pub const fn units(self) -> i64 {
        self.units
    }

    /// Reads `-12.34`, `12.3` or `12`. A sign other than minus, an exponent, separators and a bare point are refused.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str, digits: u32) -> Result<Self, DecimalError> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(unsigned) => (true, unsigned),
            None => (false, text),
        };
        let (whole, part) = match unsigned.split_once('.') {
            Some((whole, part)) if !part.is_empty() => (whole, part),
            Some(_) => return Err(DecimalError::NotDecimal),
            None => (unsigned, ""),
        };
        let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(part) {
            return Err(DecimalError::NotDecimal);
        }
        let missing = u32::try_from(part.len())
            .ok()
            .and_then(|length| digits.checked_sub(length))
            .ok_or(DecimalError::TooFine { digits })?;
        // Downwards for negative numbers, whose smallest has no positive counterpart.
        let push = |units: i64, digit: u8| {
            let (units, digit) = (units.checked_mul(10)?, i64::from(digit - b'0'));
            if negative {
                units.checked_sub(digit)
            } else {
                units.checked_add(digit)
            }
        };
        let units = whole.bytes().chain(part.bytes()).try_fold(0, push);
        let units = units.and_then(|units| units.checked_mul(10_i64.checked_pow(missing)?));
        let units = units.ok_or(DecimalError::TooLarge)?;
        Ok(Self { units, digits })
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.units < 0 { "-" } else { "" };
        let width = self.digits as usize;
        let digits = format!("{:0>least$}", self.units.unsigned_abs(), least = width + 1);
        let (whole, part) = digits.split_at(digits.len() - width);
        let point = if part.is_empty() { "" } else { "." };
        write!(f, "{sign}{whole}{point}{part}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_plain_decimal_numbers_are_read() {
        for text in [
            "", "-", ".", "1.", ".5", "+1", "1e3", "1,5", "1_000", " 1", "1.2.3", "--1", "١",
        ] {
            assert_eq!(Decimal::parse(text, 2), Err(DecimalError::NotDecimal), "{text}");
        }
        assert_eq!(
            Decimal::parse("1.000", 2),
            Err(DecimalError::TooFine { digits: 2 })
        );
        assert_eq!(
            Decimal::parse("99999999999999999999", 2),
            Err(DecimalError::TooLarge)
        );
        assert_eq!(
            Decimal::parse("-9223372036854775808", 0).map(Decimal::units),
            Ok(i64::MIN)
        );
    }

    proptest! {
        #[test]
        fn reading_never_panics_and_writing_reads_back(text in "-?[0-9.]{0,24}|.{0,12}", digits in 0u32..=4) {
            if let Ok(read) = Decimal::parse(&text, digits) {
                prop_assert_eq!(Decimal::parse(&read.to_string(), digits), Ok(read));
            }
        }
    }
}
