//! Ratios of whole numbers, and how a product with one is rounded.

use std::num::NonZeroU32;

/// A share such as 19 hundredths, or 12 of 31 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ratio {
    numerator: u32,
    denominator: NonZeroU32,
}

/// What becomes of a part of the smallest unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest; a half to the even one, so that many of them do not add up to a drift.
    HalfEven,
    /// To the nearest; a half away from zero, as tax offices round.
    HalfUp,
    /// Towards zero.
    Down,
    /// Away from zero.
    Up,
}

impl Ratio {
    /// `numerator` of `denominator`.
    pub const fn new(numerator: u32, denominator: NonZeroU32) -> Self {
        Self {
            numerator,
            denominator,
        }
    }

    /// The product with a whole number; `None` if it does not fit into 64 bits.
    pub fn of(self, whole: i64, rounding: Rounding) -> Option<i64> {
        let denominator = i128::from(self.denominator.get());
        let product = i128::from(whole) * i128::from(self.numerator);
        let (quotient, rest) = (product / denominator, product % denominator);
        let twice = 2 * rest.abs();
        let away = match rounding {
            Rounding::Down => false,
            Rounding::Up => rest != 0,
            Rounding::HalfUp => twice >= denominator,
            Rounding::HalfEven => twice > denominator || (twice == denominator && quotient % 2 != 0),
        };
        i64::try_from(quotient + if away { product.signum() } else { 0 }).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ratio(numerator: u32, denominator: u32) -> Ratio {
        Ratio::new(numerator, NonZeroU32::new(denominator).unwrap())
    }

    #[test]
    fn halves_are_rounded_as_asked() {
        let all = |whole| {
            [Rounding::HalfEven, Rounding::HalfUp, Rounding::Down, Rounding::Up]
                .map(|rounding| ratio(1, 10).of(whole, rounding).unwrap())
        };
        assert_eq!(all(25), [2, 3, 2, 3]);
        assert_eq!(all(35), [4, 4, 3, 4]);
        assert_eq!(all(-25), [-2, -3, -2, -3]);
        assert_eq!(all(24), [2, 2, 2, 3]);
        assert_eq!(all(30), [3, 3, 3, 3]);
    }

    proptest! {
        #[test]
        fn rounding_is_less_than_one_unit_off_and_symmetric(
            whole in -i64::MAX..=i64::MAX, numerator: u32, denominator in 1u32..,
        ) {
            let ratio = ratio(numerator, denominator);
            for rounding in [Rounding::HalfEven, Rounding::HalfUp, Rounding::Down, Rounding::Up] {
                let Some(rounded) = ratio.of(whole, rounding) else { continue };
                let exact = i128::from(whole) * i128::from(numerator);
                prop_assert!((i128::from(rounded) * i128::from(denominator) - exact).abs() < i128::from(denominator));
                prop_assert_eq!(ratio.of(-whole, rounding), rounded.checked_neg());
            }
        }
    }
}
