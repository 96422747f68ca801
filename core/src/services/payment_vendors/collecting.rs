//! Which vendors collect subscriptions by themselves, and what they collect.

use portcullis_ports::Result;
use portcullis_ports::money::Money;
use portcullis_ports::payments::{PeriodLength, PeriodUnit, SubscriptionTerms};

use super::{NOT_OFFERED, PaymentVendors};
use crate::foundation::calendar::{Interval, Unit};
use crate::foundation::guard::GuardedPayments;

/// Where a request says what is to be collected.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pointers {
    anchor: &'static str,
    period: &'static str,
    trial: &'static str,
    amount: &'static str,
}

impl Pointers {
    /// That which makes or changes a plan.
    pub(crate) const PLAN: Self = Self {
        anchor: "/anchor_day",
        period: "/interval",
        trial: "/trial_days",
        amount: "/prices",
    };
    /// That which subscribes to one: what it may name otherwise is the vendor.
    pub(crate) const SUBSCRIPTION: Self = Self {
        anchor: COLLECTOR,
        period: COLLECTOR,
        trial: COLLECTOR,
        amount: COLLECTOR,
    };
}

/// Where a request names the vendor that collects.
const COLLECTOR: &str = "/collector";

/// What is to be collected.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CollectionTerms {
    pub(crate) interval: Interval,
    /// Whether all periods begin on a day of the month.
    pub(crate) anchored: bool,
    pub(crate) trial_days: u16,
    /// What a period costs.
    pub(crate) amount: Money,
    pub(crate) pointers: Pointers,
}

/// A period as vendors have it.
pub(crate) const fn period(interval: Interval) -> PeriodLength {
    PeriodLength {
        unit: match interval.unit {
            Unit::Day => PeriodUnit::Day,
            Unit::Week => PeriodUnit::Week,
            Unit::Month => PeriodUnit::Month,
            Unit::Year => PeriodUnit::Year,
        },
        count: interval.count,
    }
}

const fn word(unit: PeriodUnit) -> &'static str {
    match unit {
        PeriodUnit::Day => "days",
        PeriodUnit::Week => "weeks",
        PeriodUnit::Month => "months",
        PeriodUnit::Year => "years",
    }
}

fn listed(terms: &SubscriptionTerms) -> String {
    let all = terms
        .periods
        .iter()
        .map(|(unit, most)| format!("1 to {most} {}", word(*unit)));
    all.collect::<Vec<_>>().join(", ")
}

impl PaymentVendors {
    /// The vendor of that name, which collects subscriptions.
    ///
    /// # Errors
    /// `payment-vendor-unclear`; `not-offered-here`, naming those that do.
    pub(crate) fn collecting(&self, name: &str) -> Result<(&GuardedPayments, &SubscriptionTerms)> {
        let vendor = self.named_at(COLLECTOR, name)?;
        if let Some(terms) = vendor.subscription_terms() {
            return Ok((vendor, terms));
        }
        let collects = |one: &GuardedPayments| one.subscription_terms().is_some();
        Err(self.not_offered_at(COLLECTOR, "subscriptions that it collects itself", collects))
    }

    /// Refuses what a vendor could not collect.
    ///
    /// # Errors
    /// Those of [`Self::collecting`]; `not-offered-here`, saying what would do.
    pub(crate) fn require_collected(&self, name: &str, what: &CollectionTerms) -> Result<()> {
        let (vendor, terms) = self.collecting(name)?;
        let refused = |pointer: &str, why: String| {
            let detail = format!("`{name}` cannot collect this: {why}.");
            Err(NOT_OFFERED.with_detail(detail).with_field(pointer, why))
        };
        let at = &what.pointers;
        if what.anchored {
            let why = "its periods begin when a subscription does, so leave `anchor_day` out";
            return refused(at.anchor, why.to_owned());
        }
        if !terms.admits(period(what.interval)) {
            return refused(at.period, format!("periods of {} are expected", listed(terms)));
        }
        if what.trial_days > terms.trial_days {
            let why = match terms.trial_days {
                0 => "it lets nobody try a plan, so leave `trial_days` out, or let us collect it".to_owned(),
                most => format!("a trial of {most} days at most is expected"),
            };
            return refused(at.trial, why);
        }
        match vendor.terms().admits(what.amount) {
            Ok(()) => Ok(()),
            Err(problem) => refused(at.amount, format!("it does not take {}: {problem}", what.amount)),
        }
    }
}
