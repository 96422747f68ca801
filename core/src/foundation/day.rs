//! A calendar day in UTC: how dates are told to people, and how long a daily count lasts.

use std::fmt;

use portcullis_ports::Timestamp;

/// Seconds of a day; UTC days know no other length here.
const LENGTH: i64 = 86_400;

/// A day in UTC. Shown as `2026-11-01` (ISO 8601).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Day(i64);

impl Day {
    /// The day of a moment.
    pub(crate) fn of(moment: Timestamp) -> Self {
        Self(moment.seconds().div_euclid(LENGTH))
    }

    /// Its first moment.
    pub(crate) fn begin(self) -> Timestamp {
        Timestamp::from_seconds(self.0.saturating_mul(LENGTH))
    }

    /// The first moment of the next day.
    pub(crate) fn end(self) -> Timestamp {
        Timestamp::from_seconds((self.0.saturating_add(1)).saturating_mul(LENGTH))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = time::OffsetDateTime::from_unix_timestamp(self.0.saturating_mul(LENGTH));
        // A moment beyond the year 9999 is told as seconds.
        match moment {
            Ok(moment) => {
                let (year, month, day) = moment.to_calendar_date();
                write!(f, "{year:04}-{:02}-{day:02}", u8::from(month))
            }
            Err(_) => write!(f, "{} s", self.0.saturating_mul(LENGTH)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_at_midnight_utc() {
        let moment = |seconds| Timestamp::from_seconds(seconds);
        assert_eq!(Day::of(moment(0)).to_string(), "1970-01-01");
        assert_eq!(Day::of(moment(951_782_399)).to_string(), "2000-02-28");
        assert_eq!(Day::of(moment(951_782_400)).to_string(), "2000-02-29");
        assert_eq!(Day::of(moment(951_782_400)).end(), moment(951_868_800));
        assert_eq!(Day::of(moment(-1)).to_string(), "1969-12-31");
        assert_eq!(Day::of(moment(951_782_401)).begin(), moment(951_782_400));
    }
}
