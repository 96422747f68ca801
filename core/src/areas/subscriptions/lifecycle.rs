//! What becomes of a subscription as time goes by: without a store and without a clock.

use std::time::Duration;

use portcullis_ports::money::Money;
use portcullis_ports::payments::SubscriptionState;
use portcullis_ports::{Error, Result, Timestamp};

use super::agreement::VendorAgreement;
use super::proration::{DaysLeft, share_of};
use super::records::{EndReason, Period, SubscriptionRecord, Terms};
use super::status::SubscriptionStatus as Status;
use crate::areas::entitlements::{Access, Grant};
use crate::foundation::calendar::{Anchor, Interval};

/// How long the first invoice may stay unpaid.
pub(super) const INCOMPLETE: Duration = Duration::from_hours(24);

/// What is to be done about a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing until then; nothing at all where there is no moment.
    Wait(Option<Timestamp>),
    /// The first invoice was not paid in time.
    Expire,
    /// The next period begins and is billed.
    Bill,
    /// It ends with its period.
    End,
    /// Its owner is to be told if the card expires before the next period.
    LookAtCard,
}

/// A period that begins, and what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Begun {
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
    pub(super) price: Money,
}

/// Where periods are counted from for somebody who begins at a moment, and the number of the first one.
pub(super) fn anchored(terms: &Terms, start: Timestamp) -> Result<(Anchor, u32)> {
    let zone = &terms.zone;
    match terms.anchor_day {
        None => Ok((Anchor::at(start, zone.clone())?, 0)),
        Some(day) => {
            let anchor = Anchor::on_day(start, zone.clone(), day)?;
            let first = anchor.index_at(start, terms.interval)?;
            Ok((anchor, first))
        }
    }
}

/// The period of a number that begins at a moment, and what it costs: all of the price, or the share of its days.
fn period_of(
    anchor: &Anchor,
    interval: Interval,
    number: u32,
    start: Timestamp,
    price: Money,
) -> Result<(Period, Money)> {
    let whole_from = anchor.start_of(number, interval)?;
    let following = number.checked_add(1).ok_or_else(|| beyond("a period"))?;
    let end = anchor.start_of(following, interval)?;
    let period = Period {
        start,
        end,
        whole_from,
        trial: false,
    };
    let price = if start <= whole_from {
        price
    } else {
        DaysLeft::at(anchor.zone(), whole_from, end, start)?.share(price)?
    };
    Ok((period, price))
}

fn beyond(what: &str) -> Error {
    Error::internal(format!("{what} lies beyond what can be counted"))
}

/// What was given back of what a period was paid with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GivenBack {
    /// How much, with taxes, in minor units.
    pub(super) minor: i64,
    /// The price of a whole period.
    pub(super) price: i64,
    /// The same with the taxes that were charged.
    pub(super) with_taxes: i64,
}

impl GivenBack {
    /// So much with taxes, as the price is told; rounded up.
    fn as_price(self, minor: i64) -> Result<i64> {
        share_of(self.price, minor, self.with_taxes)
    }

    /// So much of the price, with taxes; rounded up.
    fn as_total(self, price: i64) -> Result<i64> {
        share_of(self.with_taxes, price, self.price)
    }
}

impl SubscriptionRecord {
    /// Moves it there, if the table of states allows it.
    ///
    /// # Errors
    /// `internal` if it does not: whoever moves it has to know.
    pub(super) fn move_to(&mut self, next: Status, now: Timestamp) -> Result<()> {
        if self.status == next {
            return Ok(());
        }
        if !self.status.may_become(next) {
            let (from, to) = (self.status.as_str(), next.as_str());
            return Err(Error::internal(format!(
                "a subscription that is {from} cannot become {to}"
            )));
        }
        self.status = next;
        if next.is_over() {
            self.ended_at = Some(now);
            self.change = None;
        }
        Ok(())
    }

    /// Ends it before its period does.
    pub(super) fn cancel(&mut self, because: EndReason, now: Timestamp) -> Result<()> {
        self.because = Some(because);
        self.canceled_at.get_or_insert(now);
        self.move_to(Status::Canceled, now)
    }

    /// Whether what it entitles to counts.
    fn access(&self) -> Access {
        match self.status {
            _ if self.restricted => Access::Withheld,
            Status::Trialing | Status::Active | Status::PastDue => Access::Granted,
            Status::Canceling => Access::Until(self.period.end),
            Status::Incomplete | Status::Paused | Status::Canceled | Status::Ended => Access::Withheld,
        }
    }

    /// What it grants; nothing at all once it is over.
    pub(super) fn grant(&self) -> Option<Grant> {
        (!self.status.is_over()).then(|| Grant {
            plan: self.terms.plan.clone(),
            access: self.access(),
            entitlements: self.terms.entitlements.clone(),
        })
    }

    /// What is to be done about it at a moment. `notice` before a period begins its card is looked at.
    pub(super) fn step(&self, now: Timestamp, notice: Duration) -> Step {
        let end = self.period.end;
        let agreed =
            |vendor: &VendorAgreement| vendor.state == SubscriptionState::Active && vendor.theirs.is_some();
        match self.status {
            // Its vendor collects it: whoever follows it knows once the first payment is certain.
            Status::Incomplete if self.collector.as_ref().is_some_and(agreed) => Step::Wait(None),
            Status::Incomplete => {
                let until = self.created_at + INCOMPLETE;
                if now >= until {
                    Step::Expire
                } else {
                    Step::Wait(Some(until))
                }
            }
            // A vendor begins the periods that it collects.
            Status::Trialing | Status::Active | Status::PastDue if self.collector.is_some() => {
                Step::Wait(None)
            }
            // What is not paid for too long is not served, and so not billed either, until it is paid.
            Status::PastDue if self.restricted => Step::Wait(None),
            Status::Trialing | Status::Active | Status::PastDue => {
                if now >= end {
                    return Step::Bill;
                }
                let told = self.expiry_told == Some(self.next);
                let look = Timestamp::from_millis(
                    end.millis()
                        .saturating_sub(i64::try_from(notice.as_millis()).unwrap_or(i64::MAX)),
                );
                match (told, now >= look) {
                    (true, _) => Step::Wait(Some(end)),
                    (false, true) => Step::LookAtCard,
                    (false, false) => Step::Wait(Some(look)),
                }
            }
            Status::Canceling if now >= end => Step::End,
            Status::Canceling => Step::Wait(Some(end)),
            Status::Paused | Status::Canceled | Status::Ended => Step::Wait(None),
        }
    }

    /// When somebody has to look at it next.
    pub(super) fn wake(&self, now: Timestamp, notice: Duration) -> Option<Timestamp> {
        match self.step(now, notice) {
            Step::Wait(until) => until,
            Step::Expire | Step::Bill | Step::End | Step::LookAtCard => Some(now),
        }
    }

    /// Begins the next period where the one before ends, and tells what it costs.
    ///
    /// # Errors
    /// `internal` for periods beyond the calendar.
    pub(super) fn begin_next_period(&mut self) -> Result<Begun> {
        let start = self.period.end;
        if let Some(terms) = self.change.take() {
            self.agree(terms, start)?;
        }
        let price = self.terms.amount;
        let (period, price) = period_of(&self.anchor, self.terms.interval, self.next, start, price)?;
        self.begin(period);
        Ok(Begun {
            start,
            end: period.end,
            price,
        })
    }

    /// Begins anew at a moment, wherever the period before ended.
    ///
    /// # Errors
    /// `internal` for periods beyond the calendar.
    pub(super) fn begin_anew(&mut self, now: Timestamp) -> Result<Begun> {
        let (anchor, first) = anchored(&self.terms, now)?;
        (self.anchor, self.next) = (anchor, first);
        self.period.end = now;
        self.begin_next_period()
    }

    fn begin(&mut self, period: Period) {
        self.period = period;
        self.billed.clear();
        self.set_off = 0;
        self.next = self.next.saturating_add(1);
        self.billed_through = period.end;
    }

    /// Whether periods of these terms begin and end with those of the present ones.
    pub(super) fn same_periods(&self, terms: &Terms) -> bool {
        terms.interval == self.terms.interval
            && terms.anchor_day == self.terms.anchor_day
            && terms.zone == self.terms.zone
    }

    /// Takes other terms over from a moment on at which a period begins.
    pub(super) fn agree(&mut self, terms: Terms, from: Timestamp) -> Result<()> {
        if !self.same_periods(&terms) {
            (self.anchor, self.next) = anchored(&terms, from)?;
        }
        self.terms = terms;
        Ok(())
    }

    /// Leaves out the periods that are over, and that were not served.
    ///
    /// # Errors
    /// `internal` for periods beyond the calendar.
    pub(super) fn skip_to(&mut self, now: Timestamp) -> Result<()> {
        if now < self.period.end {
            return Ok(());
        }
        let running = self.anchor.index_at(now, self.terms.interval)?;
        if running > self.next {
            self.next = running;
            self.period.end = self.anchor.start_of(running, self.terms.interval)?;
        }
        Ok(())
    }

    /// What is left of the price of the present period, by days; nothing of a trial, and of one that is over.
    ///
    /// # Errors
    /// `internal` for moments beyond the calendar.
    pub(super) fn days_left(&self, now: Timestamp) -> Result<DaysLeft> {
        let Period {
            start,
            end,
            whole_from,
            ..
        } = self.period;
        DaysLeft::at(self.anchor.zone(), whole_from, end, now.max(start))
    }

    /// What the days that are left give back. What of the period was given back before is taken off.
    ///
    /// # Errors
    /// `internal` for moments beyond the calendar.
    pub(super) fn credit(&mut self, now: Timestamp, given_back: GivenBack) -> Result<Money> {
        let price = self.terms.amount;
        let left = self.days_left(now)?.share(price)?;
        let open = given_back.minor.saturating_sub(self.set_off).max(0);
        let off = given_back.as_price(open)?.clamp(0, left.minor);
        self.set_off = self.set_off.saturating_add(open.min(given_back.as_total(off)?));
        Ok(Money::new(left.minor - off, price.currency))
    }

    /// Whether other terms may cost more than those of the present: by the period, or because periods are others.
    pub(super) fn costs_more(&self, terms: &Terms) -> bool {
        !self.same_periods(terms) || terms.amount.minor > self.terms.amount.minor
    }

    /// Where it stands once it is not cancelled any more.
    pub(super) fn standing(&self) -> Status {
        if self.period.trial {
            Status::Trialing
        } else if self.owed.iter().any(|owed| owed.tries > 0) {
            Status::PastDue
        } else {
            Status::Active
        }
    }
}
