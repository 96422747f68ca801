//! What stands on a statement for people: for each currency what was owed before, every posted entry, and what is owed.

use portcullis_core::ledger::{EntryPhase, EntryView};
use portcullis_core::payments::Letterhead;
use portcullis_ports::money::Money;
use portcullis_ports::{Result, Timestamp};

use super::sheet::{Cells, Row, Sheet, Table};
use super::statement::{Days, moment};
use super::words::{Words, happened, words};

/// The sheet of a statement. Entries are those of the days, oldest first, each currency on its own. What is pending moves
/// nothing that is owed, and does not stand on it.
///
/// # Errors
/// `internal` if a moment is beyond all calendars.
pub(super) fn sheet(letterhead: &Letterhead, days: &Days, entries: &[EntryView]) -> Result<Sheet> {
    let words = words(letterhead.language);
    let mut rows = vec![Row::plain(words.days, format!("{} – {}", days.first, days.last))];
    if let Some(email) = &letterhead.email {
        rows.push(Row::plain(words.payer, email.as_str()));
    }
    rows.push(Row::plain(words.subject, letterhead.payer.as_str()));
    let posted: Vec<&EntryView> = entries
        .iter()
        .filter(|entry| entry.phase == EntryPhase::Posted)
        .collect();
    let mut tables = Vec::new();
    for account in posted.chunk_by(|one, other| one.currency == other.currency) {
        let (Some(first), Some(last)) = (account.first(), account.last()) else {
            continue;
        };
        let before = first.owed_after.saturating_sub(first.amount);
        let shown = |minor| Money::new(minor, first.currency).to_string();
        let label = |text: &str| text.replace("{currency}", first.currency.as_str());
        rows.push(Row::plain(&label(words.owed_before), shown(before)));
        rows.push(Row::strong(&label(words.owed_after), shown(last.owed_after)));
        tables.push(table(words, account)?);
    }
    if tables.is_empty() {
        rows.push(Row::plain(words.what, words.nothing));
    }
    Ok(Sheet {
        language: words.language,
        title: words.statement.to_owned(),
        from: letterhead.seller.clone(),
        rows,
        tables,
    })
}

fn table(words: &Words, entries: &[&EntryView]) -> Result<Table> {
    let mut lines = Vec::with_capacity(entries.len());
    for entry in entries {
        let at = moment(Timestamp::from_seconds(entry.at))?;
        let shown = |minor| Money::new(minor, entry.currency).to_string();
        let what = happened(words, entry.kind);
        let text = match &entry.reason {
            Some(reason) => format!("{what}: {reason}"),
            None => what.to_owned(),
        };
        lines.push(Cells {
            date: at.get(..10).unwrap_or(&at).to_owned(),
            text,
            amounts: [shown(entry.amount), shown(entry.owed_after)],
        });
    }
    let head = Cells {
        date: words.date.to_owned(),
        text: words.what.to_owned(),
        amounts: [words.moved.to_owned(), words.owed.to_owned()],
    };
    Ok(Table { head, lines })
}

#[cfg(test)]
mod tests {
    use portcullis_core::ledger::EntryKind;
    use portcullis_core::texts::Language;
    use portcullis_ports::id::TransactionId;
    use portcullis_ports::identity::Subject;
    use portcullis_ports::money::Currency;

    use super::*;

    fn entry(currency: &str, kind: EntryKind, amount: i64, owed_after: i64) -> EntryView {
        EntryView {
            number: 1,
            transaction_id: TransactionId::parse("txn_01h2xcejqtf2nbrexx3vqjhp41").expect("an id"),
            at: 1_790_000_000,
            kind,
            phase: EntryPhase::Posted,
            open: false,
            currency: Currency::parse(currency).expect("a currency"),
            digits: 2,
            amount,
            owed_after,
            resolves: None,
            cause: "order".to_owned(),
            cause_id: None,
            reason: (kind == EntryKind::Credit).then(|| "Two days late".to_owned()),
            postings: Vec::new(),
        }
    }

    fn printed(entries: &[EntryView]) -> Sheet {
        let letterhead = Letterhead {
            language: Language::DE,
            seller: "Plum Kettles".to_owned(),
            payer: Subject::parse("usr_ada").expect("a subject"),
            email: None,
        };
        let now = Timestamp::from_seconds(1_790_000_000);
        let days = Days::of(Some("2026-09-01"), Some("2026-09-30"), now).expect("days");
        sheet(&letterhead, &days, entries).expect("a sheet")
    }

    #[test]
    fn each_currency_says_what_was_owed_before_and_is_owed_now() {
        let hold = EntryView {
            phase: EntryPhase::Pending,
            ..entry("EUR", EntryKind::Hold, -500, 1_500)
        };
        let entries = [
            entry("EUR", EntryKind::Sale, 1_000, 1_500),
            hold,
            entry("EUR", EntryKind::Credit, -500, 1_000),
            entry("JPY", EntryKind::Capture, -300, -300),
        ];
        let printed = printed(&entries);
        let rows: Vec<String> = printed
            .rows
            .iter()
            .map(|row| format!("{}: {}", row.label, row.value))
            .collect();
        assert_eq!(
            rows,
            [
                "Tage (UTC): 2026-09-01 – 2026-09-30",
                "Kundennummer: usr_ada",
                "Vorher offen, EUR: 5.00 EUR",
                "Am Ende offen, EUR: 10.00 EUR",
                "Vorher offen, JPY: 0 JPY",
                "Am Ende offen, JPY: -300 JPY",
            ]
        );
        let lines: Vec<Vec<(&str, &str)>> = printed
            .tables
            .iter()
            .map(|table| {
                table
                    .lines
                    .iter()
                    .map(|line| (line.text.as_str(), line.amounts[0].as_str()))
                    .collect()
            })
            .collect();
        assert_eq!(
            lines,
            [
                vec![
                    ("Einkauf", "10.00 EUR"),
                    ("Gutschrift: Two days late", "-5.00 EUR")
                ],
                vec![("Zahlung", "-300 JPY")],
            ]
        );
    }

    #[test]
    fn days_without_entries_say_so() {
        let printed = printed(&[]);
        assert!(printed.tables.is_empty());
        let last = printed.rows.last().expect("a row");
        assert_eq!(last.value, "In diesen Tagen wurde nichts berechnet oder gezahlt.");
    }
}
