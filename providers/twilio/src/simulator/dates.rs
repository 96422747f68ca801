//! Moments as Twilio writes them: RFC 2822 for messages, ISO 8601 for Verify.

use portcullis_ports::Timestamp;

const DAY: i64 = 86_400;
/// The 1st of January 1970 was a Thursday.
const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Such as `Fri, 24 May 2019 17:44:46 +0000`.
pub(super) fn rfc_2822(at: Timestamp) -> String {
    let (year, month, day) = date(at.seconds().div_euclid(DAY));
    let weekday = pick(&WEEKDAYS, at.seconds().div_euclid(DAY).rem_euclid(7));
    let month = pick(&MONTHS, month - 1);
    format!("{weekday}, {day:02} {month} {year} {} +0000", time(at))
}

/// Such as `2019-05-24T17:44:46Z`.
pub(super) fn iso_8601(at: Timestamp) -> String {
    format!("{}T{}Z", iso_date(at), time(at))
}

/// Such as `2019-05-24`.
pub(super) fn iso_date(at: Timestamp) -> String {
    let (year, month, day) = date(at.seconds().div_euclid(DAY));
    format!("{year}-{month:02}-{day:02}")
}

fn time(at: Timestamp) -> String {
    let seconds = at.seconds().rem_euclid(DAY);
    format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

fn pick(words: &'static [&'static str], at: i64) -> &'static str {
    usize::try_from(at)
        .ok()
        .and_then(|at| words.get(at))
        .copied()
        .unwrap_or_default()
}

/// Year, month and day of a day since 1970: whole years and months are taken off, from 1970 on.
fn date(mut day: i64) -> (i64, i64, i64) {
    let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let mut year = 1970;
    while day >= 365 + i64::from(is_leap(year)) {
        day -= 365 + i64::from(is_leap(year));
        year += 1;
    }
    let mut month = 1;
    for length in [
        31,
        28 + i64::from(is_leap(year)),
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ] {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    (year, month, day + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_twilio_writes_them() {
        for (seconds, rfc, iso) in [
            (0, "Thu, 01 Jan 1970 00:00:00 +0000", "1970-01-01T00:00:00Z"),
            (
                951_782_400,
                "Tue, 29 Feb 2000 00:00:00 +0000",
                "2000-02-29T00:00:00Z",
            ),
            (
                1_558_719_886,
                "Fri, 24 May 2019 17:44:46 +0000",
                "2019-05-24T17:44:46Z",
            ),
            (
                1_798_761_599,
                "Thu, 31 Dec 2026 23:59:59 +0000",
                "2026-12-31T23:59:59Z",
            ),
        ] {
            let at = Timestamp::from_seconds(seconds);
            assert_eq!(rfc_2822(at), rfc);
            assert_eq!(iso_8601(at), iso);
        }
    }
}
