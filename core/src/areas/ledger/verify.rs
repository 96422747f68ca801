//! Proves that nothing of an account was changed, removed or put in between, and that its balance is the sum of its entries.

use std::collections::BTreeMap;
use std::sync::Arc;

use portcullis_ports::identity::Subject;
use portcullis_ports::money::Currency;
use portcullis_ports::storage::{MAX_PAGE, Range, Scan};
use portcullis_ports::{Result, Timestamp};

use super::Ledger;
use super::figures::{EntryPhase, Figures, Movement};
use super::posting::customer_movement;
use super::records::{Balance, Entry, LEDGER, OpenEntry, account_of, partition};
use crate::foundation::hash_chain::HashChain;
use crate::foundation::table::{Table, set_aside_unreadable};

/// An account that is written to while it is read may look broken; then it is read again.
const READINGS: u32 = 3;

/// What an intact account holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VerifiedAccount {
    /// How many entries.
    pub entries: u64,
    /// Where it stands.
    pub figures: Figures,
}

/// Where an account breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The number of the first entry that does not fit; one more than the last if the end does not.
    pub number: u64,
    /// What is wrong with it.
    pub why: &'static str,
}

/// How far an account was followed.
struct Followed {
    links: HashChain,
    figures: Figures,
    last_at: Timestamp,
    /// What is pending.
    open: BTreeMap<u64, Movement>,
}

impl Followed {
    fn start() -> Self {
        Self {
            links: HashChain::start(),
            figures: Figures::default(),
            last_at: Timestamp::from_millis(0),
            open: BTreeMap::new(),
        }
    }

    fn breaks(&self, why: &'static str) -> Broken {
        Broken {
            number: self.links.next(),
            why,
        }
    }

    /// Follows the next entry.
    fn follow(&mut self, entry: &Entry, body: &str) -> Result<(), &'static str> {
        const WRONG_SUM: &str = "its figures are not those before it and its postings";
        if entry.at < self.last_at {
            return Err("it is older than the one before");
        }
        let moved = customer_movement(&entry.postings).map_err(|_| WRONG_SUM)?;
        let released = match &entry.resolves {
            None => Movement::default(),
            Some(resolved) => {
                let held = self.open.remove(&resolved.number);
                held.filter(|held| *held == resolved.released)
                    .ok_or("it ends an entry that is not pending")?
            }
        };
        let after = self.figures.after(entry.phase, moved, released);
        if after.ok() != Some(entry.after) {
            return Err(WRONG_SUM);
        }
        self.links.follow(entry.number, &entry.previous, body)?;
        if entry.phase == EntryPhase::Pending {
            self.open.insert(entry.number, moved);
        }
        (self.figures, self.last_at) = (entry.after, entry.at);
        Ok(())
    }

    /// Whether the balance says what the entries do.
    fn ends(&self, balance: &Balance) -> Result<(), &'static str> {
        if !self.links.ends(balance.entries, &balance.hash) {
            return Err("the account does not end where its balance says");
        }
        let open = |(number, held): (&u64, &Movement)| OpenEntry {
            number: *number,
            held: *held,
        };
        let is_open = balance.open.iter().cloned().eq(self.open.iter().map(open));
        if balance.figures != self.figures || !is_open {
            return Err("the balance is not the sum of the entries");
        }
        Ok(())
    }
}

/// All accounts there are, page by page in the order of the store.
pub struct Accounts<'a> {
    scan: &'a dyn Scan,
    entries: Table<Entry>,
    after: Option<String>,
    ended: bool,
    /// The last of the page before. A store gives the records of one partition one after the other.
    last: Option<String>,
}

impl Accounts<'_> {
    /// The next of them; `None` when all were seen.
    ///
    /// # Errors
    /// Whatever the store answers. The same page may be asked for again.
    pub async fn next_page(&mut self) -> Result<Option<Vec<(Subject, Currency)>>> {
        if self.ended {
            return Ok(None);
        }
        let page = self.scan.scan(&LEDGER, self.after.as_deref(), MAX_PAGE).await?;
        let mut found = Vec::new();
        for record in page.records {
            let Some((subject, currency)) = account_of(&record.key.partition, &record.key.sort) else {
                continue;
            };
            let partition = partition(&subject, currency);
            let is_balance = record.key.partition != partition;
            // Its entries lead to an account, and its balance where they are gone.
            let first = async || set_aside_unreadable(self.entries.find(&partition, Entry::FIRST).await);
            if is_balance && first().await?.is_some() {
                continue;
            }
            if is_balance || self.last.as_ref() != Some(&partition) {
                found.push((subject, currency));
            }
            if !is_balance {
                self.last = Some(partition);
            }
        }
        self.ended = page.next.is_none();
        self.after = page.next;
        Ok(Some(found))
    }
}

/// The accounts of all customers, for tools.
#[derive(Clone)]
pub struct Ledgers {
    pub(super) ledger: Ledger,
    pub(super) scan: Arc<dyn Scan>,
}

impl Ledgers {
    pub(crate) fn new(ledger: &Ledger, scan: Arc<dyn Scan>) -> Self {
        Self {
            ledger: ledger.clone(),
            scan,
        }
    }

    /// The accounts of all customers, also those of which only parts are left.
    pub fn accounts(&self) -> Accounts<'_> {
        Accounts {
            scan: self.scan.as_ref(),
            entries: self.ledger.context.table(),
            after: None,
            ended: false,
            last: None,
        }
    }

    /// The accounts of one customer.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn accounts_of(&self, subject: &Subject) -> Result<Vec<(Subject, Currency)>> {
        let currencies = self.ledger.currencies(subject).await?;
        Ok(currencies.into_iter().map(|one| (subject.clone(), one)).collect())
    }

    /// Proves one account. Holds one page, and what is pending.
    ///
    /// # Errors
    /// Whatever the store answers. That the account is broken is no error but the answer.
    pub async fn verify(
        &self,
        subject: &Subject,
        currency: Currency,
    ) -> Result<std::result::Result<VerifiedAccount, Broken>> {
        self.follow(subject, currency, |_| {}).await
    }

    /// The same, showing every entry. `None` means that it begins from the start.
    pub(super) async fn follow(
        &self,
        subject: &Subject,
        currency: Currency,
        mut shown: impl FnMut(Option<&Entry>),
    ) -> Result<std::result::Result<VerifiedAccount, Broken>> {
        let mut reading = 1;
        loop {
            shown(None);
            let outcome = self
                .follow_once(subject, currency, |entry| shown(Some(entry)))
                .await?;
            if outcome.is_ok() || reading == READINGS {
                return Ok(outcome);
            }
            reading += 1;
        }
    }

    async fn follow_once(
        &self,
        subject: &Subject,
        currency: Currency,
        mut shown: impl FnMut(&Entry),
    ) -> Result<std::result::Result<VerifiedAccount, Broken>> {
        let context = &self.ledger.context;
        let partition = partition(subject, currency);
        // The balance first: what is written meanwhile lies behind it and is left for the next time.
        let balance = self.balance(subject, currency).await?;
        let end = balance.as_ref().map_or(u64::MAX, |balance| balance.entries);
        let mut followed = Followed::start();
        let (mut beyond, mut after) = (false, None);
        'pages: loop {
            let range = Range::Between(Entry::FIRST.to_owned(), Entry::LAST.to_owned());
            let (page, next) = context
                .table::<Entry>()
                .page_with_bodies(&partition, range, MAX_PAGE, after)
                .await?;
            for (entry, body) in &page {
                if entry.number > end {
                    beyond = true;
                    break 'pages;
                }
                if entry.subject != *subject || entry.currency != currency {
                    return Ok(Err(followed.breaks("it is of another account")));
                }
                if let Err(why) = followed.follow(entry, body) {
                    return Ok(Err(followed.breaks(why)));
                }
                shown(entry);
            }
            match next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        // Entries behind the end are new, and then the balance has moved, or somebody has put them there.
        if beyond {
            let now = self.balance(subject, currency).await?;
            if now.is_none_or(|now| now.entries <= end) {
                return Ok(Err(followed.breaks("it stands behind the end of the account")));
            }
        }
        let Some(balance) = balance else {
            return Ok(if followed.links.next() == 1 {
                Ok(VerifiedAccount::default())
            } else {
                Err(followed.breaks("the balance of the account is missing"))
            });
        };
        if balance.subject != *subject
            || balance.currency != currency
            || !balance.is_ours(&context.keyring)?
        {
            return Ok(Err(followed.breaks(
                "the balance of the account was not written by this deployment",
            )));
        }
        Ok(match followed.ends(&balance) {
            Err(why) => Err(followed.breaks(why)),
            Ok(()) => Ok(VerifiedAccount {
                entries: balance.entries,
                figures: balance.figures,
            }),
        })
    }

    async fn balance(&self, subject: &Subject, currency: Currency) -> Result<Option<Balance>> {
        let balances = self.ledger.context.table::<Balance>();
        let found = balances
            .find(&Balance::partition(subject), currency.as_str())
            .await;
        let found = set_aside_unreadable(found)?;
        Ok(found.map(|balance| balance.value))
    }

    /// A page of the entries of an account in their order, behind the one of that number.
    ///
    /// # Errors
    /// `record-unreadable`: an export misses nothing; whatever the store answers.
    pub async fn entries_behind(
        &self,
        subject: &Subject,
        currency: Currency,
        number: u64,
    ) -> Result<Vec<Entry>> {
        let range = Range::Between(Entry::sort(number.saturating_add(1)), Entry::LAST.to_owned());
        let table = self.ledger.context.table::<Entry>();
        let mut after = None;
        loop {
            let (page, next) = table
                .complete_page(&partition(subject, currency), range.clone(), MAX_PAGE, after)
                .await?;
            if !page.is_empty() || next.is_none() {
                return Ok(page.into_iter().map(|entry| entry.value).collect());
            }
            after = next;
        }
    }
}
