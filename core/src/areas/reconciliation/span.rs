//! From when to when a run compares, and the pieces in which it asks.

use std::time::Duration;

use portcullis_ports::payments::TimeSpan;
use portcullis_ports::{Result, Timestamp};

use crate::foundation::input::refused;

const DAY: Duration = Duration::from_hours(24);

/// A run begins so long before the end of the last complete one: lines appear late.
pub(super) const OVERLAP: Duration = DAY;
/// What the first run of a vendor goes back.
const FIRST: Duration = Duration::from_hours(7 * 24);
/// The longest span that may be asked for.
const LONGEST: Duration = Duration::from_hours(92 * 24);

/// The span of a run: what was asked for, or else from a day before the end of the last complete run to the last moment of
/// which reports tell by now.
///
/// # Errors
/// `invalid-request` for a span that is empty or too long.
pub(super) fn span(
    asked: (Option<Timestamp>, Option<Timestamp>),
    last: Option<Timestamp>,
    lag: Duration,
    now: Timestamp,
) -> Result<TimeSpan> {
    let latest = whole(now - lag);
    let to = asked.1.map_or(latest, |to| whole(to).min(latest));
    // A clock that was ahead must not keep a vendor from being compared.
    let next = last.map_or(latest - FIRST, |last| (last - OVERLAP).min(latest - OVERLAP));
    let from = whole(asked.0.unwrap_or(next));
    if from >= to {
        let advice =
            "a moment before the end of the span, and before what reports tell of by now, is expected";
        return Err(refused("/from", advice));
    }
    if asked.0.is_some() && to.since(from) > LONGEST {
        return Err(refused("/from", "a span of 92 days at most is expected"));
    }
    Ok(TimeSpan { from, to })
}

/// Vendors count in seconds.
fn whole(moment: Timestamp) -> Timestamp {
    Timestamp::from_seconds(moment.seconds())
}

/// The span in pieces that one report covers.
pub(super) fn pieces(span: TimeSpan, longest: Option<Duration>) -> impl Iterator<Item = TimeSpan> {
    let longest = longest.map(|longest| longest.max(Duration::from_secs(1)));
    let mut from = span.from;
    std::iter::from_fn(move || {
        (from < span.to).then(|| {
            let to = longest.map_or(span.to, |longest| whole(from + longest).min(span.to));
            let piece = TimeSpan { from, to };
            from = to;
            piece
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(100 * 86_400_000 + 1_500);

    fn days(days: i64) -> Timestamp {
        Timestamp::from_seconds(days * 86_400)
    }

    #[test]
    fn a_run_goes_on_a_day_before_the_last_complete_one_and_ends_where_reports_do() {
        let lag = Duration::from_hours(24);
        let first = span((None, None), None, lag, NOW).unwrap();
        assert_eq!(
            (first.from, first.to),
            (
                days(92) + Duration::from_secs(1),
                days(99) + Duration::from_secs(1)
            )
        );
        let next = span((None, None), Some(days(98)), lag, NOW).unwrap();
        assert_eq!(next.from, days(97));
        let behind = span((None, None), Some(days(20)), lag, NOW).unwrap();
        assert_eq!(behind.from, days(19), "however long nobody looked");
        let ahead = span((None, None), Some(days(500)), lag, NOW).unwrap();
        assert_eq!(ahead.to.since(ahead.from), OVERLAP);
    }

    #[test]
    fn what_is_asked_for_is_kept_within_what_reports_tell() {
        let lag = Duration::ZERO;
        let asked = span((Some(days(10)), Some(days(20))), Some(days(99)), lag, NOW).unwrap();
        assert_eq!((asked.from, asked.to), (days(10), days(20)));
        let future = span((Some(days(99)), Some(days(200))), None, lag, NOW).unwrap();
        assert_eq!(future.to, days(100) + Duration::from_secs(1));
        for wrong in [
            (Some(days(20)), Some(days(20))),
            (Some(days(101)), None),
            (Some(days(1)), Some(days(94))),
            (None, Some(days(5))),
        ] {
            assert!(span(wrong, Some(days(99)), lag, NOW).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn pieces_cover_the_span_without_gap_or_overlap() {
        let whole = TimeSpan {
            from: days(1),
            to: days(4) + Duration::from_hours(1),
        };
        let cut: Vec<_> = pieces(whole, Some(DAY)).collect();
        assert_eq!(cut.len(), 4);
        assert_eq!((cut[0].from, cut[3].to), (whole.from, whole.to));
        assert!(cut.windows(2).all(|pair| pair[0].to == pair[1].from));
        assert_eq!(pieces(whole, None).collect::<Vec<_>>(), [whole]);
    }
}
