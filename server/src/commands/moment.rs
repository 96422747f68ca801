//! How a moment is told at a terminal.

use portcullis_ports::Timestamp;
use time::OffsetDateTime;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_in_utc() {
        let told = |seconds| moment(Timestamp::from_seconds(seconds));
        assert_eq!(told(0), "1970-01-01 00:00:00Z");
        assert_eq!(told(951_782_400 + 3_661), "2000-02-29 01:01:01Z");
        assert_eq!(told(253_402_300_800), "253402300800 s");
    }
}
