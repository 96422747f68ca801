//! Time as CCBill writes it: of Arizona, seven hours behind UTC all year.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use portcullis_ports::Timestamp;

/// In hours from UTC.
const OFFSET: i8 = -7;

fn zone() -> TimeZone {
    TimeZone::fixed(Offset::constant(OFFSET))
}

/// A moment as fourteen digits, to the second.
pub(crate) fn digits(at: Timestamp) -> String {
    let moment = jiff::Timestamp::from_second(at.seconds()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    moment
        .to_zoned_datetime(zone())
        .strftime("%Y%m%d%H%M%S")
        .to_string()
}

/// When the day of a moment began there.
pub(crate) fn day_of(at: Timestamp) -> Timestamp {
    let behind = i64::from(OFFSET) * 3_600;
    let local = at.seconds() + behind;
    Timestamp::from_seconds(local - local.rem_euclid(86_400) - behind)
}

/// The moment of `2026-11-27 13:05:00`, `20261127130500`, `2026-11-27` or `20261127`.
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    let mut digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if digits.len() == 8 {
        digits.push_str("000000");
    }
    let civil = DateTime::strptime("%Y%m%d%H%M%S", &digits)
        .ok()
        .filter(|_| digits.len() == 14)?;
    let moment = civil.to_zoned_datetime(zone()).ok()?;
    Some(Timestamp::from_seconds(moment.timestamp().as_second()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noon_in_arizona_is_seven_in_the_evening() {
        let noon = moment("2026-07-03 12:00:00").unwrap();
        assert_eq!(noon.seconds() % 86_400, 19 * 3_600);
        assert_eq!(digits(noon), "20260703120000");
        assert_eq!(Some(day_of(noon)), moment("20260703"));
        assert_eq!(day_of(day_of(noon)), day_of(noon));
        assert_eq!(moment("20260703120000"), Some(noon));
        assert_eq!(moment("20260703"), moment("2026-07-03 00:00:00"));
        for wrong in ["", "2026-13-01", "yesterday", "202607031200"] {
            assert_eq!(moment(wrong), None, "{wrong}");
        }
    }
}
