//! The entries of a span of days as a table for spreadsheets.

use csv::{Terminator, WriterBuilder};
use portcullis_core::ledger::EntryView;
use portcullis_ports::money::Money;
use portcullis_ports::{Error, Result, Timestamp};
use serde::Serialize;
use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime};

use crate::dto::wrong;

/// One row; the names are those of the columns.
#[derive(Debug, Serialize)]
struct Row<'a> {
    number: u64,
    at: String,
    kind: &'static str,
    phase: &'static str,
    amount: String,
    owed_after: String,
    currency: &'a str,
    cause: &'a str,
    cause_id: String,
    reason: String,
    transaction: String,
}

/// The table, with a line of names (RFC 4180).
///
/// # Errors
/// `internal` if it cannot be written.
pub(super) fn csv(entries: &[EntryView]) -> Result<Vec<u8>> {
    let mut table = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .has_headers(false)
        .from_writer(Vec::new());
    let failed = |error: csv::Error| Error::internal("a statement cannot be written").with_source(error);
    table.write_record(COLUMNS).map_err(failed)?;
    for entry in entries {
        let shown = |minor: i64| Money::new(minor, entry.currency).decimal();
        let row = Row {
            number: entry.number,
            at: moment(Timestamp::from_seconds(entry.at))?,
            kind: entry.kind.as_str(),
            phase: entry.phase.as_str(),
            amount: shown(entry.amount),
            owed_after: shown(entry.owed_after),
            currency: entry.currency.as_str(),
            cause: &entry.cause,
            cause_id: harmless(entry.cause_id.as_ref().map_or("", |id| id.as_str())),
            reason: harmless(entry.reason.as_deref().unwrap_or_default()),
            transaction: entry.transaction_id.to_string(),
        };
        table.serialize(row).map_err(failed)?;
    }
    let written = table.into_inner();
    written.map_err(|error| Error::internal("a statement cannot be written").with_source(error.to_string()))
}

const COLUMNS: [&str; 11] = [
    "number",
    "at",
    "kind",
    "phase",
    "amount",
    "owed_after",
    "currency",
    "cause",
    "cause_id",
    "reason",
    "transaction",
];

/// A text that no spreadsheet takes for a formula: one that begins like one gets an apostrophe in front. Amounts are left
/// alone, because a minus before digits is no formula.
fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

/// As RFC 3339 writes a moment, in UTC.
///
/// # Errors
/// `internal` for one that is beyond the year 9999.
pub(super) fn moment(at: Timestamp) -> Result<String> {
    let moment = OffsetDateTime::from_unix_timestamp(at.seconds());
    let moment = moment.map_err(|error| Error::internal("a moment is in no calendar").with_source(error))?;
    let written = moment.format(&Rfc3339);
    written.map_err(|error| Error::internal("a moment cannot be written").with_source(error))
}

/// A span of days, the last of them in it.
pub(super) struct Days {
    pub(super) first: Date,
    pub(super) last: Date,
}

impl Days {
    /// The days that are named, or else those of this month until today.
    ///
    /// # Errors
    /// `invalid-request` naming the day that is none, or is before the first.
    pub(super) fn of(from: Option<&str>, to: Option<&str>, now: Timestamp) -> Result<Self> {
        let last = match to {
            Some(to) => day("to", to)?,
            None => OffsetDateTime::from_unix_timestamp(now.seconds())
                .map_err(|error| Error::internal("a moment is in no calendar").with_source(error))?
                .date(),
        };
        let first = match from {
            Some(from) => day("from", from)?,
            None => last.replace_day(1).unwrap_or(last),
        };
        if last < first {
            return Err(wrong("to", "A day that is not before `from` is expected."));
        }
        Ok(Self { first, last })
    }

    /// From the beginning of the first until the beginning of the day after the last.
    pub(super) fn span(&self) -> (Timestamp, Timestamp) {
        let behind = self.last.next_day().unwrap_or(self.last);
        let begin = |day: Date| Timestamp::from_seconds(day.midnight().assume_utc().unix_timestamp());
        (begin(self.first), begin(behind))
    }
}

fn day(name: &str, text: &str) -> Result<Date> {
    let midnight = OffsetDateTime::parse(&format!("{text}T00:00:00Z"), &Rfc3339);
    midnight
        .map(OffsetDateTime::date)
        .map_err(|_| wrong(name, "A day is expected, as 2026-11-01."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_and_others_are_named() {
        let now = Timestamp::from_seconds(1_796_000_000);
        let of = |from, to| Days::of(from, to, now);
        let days = of(Some("2026-11-01"), Some("2026-11-30")).expect("days");
        let (from, until) = days.span();
        let usual = of(None, None).expect("days");
        assert_eq!(usual.first.day(), 1);
        assert!(usual.span().0 <= now && now < usual.span().1);
        assert_eq!((until.seconds() - from.seconds()) / 86_400, 30);
        assert_eq!(moment(from).expect("a moment"), "2026-11-01T00:00:00Z");
        for (from, to, field) in [
            ("2026-11-1", "2026-11-30", "/from"),
            ("2026-02-30", "2026-11-30", "/from"),
            ("2026-11-01", "yesterday", "/to"),
            ("2026-11-01", "2026-10-31", "/to"),
            ("+026-11-01", "2026-11-30", "/from"),
        ] {
            let Err(refused) = of(Some(from), Some(to)) else {
                panic!("{from} {to} are days");
            };
            assert_eq!(refused.fields()[0].pointer, field, "{from} {to}");
        }
    }

    #[test]
    fn no_cell_is_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(harmless(text), format!("'{text}"));
        }
        assert_eq!(harmless("Two days, \"late\""), "Two days, \"late\"");
    }
}
