//! Postings: what one side loses the other gains.

use std::num::NonZeroU64;

use portcullis_ports::Result;
use portcullis_ports::money::Amount;
use serde::{Deserialize, Serialize};

use super::accounts::{Account, HouseAccount};
use super::figures::{Movement, add};

/// An amount that is taken from one account and put on another. What one side loses the other gains, so that any number
/// of them adds up to zero.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Posting {
    debit: Account,
    credit: Account,
    minor: NonZeroU64,
}

impl Posting {
    /// Debits one account and credits another.
    pub(super) fn new(debit: Account, credit: Account, amount: Amount) -> Self {
        // An amount is at least one minor unit.
        let beyond_one = amount.get().minor.unsigned_abs().saturating_sub(1);
        Self {
            debit,
            credit,
            minor: NonZeroU64::MIN.saturating_add(beyond_one),
        }
    }

    /// The account that is debited.
    pub fn debit(&self) -> &Account {
        &self.debit
    }

    /// The account that is credited.
    pub fn credit(&self) -> &Account {
        &self.credit
    }

    /// How much, in minor units of the transaction's currency.
    pub fn minor(&self) -> u64 {
        self.minor.get()
    }
}

/// What postings move on the account of the customer.
///
/// # Errors
/// `amount-overflow`.
pub(super) fn customer_movement(postings: &[Posting]) -> Result<Movement> {
    movement_of(postings, &Account::Customer)
}

/// What postings move on an account.
///
/// # Errors
/// `amount-overflow`.
pub(super) fn movement_of(postings: &[Posting], account: &Account) -> Result<Movement> {
    let mut moved = Movement::default();
    for posting in postings {
        if posting.debit == *account {
            moved.debits = add(moved.debits, posting.minor())?;
        }
        if posting.credit == *account {
            moved.credits = add(moved.credits, posting.minor())?;
        }
    }
    Ok(moved)
}

/// The accounts of the house that postings move, and how, each once.
///
/// # Errors
/// `amount-overflow`.
pub(super) fn house_movements(postings: &[Posting]) -> Result<Vec<(HouseAccount, Movement)>> {
    let mut moved: Vec<(HouseAccount, Movement)> = Vec::new();
    for account in postings
        .iter()
        .flat_map(|posting| [&posting.debit, &posting.credit])
    {
        if let Account::House(house) = account
            && moved.iter().all(|(known, _)| known != house)
        {
            moved.push((house.clone(), movement_of(postings, account)?));
        }
    }
    Ok(moved)
}
