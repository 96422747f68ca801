//! The entries of a span of time, whole and oldest first, for whoever prints them.

use portcullis_ports::identity::Subject;
use portcullis_ports::money::Currency;
use portcullis_ports::{Code, Kind, Result, Timestamp};

use super::Ledger;
use super::reading::{EntryFilter, ListEntries, PAGE};
use super::views::{EntryPage, EntryView};

/// The span holds more than can be printed at once.
pub const STATEMENT_TOO_LONG: Code = Code::new(
    "statement-too-long",
    Kind::Invalid,
    "There are more than 10,000 entries in this span of days: ask for a shorter one.",
);

/// The most entries of a statement.
const MOST: usize = 10_000;

impl Ledger {
    /// What was posted to a customer from a moment on and before another, as customers see it: in one currency, or in all
    /// by their codes.
    ///
    /// # Errors
    /// `statement-too-long`; `ledger-broken`; whatever the store answers.
    pub async fn statement(
        &self,
        subject: &Subject,
        currency: Option<Currency>,
        span: (Timestamp, Timestamp),
    ) -> Result<Vec<EntryView>> {
        let currencies = match currency {
            Some(currency) => vec![currency],
            None => self.currencies(subject).await?,
        };
        let mut entries = Vec::new();
        for currency in currencies {
            let room = MOST - entries.len();
            entries.extend(self.statement_in(subject, currency, span, room).await?);
        }
        Ok(entries)
    }

    async fn statement_in(
        &self,
        subject: &Subject,
        currency: Currency,
        (from, until): (Timestamp, Timestamp),
        room: usize,
    ) -> Result<Vec<EntryView>> {
        let mut asked = ListEntries {
            filter: EntryFilter {
                from: Some(from),
                until: Some(until),
                ..EntryFilter::default()
            },
            limit: Some(PAGE),
            ..ListEntries::all(currency)
        };
        let mut entries = Vec::new();
        loop {
            let EntryPage {
                entries: page,
                next_cursor,
            } = self.entries(subject, &asked).await?.for_customer();
            entries.extend(page);
            if entries.len() > room {
                return Err(STATEMENT_TOO_LONG.error());
            }
            asked.cursor = next_cursor;
            if asked.cursor.is_none() {
                entries.reverse();
                return Ok(entries);
            }
        }
    }
}
