//! How the accounts of customers and the transactions of the house are stored.

use portcullis_ports::id::{PaymentId, TransactionId};
use portcullis_ports::identity::Subject;
use portcullis_ports::money::Currency;
use portcullis_ports::storage::Collection;
use portcullis_ports::{Result, Timestamp};
use serde::{Deserialize, Serialize};

use super::cause::{Cause, Reason};
use super::figures::{EntryPhase, Figures, Movement};
use super::kind::EntryKind;
use super::posting::Posting;
use crate::foundation::day::Day;
use crate::foundation::keyring::Keyring;
use crate::foundation::table::Stored;

/// Accounts of customers: entries, and one balance for each currency.
pub(crate) const LEDGER: Collection = Collection {
    name: "ledger",
    table: "ledger",
    variable: "LEDGER_TABLE_NAME",
};
/// Transactions that touch no customer.
pub(crate) const LEDGER_HOUSE: Collection = Collection {
    name: "ledger_house",
    table: "ledger_house",
    variable: "LEDGER_HOUSE_TABLE_NAME",
};

/// What balances are signed for.
const BALANCE: &str = "ledger-balance";
/// What transactions of the house are signed for.
const HOUSE: &str = "ledger-house";
/// Over how many partitions the records of one day are spread.
pub(super) const SHARDS: u32 = 16;

/// The partition of an account. The code at its end has three letters, so that no subject can name another's.
pub(super) fn partition(subject: &Subject, currency: Currency) -> String {
    format!("{subject}#{currency}")
}

/// The account that an entry or a balance with that key is of; `None` for other keys.
pub(super) fn account_of(partition: &str, sort: &str) -> Option<(Subject, Currency)> {
    let (subject, currency) = partition.rsplit_once('#')?;
    let currency = if currency.is_empty() { sort } else { currency };
    Some((Subject::parse(subject).ok()?, Currency::parse(currency).ok()?))
}

/// The shard of a transaction.
pub(super) fn shard(transaction: &TransactionId) -> u32 {
    transaction.as_str().bytes().map(u32::from).sum::<u32>() % SHARDS
}

/// The pending entry that an entry ends, and what was held by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolved {
    /// Its number.
    pub number: u64,
    /// What it held.
    pub released: Movement,
}

/// One transaction on the account of a customer. Never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Whose account.
    pub subject: Subject,
    /// In which currency.
    pub currency: Currency,
    /// Its place on the account, from 1.
    pub number: u64,
    /// The transaction, of which no other account has an entry.
    pub transaction: TransactionId,
    /// When. Never before the entry before it.
    pub at: Timestamp,
    /// What happened.
    pub kind: EntryKind,
    /// How far it is.
    pub phase: EntryPhase,
    /// What it moves.
    pub postings: Vec<Posting>,
    /// The pending entry that it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolves: Option<Resolved>,
    /// What it follows from.
    pub cause: Cause,
    /// Why, if an operator decided it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The counters of the balance after it.
    pub after: Figures,
    /// The SHA-256 of the stored bytes of the entry before, in hexadecimal; empty for the first.
    pub previous: String,
}

impl Entry {
    pub(super) const FIRST: &'static str = "000000000001";
    pub(super) const LAST: &'static str = "999999999999";

    /// Twelve digits: a customer with ten entries per second reaches the last in 3,000 years.
    pub(super) fn sort(number: u64) -> String {
        format!("{number:012}")
    }
}

impl Stored for Entry {
    const COLLECTION: Collection = LEDGER;

    fn key(&self) -> (String, String) {
        (partition(&self.subject, self.currency), Self::sort(self.number))
    }
}

/// A pending entry that was neither settled nor voided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OpenEntry {
    pub(super) number: u64,
    pub(super) held: Movement,
}

/// Where the account of a customer stands. Signed: who can only write to the store can neither rewrite entries, nor cut
/// them off, nor change the figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Balance {
    pub(super) subject: Subject,
    pub(super) currency: Currency,
    pub(super) figures: Figures,
    pub(super) entries: u64,
    /// The hash of the last entry.
    pub(super) hash: String,
    /// When that was written.
    pub(super) last_at: Timestamp,
    /// What is pending, in the order of its numbers. Their sums are the pending counters.
    pub(super) open: Vec<OpenEntry>,
    /// The one payment that collects this debt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) collecting: Option<PaymentId>,
    /// A code over all that, made with a key that is not in the store.
    pub(super) mac: String,
}

impl Balance {
    /// Where all balances of a customer lie, by their currencies. Ends in no code, so that it is no account.
    pub(super) fn partition(subject: &Subject) -> String {
        format!("{subject}#")
    }

    /// The balance of an account without entries.
    pub(super) fn empty(subject: &Subject, currency: Currency) -> Self {
        Self {
            subject: subject.clone(),
            currency,
            figures: Figures::default(),
            entries: 0,
            hash: String::new(),
            last_at: Timestamp::from_millis(0),
            open: Vec::new(),
            collecting: None,
            mac: String::new(),
        }
    }

    pub(super) fn sign(&mut self, keyring: &Keyring) -> Result<()> {
        self.mac = self.with_signed_parts(|parts| keyring.sign(BALANCE, parts))?;
        Ok(())
    }

    /// Whether this deployment wrote it.
    pub(super) fn is_ours(&self, keyring: &Keyring) -> Result<bool> {
        self.with_signed_parts(|parts| keyring.verify_history(BALANCE, parts, &self.mac))
    }

    /// What the code is over.
    fn with_signed_parts<T>(&self, of: impl FnOnce(&[&str]) -> T) -> T {
        let Figures {
            debits_posted,
            debits_pending,
            credits_posted,
            credits_pending,
        } = self.figures;
        let numbers = [
            debits_posted,
            debits_pending,
            credits_posted,
            credits_pending,
            self.entries,
        ];
        let numbers = numbers.map(|number| number.to_string());
        let [
            debits_posted,
            debits_pending,
            credits_posted,
            credits_pending,
            entries,
        ] = numbers.each_ref().map(String::as_str);
        let last_at = self.last_at.millis().to_string();
        let open = |entry: &OpenEntry| {
            let Movement { debits, credits } = entry.held;
            format!("{}:{debits}:{credits}", entry.number)
        };
        let open: Vec<String> = self.open.iter().map(open).collect();
        let parts = [
            self.subject.as_str(),
            self.currency.as_str(),
            debits_posted,
            debits_pending,
            credits_posted,
            credits_pending,
            entries,
            &self.hash,
            &last_at,
            &open.join(","),
            self.collecting.as_ref().map_or("", PaymentId::as_str),
        ];
        of(&parts)
    }
}

impl Stored for Balance {
    const COLLECTION: Collection = LEDGER;

    fn key(&self) -> (String, String) {
        (Self::partition(&self.subject), self.currency.to_string())
    }
}

/// A transaction between accounts of the house.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HouseEntry {
    /// The transaction.
    pub transaction: TransactionId,
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub kind: EntryKind,
    /// In which currency.
    pub currency: Currency,
    /// What it moves.
    pub postings: Vec<Posting>,
    /// What it follows from.
    pub cause: Cause,
    /// A code over all that, made with a key that is not in the store.
    pub(super) mac: String,
}

impl HouseEntry {
    pub(super) fn sign(&mut self, keyring: &Keyring) -> Result<()> {
        self.mac = self.with_signed_parts(|parts| keyring.sign(HOUSE, parts))?;
        Ok(())
    }

    /// Whether this deployment wrote it.
    pub(super) fn is_ours(&self, keyring: &Keyring) -> Result<bool> {
        self.with_signed_parts(|parts| keyring.verify_history(HOUSE, parts, &self.mac))
    }

    /// What the code is over.
    fn with_signed_parts<T>(&self, of: impl FnOnce(&[&str]) -> T) -> T {
        let at = self.at.millis().to_string();
        let posting = |posting: &Posting| {
            let (debit, credit) = (posting.debit(), posting.credit());
            format!("{debit}:{credit}:{}", posting.minor())
        };
        let postings: Vec<String> = self.postings.iter().map(posting).collect();
        let parts = [
            self.transaction.as_str(),
            &at,
            self.kind.as_str(),
            self.currency.as_str(),
            &postings.join(","),
            self.cause.kind(),
            self.cause.id(),
        ];
        of(&parts)
    }
}

impl Stored for HouseEntry {
    const COLLECTION: Collection = LEDGER_HOUSE;

    fn key(&self) -> (String, String) {
        let (day, shard) = (Day::of(self.at), shard(&self.transaction));
        (format!("{day}#{shard}"), self.transaction.to_string())
    }
}
