//! What customers and operators are shown of the ledger.

use portcullis_ports::id::{PaymentId, TransactionId};
use portcullis_ports::money::Currency;
use serde::Serialize;

use super::LEDGER_BROKEN;
use super::cause::{Cause, CauseId};
use super::figures::{EntryPhase, Figures};
use super::kind::EntryKind;
use super::posting::customer_movement;
use super::records::{Balance, Entry};
use crate::foundation::cursor::SignedCursor;
use crate::foundation::use_case::{Documented, Problems, UseCase};

/// What a customer owes in one currency. All amounts are in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct BalanceView {
    /// The currency.
    pub currency: Currency,
    /// How many decimal places its amounts have (ISO 4217).
    pub digits: u32,
    /// What may be asked of the customer now: what is owed less what payments under way may bring. Never below zero.
    pub payable: i64,
    /// What is owed; negative if the customer has something to their credit.
    pub owed: i64,
    /// What was charged.
    pub debits_posted: u64,
    /// What may still be charged.
    pub debits_pending: u64,
    /// What was paid or given.
    pub credits_posted: u64,
    /// What payments under way may still bring.
    pub credits_pending: u64,
    /// How many entries there are.
    pub entries: u64,
    /// The payment that collects this balance; null if none does.
    pub collecting: Option<PaymentId>,
}

impl BalanceView {
    pub(super) fn of(balance: Balance) -> Self {
        let Figures {
            debits_posted,
            debits_pending,
            credits_posted,
            credits_pending,
        } = balance.figures;
        Self {
            currency: balance.currency,
            digits: balance.currency.digits(),
            payable: balance.figures.payable(),
            owed: balance.figures.owed(),
            debits_posted,
            debits_pending,
            credits_posted,
            credits_pending,
            entries: balance.entries,
            collecting: balance.collecting,
        }
    }
}

/// An amount that one account gave to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct PostingView {
    /// The account that was debited.
    pub debit: String,
    /// The account that was credited.
    pub credit: String,
    /// How much, in minor units.
    pub minor: u64,
}

/// One entry of a customer's account. All amounts are in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct EntryView {
    /// Its place on the account, from 1.
    pub number: u64,
    /// The transaction.
    pub transaction_id: TransactionId,
    /// When, in Unix seconds.
    pub at: i64,
    /// What happened.
    pub kind: EntryKind,
    /// How far it is.
    pub phase: EntryPhase,
    /// Whether it is pending and neither settled nor voided yet.
    pub open: bool,
    /// The currency.
    pub currency: Currency,
    /// How many decimal places its amounts have (ISO 4217).
    pub digits: u32,
    /// How much more is owed through it, or may be while it is pending; negative if less.
    pub amount: i64,
    /// What is owed after it; negative if something is to the customer's credit.
    pub owed_after: i64,
    /// The pending entry that it ends; null if it ends none.
    pub resolves: Option<u64>,
    /// What it follows from: `payment`, `refund`, `dispute`, `order`, `vendor` or `operator`.
    pub cause: String,
    /// The id of that; for customers null where an operator decided.
    pub cause_id: Option<CauseId>,
    /// Why, if an operator decided it.
    pub reason: Option<String>,
    /// What it moves, for operators; empty for customers.
    pub postings: Vec<PostingView>,
}

impl EntryView {
    pub(super) fn of(entry: &Entry, open: bool) -> Self {
        let posting = |posting: &super::Posting| PostingView {
            debit: posting.debit().to_string(),
            credit: posting.credit().to_string(),
            minor: posting.minor(),
        };
        // The counters after it hold this sum, so it fits.
        let moved = customer_movement(&entry.postings).unwrap_or_default();
        Self {
            number: entry.number,
            transaction_id: entry.transaction.clone(),
            at: entry.at.seconds(),
            kind: entry.kind,
            phase: entry.phase,
            open,
            currency: entry.currency,
            digits: entry.currency.digits(),
            amount: moved.net(),
            owed_after: entry.after.owed(),
            resolves: entry.resolves.as_ref().map(|resolved| resolved.number),
            cause: entry.cause.kind().to_owned(),
            cause_id: CauseId::parse(entry.cause.id()).ok(),
            reason: entry.reason.as_ref().map(ToString::to_string),
            postings: entry.postings.iter().map(posting).collect(),
        }
    }
}

/// A page of the entries of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct EntryPage {
    /// Newest first.
    pub entries: Vec<EntryView>,
    /// Send it back as `cursor` for the next page, which a filter may leave empty; null on the last one.
    pub next_cursor: Option<SignedCursor>,
}

impl EntryPage {
    /// Nothing.
    pub(super) const EMPTY: Self = Self {
        entries: Vec::new(),
        next_cursor: None,
    };

    /// The page without what is of the house: which accounts were moved, and who decided.
    #[must_use]
    pub fn for_customer(mut self) -> Self {
        for entry in &mut self.entries {
            entry.postings.clear();
            if entry.cause == Cause::OPERATOR {
                entry.cause_id = None;
            }
        }
        self
    }
}

impl Documented for EntryPage {
    const EXAMPLE: &str = r#"{
  "entries": [
    {
      "number": 4,
      "transaction_id": "txn_01h2xcejqtf2nbrexx3vqjhp41",
      "at": 1790000000,
      "kind": "capture",
      "phase": "posted",
      "open": false,
      "currency": "USD",
      "digits": 2,
      "amount": -1999,
      "owed_after": 0,
      "resolves": 3,
      "cause": "payment",
      "cause_id": "pay_01h2xcejqtf2nbrexx3vqjhp41",
      "reason": null,
      "postings": []
    }
  ],
  "next_cursor": null
}"#;
}

/// What a customer owes, in every currency in which anything was posted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct BalanceList {
    /// By the codes of their currencies; empty if nothing was ever posted.
    pub balances: Vec<BalanceView>,
}

impl Documented for BalanceList {
    const EXAMPLE: &str = r#"{
  "balances": [
    {
      "currency": "USD",
      "digits": 2,
      "payable": 1999,
      "owed": 1999,
      "debits_posted": 3998,
      "debits_pending": 0,
      "credits_posted": 1999,
      "credits_pending": 0,
      "entries": 4,
      "collecting": null
    }
  ]
}"#;
}

/// Reading what is owed.
#[derive(Debug, Clone, Copy)]
pub struct ReadBalances;

impl UseCase for ReadBalances {
    const PROBLEMS: Problems = &[&[LEDGER_BROKEN]];
}
