//! Lists of entries for whoever need not know the currency: there is mostly one.

use portcullis_ports::Result;
use portcullis_ports::identity::Subject;
use portcullis_ports::money::Currency;

use super::{EntryFilter, EntryPage, LEDGER_BROKEN, Ledger, ListEntries};
use crate::foundation::cursor::{INVALID_CURSOR, SignedCursor};
use crate::foundation::input::refused;
use crate::foundation::use_case::{Problems, UseCase};

/// Which page of the entries of a customer.
#[derive(Debug, Clone, Default)]
pub struct ListCustomerEntries {
    /// Of the account in this currency; needed where there are several.
    pub currency: Option<Currency>,
    /// Which of them.
    pub filter: EntryFilter,
    /// Behind which entry, as `next_cursor` of the page before; `None` for the first page.
    pub cursor: Option<SignedCursor>,
    /// How many at most, 1 to [`super::PAGE`].
    pub limit: Option<usize>,
}

impl UseCase for ListCustomerEntries {
    const PROBLEMS: Problems = &[&[INVALID_CURSOR, LEDGER_BROKEN]];
}

impl Ledger {
    /// A page of the entries of a customer, newest first; empty if nothing was ever posted.
    ///
    /// # Errors
    /// `invalid-request` if the currency is left out and there are accounts in several; those of [`Self::entries`].
    pub async fn list(&self, subject: &Subject, command: &ListCustomerEntries) -> Result<EntryPage> {
        let currency = match command.currency {
            Some(currency) => currency,
            None => match self.currencies(subject).await?.as_slice() {
                [] => return Ok(EntryPage::EMPTY),
                [only] => *only,
                several => {
                    let names: Vec<&str> = several.iter().map(Currency::as_str).collect();
                    return Err(refused(
                        "/currency",
                        &format!("expected is one of: {}", names.join(", ")),
                    ));
                }
            },
        };
        let command = ListEntries {
            currency,
            filter: command.filter.clone(),
            cursor: command.cursor.clone(),
            limit: command.limit,
        };
        self.entries(subject, &command).await
    }
}
