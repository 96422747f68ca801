//! What a part of a period costs: by days, in whole minor units, so that the parts of a price always add up to it.

use portcullis_ports::money::Money;
use portcullis_ports::{Error, Result, Timestamp};

use crate::foundation::calendar::Zone;

/// How much of a period is left: its days, and those of them that are still to come, the day of today included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DaysLeft {
    pub(super) left: u32,
    pub(super) of: u32,
}

impl DaysLeft {
    /// Of the days from `start` to `end`, those from `now` on, as calendars in the zone count them. Before it begins all are
    /// left, after its end none.
    ///
    /// # Errors
    /// `internal` for moments beyond the calendar.
    pub(super) fn at(zone: &Zone, start: Timestamp, end: Timestamp, now: Timestamp) -> Result<Self> {
        let days = |from, to| Ok::<_, Error>(u32::try_from(zone.days_between(from, to)?.max(0)).unwrap_or(0));
        // A period within one day has no days to divide: it is whole until it is over.
        let of = days(start, end)?.max(1);
        let left = if now >= end {
            0
        } else {
            days(now, end)?.clamp(1, of)
        };
        Ok(Self { left, of })
    }

    /// What these days cost of the price of the whole.
    ///
    /// # Errors
    /// `internal` if more are left than there are.
    pub(super) fn share(self, price: Money) -> Result<Money> {
        let over = self.of.checked_sub(self.left);
        let over = over.ok_or_else(|| Error::internal("more days are left than a period has"))?;
        let parts = price.allocate(&[self.left, over])?;
        let first = parts.first().copied();
        first.ok_or_else(|| Error::internal("a price was split into nothing"))
    }
}

/// So much of a price as `part` is of `whole`, rounded up.
///
/// # Errors
/// `internal` for what no number holds.
pub(super) fn share_of(price: i64, part: i64, whole: i64) -> Result<i64> {
    if whole <= 0 || part <= 0 {
        return Ok(0);
    }
    let exact = i128::from(price.max(0)) * i128::from(part);
    let whole = i128::from(whole);
    i64::try_from((exact + whole - 1) / whole).map_err(|error| Error::internal(error.to_string()))
}

#[cfg(test)]
mod tests {
    use portcullis_ports::money::Currency;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    fn usd(minor: i64) -> Money {
        Money::new(minor, Currency::parse("USD").unwrap())
    }

    fn day(number: i64) -> Timestamp {
        Timestamp::from_seconds(1_790_035_200 + number * 86_400)
    }

    #[test]
    fn the_day_of_today_is_still_to_come() {
        let zone = Zone::utc();
        let at = |now| DaysLeft::at(&zone, day(0), day(30), now).unwrap();
        assert_eq!(at(day(0)), DaysLeft { left: 30, of: 30 });
        assert_eq!(at(day(-5)), DaysLeft { left: 30, of: 30 });
        assert_eq!(at(Timestamp::from_seconds(day(1).seconds() - 1)).left, 30);
        assert_eq!(at(day(20)).left, 10);
        assert_eq!(at(Timestamp::from_seconds(day(30).seconds() - 1)).left, 1);
        assert_eq!(at(day(30)).left, 0);
        assert_eq!(at(day(20)).share(usd(3_000)).unwrap(), usd(1_000));
        assert_eq!(at(day(30)).share(usd(3_000)).unwrap(), usd(0));
        let hours = DaysLeft::at(
            &zone,
            day(0),
            Timestamp::from_seconds(day(0).seconds() + 60),
            day(0),
        );
        assert_eq!(hours.unwrap().share(usd(700)).unwrap(), usd(700));
    }

    #[test]
    fn the_share_of_a_price_is_never_rounded_down() {
        assert_eq!(share_of(3_000, 3_570, 3_570).unwrap(), 3_000);
        assert_eq!(share_of(3_000, 1, 3_570).unwrap(), 1);
        assert_eq!(share_of(3_000, 0, 3_570).unwrap(), 0);
        assert_eq!(share_of(-3_000, 1, -3_570).unwrap(), 0);
        assert_eq!(share_of(i64::MAX, i64::MAX, i64::MAX).unwrap(), i64::MAX);
    }

    proptest! {
        #[test]
        fn what_is_left_and_what_is_over_add_up_to_the_price(
            price in 0_i64..1_000_000_000_000,
            of in 1_u32..400,
            left in 0_u32..400,
        ) {
            let left = left.min(of);
            let (rest, gone) = (DaysLeft { left, of }, DaysLeft { left: of - left, of });
            let (rest, gone) = (rest.share(usd(price)).unwrap(), gone.share(usd(price)).unwrap());
            // Both are rounded in the favour of whoever comes first, by one minor unit at most.
            let off = rest.minor + gone.minor - price;
            prop_assert!((0..=1).contains(&off), "{off}");
            prop_assert!(rest.minor >= 0 && rest.minor <= price);
            let parts = usd(price).allocate(&[left, of - left]).unwrap();
            prop_assert_eq!(parts[0], rest);
            prop_assert_eq!(parts.iter().map(|part| part.minor).sum::<i64>(), price);
        }

        #[test]
        fn less_is_left_every_day_and_nothing_in_the_end(
            start in 0_i64..4_000_000_000,
            days in 1_i64..400,
            zone in select(vec!["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
            price in 0_i64..1_000_000_000,
        ) {
            let zone = Zone::parse(zone).unwrap();
            let (start, end) = (Timestamp::from_seconds(start), Timestamp::from_seconds(start + days * 86_400));
            let mut before = i64::MAX;
            for at in 0..=days {
                let now = Timestamp::from_seconds(start.seconds() + at * 86_400);
                let left = DaysLeft::at(&zone, start, end, now).unwrap();
                prop_assert!(left.left <= left.of);
                let share = left.share(usd(price)).unwrap();
                prop_assert!(share.minor <= before && share.minor >= 0);
                before = share.minor;
            }
            prop_assert_eq!(before, 0);
            prop_assert_eq!(DaysLeft::at(&zone, start, end, start).unwrap().share(usd(price)).unwrap(), usd(price));
        }
    }
}
