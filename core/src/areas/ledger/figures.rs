//! The four counters of a balance, and what transactions do to them.

use portcullis_ports::money::AMOUNT_OVERFLOW;
use portcullis_ports::{Error, Result};
use serde::{Deserialize, Serialize};

/// The largest counter, so that the difference of two fits into an amount.
const MOST: u64 = i64::MAX.unsigned_abs();

/// What was charged to a customer and what was credited, in minor units. Posted counters only grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Figures {
    /// What the customer was charged.
    pub debits_posted: u64,
    /// What may still be charged.
    pub debits_pending: u64,
    /// What the customer paid or was given.
    pub credits_posted: u64,
    /// What payments under way may still bring.
    pub credits_pending: u64,
}

/// How far a transaction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "lowercase")
)]
pub enum EntryPhase {
    /// It counts.
    Posted,
    /// It is held until another entry settles or voids it.
    Pending,
    /// It ends a pending one without effect.
    Voided,
}

impl EntryPhase {
    /// The word in records and exports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Posted => "posted",
            Self::Pending => "pending",
            Self::Voided => "voided",
        }
    }
}

/// What a transaction moves on the account of the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Movement {
    /// In debit.
    pub debits: u64,
    /// In credit.
    pub credits: u64,
}

impl Movement {
    /// The sum of two movements.
    pub(super) fn plus(self, other: Self) -> Result<Self> {
        Ok(Self {
            debits: add(self.debits, other.debits)?,
            credits: add(self.credits, other.credits)?,
        })
    }

    /// What a customer owes more through it; negative if less.
    pub fn net(self) -> i64 {
        difference(self.debits, self.credits)
    }
}

impl Figures {
    /// The counters after a transaction, which may end a pending one.
    ///
    /// # Errors
    /// `amount-overflow`; internal if more is released than is pending.
    pub(super) fn after(self, phase: EntryPhase, moved: Movement, released: Movement) -> Result<Self> {
        let mut after = Self {
            debits_pending: take(self.debits_pending, released.debits)?,
            credits_pending: take(self.credits_pending, released.credits)?,
            ..self
        };
        match phase {
            EntryPhase::Posted => {
                after.debits_posted = add(after.debits_posted, moved.debits)?;
                after.credits_posted = add(after.credits_posted, moved.credits)?;
            }
            EntryPhase::Pending => {
                after.debits_pending = add(after.debits_pending, moved.debits)?;
                after.credits_pending = add(after.credits_pending, moved.credits)?;
            }
            EntryPhase::Voided => {}
        }
        Ok(after)
    }

    /// What may be asked of the customer now, in minor units: what is owed, less what payments under way may bring. Never
    /// below zero.
    pub fn payable(self) -> i64 {
        let credits = i128::from(self.credits_posted) + i128::from(self.credits_pending);
        let payable = (i128::from(self.debits_posted) - credits).max(0);
        i64::try_from(payable).unwrap_or(i64::MAX)
    }

    /// What is owed, in minor units; negative if the customer has something to their credit.
    pub fn owed(self) -> i64 {
        difference(self.debits_posted, self.credits_posted)
    }
}

/// The sum of two counters.
///
/// # Errors
/// `amount-overflow`.
pub(super) fn add(counter: u64, more: u64) -> Result<u64> {
    let sum = counter.checked_add(more).filter(|sum| *sum <= MOST);
    sum.ok_or_else(|| AMOUNT_OVERFLOW.error())
}

fn take(counter: u64, less: u64) -> Result<u64> {
    counter
        .checked_sub(less)
        .ok_or_else(|| Error::internal("a ledger entry releases more than is pending"))
}

/// The difference of two counters, neither of which is larger than an amount.
pub(super) fn difference(debits: u64, credits: u64) -> i64 {
    let difference = i128::from(debits) - i128::from(credits);
    let bounded = difference.clamp(i64::MIN.into(), i64::MAX.into());
    i64::try_from(bounded).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOTHING: Movement = Movement {
        debits: 0,
        credits: 0,
    };

    fn credit(credits: u64) -> Movement {
        Movement { debits: 0, credits }
    }

    fn debit(debits: u64) -> Movement {
        Movement { debits, credits: 0 }
    }

    #[test]
    fn a_hold_lowers_what_is_payable_until_it_is_settled_or_voided() {
        let owed = Figures::default()
            .after(EntryPhase::Posted, debit(100), NOTHING)
            .unwrap();
        let held = owed.after(EntryPhase::Pending, credit(70), NOTHING).unwrap();
        assert_eq!((owed.payable(), held.payable(), held.owed()), (100, 30, 100));
        let paid = held.after(EntryPhase::Posted, credit(60), credit(70)).unwrap();
        assert_eq!((paid.payable(), paid.credits_pending), (40, 0));
        let voided = held.after(EntryPhase::Voided, NOTHING, credit(70)).unwrap();
        assert_eq!(voided, owed);
    }

    #[test]
    fn what_is_payable_is_never_negative_and_what_is_to_the_credit_is_told() {
        let paid = Figures::default()
            .after(EntryPhase::Posted, credit(5), NOTHING)
            .unwrap();
        assert_eq!((paid.payable(), paid.owed()), (0, -5));
    }

    #[test]
    fn no_counter_wraps_and_nothing_is_released_that_is_not_held() {
        let full = Figures::default()
            .after(EntryPhase::Posted, debit(MOST), NOTHING)
            .unwrap();
        let over = full.after(EntryPhase::Posted, debit(1), NOTHING).unwrap_err();
        assert_eq!(over.code(), AMOUNT_OVERFLOW);
        assert!(
            Figures::default()
                .after(EntryPhase::Voided, NOTHING, credit(1))
                .is_err()
        );
        let wide = full.after(EntryPhase::Pending, credit(MOST), NOTHING).unwrap();
        assert_eq!(wide.payable(), 0);
    }

    proptest! {
        #[test]
        fn the_figures_are_exact(debits in 0..=MOST, credits in 0..=MOST, pending in 0..=MOST) {
            let figures = Figures {
                debits_posted: debits,
                debits_pending: 0,
                credits_posted: credits,
                credits_pending: pending,
            };
            let exact = i128::from(debits) - i128::from(credits);
            prop_assert_eq!(i128::from(figures.owed()), exact);
            prop_assert_eq!(i128::from(figures.payable()), (exact - i128::from(pending)).max(0));
        }
    }
}
