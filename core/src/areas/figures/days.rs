//! Which days are asked for, and the spans that they are told in.

use jiff::Span;
use jiff::civil::Date;
use portcullis_ports::{Error, Result};

use super::read::{FiguresBy, ReadFigures};
use crate::foundation::input::refused;

/// Some days in a row, the last of them among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Days {
    pub(super) first: Date,
    pub(super) last: Date,
}

const DAY: &str = "a day such as 2026-11-28 is expected";

impl Days {
    /// The days that are asked for: this month, or with months the last twelve, where it is not said. `today` is the day in
    /// the zone of the figures.
    ///
    /// # Errors
    /// `invalid-request` for what is no day, for a last day before the first, and for more than twelve months.
    pub(super) fn of(command: &ReadFigures, today: &str) -> Result<Self> {
        let day = |field: &str, text: &str| {
            text.parse::<Date>()
                .ok()
                .filter(|day| day.to_string() == text)
                .ok_or_else(|| refused(field, DAY))
        };
        let last = match &command.to {
            Some(to) => day("/to", to)?,
            None => today
                .parse()
                .map_err(|error| Error::internal("today is no day").with_source(error))?,
        };
        let months = match command.by {
            FiguresBy::Day => 0,
            FiguresBy::Month => 11,
        };
        let first = match &command.from {
            Some(from) => day("/from", from)?,
            None => last.first_of_month().saturating_sub(Span::new().months(months)),
        };
        if last < first {
            return Err(refused("/to", "a day that is not before `from` is expected"));
        }
        if last >= first.saturating_add(Span::new().years(1)) {
            return Err(refused("/to", "a day within twelve months of `from` is expected"));
        }
        Ok(Self { first, last })
    }

    /// They one by one, or by months, of which the first and the last may be parts.
    pub(super) fn spans(self, by: FiguresBy) -> Vec<Self> {
        let mut spans = Vec::new();
        let mut first = self.first;
        while first <= self.last {
            let last = match by {
                FiguresBy::Day => first,
                FiguresBy::Month => first.last_of_month().min(self.last),
            };
            spans.push(Self { first, last });
            match last.tomorrow() {
                Ok(next) => first = next,
                Err(_) => break,
            }
        }
        spans
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(by: FiguresBy, from: Option<&str>, to: Option<&str>) -> Result<Days> {
        let command = ReadFigures {
            from: from.map(str::to_owned),
            to: to.map(str::to_owned),
            by,
            currency: None,
        };
        Days::of(&command, "2026-11-28")
    }

    fn told(days: Days) -> (String, String) {
        (days.first.to_string(), days.last.to_string())
    }

    #[test]
    fn this_month_is_meant_and_of_months_the_last_twelve() {
        let told = |by| told(asked(by, None, None).unwrap());
        let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        assert_eq!(told(FiguresBy::Day), pair("2026-11-01", "2026-11-28"));
        assert_eq!(told(FiguresBy::Month), pair("2025-12-01", "2026-11-28"));
    }

    #[test]
    fn what_is_no_span_of_twelve_months_is_refused() {
        let of = |from, to| asked(FiguresBy::Day, Some(from), Some(to));
        assert!(of("2025-12-01", "2026-11-30").is_ok());
        assert!(of("2024-02-29", "2025-02-27").is_ok());
        for (from, to, field) in [
            ("2025-12-01", "2026-12-01", "/to"),
            ("2026-11-02", "2026-11-01", "/to"),
            ("2026-11-1", "2026-11-02", "/from"),
            ("2026-02-30", "2026-03-01", "/from"),
            ("2026-11-01", "tomorrow", "/to"),
            ("2026-11-01T00:00", "2026-11-02", "/from"),
        ] {
            assert_eq!(
                of(from, to).unwrap_err().fields()[0].pointer,
                field,
                "{from} {to}"
            );
        }
    }

    #[test]
    fn months_are_whole_but_for_the_first_and_the_last() {
        let days = asked(FiguresBy::Month, Some("2026-01-30"), Some("2026-03-02")).unwrap();
        let months: Vec<_> = days.spans(FiguresBy::Month).into_iter().map(told).collect();
        let expected = [
            ("2026-01-30", "2026-01-31"),
            ("2026-02-01", "2026-02-28"),
            ("2026-03-01", "2026-03-02"),
        ];
        assert_eq!(
            months,
            expected.map(|(from, to)| (from.to_owned(), to.to_owned()))
        );
        assert_eq!(days.spans(FiguresBy::Day).len(), 2 + 28 + 2);
    }
}
