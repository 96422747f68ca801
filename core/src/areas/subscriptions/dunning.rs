//! What is done about invoices that are not paid: payments that are tried again, and what follows if they stay unpaid.
//!
//! The two schedules are apart: when a payment is tried again follows from the last one that failed, what its owner loses
//! from how long the oldest invoice is unpaid.

use std::time::Duration;

use portcullis_ports::Timestamp;

use super::records::{HeldUp, Hindrance, Owed, SubscriptionRecord};
use super::status::SubscriptionStatus as Status;
use crate::areas::payments::{Dunning, InvoiceId, OverdueAct};

/// How long something is left alone that cannot go on for now.
pub(super) const LATER: Duration = Duration::from_hours(1);
/// After how long an outage counts as a long one.
const LONG: Duration = Duration::from_hours(24);
/// How often a vendor is asked in a long outage.
const SELDOM: Duration = Duration::from_hours(6);

/// What is to be done about unpaid invoices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DunningStep {
    /// Nothing until then; nothing at all where there is no moment.
    Wait(Option<Timestamp>),
    /// This invoice is collected by the payment of this number.
    Collect(InvoiceId, u32),
    /// It entitles to nothing until it is paid.
    Restrict,
    /// It ends.
    Cancel,
}

impl SubscriptionRecord {
    /// Whether its unpaid invoices are collected: neither before it began, nor once it is over.
    fn is_dunned(&self) -> bool {
        // What a vendor collects is collected by nobody else.
        self.collector.is_none()
            && !self.owed.is_empty()
            && matches!(self.status, Status::Active | Status::PastDue | Status::Canceling)
    }

    /// What is to be done about unpaid invoices at a moment.
    pub(super) fn dunning_step(&self, now: Timestamp, rules: &Dunning) -> DunningStep {
        if !self.is_dunned() {
            return DunningStep::Wait(None);
        }
        let mut waits: Vec<Timestamp> = Vec::new();
        if self.is_held_up() {
            waits.push(now + LATER);
        }
        for act in [OverdueAct::Cancel, OverdueAct::Restrict] {
            let steps = rules.overdue.iter().filter(|step| step.act == act);
            let Some(after) = steps.map(|step| step.after.get()).min() else {
                continue;
            };
            let Some(due) = self.owed.iter().filter_map(|owed| owed.overdue(after)).min() else {
                continue;
            };
            match act {
                OverdueAct::Cancel if now >= due => return DunningStep::Cancel,
                OverdueAct::Restrict if self.restricted => {}
                OverdueAct::Restrict if now >= due => return DunningStep::Restrict,
                OverdueAct::Cancel | OverdueAct::Restrict => waits.push(due),
            }
        }
        let tries = self.owed.iter().filter_map(|owed| Some((owed.next_try?, owed)));
        match tries.min_by_key(|(at, _)| *at) {
            Some((at, owed)) if now >= at => DunningStep::Collect(owed.invoice.clone(), owed.attempt),
            next => {
                waits.extend(next.map(|(at, _)| at));
                DunningStep::Wait(waits.into_iter().min())
            }
        }
    }

    /// When somebody has to look at its unpaid invoices next.
    pub(super) fn dunning_wake(&self, now: Timestamp, rules: &Dunning) -> Option<Timestamp> {
        match self.dunning_step(now, rules) {
            DunningStep::Wait(until) => until,
            DunningStep::Collect(..) | DunningStep::Restrict | DunningStep::Cancel => Some(now),
        }
    }

    /// An invoice is to be paid, and is tried at a moment.
    pub(super) fn owe(&mut self, invoice: InvoiceId, now: Timestamp, next_try: Option<Timestamp>) {
        self.owed.push(Owed {
            invoice,
            since: now,
            tries: 0,
            next_try,
            attempt: 0,
            anew_since: None,
            held_up: None,
        });
    }

    /// Whether an invoice of it waits for something that its owner cannot change.
    pub(super) fn is_held_up(&self) -> bool {
        self.owed.iter().any(|owed| owed.held_up.is_some())
    }

    /// A payment of an invoice failed. After a hard decline no other is tried by itself. Gives when the next one is tried.
    pub(super) fn payment_failed(
        &mut self,
        invoice: &InvoiceId,
        hard: bool,
        now: Timestamp,
        rules: &Dunning,
    ) -> Option<Timestamp> {
        let owed = self.owed.iter_mut().find(|owed| owed.invoice == *invoice)?;
        let wait = usize::try_from(owed.tries)
            .ok()
            .and_then(|at| rules.retry.get(at));
        owed.go_on(now);
        owed.tries = owed.tries.saturating_add(1);
        owed.attempt = owed.attempt.saturating_add(1);
        owed.next_try = wait.filter(|_| !hard).map(|wait| now + wait.get());
        owed.next_try
    }

    /// The vendor could not be asked for a payment that was begun at a moment: that is no try, and is made up for.
    pub(super) fn not_asked(&mut self, invoice: &InvoiceId, begun: Timestamp, now: Timestamp) {
        let Some(owed) = self.owed.iter_mut().find(|owed| owed.invoice == *invoice) else {
            return;
        };
        owed.hold_up(begun, Hindrance::Outage);
        let since = owed.held_up.map_or(now, |held_up| held_up.since);
        owed.attempt = owed.attempt.saturating_add(1);
        let wait = if now.since(since) < LONG { LATER } else { SELDOM };
        owed.next_try = Some(now + wait);
    }

    /// It is known what became of a payment that does not count as a try.
    pub(super) fn decided(&mut self, invoice: &InvoiceId, now: Timestamp) {
        let awaited = |owed: &&mut Owed| {
            owed.invoice == *invoice
                && owed
                    .held_up
                    .is_some_and(|held_up| held_up.by == Hindrance::Outcome)
        };
        if let Some(owed) = self.owed.iter_mut().find(awaited) {
            owed.go_on(now);
        }
    }

    /// What is not paid is tried now: its owner says that there is another way to pay.
    pub(super) fn try_again(&mut self, now: Timestamp) {
        for owed in &mut self.owed {
            owed.next_try = Some(now);
            owed.attempt = owed.attempt.saturating_add(1);
            owed.anew_since = Some(now);
        }
    }
}

impl Owed {
    /// When something follows that follows so long after it was issued; never as long as it is held up before that.
    fn overdue(&self, after: Duration) -> Option<Timestamp> {
        let due = self.since + after;
        Some(due).filter(|due| self.held_up.is_none_or(|held_up| *due <= held_up.since))
    }

    /// From that moment on it is held up, if it was not before.
    pub(super) fn hold_up(&mut self, since: Timestamp, by: Hindrance) {
        let since = since.max(self.since);
        self.held_up.get_or_insert(HeldUp { since, by }).by = by;
    }

    /// Nothing holds it up any more: the time in which something did does not count.
    pub(super) fn go_on(&mut self, now: Timestamp) {
        if let Some(held_up) = self.held_up.take() {
            self.since = self.since + now.since(held_up.since);
        }
    }
}
