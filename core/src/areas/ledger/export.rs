//! The ledger as data for other programs. Names and order of the columns never change; new ones are added behind.

use portcullis_ports::money::{Currency, Money};
use serde::Serialize;

use super::posting::Posting;
use super::records::{Entry, HouseEntry};

/// One entry, for JSON lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExportLine {
    /// The transaction.
    pub transaction: String,
    /// When, in Unix milliseconds.
    pub at: i64,
    /// The customer; null for transactions of the house.
    pub customer: Option<String>,
    /// The place on the account of the customer.
    pub number: Option<u64>,
    /// What happened.
    pub kind: &'static str,
    /// How far it is.
    pub phase: &'static str,
    /// The currency.
    pub currency: Currency,
    /// What it moves.
    pub postings: Vec<Posting>,
    /// The pending entry of the account that it ends.
    pub resolves: Option<u64>,
    /// The kind of what it follows from.
    pub cause: &'static str,
    /// The id of that.
    pub cause_id: String,
    /// Why, if an operator decided it.
    pub reason: Option<String>,
}

impl From<&Entry> for ExportLine {
    fn from(entry: &Entry) -> Self {
        Self {
            transaction: entry.transaction.to_string(),
            at: entry.at.millis(),
            customer: Some(entry.subject.to_string()),
            number: Some(entry.number),
            kind: entry.kind.as_str(),
            phase: entry.phase.as_str(),
            currency: entry.currency,
            postings: entry.postings.clone(),
            resolves: entry.resolves.as_ref().map(|resolved| resolved.number),
            cause: entry.cause.kind(),
            cause_id: entry.cause.id().to_owned(),
            reason: entry.reason.as_ref().map(ToString::to_string),
        }
    }
}

impl From<&HouseEntry> for ExportLine {
    fn from(entry: &HouseEntry) -> Self {
        Self {
            transaction: entry.transaction.to_string(),
            at: entry.at.millis(),
            customer: None,
            number: None,
            kind: entry.kind.as_str(),
            phase: super::EntryPhase::Posted.as_str(),
            currency: entry.currency,
            postings: entry.postings.clone(),
            resolves: None,
            cause: entry.cause.kind(),
            cause_id: entry.cause.id().to_owned(),
            reason: None,
        }
    }
}

/// One side of one posting, for tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExportRow {
    /// The transaction.
    pub transaction: String,
    /// When, in Unix milliseconds.
    pub at: i64,
    /// The customer; empty for transactions of the house.
    pub customer: Option<String>,
    /// The place on the account of the customer.
    pub number: Option<u64>,
    /// What happened.
    pub kind: &'static str,
    /// How far it is.
    pub phase: &'static str,
    /// The account; empty for an entry that moves nothing.
    pub account: String,
    /// `debit` or `credit`.
    pub side: &'static str,
    /// How much, as decimal text.
    pub amount: String,
    /// The currency.
    pub currency: Currency,
    /// The pending entry of the account that it ends.
    pub resolves: Option<u64>,
    /// The kind of what it follows from.
    pub cause: &'static str,
    /// The id of that.
    pub cause_id: String,
    /// Why, if an operator decided it. A quote stands before what a spreadsheet would take for a formula.
    pub reason: Option<String>,
}

impl ExportLine {
    /// It as rows of a table: two for every posting, one if there is none.
    pub fn rows(&self) -> Vec<ExportRow> {
        let row = |account: String, side: &'static str, amount: String| ExportRow {
            transaction: self.transaction.clone(),
            at: self.at,
            customer: self.customer.as_deref().map(inert),
            number: self.number,
            kind: self.kind,
            phase: self.phase,
            account,
            side,
            amount,
            currency: self.currency,
            resolves: self.resolves,
            cause: self.cause,
            cause_id: inert(&self.cause_id),
            reason: self.reason.as_deref().map(inert),
        };
        if self.postings.is_empty() {
            return vec![row(String::new(), "", String::new())];
        }
        let sides = |posting: &Posting| {
            let amount = decimal(posting.minor(), self.currency);
            [
                row(posting.debit().to_string(), "debit", amount.clone()),
                row(posting.credit().to_string(), "credit", amount),
            ]
        };
        self.postings.iter().flat_map(sides).collect()
    }
}

/// Decimal text of an amount.
fn decimal(minor: u64, currency: Currency) -> String {
    // No amount is larger than an `i64`.
    let minor = i64::try_from(minor).unwrap_or(i64::MAX);
    Money::new(minor, currency).decimal()
}

/// Text that no spreadsheet takes for a formula (OWASP, CSV injection).
fn inert(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}
