//! How a moment is told at a terminal.

use portcullis_ports::Timestamp;
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time};

/// In UTC, as `2026-11-01 17:05:09Z` (ISO 8601, RFC 3339); beyond the year 9999 in seconds since 1970.
pub(super) fn moment(at: Timestamp) -> String {
    let seconds = at.seconds();
    let Ok(moment) = OffsetDateTime::from_unix_timestamp(seconds) else {
        return format!("{seconds} s");
    };
    let (year, month, day) = moment.to_calendar_date();
    let (hour, minute, second) = moment.to_hms();
    let month = u8::from(month);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}Z")
}

/// Reads a day, which means its beginning in UTC, or a moment as RFC 3339 writes it in UTC.
pub(super) fn parse_moment(text: &str) -> Option<Timestamp> {
    let (day, time) = match text.split_once(['T', ' ']) {
        Some((day, time)) => (day, time.strip_suffix('Z')?),
        None => (text, "00:00:00"),
    };
    let [year, month, day] = numbers(day, '-')?;
    let [hour, minute, second] = numbers(time, ':')?;
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    let date = Date::from_calendar_date(year.into(), month, day.try_into().ok()?).ok()?;
    let time = Time::from_hms(
        hour.try_into().ok()?,
        minute.try_into().ok()?,
        second.try_into().ok()?,
    );
    let moment = PrimitiveDateTime::new(date, time.ok()?).assume_utc();
    Some(Timestamp::from_seconds(moment.unix_timestamp()))
}

fn numbers(text: &str, separator: char) -> Option<[u16; 3]> {
    let parts: Vec<u16> = text
        .split(separator)
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    parts.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_can_be_read() {
        for seconds in [0, 951_782_400 + 3_661, 1_790_000_000] {
            let at = Timestamp::from_seconds(seconds);
            assert_eq!(parse_moment(&moment(at)), Some(at));
        }
        let day = parse_moment("2026-01-01");
        assert_eq!(day, Some(Timestamp::from_seconds(1_767_225_600)));
        assert_eq!(parse_moment("2026-01-01T00:00:00Z"), day);
        for text in [
            "",
            "2026",
            "2026-02-30",
            "2026-13-01",
            "2026-01-01T25:00:00Z",
            "2026-01-01T00:00:00",
            "yesterday",
        ] {
            assert_eq!(parse_moment(text), None, "{text}");
        }
    }

    #[test]
    fn a_moment_is_told_in_utc() {
        let told = |seconds| moment(Timestamp::from_seconds(seconds));
        assert_eq!(told(0), "1970-01-01 00:00:00Z");
        assert_eq!(told(951_782_400 + 3_661), "2000-02-29 01:01:01Z");
        assert_eq!(told(253_402_300_800), "253402300800 s");
    }
}
