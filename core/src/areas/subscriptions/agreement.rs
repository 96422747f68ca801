//! What is known of a subscription that a vendor collects, and what follows from what the vendor shows.
//!
//! Without a store and without a clock.

use std::net::IpAddr;
use std::time::Duration;

use portcullis_ports::money::Amount;
use portcullis_ports::payments::{
    MethodRef, SubscriptionSnapshot, SubscriptionState, SubscriptionStep, VendorRef,
};
use portcullis_ports::{Result, Timestamp};
use serde::{Deserialize, Serialize};

use super::lifecycle::{Begun, anchored};
use super::notices::{Help, Notice};
use super::records::{EndReason, Period, SubscriptionRecord};
use super::status::SubscriptionStatus as Status;
use crate::areas::entitlements::SubscriptionId;
use crate::areas::payments::{Dunning, OverdueAct};
use crate::foundation::calendar::Zone;
use crate::foundation::task_kind::wait_of;

/// For how long a payment that the vendor says nothing of is waited for once its period is over.
const GRACE: Duration = Duration::from_hours(24);
/// How long after the end of a period the vendor is asked whether the next one is paid.
const AFTER: Duration = Duration::from_mins(10);
/// How often the vendor is asked in between, in case it told of something and that was lost.
const SELDOM: Duration = Duration::from_hours(24 * 7);
/// How often a subscription is looked at that the vendor has ended.
const LAST_LOOKS: u32 = 4;
/// The waits between looks while something is awaited; the last goes on.
const WAITS: [Duration; 5] = [
    Duration::from_mins(1),
    Duration::from_mins(10),
    Duration::from_hours(1),
    Duration::from_hours(6),
    Duration::from_hours(24),
];

/// An order for a subscription of which nobody has written down what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OpenCall {
    pub(super) sent_at: Timestamp,
    pub(super) last_sent_at: Timestamp,
}

/// What is asked of the vendor until it has confirmed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RequestedChange {
    pub(super) step: SubscriptionStep,
    pub(super) since: Timestamp,
    /// How often it was refused or not sent: a part of the key, so that only what may have arrived is repeated under it.
    pub(super) refused: u32,
    /// When it is asked for next.
    pub(super) next: Timestamp,
}

/// The vendor that collects a subscription, and what is known there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct VendorAgreement {
    /// Its name here.
    pub(super) instance: String,
    /// The vendor's name for what is sold.
    pub(super) offer: Option<VendorRef>,
    /// The vendor's name for the subscription.
    pub(super) theirs: Option<VendorRef>,
    /// Our name for it there, where it is none of its own: it was begun by an order that had begun another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ordered_as: Option<SubscriptionId>,
    /// What it takes for a period, with the taxes of when that was agreed.
    pub(super) total: Amount,
    pub(super) trial_days: u16,
    /// The stored method that was ordered to be charged.
    pub(super) method: Option<MethodRef>,
    /// The address of the payer's device.
    pub(super) ip: IpAddr,
    pub(super) order: Option<OpenCall>,
    /// As it was shown last.
    pub(super) state: SubscriptionState,
    pub(super) requested: Option<RequestedChange>,
    /// How many charges are booked.
    pub(super) booked: u32,
    pub(super) last_charge: Option<VendorRef>,
    pub(super) last_charge_at: Option<Timestamp>,
    pub(super) next_charge_at: Option<Timestamp>,
    /// Whether it has taken something of which no money is certain yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) awaited: bool,
    /// Since when a period is not paid that was to be.
    pub(super) unpaid_since: Option<Timestamp>,
    /// How often it was written down how it stands: whoever read it before writes nothing over it.
    pub(super) seen: u32,
    /// How often it was looked at since it last changed.
    pub(super) looks: u32,
    pub(super) looked_at: Timestamp,
}

impl VendorAgreement {
    /// Asks the vendor for something, unless there is nothing to be asked any more.
    pub(super) fn request(&mut self, step: SubscriptionStep, now: Timestamp) {
        let asked = self
            .requested
            .as_ref()
            .is_some_and(|requested| requested.step == step);
        if asked || self.state == SubscriptionState::Ended {
            return;
        }
        self.seen = self.seen.saturating_add(1);
        self.requested = Some(RequestedChange {
            step,
            since: now,
            refused: 0,
            next: now,
        });
    }

    /// Whether the vendor stands where it was asked to.
    fn is_done(step: SubscriptionStep, state: SubscriptionState) -> bool {
        use SubscriptionState as S;
        match step {
            SubscriptionStep::Cancel => state == S::Ended,
            SubscriptionStep::Pause => matches!(state, S::Paused | S::Ended),
            SubscriptionStep::Resume => matches!(state, S::Active | S::PastDue | S::Ended),
        }
    }

    fn wait(&self) -> Duration {
        wait_of(&WAITS, self.looks).unwrap_or(SELDOM)
    }
}

impl SubscriptionRecord {
    /// When its vendor is asked next, if a vendor collects it.
    pub(super) fn follow_wake(&self, now: Timestamp, call_time: Duration) -> Option<Timestamp> {
        let vendor = self.collector.as_ref()?;
        if let Some(order) = &vendor.order {
            return Some(order.last_sent_at + call_time);
        }
        if let Some(requested) = vendor.requested.as_ref().filter(|_| vendor.theirs.is_some()) {
            return Some(requested.next);
        }
        let ended = vendor.state == SubscriptionState::Ended;
        // What it took last may be shown a while later.
        if vendor.theirs.is_none() || (ended && !vendor.awaited && vendor.looks >= LAST_LOOKS) {
            return None;
        }
        let soon = vendor.looked_at + vendor.wait();
        if ended || vendor.awaited {
            return Some(soon);
        }
        Some(match self.status {
            Status::Incomplete | Status::PastDue | Status::Canceled | Status::Ended => soon,
            Status::Paused => vendor.looked_at + SELDOM,
            Status::Trialing | Status::Active | Status::Canceling => {
                let due = self.period.end + AFTER;
                if now < due {
                    due.min(vendor.looked_at + SELDOM)
                } else {
                    // The vendor may have said that it charges later.
                    vendor
                        .next_charge_at
                        .map(|next| next + AFTER)
                        .filter(|next| *next > now && self.status != Status::Canceling)
                        .map_or(soon, |next| next.min(vendor.looked_at + SELDOM))
                }
            }
        })
    }

    /// The vendor took a payment: the next period begins.
    ///
    /// # Errors
    /// `internal` for moments beyond the calendar.
    pub(super) fn charged(&mut self, theirs: &VendorRef, at: Timestamp, now: Timestamp) -> Result<Begun> {
        if self.status == Status::Incomplete {
            (self.anchor, self.next) = anchored(&self.terms, at)?;
            self.period.end = at;
        } else {
            // What the vendor did not charge was not served either.
            self.skip_to(at)?;
        }
        let begun = self.begin_next_period()?;
        self.restricted = false;
        if matches!(
            self.status,
            Status::Incomplete | Status::Trialing | Status::PastDue
        ) {
            self.move_to(Status::Active, now)?;
        }
        if let Some(vendor) = &mut self.collector {
            vendor.charge_booked(theirs, at);
        }
        Ok(begun)
    }

    /// Where it stands by what the vendor shows; what was taken is booked before, but for what is `awaited`: a charge of which no
    /// money is certain yet. Gives what its owner has to know.
    ///
    /// # Errors
    /// `internal` for moments beyond the calendar.
    pub(super) fn shown(
        &mut self,
        picture: &SubscriptionSnapshot,
        awaited: bool,
        now: Timestamp,
        rules: &Dunning,
    ) -> Result<Option<Notice>> {
        let Some(vendor) = &mut self.collector else {
            return Ok(None);
        };
        vendor.seen = vendor.seen.saturating_add(1);
        let known = (vendor.state, vendor.next_charge_at);
        vendor.looks = if known == (picture.state, picture.next_charge_at) {
            vendor.looks.saturating_add(1)
        } else {
            0
        };
        vendor.awaited = awaited;
        vendor.looked_at = now;
        vendor.theirs = vendor.theirs.take().or_else(|| picture.theirs.clone());
        let agreed = vendor.state == SubscriptionState::RequiresAction && picture.state != vendor.state;
        vendor.state = picture.state;
        vendor.next_charge_at = picture.next_charge_at;
        vendor
            .requested
            .take_if(|requested| VendorAgreement::is_done(requested.step, picture.state));
        // What could not be cancelled before its payer had agreed can be now.
        if let Some(requested) = vendor.requested.as_mut().filter(|_| agreed) {
            requested.next = now;
        }
        let step = vendor.requested.as_ref().map(|requested| requested.step);
        match picture.state {
            SubscriptionState::RequiresAction => Ok(None),
            SubscriptionState::Ended => self.ended_there(now),
            SubscriptionState::Paused => {
                if self.status == Status::Active && step != Some(SubscriptionStep::Resume) {
                    self.move_to(Status::Paused, now)?;
                }
                Ok(None)
            }
            SubscriptionState::Active | SubscriptionState::PastDue => {
                if self.status == Status::Paused && step.is_none() {
                    self.go_on_there(now)?;
                }
                if self.status == Status::Incomplete && picture.state == SubscriptionState::Active {
                    self.try_there(picture.started_at.unwrap_or(now), now)?;
                }
                self.unpaid(picture, now, rules)
            }
        }
    }

    /// It goes on after it rested. What is over is not entitled to before the vendor has taken the next payment.
    pub(super) fn go_on_there(&mut self, now: Timestamp) -> Result<()> {
        self.restricted = now >= self.period.end;
        self.move_to(Status::Active, now)
    }

    /// The vendor lets it be tried.
    fn try_there(&mut self, from: Timestamp, now: Timestamp) -> Result<()> {
        let days = self.collector.as_ref().map_or(0, |vendor| vendor.trial_days);
        if days == 0 {
            return Ok(());
        }
        let zone: &Zone = &self.terms.zone;
        let end = zone.days_later(from, days)?;
        self.period = Period {
            start: from,
            end,
            whole_from: from,
            trial: true,
        };
        (self.anchor, self.next) = anchored(&self.terms, end)?;
        self.move_to(Status::Trialing, now)
    }

    /// The vendor charges nothing any more, whoever wanted that.
    fn ended_there(&mut self, now: Timestamp) -> Result<Option<Notice>> {
        match self.status {
            Status::Canceled | Status::Ended | Status::Canceling => Ok(None),
            Status::Trialing | Status::Active | Status::PastDue if now < self.period.end => {
                self.because.get_or_insert(EndReason::Vendor);
                self.canceled_at.get_or_insert(now);
                self.move_to(Status::Canceling, now)?;
                Ok(None)
            }
            _ => {
                let unpaid = self
                    .collector
                    .as_ref()
                    .is_some_and(|one| one.unpaid_since.is_some());
                let because = match (self.status, unpaid) {
                    (Status::Incomplete, _) => EndReason::NeverPaid,
                    (_, true) => EndReason::Unpaid,
                    (_, false) => EndReason::Vendor,
                };
                let because = self.because.unwrap_or(because);
                self.cancel(because, now)?;
                Ok(Some(Notice::Ended(because)))
            }
        }
    }

    /// Whether a period is not paid that was to be, and what its owner loses by that.
    fn unpaid(
        &mut self,
        picture: &SubscriptionSnapshot,
        now: Timestamp,
        rules: &Dunning,
    ) -> Result<Option<Notice>> {
        let runs = matches!(self.status, Status::Trialing | Status::Active | Status::PastDue);
        if !runs || now < self.period.end {
            return Ok(None);
        }
        let failed = picture.state == SubscriptionState::PastDue;
        let Some(vendor) = &mut self.collector else {
            return Ok(None);
        };
        let later = vendor.awaited || picture.next_charge_at.is_some_and(|next| next > now);
        if !failed && (later || now < self.period.end + GRACE) {
            return Ok(None);
        }
        let since = *vendor.unpaid_since.get_or_insert(now);
        if self.status != Status::PastDue {
            self.move_to(Status::PastDue, now)?;
            return Ok(Some(Notice::PaymentFailed {
                help: Help::AtCollector,
                next: picture.next_charge_at.filter(|next| *next > now),
            }));
        }
        let after = |act| {
            let steps = rules.overdue.iter().filter(|step| step.act == act);
            steps.map(|step| step.after.get()).min()
        };
        if after(OverdueAct::Cancel).is_some_and(|after| now >= since + after) {
            vendor.request(SubscriptionStep::Cancel, now);
            self.cancel(EndReason::Unpaid, now)?;
            return Ok(Some(Notice::Ended(EndReason::Unpaid)));
        }
        if !self.restricted && after(OverdueAct::Restrict).is_some_and(|after| now >= since + after) {
            self.restricted = true;
            return Ok(Some(Notice::Restricted));
        }
        Ok(None)
    }

    /// Whether what its vendor takes at a moment is for nothing that was agreed to.
    pub(super) fn takes_nothing_at(&self, at: Timestamp) -> bool {
        let canceled = self.status == Status::Canceling && self.canceled_at.is_some_and(|since| since < at);
        canceled || self.status.is_over()
    }

    /// Whether its vendor was asked for something and has not confirmed it, or may have begun what nobody has heard of.
    pub(super) fn is_asked_of_vendor(&self) -> bool {
        self.collector.as_ref().is_some_and(|vendor| {
            vendor.order.is_some() || (vendor.requested.is_some() && vendor.theirs.is_some())
        })
    }

    /// Asks its vendor to charge nothing any more, if a vendor collects it.
    pub(super) fn cancel_there(&mut self, now: Timestamp) {
        if let Some(vendor) = &mut self.collector {
            vendor.request(SubscriptionStep::Cancel, now);
        }
    }
}

impl RequestedChange {
    /// A number for the key of the call.
    pub(super) const fn number(&self) -> u32 {
        self.refused.saturating_add(1)
    }
}

impl VendorAgreement {
    /// The vendor has confirmed what it was asked for.
    pub(super) fn confirmed(&mut self, step: SubscriptionStep) {
        self.requested = None;
        self.seen = self.seen.saturating_add(1);
        self.looks = 0;
        self.state = match step {
            SubscriptionStep::Cancel => SubscriptionState::Ended,
            SubscriptionStep::Pause => SubscriptionState::Paused,
            SubscriptionStep::Resume => SubscriptionState::Active,
        };
    }

    /// A charge is booked.
    pub(super) fn charge_booked(&mut self, theirs: &VendorRef, at: Timestamp) {
        self.booked = self.booked.saturating_add(1);
        self.looks = 0;
        self.unpaid_since = None;
        if self.last_charge_at.is_none_or(|known| known <= at) {
            (self.last_charge, self.last_charge_at) = (Some(theirs.clone()), Some(at));
        }
    }
}
