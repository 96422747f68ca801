//! How a moment is told at a terminal.

use portcullis_ports::Timestamp;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

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

/// Reads a day, which means its beginning in UTC, or a moment as RFC 3339 writes it.
pub(super) fn parse_moment(text: &str) -> Option<Timestamp> {
    let moment = if text.contains(['T', ' ']) {
        // Its section 5.6 allows the space, for readability; the parser does not.
        text.replacen(' ', "T", 1)
    } else {
        format!("{text}T00:00:00Z")
    };
    let moment = OffsetDateTime::parse(&moment, &Rfc3339).ok()?;
    Some(Timestamp::from_seconds(moment.unix_timestamp()))
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
        for same in [
            "2026-01-01T00:00:00Z",
            "2026-01-01 00:00:00Z",
            "2026-01-01T02:00:00+02:00",
        ] {
            assert_eq!(parse_moment(same), day, "{same}");
        }
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
