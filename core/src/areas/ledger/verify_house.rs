//! Proves the whole ledger: every account, every transaction of the house, and that lines and totals are their sums.

use std::collections::BTreeMap;

use portcullis_ports::identity::Subject;
use portcullis_ports::money::Currency;
use portcullis_ports::storage::{Collection, MAX_PAGE, Record};
use portcullis_ports::{Result, Timestamp};

use super::accounts::HouseAccount;
use super::day_sums::DaySum;
use super::figures::{EntryPhase, Figures, Movement};
use super::lines::{AccountMark, DayMark, HouseTotal, LEDGER_OPEN, Line, Total};
use super::posting::{Posting, house_movements};
use super::records::{HouseEntry, LEDGER_HOUSE};
use super::verify::{Broken, Ledgers, VerifiedAccount};
use crate::foundation::day::Day;
use crate::foundation::table::{Stored, decode};

/// How often the lines are read again when they are folded meanwhile.
const READINGS: u32 = 3;

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The account of a customer breaks.
    Account {
        /// Whose.
        subject: Subject,
        /// In which currency.
        currency: Currency,
        /// Where, and what is wrong there.
        broken: Broken,
    },
    /// A transaction of the house, or a line or a total, was not written by this deployment, or cannot be read.
    Record {
        /// Its key.
        key: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// What lines and totals say of an account of the house is not what the transactions say.
    House {
        /// Which.
        account: HouseAccount,
        /// In which currency.
        currency: Currency,
        /// By the transactions.
        posted: Movement,
        /// By lines and totals.
        lines: Movement,
    },
    /// All accounts of a currency do not add up to zero.
    Sum {
        /// Which currency.
        currency: Currency,
        /// What all customers owe, in minor units.
        customers: i128,
        /// What the accounts of the house hold.
        house: i128,
    },
}

/// What was proven.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// How many accounts of customers.
    pub accounts: u64,
    /// How many entries they have.
    pub entries: u64,
    /// How many transactions of the house.
    pub house_transactions: u64,
    /// How many findings.
    pub findings: u64,
    /// What the accounts of the house hold, by name.
    pub house: Vec<HouseTotal>,
    /// What all customers owe, in minor units, by currency.
    pub customers: Vec<(Currency, i128)>,
}

type Name = (HouseAccount, Currency);

/// What was added up on the way.
#[derive(Default)]
struct Sums {
    posted: BTreeMap<Name, Movement>,
    customers: BTreeMap<Currency, i128>,
}

/// What one account adds to the sums.
#[derive(Default)]
struct Share {
    posted: BTreeMap<Name, Movement>,
    figures: Figures,
    /// Whether something does not fit into a counter.
    overflowed: bool,
}

fn add_all(sums: &mut BTreeMap<Name, Movement>, postings: &[Posting], currency: Currency) -> Result<()> {
    for (account, moved) in house_movements(postings)? {
        let sum = sums.entry((account, currency)).or_default();
        *sum = sum.plus(moved)?;
    }
    Ok(())
}

impl Ledgers {
    /// Proves everything and tells what is wrong. What was written from `until` on is left out of the sums: commits that
    /// are under way would look like mistakes. Without it everything counts, for a ledger that nobody writes to.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn verify_all(
        &self,
        until: Option<Timestamp>,
        told: &mut (dyn FnMut(&Finding) + Send),
    ) -> Result<Summary> {
        let until = until.unwrap_or(Timestamp::from_millis(i64::MAX));
        let mut summary = Summary::default();
        let mut findings = 0;
        let mut tell = |finding: Finding| {
            findings += 1;
            told(&finding);
        };
        let mut sums = Sums::default();
        let mut accounts = self.accounts();
        while let Some(page) = accounts.next_page().await? {
            for (subject, currency) in page {
                summary.accounts += 1;
                let mut share = Share::default();
                let outcome = self
                    .follow(&subject, currency, |entry| match entry {
                        None => share = Share::default(),
                        Some(entry) if entry.at >= until => {}
                        Some(entry) => {
                            share.figures = entry.after;
                            if entry.phase == EntryPhase::Posted {
                                let added = add_all(&mut share.posted, &entry.postings, currency);
                                share.overflowed |= added.is_err();
                            }
                        }
                    })
                    .await?;
                match outcome {
                    Ok(VerifiedAccount { entries, .. }) => summary.entries += entries,
                    Err(broken) => tell(Finding::Account {
                        subject,
                        currency,
                        broken,
                    }),
                }
                sums.add(share, currency)?;
            }
        }
        summary.house_transactions = self.house_transactions(until, &mut sums, &mut tell).await?;
        let lines = self.lines(until, &mut tell).await?;
        compare(&sums, &lines, &mut tell);
        summary.findings = findings;
        summary.customers = sums.customers.into_iter().collect();
        let total = |((account, currency), moved): (Name, Movement)| HouseTotal {
            account,
            currency,
            moved,
        };
        summary.house = lines.into_iter().map(total).collect();
        Ok(summary)
    }

    async fn house_transactions(
        &self,
        until: Timestamp,
        sums: &mut Sums,
        tell: &mut (dyn FnMut(Finding) + Send),
    ) -> Result<u64> {
        let keyring = &self.ledger.context.keyring;
        let mut count = 0;
        let mut after = None;
        loop {
            let (page, next) = self.scanned(&LEDGER_HOUSE, after).await?;
            for record in page {
                let key = record.key.to_string();
                let why = match own::<HouseEntry>(record) {
                    Ok(entry) if entry.is_ours(keyring)? => {
                        count += 1;
                        if entry.at < until {
                            add_all(&mut sums.posted, &entry.postings, entry.currency)?;
                        }
                        continue;
                    }
                    Ok(_) => "it was not written by this deployment",
                    Err(why) => why,
                };
                tell(Finding::Record { key, why });
            }
            after = next;
            if after.is_none() {
                return Ok(count);
            }
        }
    }

    /// What lines and totals say.
    async fn lines(
        &self,
        until: Timestamp,
        tell: &mut (dyn FnMut(Finding) + Send),
    ) -> Result<BTreeMap<Name, Movement>> {
        let mut reading = 1;
        loop {
            let before = self.fold_marks().await?;
            let mut found = Vec::new();
            let sums = self.lines_once(until, &mut |finding| found.push(finding)).await?;
            // Lines that were folded meanwhile would be missed or counted twice.
            if reading == READINGS || self.fold_marks().await? == before {
                found.into_iter().for_each(tell);
                return Ok(sums);
            }
            reading += 1;
        }
    }

    /// How far every account is folded.
    async fn fold_marks(&self) -> Result<Vec<(Name, Option<Total>)>> {
        let mut marks = Vec::new();
        for (account, currency) in self.ledger.lines.accounts().await? {
            let total = self.ledger.lines.stored_total(&account, currency).await?;
            marks.push(((account, currency), total));
        }
        Ok(marks)
    }

    async fn lines_once(
        &self,
        until: Timestamp,
        tell: &mut (dyn FnMut(Finding) + Send),
    ) -> Result<BTreeMap<Name, Movement>> {
        let keyring = &self.ledger.context.keyring;
        let mut sums: BTreeMap<Name, Movement> = BTreeMap::new();
        let mut days: BTreeMap<(Name, Timestamp), String> = BTreeMap::new();
        let mut after = None;
        loop {
            let (page, next) = self.scanned(&LEDGER_OPEN, after).await?;
            for record in page {
                if record.key.partition == AccountMark::PARTITION
                    || record.key.sort.starts_with(DayMark::PREFIX)
                {
                    continue;
                }
                let key = record.key.to_string();
                let line = if record.key.sort == Total::SORT {
                    own::<Total>(record).and_then(|total| match total.is_ours(keyring) {
                        Ok(true) => Ok(Some(((total.account, total.currency), total.moved))),
                        _ => Err("it was not written by this deployment"),
                    })
                } else if record.key.sort.starts_with(DaySum::PREFIX) {
                    // The total counts the same lines.
                    own::<DaySum>(record).and_then(|sum| match sum.is_ours(keyring) {
                        Ok(true) => Ok(None),
                        _ => Err("it was not written by this deployment"),
                    })
                } else {
                    own::<Line>(record).map(|line| {
                        let name = (line.account, line.currency);
                        let day = Day::of(line.at).begin();
                        days.entry((name.clone(), day)).or_insert_with(|| key.clone());
                        (line.at < until).then_some((name, line.moved))
                    })
                };
                match line {
                    Ok(None) => {}
                    Ok(Some((name, moved))) => {
                        let sum = sums.entry(name).or_default();
                        *sum = sum.plus(moved)?;
                    }
                    Err(why) => tell(Finding::Record { key, why }),
                }
            }
            after = next;
            if after.is_none() {
                break;
            }
        }
        for (((account, currency), day), key) in days {
            if !self.ledger.lines.leads_to(&account, currency, day).await? {
                let why = "no total counts it: the note of its day or its account is missing";
                tell(Finding::Record { key, why });
            }
        }
        Ok(sums)
    }

    async fn scanned(
        &self,
        collection: &Collection,
        after: Option<String>,
    ) -> Result<(Vec<Record>, Option<String>)> {
        let page = self.scan.scan(collection, after.as_deref(), MAX_PAGE).await?;
        Ok((page.records, page.next))
    }

    /// A page of the transactions of the house, behind the place where one before ended, and where this one does.
    ///
    /// # Errors
    /// `record-unreadable`: an export misses nothing; whatever the store answers.
    pub async fn house_entries(&self, after: Option<String>) -> Result<(Vec<HouseEntry>, Option<String>)> {
        let (page, next) = self.scanned(&LEDGER_HOUSE, after).await?;
        let entries = page
            .into_iter()
            .map(|record| Ok(decode::<HouseEntry>(record)?.value));
        Ok((entries.collect::<Result<_>>()?, next))
    }
}

impl Sums {
    fn add(&mut self, share: Share, currency: Currency) -> Result<()> {
        for (name, moved) in share.posted {
            let sum = self.posted.entry(name).or_default();
            *sum = sum.plus(moved)?;
        }
        if share.overflowed {
            return Err(portcullis_ports::money::AMOUNT_OVERFLOW.error());
        }
        *self.customers.entry(currency).or_default() += i128::from(share.figures.owed());
        Ok(())
    }
}

/// A record that can be read and lies where it belongs.
fn own<T: Stored>(record: Record) -> std::result::Result<T, &'static str> {
    let key = record.key.clone();
    let value = decode::<T>(record).map_err(|_| "it cannot be read")?.value;
    if value.key() == (key.partition, key.sort) {
        Ok(value)
    } else {
        Err("it does not belong there")
    }
}

fn compare(sums: &Sums, lines: &BTreeMap<Name, Movement>, tell: &mut (dyn FnMut(Finding) + Send)) {
    let names = sums.posted.keys().chain(lines.keys());
    let names: std::collections::BTreeSet<&Name> = names.collect();
    let mut house: BTreeMap<Currency, i128> = BTreeMap::new();
    for name in names {
        let of = |sums: &BTreeMap<Name, Movement>| sums.get(name).copied().unwrap_or_default();
        let (posted, lines) = (of(&sums.posted), of(lines));
        *house.entry(name.1).or_default() += i128::from(lines.debits) - i128::from(lines.credits);
        if posted != lines {
            tell(Finding::House {
                account: name.0.clone(),
                currency: name.1,
                posted,
                lines,
            });
        }
    }
    let currencies = sums.customers.keys().chain(house.keys());
    let currencies: std::collections::BTreeSet<Currency> = currencies.copied().collect();
    for currency in currencies {
        let of = |sums: &BTreeMap<Currency, i128>| sums.get(&currency).copied().unwrap_or_default();
        let (customers, house) = (of(&sums.customers), of(&house));
        if customers + house != 0 {
            tell(Finding::Sum {
                currency,
                customers,
                house,
            });
        }
    }
}
