//! Periods of a calendar: so many days, weeks, months or years, counted from an anchor in a time zone.

use std::num::NonZeroU16;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp as Instant};
use portcullis_ports::{Error, Result, Timestamp, text};
use serde::{Deserialize, Serialize};

text!(
    /// A time zone by its name in the IANA database. The database is built in, so that it is the same on every machine.
    Zone, "time-zone", "Europe/Berlin", |text| {
        let known = TimeZone::get(text.trim()).ok();
        let name = known.as_ref().and_then(TimeZone::iana_name).map(str::to_owned);
        name.ok_or("a time zone of the IANA database such as Europe/Berlin is expected")
    }
);

impl Zone {
    /// The zone without rules.
    #[must_use]
    pub fn utc() -> Self {
        Self("UTC".to_owned())
    }

    /// What calendars in the zone show at a moment.
    fn date(&self, moment: Timestamp) -> Result<Date> {
        Ok(self.local(moment)?.date())
    }

    /// What calendars in the zone show at a moment, such as `2026-11-28`.
    ///
    /// # Errors
    /// `internal` for moments before the year -9999 or after 9999.
    pub fn date_text(&self, moment: Timestamp) -> Result<String> {
        Ok(self.date(moment)?.to_string())
    }

    /// How many days calendars in the zone turn from one moment to another: 0 on the same day, less than 0 backwards.
    ///
    /// # Errors
    /// `internal` for moments before the year -9999 or after 9999.
    pub fn days_between(&self, from: Timestamp, to: Timestamp) -> Result<i32> {
        let days = self.date(to)?.since((jiff::Unit::Day, self.date(from)?));
        Ok(days.map_err(beyond)?.get_days())
    }

    /// The moment at which clocks in the zone show the same time of day, so many days later.
    ///
    /// # Errors
    /// `internal` for moments after the year 9999.
    pub fn days_later(&self, from: Timestamp, days: u16) -> Result<Timestamp> {
        let day = Interval {
            unit: Unit::Day,
            count: NonZeroU16::MIN,
        };
        Anchor::at(from, self.clone())?.start_of(days.into(), day)
    }

    /// The month of that date, such as `2026-11`.
    ///
    /// # Errors
    /// As [`Self::date_text`].
    pub fn month(&self, moment: Timestamp) -> Result<String> {
        let mut date = self.date_text(moment)?;
        date.truncate(date.rfind('-').unwrap_or(date.len()));
        Ok(date)
    }

    /// When the month after that of a moment begins there.
    ///
    /// # Errors
    /// As [`Self::date_text`].
    pub fn next_month(&self, moment: Timestamp) -> Result<Timestamp> {
        let date = self.date(moment)?;
        let next = date.first_of_month().checked_add(Span::new().months(1));
        self.moment(next.map_err(beyond)?.at(0, 0, 0, 0))
    }

    /// The first moment after `after` at which clocks there show this hour on this day of a month; on its last day where a
    /// month is shorter.
    ///
    /// # Errors
    /// As [`Self::date_text`].
    pub fn next_day_of_month(&self, day: u8, hour: i8, after: Timestamp) -> Result<Timestamp> {
        let first = self.date(after)?.first_of_month();
        let mut moment = after;
        for months in 0..=2 {
            let month = first.checked_add(Span::new().months(months)).map_err(beyond)?;
            let last = month.days_in_month();
            let day = i8::try_from(day).unwrap_or(last).clamp(1, last);
            let date = month.with().day(day).build().map_err(beyond)?;
            moment = self.moment(date.at(hour, 0, 0, 0))?;
            if moment > after {
                break;
            }
        }
        Ok(moment)
    }

    fn local(&self, moment: Timestamp) -> Result<DateTime> {
        let instant = Instant::from_second(moment.seconds()).map_err(beyond)?;
        Ok(self.rules()?.to_datetime(instant))
    }

    fn moment(&self, local: DateTime) -> Result<Timestamp> {
        let zoned = self.rules()?.to_zoned_datetime(local).map_err(beyond)?;
        Ok(Timestamp::from_seconds(zoned.timestamp().as_second()))
    }

    fn rules(&self) -> Result<TimeZone> {
        TimeZone::get(self.as_str())
            .map_err(|error| Error::internal("a time zone is not known any more").with_source(error))
    }
}

/// The unit in which periods are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename = "IntervalUnit", rename_all = "lowercase")
)]
pub enum Unit {
    /// Days of the calendar, of 23 to 25 hours.
    Day,
    /// Seven days.
    Week,
    /// Months of the calendar.
    Month,
    /// Twelve months.
    Year,
}

impl Unit {
    /// The word for it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }
}

/// How long a period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interval {
    /// Of which unit.
    pub unit: Unit,
    /// How many of them.
    pub count: NonZeroU16,
}

/// Where periods are counted from: a date and a time of day as clocks in a zone show it.
///
/// Every boundary is counted from here and never from the one before, so that none drifts: months from 31 January end on
/// 28 February, 31 March, 30 April.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    local: DateTime,
    zone: Zone,
}

impl Anchor {
    /// What clocks in `zone` show at a moment, to the second.
    ///
    /// # Errors
    /// `internal` for moments before the year -9999 or after 9999.
    pub fn at(moment: Timestamp, zone: Zone) -> Result<Self> {
        let local = zone.local(moment)?;
        Ok(Self { local, zone })
    }

    /// The last midnight at or before a moment that begins a day of this number in a month, of 1 to 31. Of months that have
    /// no such day none counts, so that periods counted from it find the day again wherever there is one.
    ///
    /// # Errors
    /// `internal` for a day of no month, and for moments beyond the calendar.
    pub fn on_day(moment: Timestamp, zone: Zone, day: i8) -> Result<Self> {
        let today = zone.date(moment)?;
        // Of two months in a row one has 31 days; every other day of a month is there once in three.
        for back in 0..3 {
            let month = today
                .first_of_month()
                .checked_sub(Span::new().months(back))
                .map_err(beyond)?;
            let date = Date::new(month.year(), month.month(), day).ok();
            if let Some(date) = date.filter(|date| *date <= today) {
                let local = DateTime::from_parts(date, Time::midnight());
                return Ok(Self { local, zone });
            }
        }
        Err(Error::internal("an anchor lies on a day that no month has"))
    }

    /// The zone in which it is counted.
    #[must_use]
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// The number of the period that a moment lies in; 0 for moments before the anchor.
    ///
    /// # Errors
    /// `internal` for periods after the year 9999.
    pub fn index_at(&self, moment: Timestamp, interval: Interval) -> Result<u32> {
        let begins_by = |n| Ok::<_, Error>(self.start_of(n, interval)? <= moment);
        let (mut low, mut high) = (0_u32, 1_u32);
        while begins_by(high)? {
            low = high;
            high = high.saturating_mul(2);
        }
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if begins_by(middle)? {
                low = middle;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    /// The start of period `n`, which is the end of period `n - 1`; that of period 0 is the anchor.
    ///
    /// A time of day that clocks skip is moved forward by as much as they are; of one that they show twice the first counts.
    ///
    /// # Errors
    /// `internal` for periods after the year 9999.
    pub fn start_of(&self, n: u32, interval: Interval) -> Result<Timestamp> {
        let count = i64::from(n) * i64::from(interval.count.get());
        let span = match interval.unit {
            Unit::Day => Span::new().try_days(count),
            Unit::Week => Span::new().try_weeks(count),
            Unit::Month => Span::new().try_months(count),
            Unit::Year => Span::new().try_years(count),
        };
        let local = span
            .and_then(|span| self.local.checked_add(span))
            .map_err(beyond)?;
        self.zone.moment(local)
    }
}

fn beyond(error: jiff::Error) -> Error {
    Error::internal("a moment lies beyond the calendar").with_source(error)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    fn every(count: u16, unit: Unit) -> Interval {
        let count = NonZeroU16::new(count).unwrap();
        Interval { unit, count }
    }

    fn anchor(text: &str, zone: &str) -> Anchor {
        let zone = Zone::parse(zone).unwrap();
        let local: DateTime = text.parse().unwrap();
        Anchor { local, zone }
    }

    fn local(anchor: &Anchor, n: u32, interval: Interval) -> String {
        let moment = anchor.start_of(n, interval).unwrap();
        Anchor::at(moment, anchor.zone.clone()).unwrap().local.to_string()
    }

    #[test]
    fn months_end_on_their_last_day_and_do_not_drift() {
        let anchor = anchor("2027-01-31T09:00:00", "Europe/Berlin");
        let starts: Vec<_> = (0..5).map(|n| local(&anchor, n, every(1, Unit::Month))).collect();
        let expected =
            ["01-31", "02-28", "03-31", "04-30", "05-31"].map(|day| format!("2027-{day}T09:00:00"));
        assert_eq!(starts, expected);
        let leap = self::anchor("2028-02-29T00:00:00", "UTC");
        assert_eq!(local(&leap, 1, every(1, Unit::Year)), "2029-02-28T00:00:00");
        assert_eq!(local(&leap, 4, every(1, Unit::Year)), "2032-02-29T00:00:00");
    }

    #[test]
    fn the_hour_stays_when_clocks_are_changed_unless_it_is_skipped() {
        let skipped = anchor("2027-03-27T02:30:00", "Europe/Berlin");
        let starts: Vec<_> = (0..3).map(|n| local(&skipped, n, every(1, Unit::Day))).collect();
        assert_eq!(
            starts,
            [
                "2027-03-27T02:30:00",
                "2027-03-28T03:30:00",
                "2027-03-29T02:30:00"
            ]
        );
        let twice = anchor("2027-10-30T02:30:00", "Europe/Berlin");
        let day = twice.start_of(1, every(1, Unit::Day)).unwrap();
        assert_eq!(
            day.since(twice.start_of(0, every(1, Unit::Day)).unwrap())
                .as_secs(),
            86_400
        );
    }

    #[test]
    fn a_day_of_the_month_is_found_backwards_and_kept_forwards() {
        let berlin = || Zone::parse("Europe/Berlin").unwrap();
        let at = |text: &str| {
            let local = anchor(text, "Europe/Berlin");
            local.start_of(0, every(1, Unit::Day)).unwrap()
        };
        for (now, day, expected, next) in [
            (
                "2027-02-10T12:00:00",
                31,
                "2027-01-31T00:00:00",
                "2027-02-28T00:00:00",
            ),
            (
                "2027-05-01T00:00:00",
                31,
                "2027-03-31T00:00:00",
                "2027-05-31T00:00:00",
            ),
            (
                "2027-05-01T00:00:00",
                1,
                "2027-05-01T00:00:00",
                "2027-06-01T00:00:00",
            ),
            (
                "2027-03-29T23:00:00",
                30,
                "2027-01-30T00:00:00",
                "2027-03-30T00:00:00",
            ),
        ] {
            let found = Anchor::on_day(at(now), berlin(), day).unwrap();
            assert_eq!(found.local.to_string(), expected, "{now}");
            let monthly = every(1, Unit::Month);
            let n = found.index_at(at(now), monthly).unwrap();
            assert_eq!(local(&found, n + 1, monthly), next, "{now}");
        }
        assert!(Anchor::on_day(at("2027-05-01T00:00:00"), berlin(), 32).is_err());
    }

    #[test]
    fn days_are_those_of_the_zone() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        let noon = |text: &str| {
            anchor(text, "Europe/Berlin")
                .start_of(0, every(1, Unit::Day))
                .unwrap()
        };
        let (before, after) = (noon("2027-03-27T23:59:00"), noon("2027-03-28T00:00:00"));
        assert_eq!(berlin.days_between(before, after).unwrap(), 1);
        assert_eq!(Zone::utc().days_between(before, after).unwrap(), 0);
        assert_eq!(berlin.days_between(after, before).unwrap(), -1);
        assert_eq!(berlin.date_text(after).unwrap(), "2027-03-28");
        assert_eq!(Zone::utc().date_text(after).unwrap(), "2027-03-27");
        assert_eq!(berlin.days_later(before, 3).unwrap(), noon("2027-03-30T23:59:00"));
    }

    #[test]
    fn a_zone_is_one_of_the_database() {
        assert_eq!(Zone::parse(" europe/berlin ").unwrap().as_str(), "Europe/Berlin");
        assert_eq!(Zone::utc(), Zone::parse("UTC").unwrap());
        for none in ["", "Mars/Olympus", "+01:00", "../etc/passwd"] {
            assert!(Zone::parse(none).is_err(), "{none}");
        }
    }

    #[test]
    fn a_day_of_the_month_is_the_last_one_where_there_is_no_such_day() {
        let zone = Zone::parse("America/New_York").unwrap();
        let at = |text: &str| {
            let instant: Instant = text.parse().unwrap();
            Timestamp::from_seconds(instant.as_second())
        };
        let next = |day, after: &str| zone.next_day_of_month(day, 9, at(after)).unwrap();
        assert_eq!(next(31, "2027-01-31T14:00:00Z"), at("2027-02-28T14:00:00Z"));
        assert_eq!(next(31, "2027-01-31T13:59:59Z"), at("2027-01-31T14:00:00Z"));
        assert_eq!(
            next(15, "2027-03-01T04:00:00Z"),
            at("2027-03-15T13:00:00Z"),
            "clocks were changed"
        );
        assert_eq!(
            next(1, "2027-03-01T04:00:00Z"),
            at("2027-03-01T14:00:00Z"),
            "it is February there"
        );
        assert_eq!(zone.month(at("2027-03-01T04:00:00Z")).unwrap(), "2027-02");
        assert_eq!(zone.date_text(at("2027-03-01T05:00:00Z")).unwrap(), "2027-03-01");
        assert_eq!(
            zone.next_month(at("2027-03-01T04:00:00Z")).unwrap(),
            at("2027-03-01T05:00:00Z")
        );
        assert_eq!(
            zone.next_month(at("2027-12-31T12:00:00Z")).unwrap(),
            at("2028-01-01T05:00:00Z")
        );
    }

    #[test]
    fn what_lies_beyond_the_calendar_is_an_error() {
        let far = anchor("2027-01-31T09:00:00", "UTC");
        assert!(far.start_of(u32::MAX, every(u16::MAX, Unit::Year)).is_err());
        assert!(Anchor::at(Timestamp::from_millis(i64::MAX), Zone::utc()).is_err());
    }

    proptest! {
        #[test]
        fn every_moment_lies_in_one_period(
            seconds in 0_i64..4_000_000_000,
            later in 0_i64..400_000_000,
            zone in select(vec!["UTC", "Europe/Berlin", "America/New_York", "Pacific/Apia", "Australia/Lord_Howe"]),
            count in 1_u16..14,
            unit in select(vec![Unit::Day, Unit::Week, Unit::Month, Unit::Year]),
            day in 1_i8..=31,
        ) {
            let zone = Zone::parse(zone).unwrap();
            let (start, moment) = (Timestamp::from_seconds(seconds), Timestamp::from_seconds(seconds + later));
            let interval = every(count, unit);
            let anchors = [Anchor::at(start, zone.clone()).unwrap(), Anchor::on_day(start, zone, day).unwrap()];
            for anchor in anchors {
                let n = anchor.index_at(moment, interval).unwrap();
                prop_assert!(anchor.start_of(n, interval).unwrap() <= moment);
                prop_assert!(moment < anchor.start_of(n + 1, interval).unwrap());
            }
        }

        #[test]
        fn every_period_ends_after_it_starts_and_keeps_the_day_of_its_anchor(
            seconds in 0_i64..4_000_000_000,
            zone in select(vec!["UTC", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "Australia/Lord_Howe"]),
            count in 1_u16..14,
            unit in select(vec![Unit::Day, Unit::Week, Unit::Month, Unit::Year]),
        ) {
            let zone = Zone::parse(zone).unwrap();
            let anchor = Anchor::at(Timestamp::from_seconds(seconds), zone.clone()).unwrap();
            let interval = every(count, unit);
            let mut before = anchor.start_of(0, interval).unwrap();
            for n in 1..30 {
                let start = anchor.start_of(n, interval).unwrap();
                prop_assert!(start > before);
                before = start;
                let shown = Anchor::at(start, zone.clone()).unwrap().local.date();
                if matches!(unit, Unit::Month | Unit::Year) && zone.as_str() != "Pacific/Apia" {
                    let last = shown.days_in_month();
                    prop_assert_eq!(shown.day(), anchor.local.day().min(last));
                }
            }
        }
    }
}
