//! Reading the accounts of one customer: balances, and entries newest first.

use portcullis_ports::identity::Subject;
use portcullis_ports::money::Currency;
use portcullis_ports::storage::{MAX_PAGE, Range};
use portcullis_ports::{Result, Timestamp};

use super::figures::EntryPhase;
use super::kind::EntryKind;
use super::post::broken;
use super::records::{Balance, Entry, partition};
use super::views::{BalanceView, EntryPage, EntryView};
use super::{LEDGER_BROKEN, Ledger};
use crate::foundation::cursor::{INVALID_CURSOR, SignedCursor};
use crate::foundation::table::{Versioned, set_aside_unreadable};
use crate::foundation::use_case::{Problems, UseCase};

/// The most entries of one page.
pub const PAGE: usize = 100;
/// How many entries one page looks at, when a filter leaves most of them out.
const SCANNED: usize = 2_000;
/// How many entries are read at once for a filter.
const CHUNK: usize = 500;

/// Which entries are wanted. The default is all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntryFilter {
    /// Only of these kinds; of all, if there are none.
    pub kinds: Vec<EntryKind>,
    /// Only so far.
    pub phase: Option<EntryPhase>,
    /// From this moment on.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
}

impl EntryFilter {
    fn wants(&self, entry: &Entry) -> bool {
        (self.kinds.is_empty() || self.kinds.contains(&entry.kind))
            && self.phase.is_none_or(|phase| phase == entry.phase)
            && self.from.is_none_or(|from| entry.at >= from)
            && self.until.is_none_or(|until| entry.at < until)
    }

    fn is_all(&self) -> bool {
        *self == Self::default()
    }

    /// It in words, by which a cursor knows it.
    fn words(&self) -> [String; 4] {
        let kinds: Vec<&str> = self.kinds.iter().map(|kind| kind.as_str()).collect();
        let moment =
            |moment: Option<Timestamp>| moment.map_or_else(String::new, |moment| moment.millis().to_string());
        [
            kinds.join(","),
            self.phase.map_or("", EntryPhase::as_str).to_owned(),
            moment(self.from),
            moment(self.until),
        ]
    }
}

/// Which page of the entries of an account.
#[derive(Debug, Clone)]
pub struct ListEntries {
    /// Of the account in this currency.
    pub currency: Currency,
    /// Which of them.
    pub filter: EntryFilter,
    /// Behind which entry, as `next_cursor` of the page before; `None` for the first page.
    pub cursor: Option<SignedCursor>,
    /// How many at most, 1 to [`PAGE`].
    pub limit: Option<usize>,
}

impl ListEntries {
    /// The first page of all entries in a currency.
    pub fn all(currency: Currency) -> Self {
        Self {
            currency,
            filter: EntryFilter::default(),
            cursor: None,
            limit: None,
        }
    }
}

impl UseCase for ListEntries {
    const PROBLEMS: Problems = &[&[INVALID_CURSOR, LEDGER_BROKEN]];
}

impl Ledger {
    /// What a customer owes in a currency; zero if nothing was ever posted. One read, however many entries there are.
    ///
    /// # Errors
    /// `ledger-broken`; whatever the store answers.
    pub async fn balance(&self, subject: &Subject, currency: Currency) -> Result<BalanceView> {
        let found = self.balance_record(subject, currency).await?;
        Ok(BalanceView::of(
            found.unwrap_or_else(|| Balance::empty(subject, currency)),
        ))
    }

    /// What a customer owes, in all currencies in which anything was posted, by their codes.
    ///
    /// # Errors
    /// `ledger-broken`; whatever the store answers.
    pub async fn balances(&self, subject: &Subject) -> Result<Vec<BalanceView>> {
        let balances = self.balance_records(subject).await?;
        Ok(balances.into_iter().map(BalanceView::of).collect())
    }

    /// The currencies in which anything was posted to a customer.
    pub(crate) async fn currencies(&self, subject: &Subject) -> Result<Vec<Currency>> {
        let balances = self.balance_records(subject).await?;
        Ok(balances.into_iter().map(|balance| balance.currency).collect())
    }

    /// One read: a customer has few currencies.
    async fn balance_records(&self, subject: &Subject) -> Result<Vec<Balance>> {
        let table = self.context.table::<Balance>();
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let partition = Balance::partition(subject);
            let (page, next) = table
                .complete_page(&partition, Range::All, MAX_PAGE, after)
                .await?;
            for balance in page {
                found.push(self.own(balance.value)?);
            }
            after = next;
            if after.is_none() {
                return Ok(found);
            }
        }
    }

    /// A balance, if this deployment wrote it.
    fn own(&self, balance: Balance) -> Result<Balance> {
        if balance.is_ours(&self.context.keyring)? {
            Ok(balance)
        } else {
            Err(broken(&balance.subject, balance.currency))
        }
    }

    pub(super) async fn balance_record(
        &self,
        subject: &Subject,
        currency: Currency,
    ) -> Result<Option<Balance>> {
        let table = self.context.table::<Balance>();
        let found = table
            .find(&Balance::partition(subject), currency.as_str())
            .await?;
        found.map(|found| self.own(found.value)).transpose()
    }

    /// A page of the entries of a customer's account, newest first. A page may hold fewer than asked for, or none, although
    /// more follow: it looks at 2,000 entries at most.
    ///
    /// # Errors
    /// `invalid-cursor`; `ledger-broken`; whatever the store answers.
    pub async fn entries(&self, subject: &Subject, command: &ListEntries) -> Result<EntryPage> {
        let ListEntries { currency, filter, .. } = command;
        let limit = command.limit.unwrap_or(PAGE).clamp(1, PAGE);
        let words = filter.words();
        let [kinds, phase, from, until] = words.each_ref().map(String::as_str);
        let list = [
            "ledger",
            subject.as_str(),
            currency.as_str(),
            kinds,
            phase,
            from,
            until,
        ];
        let keyring = &self.context.keyring;
        let mut below = match (&command.cursor, filter.until) {
            (Some(cursor), _) => cursor.place(keyring, &list)?,
            (None, Some(until)) => self.first_from(subject, *currency, until).await?,
            (None, None) => u64::MAX,
        };
        let (mut wanted, mut scanned, mut ended) = (Vec::new(), 0, false);
        while !ended && wanted.len() < limit && scanned < SCANNED {
            let asked = if filter.is_all() { limit } else { CHUNK };
            let (page, next) = self.newest_below(subject, *currency, below, asked).await?;
            ended = next.is_none();
            for entry in page {
                if filter.from.is_some_and(|from| entry.at < from) {
                    ended = true;
                    break;
                }
                if wanted.len() == limit {
                    ended = false;
                    break;
                }
                scanned += 1;
                below = entry.number;
                if filter.wants(&entry) {
                    wanted.push(entry.value);
                }
            }
        }
        let more = !ended && below > 1;
        let next_cursor = more
            .then(|| SignedCursor::sign(keyring, &list, below))
            .transpose()?;
        let is_pending = |entry: &Entry| entry.phase == EntryPhase::Pending;
        let open = if wanted.iter().any(is_pending) {
            let balance = self.balance_record(subject, *currency).await?;
            balance.map_or_else(Vec::new, |balance| balance.open)
        } else {
            Vec::new()
        };
        let is_open = |entry: &Entry| open.iter().any(|open| open.number == entry.number);
        Ok(EntryPage {
            entries: wanted
                .iter()
                .map(|entry| EntryView::of(entry, is_open(entry)))
                .collect(),
            next_cursor,
        })
    }

    async fn newest_below(
        &self,
        subject: &Subject,
        currency: Currency,
        below: u64,
        limit: usize,
    ) -> Result<(Vec<Versioned<Entry>>, Option<String>)> {
        let last = match below {
            0 | 1 => return Ok((Vec::new(), None)),
            u64::MAX => Entry::LAST.to_owned(),
            below => Entry::sort(below - 1),
        };
        let range = Range::Between(Entry::FIRST.to_owned(), last);
        let table = self.context.table::<Entry>();
        table
            .page_newest_first(&partition(subject, currency), range, limit, None)
            .await
    }

    /// The number of the first entry from a moment on, found by halving: entries never go back in time.
    async fn first_from(&self, subject: &Subject, currency: Currency, moment: Timestamp) -> Result<u64> {
        let balance = self.balance_record(subject, currency).await?;
        let (mut low, mut high) = (1, balance.map_or(0, |balance| balance.entries) + 1);
        let table = self.context.table::<Entry>();
        while low < high {
            let middle = low + (high - low) / 2;
            let found = table
                .find(&partition(subject, currency), &Entry::sort(middle))
                .await;
            // One that cannot be read is taken for an old one: the filter looks at every entry again.
            match set_aside_unreadable(found)? {
                Some(entry) if entry.at >= moment => high = middle,
                _ => low = middle + 1,
            }
        }
        Ok(low)
    }
}
