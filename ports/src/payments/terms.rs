//! What a vendor takes, in figures: so that the core refuses before it writes anything down.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::method::MethodKind;
use crate::money::{Currency, Money};

/// Which amounts of a currency a vendor takes, in ISO minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AmountRule {
    /// The least. More than 0.
    pub min: i64,
    /// The most.
    pub max: i64,
    /// Amounts are multiples of it: 1 in most currencies, 100 where a vendor takes no decimals of a currency that has two.
    pub step: i64,
}

/// Why a vendor does not take an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmountProblem {
    /// The vendor does not take the currency.
    Currency,
    /// It is less than this.
    BelowMinimum(Money),
    /// It is more than this.
    AboveMaximum(Money),
    /// It is no multiple of this.
    NoMultiple(Money),
}

impl fmt::Display for AmountProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Currency => f.write_str("another currency is expected"),
            Self::BelowMinimum(least) => write!(f, "at least {least} is expected"),
            Self::AboveMaximum(most) => write!(f, "at most {most} is expected"),
            Self::NoMultiple(step) => write!(f, "a multiple of {step} is expected"),
        }
    }
}

/// How long a vendor recognises a key and answers the same call again without acting again; `None` for never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Replay {
    /// Of [`super::PaymentProvider::charge`].
    pub charge: Option<Duration>,
    /// Of [`super::Approval::complete`].
    pub complete: Option<Duration>,
    /// Of [`super::Holds::capture`] and [`super::Holds::void`].
    pub capture: Option<Duration>,
    /// Of [`super::PaymentProvider::refund`].
    pub refund: Option<Duration>,
    /// Of [`super::Vault::begin`] and [`super::Customers::create`].
    pub setup: Option<Duration>,
    /// Of [`super::VendorSubscriptions::offer`] and [`super::VendorSubscriptions::start`].
    pub subscribe: Option<Duration>,
}

/// What can be given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundRule {
    /// Each payment by itself.
    PerPayment {
        /// Whether less than the whole can be given back.
        partial: bool,
        /// Whether that can be done more than once.
        many: bool,
    },
    /// The last payment of a subscription only.
    LastOfSubscription,
}

/// The kinds of [`super::Source`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SourceKind {
    /// [`super::Source::Stored`].
    Stored,
    /// [`super::Source::Fresh`].
    Fresh,
    /// [`super::Source::HostedPage`].
    HostedPage,
    /// [`super::Source::Offline`].
    Offline,
}

/// What a vendor takes and how it behaves, in figures.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact about a vendor, and none follows from another"
)]
pub struct Terms {
    /// Whether real money moves.
    pub live: bool,
    /// The account at the vendor, where it is known.
    pub account: Option<super::VendorRef>,
    /// The kinds of methods.
    pub methods: Vec<MethodKind>,
    /// What can be charged.
    pub sources: Vec<SourceKind>,
    /// Which amounts, by currency. What is not in it is not taken.
    pub amounts: BTreeMap<Currency, AmountRule>,
    /// How long keys are recognised.
    pub replay: Replay,
    /// Whether an attempt is found by our own name for it.
    pub find_by_ours: bool,
    /// Whether look-ups and reports give back our name and tag; the answer to an order always does.
    pub keeps_ours: bool,
    /// How long after money moved a look-up shows it at the latest; nothing where it does at once.
    pub find_lag: Duration,
    /// How long after an order was sent "there is no such thing" proves that nothing happened; `None` for never.
    pub absence_after: Option<Duration>,
    /// What can be given back.
    pub refunds: RefundRule,
    /// How long after the payment; `None` for any time.
    pub refund_within: Option<Duration>,
    /// Whether less than what is held can be captured.
    pub partial_capture: bool,
    /// How long an authorisation holds at least, where a picture does not say.
    pub authorization_valid: Option<Duration>,
    /// How long a payer has for an action; `None` where it does not end by itself.
    pub action_within: Option<Duration>,
    /// How late lines appear in reports.
    pub report_lag: Duration,
    /// The longest span that one report covers; `None` for any.
    pub report_span: Option<Duration>,
}

impl Terms {
    /// Whether the vendor takes an amount, and if not, why.
    ///
    /// # Errors
    /// Why it does not.
    pub fn admits(&self, money: Money) -> Result<(), AmountProblem> {
        let rule = self.amounts.get(&money.currency).ok_or(AmountProblem::Currency)?;
        rule.admits(money)
    }
}

impl AmountRule {
    fn admits(self, money: Money) -> Result<(), AmountProblem> {
        let of = |minor| Money::new(minor, money.currency);
        if money.minor < self.min {
            Err(AmountProblem::BelowMinimum(of(self.min)))
        } else if money.minor > self.max {
            Err(AmountProblem::AboveMaximum(of(self.max)))
        } else if self.step > 1 && money.minor % self.step != 0 {
            Err(AmountProblem::NoMultiple(of(self.step)))
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_refused_for_the_first_reason_that_it_gives() {
        let jod = Currency::parse("JOD").unwrap();
        let rule = AmountRule {
            min: 500,
            max: 10_000,
            step: 10,
        };
        let of = |minor| Money::new(minor, jod);
        assert_eq!(rule.admits(of(500)), Ok(()));
        assert_eq!(rule.admits(of(499)), Err(AmountProblem::BelowMinimum(of(500))));
        assert_eq!(rule.admits(of(-500)), Err(AmountProblem::BelowMinimum(of(500))));
        assert_eq!(
            rule.admits(of(10_010)),
            Err(AmountProblem::AboveMaximum(of(10_000)))
        );
        assert_eq!(rule.admits(of(505)), Err(AmountProblem::NoMultiple(of(10))));
    }
}
