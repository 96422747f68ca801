//! What is counted of subscriptions, in the commit that writes it down.

use super::records::{EndReason, SubscriptionRecord, Terms};
use super::status::SubscriptionStatus as Status;
use crate::foundation::calendar::Unit;
use crate::services::tallies::Tallied;

/// A subscription began: it is tried or paid.
pub(crate) const SUBSCRIPTION_BEGUN: &str = "subscription_begun";
/// One that had begun is over, by the reason.
pub(crate) const SUBSCRIPTION_OVER: &str = "subscription_over";
/// By how much what subscriptions bring in a month has changed.
pub(crate) const RECURRING: &str = "recurring";

/// What happened between two states of a subscription.
pub(super) fn counted(before: Option<&SubscriptionRecord>, after: &SubscriptionRecord) -> Vec<Tallied> {
    let currency = after.terms.amount.currency;
    let mut happened = Vec::new();
    let (ran, runs) = (before.is_some_and(has_begun), has_begun(after));
    if runs && !ran {
        happened.push(Tallied::once(SUBSCRIPTION_BEGUN, currency));
    }
    if ran && !runs {
        let over = Tallied::once(SUBSCRIPTION_OVER, currency);
        happened.push(match after.because {
            Some(because) => over.of(because.as_str()),
            None => over,
        });
    }
    // A subscription stays in its currency.
    let more = brings(after) - before.map_or(0, brings);
    if more != 0 {
        happened.push(Tallied::change(RECURRING, more, currency));
    }
    happened
}

/// Whether it has begun and is not over.
fn has_begun(record: &SubscriptionRecord) -> bool {
    record.status != Status::Incomplete && !record.status.is_over()
}

/// What it brings in a month, in minor units: nothing while it is tried or rests, or once it was cancelled and only runs out.
fn brings(record: &SubscriptionRecord) -> i64 {
    match record.status {
        Status::Active | Status::PastDue => by_month(&record.terms),
        Status::Incomplete
        | Status::Trialing
        | Status::Paused
        | Status::Canceling
        | Status::Canceled
        | Status::Ended => 0,
    }
}

/// The price as if it were one for a month of a twelfth of a year of 365 days, rounded to the nearest.
fn by_month(terms: &Terms) -> i64 {
    let (times, parts) = match terms.interval.unit {
        Unit::Day => (365, 12),
        Unit::Week => (365, 84),
        Unit::Month => (1, 1),
        Unit::Year => (1, 12),
    };
    let parts = parts * i128::from(terms.interval.count.get());
    let price = i128::from(terms.amount.minor) * times;
    i64::try_from((price + parts / 2) / parts).unwrap_or(i64::MAX)
}

impl EndReason {
    /// As figures name it.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Operator => "operator",
            Self::Unpaid => "unpaid",
            Self::NeverPaid => "never_paid",
            Self::Vendor => "vendor",
        }
    }
}
