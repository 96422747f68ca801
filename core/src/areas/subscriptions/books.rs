//! Writing subscriptions down with all that follows from a change, and following what happens to their invoices.

use std::sync::Arc;

use async_trait::async_trait;
use portcullis_ports::identity::Subject;
use portcullis_ports::payments::DeclineClass;
use portcullis_ports::{Result, Timestamp};
use serde::{Deserialize, Serialize};

use super::follow::{CALL_TIME, FOLLOW};
use super::notices::{Help, Notice};
use super::records::{Owed, SubscriptionRecord};
use super::runners::{DUNNING, RENEWALS};
use super::status::SubscriptionStatus as Status;
use super::tallied::counted;
use super::{SUBSCRIPTION_NOT_FOUND, events};
use crate::areas::entitlements::{EntitlementRecords, SubscriptionId};
use crate::areas::invoices::{InvoiceEvent, InvoiceId, InvoiceNews, InvoiceObserver, InvoiceOrigin};
use crate::areas::payments::{Dunning, PaymentNews};
use crate::foundation::context::Context;
use crate::foundation::source::Source;
use crate::foundation::table::{Batch, Slot};
use crate::services::audit::{Audit, Event};
use crate::services::owner_mail::OwnerMail;
use crate::services::tallies::Tallies;
use crate::services::tasks::{TaskKind, Tasks};

/// What is done by itself.
pub(super) fn source() -> Source {
    Source::internal("subscriptions")
}

/// What a task is about.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Owner {
    pub(super) subject: Subject,
}

/// Which task is not planned by a commit, because its runner makes the commit and says itself when it is run again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Running {
    Neither,
    Renewals,
    Dunning,
    Follow,
}

/// Keeps subscriptions.
#[derive(Clone)]
pub(crate) struct SubscriptionBooks {
    pub(super) context: Arc<Context>,
    pub(super) entitlements: EntitlementRecords,
    pub(super) tasks: Tasks,
    pub(super) tallies: Tallies,
    pub(super) audit: Audit,
    pub(super) mail: OwnerMail,
    pub(super) rules: Arc<Dunning>,
}

impl SubscriptionBooks {
    pub(crate) fn new(
        context: &Arc<Context>,
        entitlements: &EntitlementRecords,
        (tasks, audit, mail): (&Tasks, &Audit, &OwnerMail),
        tallies: &Tallies,
        rules: &Dunning,
    ) -> Self {
        Self {
            context: Arc::clone(context),
            entitlements: entitlements.clone(),
            tasks: tasks.clone(),
            tallies: tallies.clone(),
            audit: audit.clone(),
            mail: mail.clone(),
            rules: Arc::new(rules.clone()),
        }
    }

    /// A subscription as it will be once `batch` is done.
    ///
    /// # Errors
    /// `subscription-not-found`.
    pub(super) async fn read_in(
        &self,
        batch: &Batch,
        subject: &Subject,
        id: &SubscriptionId,
    ) -> Result<Slot<SubscriptionRecord>> {
        let table = self.context.table::<SubscriptionRecord>();
        let found = table
            .found_in(batch, subject.as_str(), &SubscriptionRecord::sort(id))
            .await?;
        found.ok_or_else(|| SUBSCRIPTION_NOT_FOUND.error())
    }

    /// Adds a changed subscription to a commit, with what it entitles to and what its history says. Nobody is told to look at
    /// it yet: [`Self::plan`] does that once nothing of it changes any more.
    pub(super) async fn save(
        &self,
        batch: &mut Batch,
        before: &SubscriptionRecord,
        mut slot: Slot<SubscriptionRecord>,
        source: &Source,
    ) -> Result<()> {
        if slot.value == *before {
            return Ok(());
        }
        slot.value.updated_at = self.context.now();
        let record = &slot.value;
        if before.status != record.status || before.restricted != record.restricted {
            let mut event = Event::info(events::STATUS, source)
                .with("subscription", &record.id)
                .with("plan", &record.terms.plan)
                .with("from", before.status.as_str())
                .with("to", record.status.as_str());
            if record.restricted {
                event = event.with("restricted", true);
            }
            self.audit.append(batch, &record.subject, &[event]).await?;
        }
        self.tallies.add(batch, counted(Some(before), record))?;
        self.entitlements
            .keep(batch, &record.subject, &record.id, record.grant())
            .await?;
        batch.save(&slot)
    }

    /// Adds to a commit who looks at a subscription next. A task is moved once in a commit: `again` if that was done in it
    /// before, and what is only missing is added then.
    pub(super) async fn plan(
        &self,
        batch: &mut Batch,
        record: &SubscriptionRecord,
        running: Running,
        again: bool,
    ) -> Result<()> {
        let now = self.context.now();
        if running != Running::Renewals {
            let wake = record.wake(now, self.rules.card_notice.get());
            self.look_at(batch, &RENEWALS, record, wake, again).await?;
        }
        if running != Running::Dunning {
            let wake = record.dunning_wake(now, &self.rules);
            self.look_at(batch, &DUNNING, record, wake, again).await?;
        }
        if running != Running::Follow && record.collector.is_some() {
            let wake = record.follow_wake(now, CALL_TIME);
            self.look_at(batch, &FOLLOW, record, wake, again).await?;
        }
        Ok(())
    }

    pub(super) async fn look_at(
        &self,
        batch: &mut Batch,
        kind: &'static TaskKind,
        record: &SubscriptionRecord,
        due: Option<Timestamp>,
        again: bool,
    ) -> Result<()> {
        let id = record.id.as_str();
        let Some(due) = due else {
            if !again {
                self.tasks.cancel(batch, kind, id).await?;
            }
            return Ok(());
        };
        if again || !self.tasks.move_in(batch, kind, id, due).await? {
            let owner = Owner {
                subject: record.subject.clone(),
            };
            self.tasks.plan(batch, kind, id, due, &owner).await?;
        }
        Ok(())
    }

    /// What an invoice that was paid, or that is not asked for any more, changes.
    fn settled(&self, record: &mut SubscriptionRecord, invoice: &InvoiceId) -> Result<()> {
        record.owed.retain(|owed| owed.invoice != *invoice);
        if !record.owed.is_empty() || record.status.is_over() {
            return Ok(());
        }
        let now = self.context.now();
        if std::mem::take(&mut record.restricted) && record.status == Status::PastDue {
            record.skip_to(now)?;
        }
        match record.status {
            Status::Incomplete | Status::PastDue => record.move_to(Status::Active, now),
            _ => Ok(()),
        }
    }

    /// What a payment that ended without money changes. One that was not made by itself, or with what was charged before,
    /// leaves the schedule as it is.
    async fn unpaid(
        &self,
        batch: &mut Batch,
        record: &mut SubscriptionRecord,
        invoice: &InvoiceId,
        payment: &PaymentNews<'_>,
    ) -> Result<()> {
        let now = self.context.now();
        let owed = record.owed.iter().find(|owed| owed.invoice == *invoice);
        let present = |owed: &Owed| owed.anew_since.is_none_or(|since| payment.begun_at >= since);
        let tried = payment.absent && owed.is_some_and(present);
        if !tried || record.status.is_over() {
            record.decided(invoice, now);
            return Ok(());
        }
        if payment.unsent {
            record.not_asked(invoice, payment.begun_at, now);
            return Ok(());
        }
        let class = payment
            .failure
            .map_or(DeclineClass::Authenticate, |failure| failure.class);
        let next = record.payment_failed(invoice, is_hard(class), now, &self.rules);
        if record.status == Status::Active {
            record.move_to(Status::PastDue, now)?;
        }
        let notice = Notice::PaymentFailed {
            help: Help::from(class),
            next,
        };
        self.notify(batch, record, &notice).await
    }
}

/// Whether it is in vain to try the same method again by itself: the card is of no use, or its owner has to act.
const fn is_hard(class: DeclineClass) -> bool {
    match class {
        DeclineClass::Never | DeclineClass::OtherMethod | DeclineClass::Authenticate => true,
        DeclineClass::RetryLater | DeclineClass::OurSide => false,
    }
}

#[async_trait]
impl InvoiceObserver for SubscriptionBooks {
    async fn happened(&self, batch: &mut Batch, invoice: &InvoiceNews<'_>) -> Result<()> {
        let InvoiceOrigin::Subscription { subscription } = invoice.origin else {
            return Ok(());
        };
        let Ok(id) = SubscriptionId::parse(subscription) else {
            return Ok(());
        };
        // Whoever orders an invoice has written the subscription before, and has it looked at afterwards.
        let sort = SubscriptionRecord::sort(&id);
        let again = batch.puts::<SubscriptionRecord>(invoice.subject.as_str(), &sort);
        let mut slot = match self.read_in(batch, invoice.subject, &id).await {
            Ok(slot) => slot,
            // Money is booked whether or not there still is what it was for.
            Err(error) if error.code() == SUBSCRIPTION_NOT_FOUND => return Ok(()),
            Err(error) => return Err(error),
        };
        let before = slot.value.clone();
        let record = &mut slot.value;
        match invoice.event {
            InvoiceEvent::Issued if invoice.due.is_positive() => {
                let now = self.context.now();
                // The first one is paid by whoever subscribes, and by nobody else.
                let first_try = (record.status != Status::Incomplete).then_some(now);
                record.owe(invoice.id.clone(), now, first_try);
                record.billed.push(invoice.id.clone());
            }
            InvoiceEvent::Issued => record.billed.push(invoice.id.clone()),
            InvoiceEvent::Paid => self.settled(record, invoice.id)?,
            InvoiceEvent::Voided | InvoiceEvent::GivenUp => {
                let never_began = record.status == Status::Incomplete;
                if !never_began {
                    self.settled(record, invoice.id)?;
                }
                record.owed.retain(|owed| owed.invoice != *invoice.id);
            }
            InvoiceEvent::PaymentEnded(payment) => {
                self.unpaid(batch, record, invoice.id, payment).await?;
            }
        }
        if *record == before {
            return Ok(());
        }
        let record = record.clone();
        self.save(batch, &before, slot, &source()).await?;
        self.plan(batch, &record, Running::Neither, again).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_work_later_by_itself_is_tried_again() {
        for (class, hard) in [
            (DeclineClass::RetryLater, false),
            (DeclineClass::OurSide, false),
            (DeclineClass::OtherMethod, true),
            (DeclineClass::Never, true),
            (DeclineClass::Authenticate, true),
        ] {
            assert_eq!(is_hard(class), hard, "{class:?}");
        }
    }
}
