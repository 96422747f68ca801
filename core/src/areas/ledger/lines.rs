//! The lines of the house's accounts: short ones appended without meeting anybody, and one total of those that were folded.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::try_join_all;
use portcullis_ports::id::TransactionId;
use portcullis_ports::money::Currency;
use portcullis_ports::storage::{Collection, MAX_PAGE, Range, STORE_CONFLICT};
use portcullis_ports::{Result, Timestamp};
use serde::{Deserialize, Serialize};

use super::accounts::HouseAccount;
use super::figures::Movement;
use super::kind::EntryKind;
use super::posting::{Posting, house_movements};
use super::records::{SHARDS, shard};
use crate::foundation::calendar::Zone;
use crate::foundation::context::Context;
use crate::foundation::day::Day;
use crate::foundation::keyring::Keyring;
use crate::foundation::table::{Batch, Stored, Versioned, set_aside_unreadable};

/// Lines and totals of accounts of the house.
pub(crate) const LEDGER_OPEN: Collection = Collection {
    name: "ledger_open",
    table: "ledger_open",
    variable: "LEDGER_OPEN_TABLE_NAME",
};

/// What totals are signed for.
const TOTAL: &str = "ledger-total";
/// How many days of accounts this process remembers to have marked.
const REMEMBERED: usize = 10_000;
/// How often an account is read again that is folded meanwhile.
pub(super) const READINGS: u32 = 5;

pub(super) fn partition(account: &HouseAccount, currency: Currency) -> String {
    format!("{account}#{currency}")
}

/// What one transaction moves on one account of the house.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) account: HouseAccount,
    pub(super) currency: Currency,
    pub(super) transaction: TransactionId,
    pub(super) at: Timestamp,
    pub(super) moved: Movement,
    /// What the transaction was about; lines of earlier versions do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<EntryKind>,
}

impl Line {
    pub(super) fn partition(account: &HouseAccount, currency: Currency, day: Day, shard: u32) -> String {
        format!("{account}#{currency}#{day}#{shard}")
    }
}

impl Stored for Line {
    const COLLECTION: Collection = LEDGER_OPEN;

    fn key(&self) -> (String, String) {
        let (day, shard) = (Day::of(self.at), shard(&self.transaction));
        let partition = Self::partition(&self.account, self.currency, day, shard);
        (partition, self.transaction.to_string())
    }
}

/// The lines that were folded, in one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Total {
    pub(super) account: HouseAccount,
    pub(super) currency: Currency,
    pub(super) moved: Movement,
    /// How many lines it stands for.
    pub(super) lines: u64,
    /// A code over all that, made with a key that is not in the store.
    pub(super) mac: String,
}

impl Total {
    pub(super) const SORT: &'static str = "total";

    pub(super) fn empty(account: &HouseAccount, currency: Currency) -> Self {
        Self {
            account: account.clone(),
            currency,
            moved: Movement::default(),
            lines: 0,
            mac: String::new(),
        }
    }

    pub(super) fn sign(&mut self, keyring: &Keyring) -> Result<()> {
        self.mac = self.with_signed_parts(|parts| keyring.sign(TOTAL, parts))?;
        Ok(())
    }

    /// Whether this deployment wrote it.
    pub(super) fn is_ours(&self, keyring: &Keyring) -> Result<bool> {
        self.with_signed_parts(|parts| keyring.verify_history(TOTAL, parts, &self.mac))
    }

    /// What the code is over.
    fn with_signed_parts<T>(&self, of: impl FnOnce(&[&str]) -> T) -> T {
        let account = self.account.to_string();
        let numbers = [self.moved.debits, self.moved.credits, self.lines].map(|number| number.to_string());
        let [debits, credits, lines] = numbers.each_ref().map(String::as_str);
        of(&[&account, self.currency.as_str(), debits, credits, lines])
    }
}

impl Stored for Total {
    const COLLECTION: Collection = LEDGER_OPEN;

    fn key(&self) -> (String, String) {
        (partition(&self.account, self.currency), Self::SORT.into())
    }
}

/// That an account may have lines of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DayMark {
    pub(super) account: HouseAccount,
    pub(super) currency: Currency,
    /// Its first moment.
    pub(super) begins_at: Timestamp,
}

impl DayMark {
    pub(super) const PREFIX: &'static str = "day#";
}

impl Stored for DayMark {
    const COLLECTION: Collection = LEDGER_OPEN;

    fn key(&self) -> (String, String) {
        let sort = format!("{}{}", Self::PREFIX, Day::of(self.begins_at));
        (partition(&self.account, self.currency), sort)
    }
}

/// That an account of the house is in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AccountMark {
    pub(super) account: HouseAccount,
    pub(super) currency: Currency,
}

impl AccountMark {
    /// No account: it holds a blank.
    pub(super) const PARTITION: &'static str = "house accounts";
}

impl Stored for AccountMark {
    const COLLECTION: Collection = LEDGER_OPEN;

    fn key(&self) -> (String, String) {
        (Self::PARTITION.into(), partition(&self.account, self.currency))
    }
}

/// What an account of the house holds, in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HouseTotal {
    /// Which.
    pub account: HouseAccount,
    /// In which currency.
    pub currency: Currency,
    /// What was debited and credited.
    pub moved: Movement,
}

/// Account, currency, and the first second of the day.
type MarkedDay = (HouseAccount, Currency, i64);

/// Appends to the accounts of the house, and reads them.
#[derive(Clone)]
pub(super) struct Lines {
    context: Arc<Context>,
    /// The days of accounts that this process has marked.
    marked: Arc<Mutex<BTreeSet<MarkedDay>>>,
    /// Where the days of sums begin.
    pub(super) zone: Zone,
}

impl Lines {
    pub(super) fn new(context: &Arc<Context>) -> Self {
        Self {
            context: Arc::clone(context),
            marked: Arc::default(),
            zone: Zone::utc(),
        }
    }

    /// Adds what postings move on accounts of the house to the commit of their transaction.
    pub(super) async fn append(
        &self,
        batch: &mut Batch,
        (kind, postings): (EntryKind, &[Posting]),
        currency: Currency,
        transaction: &TransactionId,
        at: Timestamp,
    ) -> Result<()> {
        for (account, moved) in house_movements(postings)? {
            self.mark(&account, currency, at).await?;
            batch.insert(&Line {
                account,
                currency,
                transaction: transaction.clone(),
                at,
                moved,
                kind: Some(kind),
            })?;
        }
        Ok(())
    }

    /// Notes where the lines of a day are found, in a commit of its own before the first line that this process appends:
    /// were it part of every commit, all would meet at it. A note without lines does no harm.
    async fn mark(&self, account: &HouseAccount, currency: Currency, at: Timestamp) -> Result<()> {
        let begins_at = Day::of(at).begin();
        let name = (account.clone(), currency, begins_at.seconds());
        let is_marked = {
            let marked = self.marked.lock().unwrap_or_else(PoisonError::into_inner);
            marked.contains(&name)
        };
        if is_marked {
            return Ok(());
        }
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                batch.overwrite(&AccountMark {
                    account: account.clone(),
                    currency,
                })?;
                batch.overwrite(&DayMark {
                    account: account.clone(),
                    currency,
                    begins_at,
                })?;
                self.context.commit(batch).await
            })
            .await?;
        let mut marked = self.marked.lock().unwrap_or_else(PoisonError::into_inner);
        if marked.len() >= REMEMBERED {
            marked.clear();
        }
        marked.insert(name);
        Ok(())
    }

    /// The accounts that are in use, by name.
    pub(super) async fn accounts(&self) -> Result<Vec<(HouseAccount, Currency)>> {
        let marks = self.context.table::<AccountMark>();
        let marks = marks.all(AccountMark::PARTITION).await?;
        let names = marks
            .into_iter()
            .map(|mark| (mark.value.account, mark.value.currency));
        Ok(names.collect())
    }

    /// Whether the lines of an account's day are found, as [`Self::total`] and folding look for them.
    pub(super) async fn leads_to(
        &self,
        account: &HouseAccount,
        currency: Currency,
        day: Timestamp,
    ) -> Result<bool> {
        let of_account = AccountMark {
            account: account.clone(),
            currency,
        };
        let of_day = DayMark {
            account: account.clone(),
            currency,
            begins_at: day,
        };
        let ((partition, sort), (of_days, day)) = (of_account.key(), of_day.key());
        let (accounts, days) = (
            self.context.table::<AccountMark>(),
            self.context.table::<DayMark>(),
        );
        let account = set_aside_unreadable(accounts.find(&partition, &sort).await)?;
        let day = set_aside_unreadable(days.find(&of_days, &day).await)?;
        Ok(account.is_some() && day.is_some())
    }

    /// What an account holds: the total, and the lines of all days that are not folded.
    pub(super) async fn total(&self, account: &HouseAccount, currency: Currency) -> Result<HouseTotal> {
        let mut reading = 1;
        loop {
            let before = self.folded(account, currency).await?;
            let mut moved = before.moved;
            for day in self.days(account, currency).await? {
                let shards = (0..SHARDS).map(|shard| self.sum(account, currency, day, shard));
                for shard in try_join_all(shards).await? {
                    moved = moved.plus(shard)?;
                }
            }
            // Lines that were folded meanwhile would be missed or counted twice.
            if self.folded(account, currency).await?.lines == before.lines {
                return Ok(HouseTotal {
                    account: account.clone(),
                    currency,
                    moved,
                });
            }
            if reading == READINGS {
                return Err(STORE_CONFLICT.error());
            }
            reading += 1;
        }
    }

    pub(super) fn context(&self) -> &Context {
        &self.context
    }

    /// The total as it is stored, whoever wrote it.
    pub(super) async fn stored_total(
        &self,
        account: &HouseAccount,
        currency: Currency,
    ) -> Result<Option<Total>> {
        let found = self.read_total(account, currency).await?;
        Ok(found.map(|total| total.value))
    }

    pub(super) async fn read_total(
        &self,
        account: &HouseAccount,
        currency: Currency,
    ) -> Result<Option<Versioned<Total>>> {
        let totals = self.context.table::<Total>();
        let found = totals.find(&partition(account, currency), Total::SORT).await;
        set_aside_unreadable(found)
    }

    pub(super) async fn folded(&self, account: &HouseAccount, currency: Currency) -> Result<Total> {
        let totals = self.context.table::<Total>();
        let found = totals.find(&partition(account, currency), Total::SORT).await?;
        match found {
            Some(found) => self.own(found.value),
            None => Ok(Total::empty(account, currency)),
        }
    }

    /// A total, if this deployment wrote it.
    pub(super) fn own(&self, total: Total) -> Result<Total> {
        if total.is_ours(&self.context.keyring)? {
            return Ok(total);
        }
        let name = partition(&total.account, total.currency);
        Err(super::LEDGER_BROKEN.error().with_context("account", name))
    }

    pub(super) async fn days(&self, account: &HouseAccount, currency: Currency) -> Result<Vec<Day>> {
        let (mut days, mut after) = (Vec::new(), None);
        loop {
            let range = Range::Prefix(DayMark::PREFIX.into());
            let (page, next) = self
                .context
                .table::<DayMark>()
                .complete_page(&partition(account, currency), range, MAX_PAGE, after)
                .await?;
            days.extend(page.iter().map(|mark| Day::of(mark.begins_at)));
            after = next;
            if after.is_none() {
                return Ok(days);
            }
        }
    }

    async fn sum(
        &self,
        account: &HouseAccount,
        currency: Currency,
        day: Day,
        shard: u32,
    ) -> Result<Movement> {
        let mut moved = Movement::default();
        for line in self.in_shard(account, currency, day, shard).await? {
            moved = moved.plus(line.moved)?;
        }
        Ok(moved)
    }

    /// The lines of a shard that are not folded.
    pub(super) async fn in_shard(
        &self,
        account: &HouseAccount,
        currency: Currency,
        day: Day,
        shard: u32,
    ) -> Result<Vec<Line>> {
        let (mut lines, mut after) = (Vec::new(), None);
        loop {
            let partition = Line::partition(account, currency, day, shard);
            let (page, next) = self
                .context
                .table::<Line>()
                .complete_page(&partition, Range::All, MAX_PAGE, after)
                .await?;
            lines.extend(page.into_iter().map(|line| line.value));
            after = next;
            if after.is_none() {
                return Ok(lines);
            }
        }
    }
}
