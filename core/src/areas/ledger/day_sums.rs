//! What moved on the accounts of the house on each day, by kind: kept by whoever folds, so that nobody has to count it.

use std::collections::BTreeMap;

use futures_util::future::try_join_all;
use portcullis_ports::Result;
use portcullis_ports::money::Currency;
use portcullis_ports::storage::{Collection, MAX_PAGE, Range, STORE_CONFLICT};
use serde::{Deserialize, Serialize};

use super::Ledger;
use super::accounts::HouseAccount;
use super::figures::{Movement, add};
use super::kind::EntryKind;
use super::lines::{LEDGER_OPEN, Line, Lines, READINGS, partition};
use super::records::SHARDS;
use super::sign_anew::is_by;
use crate::foundation::keyring::Keyring;
use crate::foundation::table::{Batch, Stored, Versioned};

/// What sums of days are signed for.
const SUM: &str = "ledger-day";

/// What transactions of one kind moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindMoved {
    /// The kind; none of lines that do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<EntryKind>,
    /// How many lines.
    pub lines: u64,
    /// What they debited and credited.
    pub moved: Movement,
}

/// What moved on an account of the house on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HouseDay {
    /// Which account.
    pub account: HouseAccount,
    /// In which currency.
    pub currency: Currency,
    /// The day, such as `2026-11-28`.
    pub day: String,
    /// By kind.
    pub kinds: Vec<KindMoved>,
}

/// What was folded of one day of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DaySum {
    account: HouseAccount,
    currency: Currency,
    day: String,
    kinds: Vec<KindMoved>,
    /// A code over all that, made with a key that is not in the store.
    mac: String,
}

impl DaySum {
    pub(super) const PREFIX: &'static str = "sum#";

    fn sort(day: &str) -> String {
        format!("{}{day}", Self::PREFIX)
    }

    fn empty(account: &HouseAccount, currency: Currency, day: &str) -> Self {
        Self {
            account: account.clone(),
            currency,
            day: day.to_owned(),
            kinds: Vec::new(),
            mac: String::new(),
        }
    }

    fn sign(&mut self, keyring: &Keyring) -> Result<()> {
        self.mac = self.with_signed_parts(|parts| keyring.sign(SUM, parts))?;
        Ok(())
    }

    /// Whether this deployment wrote it.
    pub(super) fn is_ours(&self, keyring: &Keyring) -> Result<bool> {
        self.with_signed_parts(|parts| keyring.verify_history(SUM, parts, &self.mac))
    }

    /// What the code is over.
    fn with_signed_parts<T>(&self, of: impl FnOnce(&[&str]) -> T) -> T {
        let kind = |one: &KindMoved| {
            let (name, Movement { debits, credits }) = (one.kind.map_or("", EntryKind::as_str), one.moved);
            format!("{name}:{}:{debits}:{credits}", one.lines)
        };
        let kinds: Vec<String> = self.kinds.iter().map(kind).collect();
        let account = self.account.to_string();
        of(&[&account, self.currency.as_str(), &self.day, &kinds.join(",")])
    }
}

impl Stored for DaySum {
    const COLLECTION: Collection = LEDGER_OPEN;

    fn key(&self) -> (String, String) {
        (partition(&self.account, self.currency), Self::sort(&self.day))
    }
}

/// Adds a line to what its kind has moved.
fn count(kinds: &mut Vec<KindMoved>, line: &Line) -> Result<()> {
    let at = kinds.iter().position(|known| known.kind == line.kind);
    let at = at.unwrap_or_else(|| {
        kinds.push(KindMoved {
            kind: line.kind,
            lines: 0,
            moved: Movement::default(),
        });
        kinds.len() - 1
    });
    let known = &mut kinds[at];
    known.lines = add(known.lines, 1)?;
    known.moved = known.moved.plus(line.moved)?;
    Ok(())
}

impl Lines {
    /// Adds lines of one account to the sums of their days, in the commit that removes them.
    pub(super) async fn add_to_days(&self, batch: &mut Batch, lines: &[Versioned<Line>]) -> Result<()> {
        let mut days: BTreeMap<String, Vec<&Line>> = BTreeMap::new();
        for line in lines {
            let day = self.zone.date_text(line.at)?;
            days.entry(day).or_default().push(&line.value);
        }
        for (day, lines) in days {
            let (account, currency) = (&lines[0].account, lines[0].currency);
            let mut slot = self
                .context()
                .table::<DaySum>()
                .slot(&partition(account, currency), &DaySum::sort(&day), || {
                    DaySum::empty(account, currency, &day)
                })
                .await?;
            if !slot.is_new() {
                self.own_sum(&slot.value)?;
            }
            for line in lines {
                count(&mut slot.value.kinds, line)?;
            }
            slot.value.sign(&self.context().keyring)?;
            batch.save(&slot)?;
        }
        Ok(())
    }

    fn own_sum(&self, sum: &DaySum) -> Result<()> {
        if sum.is_ours(&self.context().keyring)? {
            return Ok(());
        }
        let name = partition(&sum.account, sum.currency);
        Err(super::LEDGER_BROKEN.error().with_context("account", name))
    }

    /// What moved on an account on each of these days, folded or not.
    async fn days_of(
        &self,
        account: &HouseAccount,
        currency: Currency,
        span: (&str, &str),
    ) -> Result<Vec<HouseDay>> {
        for _ in 0..READINGS {
            let before = self.folded(account, currency).await?.lines;
            let mut days = BTreeMap::new();
            for sum in self.sums(account, currency, span).await? {
                self.own_sum(&sum)?;
                days.insert(sum.value.day, sum.value.kinds);
            }
            for day in self.days(account, currency).await? {
                let shards = (0..SHARDS).map(|shard| self.in_shard(account, currency, day, shard));
                for line in try_join_all(shards).await?.into_iter().flatten() {
                    let day = self.zone.date_text(line.at)?;
                    if (span.0..=span.1).contains(&day.as_str()) {
                        count(days.entry(day).or_default(), &line)?;
                    }
                }
            }
            // Lines that were folded meanwhile would be missed or counted twice.
            if self.folded(account, currency).await?.lines == before {
                let named = |(day, kinds)| HouseDay {
                    account: account.clone(),
                    currency,
                    day,
                    kinds,
                };
                return Ok(days.into_iter().map(named).collect());
            }
        }
        Err(STORE_CONFLICT.error())
    }

    async fn sums(
        &self,
        account: &HouseAccount,
        currency: Currency,
        (first, last): (&str, &str),
    ) -> Result<Vec<Versioned<DaySum>>> {
        let range = Range::Between(DaySum::sort(first), DaySum::sort(last));
        let (mut sums, mut after) = (Vec::new(), None);
        loop {
            let (page, next) = self
                .context()
                .table::<DaySum>()
                .complete_page(&partition(account, currency), range.clone(), MAX_PAGE, after)
                .await?;
            sums.extend(page);
            after = next;
            if after.is_none() {
                return Ok(sums);
            }
        }
    }

    /// Signs the sums of an account anew that this key signed, and tells how many they were.
    pub(super) async fn sign_sums(
        &self,
        account: &HouseAccount,
        currency: Currency,
        key: &str,
    ) -> Result<u64> {
        let keyring = &self.context().keyring;
        let mut signed = 0;
        for read in self.sums(account, currency, ("", ":")).await? {
            if !is_by(key, &read.mac) || !read.is_ours(keyring)? {
                continue;
            }
            let mut sum = read.value.clone();
            sum.sign(keyring)?;
            let mut batch = Batch::default();
            batch.replace(&read, &sum)?;
            self.context().commit(batch).await?;
            signed += 1;
        }
        Ok(signed)
    }
}

impl Ledger {
    /// What moved on the accounts of the house from one day to another, both of them in it, where anything did.
    ///
    /// # Errors
    /// `ledger-broken`; `store-conflict` if lines are folded again and again meanwhile; whatever the store answers.
    pub async fn house_days(&self, first: &str, last: &str) -> Result<Vec<HouseDay>> {
        let accounts = self.lines.accounts().await?;
        let read = accounts
            .iter()
            .map(|(account, currency)| self.lines.days_of(account, *currency, (first, last)));
        Ok(try_join_all(read).await?.into_iter().flatten().collect())
    }

    /// Where its days begin.
    pub(crate) fn zone(&self) -> &crate::foundation::calendar::Zone {
        &self.lines.zone
    }
}
