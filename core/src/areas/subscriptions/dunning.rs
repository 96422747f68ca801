//! What is done about invoices that are not paid: payments that are tried again, and what follows if they stay unpaid.
//!
//! The two schedules are apart: when a payment is tried again follows from the last one that failed, what its owner loses
//! from how long the oldest invoice is unpaid.

use portcullis_ports::Timestamp;

use super::records::{Owed, SubscriptionRecord};
use super::status::SubscriptionStatus as Status;
use crate::areas::payments::{Dunning, InvoiceId, OverdueAct};

/// What is to be done about unpaid invoices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DunningStep {
    /// Nothing until then; nothing at all where there is no moment.
    Wait(Option<Timestamp>),
    /// This invoice is collected once more, after so many payments that failed.
    Collect(InvoiceId, u32),
    /// It entitles to nothing until it is paid.
    Restrict,
    /// It ends.
    Cancel,
}

impl SubscriptionRecord {
    /// Whether its unpaid invoices are collected: neither before it began, nor once it is over.
    fn is_dunned(&self) -> bool {
        !self.owed.is_empty() && matches!(self.status, Status::Active | Status::PastDue | Status::Canceling)
    }

    /// What is to be done about unpaid invoices at a moment.
    pub(super) fn dunning_step(&self, now: Timestamp, rules: &Dunning) -> DunningStep {
        if !self.is_dunned() {
            return DunningStep::Wait(None);
        }
        let oldest = self.owed.iter().map(|owed| owed.since).min().unwrap_or(now);
        let mut waits: Vec<Timestamp> = Vec::new();
        for act in [OverdueAct::Cancel, OverdueAct::Restrict] {
            let steps = rules.overdue.iter().filter(|step| step.act == act);
            let Some(due) = steps.map(|step| oldest + step.after.get()).min() else {
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
            Some((at, owed)) if now >= at => DunningStep::Collect(owed.invoice.clone(), owed.tries),
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
        });
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
        owed.tries = owed.tries.saturating_add(1);
        owed.next_try = wait.filter(|_| !hard).map(|wait| now + wait.get());
        owed.next_try
    }

    /// What is not paid is tried now: its owner says that there is another way to pay.
    pub(super) fn try_again(&mut self, now: Timestamp) {
        for owed in &mut self.owed {
            owed.next_try = Some(now);
        }
    }
}
