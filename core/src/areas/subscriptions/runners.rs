//! What happens to subscriptions by itself: periods are billed and end, unpaid invoices are collected.

use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::identity::Subject;
use portcullis_ports::{Error, Result};

use super::billing::period_line;
use super::books::{Owner, Running, source};
use super::dunning::{DunningStep, LATER};
use super::lifecycle::Step;
use super::notices::{Help, Notice};
use super::records::{EndReason, Hindrance, Owed, SubscriptionRecord};
use super::status::SubscriptionStatus as Status;
use super::subscribe::charged;
use super::{SUBSCRIPTION_NOT_FOUND, Subscriptions};
use crate::areas::entitlements::SubscriptionId;
use crate::areas::invoices::{Collected, INVOICE_STATE, InvoiceId};
use crate::areas::ledger::{COLLECTING, HOLD_EXCEEDS_PAYABLE, Reason};
use crate::areas::payment_methods::{
    METHOD_NOT_FOUND, METHOD_UNUSABLE, NO_DEFAULT_METHOD, VENDOR_UNAVAILABLE,
};
use crate::areas::payments::{AMOUNT_NOT_TAKEN, NOTHING_DUE, Payer};
use crate::foundation::table::{Batch, Slot};
use crate::services::billing_freezes::BILLING_FROZEN;
use crate::services::idempotency::IdempotencyKey;
use crate::services::payment_vendors::NOT_OFFERED;
use crate::services::tasks::{Leased, Next, TaskKind, TaskRunner};

/// The waits after failures: what is away for long must not leave a period unbilled.
const WAITS: &[Duration] = &[
    Duration::from_secs(5),
    Duration::from_mins(1),
    Duration::from_mins(10),
    Duration::from_hours(1),
    Duration::from_hours(6),
];
/// With these waits about a month.
const ATTEMPTS: u32 = 120;

/// Bills the next period of a subscription, or ends it. What is to be done follows from the subscription and never from the
/// task, so that it may be run any number of times.
pub(crate) const RENEWALS: TaskKind =
    TaskKind::new("renewals", "Bills the next period of a subscription, or ends it.")
        .sharded(8)
        .concurrent(8)
        .leased(Duration::from_mins(2))
        .retried(ATTEMPTS, WAITS);

/// Collects invoices of subscriptions that are not paid. The payment of a try has a key of its own, so that a try is made
/// once, however often the task is run.
pub(crate) const DUNNING: TaskKind = TaskKind::new(
    "dunning",
    "Collects what is not paid of a subscription, and restricts or ends it.",
)
.sharded(8)
.concurrent(8)
.leased(Duration::from_mins(2))
.retried(ATTEMPTS, WAITS);

pub(super) struct Renewals(pub(super) Subscriptions);

pub(super) struct DunningRunner(pub(super) Subscriptions);

/// How far a run came.
enum Progress {
    /// There may be more to do.
    Further,
    /// There is nothing to do now.
    Rest(Next),
}

#[async_trait]
impl TaskRunner for Renewals {
    async fn run(&self, task: &Leased) -> Result<Next> {
        let Self(subscriptions) = self;
        let (owner, id) = named(task)?;
        loop {
            let renewed = subscriptions.context.retried(|| subscriptions.renew(&owner, &id));
            match renewed.await {
                Ok(Progress::Further) => {}
                Ok(Progress::Rest(next)) => return Ok(next),
                Err(error) if error.code() == SUBSCRIPTION_NOT_FOUND => return Ok(Next::Done),
                Err(error) => return Err(error),
            }
        }
    }
}

#[async_trait]
impl TaskRunner for DunningRunner {
    async fn run(&self, task: &Leased) -> Result<Next> {
        let Self(subscriptions) = self;
        let (owner, id) = named(task)?;
        loop {
            match subscriptions.dun(&owner, &id).await {
                Ok(Progress::Further) => {}
                Ok(Progress::Rest(next)) => return Ok(next),
                Err(error) if error.code() == SUBSCRIPTION_NOT_FOUND => return Ok(Next::Done),
                Err(error) => return Err(error),
            }
        }
    }
}

fn named(task: &Leased) -> Result<(Subject, SubscriptionId)> {
    let owner: Owner = task.body()?;
    let id = SubscriptionId::parse(task.id()).map_err(Error::internal)?;
    Ok((owner.subject, id))
}

impl Subscriptions {
    /// Does what is due about a subscription, in one commit.
    async fn renew(&self, subject: &Subject, id: &SubscriptionId) -> Result<Progress> {
        let mut batch = Batch::default();
        self.context.lock_subject(&mut batch, subject).await;
        let mut slot = self.books.read_in(&batch, subject, id).await?;
        let (now, notice) = (self.context.now(), self.books.rules.card_notice.get());
        let before = slot.value.clone();
        let step = before.step(now, notice);
        // Nothing is billed while nothing can be paid: it is made up for afterwards.
        if step == Step::Bill {
            match self.freezes.require_thawed(&mut batch, subject).await {
                Ok(()) => {}
                Err(error) if error.code() == BILLING_FROZEN => {
                    return Ok(Progress::Rest(Next::Again(now + LATER)));
                }
                Err(error) => return Err(error),
            }
        }
        let record = &mut slot.value;
        let mut lines = Vec::new();
        match step {
            Step::Wait(None) => return Ok(Progress::Rest(Next::Done)),
            Step::Wait(Some(until)) => return Ok(Progress::Rest(Next::Again(until))),
            Step::Bill => {
                let begun = record.begin_next_period()?;
                let plan = self.plans.named(&record.terms.plan).await?;
                record.terms.refresh(&plan);
                if record.status == Status::Trialing {
                    record.move_to(Status::Active, now)?;
                }
                lines.push(period_line(record, &begun)?);
            }
            Step::End => {
                record.move_to(Status::Ended, now)?;
                // When it was to, whenever somebody came to write that down.
                record.ended_at = Some(record.period.end);
                let because = record.because.unwrap_or(EndReason::Customer);
                let ended = Notice::Ended(because);
                self.books.notify(&mut batch, record, &ended).await?;
            }
            Step::Expire => return self.expire(batch, slot).await,
            Step::LookAtCard => {
                record.expiry_told = Some(record.next);
                let method = record.method.as_ref();
                let end = record.period.end;
                if let Some(card) = self.methods.expired_by(subject, method, end).await? {
                    let expires = Notice::CardExpires(card);
                    self.books.notify(&mut batch, record, &expires).await?;
                }
            }
        }
        self.bill(&mut batch, &before, slot, lines, &source()).await?;
        let written = self.books.read_in(&batch, subject, id).await?.value;
        self.books
            .plan(&mut batch, &written, Running::Renewals, false)
            .await?;
        self.context.commit(batch).await?;
        Ok(Progress::Further)
    }

    /// The first invoice was not paid in time: it is taken back, unless a payment is under way after all.
    async fn expire(&self, mut batch: Batch, mut slot: Slot<SubscriptionRecord>) -> Result<Progress> {
        let before = slot.value.clone();
        let now = self.context.now();
        let record = &mut slot.value;
        record.cancel(EndReason::NeverPaid, now)?;
        record.cancel_there(now);
        let ended = Notice::Ended(EndReason::NeverPaid);
        self.books.notify(&mut batch, record, &ended).await?;
        self.books.save(&mut batch, &before, slot, &source()).await?;
        match self.take_back_first(&mut batch, &before).await {
            Ok(()) => {}
            Err(error) if error.code() == COLLECTING => {
                return Ok(Progress::Rest(Next::Again(now + LATER)));
            }
            Err(error) => return Err(error),
        }
        let written = self
            .books
            .read_in(&batch, &before.subject, &before.id)
            .await?
            .value;
        self.books
            .plan(&mut batch, &written, Running::Renewals, false)
            .await?;
        self.context.commit(batch).await?;
        Ok(Progress::Further)
    }

    /// Takes the invoice of a period back that never began.
    ///
    /// # Errors
    /// `collecting` if a payment of it is under way.
    pub(super) async fn take_back_first(&self, batch: &mut Batch, before: &SubscriptionRecord) -> Result<()> {
        if before.status != Status::Incomplete {
            return Ok(());
        }
        let why = Reason::parse("The subscription did not begin.").map_err(Error::internal)?;
        for owed in &before.owed {
            self.invoice_books
                .take_back(batch, &before.subject, &owed.invoice, &why)
                .await?;
        }
        Ok(())
    }

    /// Does what is due about what is not paid of a subscription.
    async fn dun(&self, subject: &Subject, id: &SubscriptionId) -> Result<Progress> {
        let now = self.context.now();
        let mut record = self.record(subject, id).await?;
        let mut step = record.dunning_step(now, &self.books.rules);
        if !matches!(step, DunningStep::Wait(_)) || record.is_held_up() {
            let frozen = self.context.retried(|| self.hindered(subject, id)).await?;
            record = self.record(subject, id).await?;
            step = record.dunning_step(now, &self.books.rules);
            if frozen && matches!(step, DunningStep::Collect(..)) {
                return Ok(Progress::Rest(Next::Again(now + LATER)));
            }
        }
        match step {
            DunningStep::Wait(None) => Ok(Progress::Rest(Next::Done)),
            DunningStep::Wait(Some(until)) => Ok(Progress::Rest(Next::Again(until))),
            DunningStep::Restrict | DunningStep::Cancel => {
                self.context.retried(|| self.lose(subject, id)).await?;
                Ok(Progress::Further)
            }
            DunningStep::Collect(invoice, attempt) => self.collect(&record, &invoice, attempt).await,
        }
    }

    /// Notes since when unpaid invoices are held up, or that they are not any more. Says whether billing is frozen.
    async fn hindered(&self, subject: &Subject, id: &SubscriptionId) -> Result<bool> {
        let mut batch = Batch::default();
        self.context.lock_subject(&mut batch, subject).await;
        let mut slot = self.books.read_in(&batch, subject, id).await?;
        let (before, now) = (slot.value.clone(), self.context.now());
        let frozen = self.freezes.find(subject).await?;
        for owed in &mut slot.value.owed {
            if let Some(freeze) = &frozen {
                owed.hold_up(freeze.since, Hindrance::Freeze);
            } else if let Some(since) = self.invoices.undecided(subject, &owed.invoice).await? {
                owed.hold_up(since, Hindrance::Outcome);
            } else if owed
                .held_up
                .is_some_and(|held_up| held_up.by != Hindrance::Outage)
            {
                owed.go_on(now);
            }
        }
        if slot.value != before {
            self.write(batch, &before, slot).await?;
        }
        Ok(frozen.is_some())
    }

    /// Restricts or ends a subscription that is not paid for too long.
    async fn lose(&self, subject: &Subject, id: &SubscriptionId) -> Result<()> {
        let mut batch = Batch::default();
        self.context.lock_subject(&mut batch, subject).await;
        let mut slot = self.books.read_in(&batch, subject, id).await?;
        let (before, now) = (slot.value.clone(), self.context.now());
        let record = &mut slot.value;
        let notice = match record.dunning_step(now, &self.books.rules) {
            DunningStep::Cancel => {
                record.cancel(EndReason::Unpaid, now)?;
                Notice::Ended(EndReason::Unpaid)
            }
            DunningStep::Restrict => {
                record.restricted = true;
                if record.status == Status::Active {
                    record.move_to(Status::PastDue, now)?;
                }
                Notice::Restricted
            }
            // It was paid meanwhile.
            DunningStep::Wait(_) | DunningStep::Collect(..) => return Ok(()),
        };
        self.books.notify(&mut batch, record, &notice).await?;
        self.write(batch, &before, slot).await
    }

    /// Makes one try. What becomes of its payment is learnt with its invoice, in the commit that writes it down.
    async fn collect(
        &self,
        record: &SubscriptionRecord,
        invoice: &InvoiceId,
        attempt: u32,
    ) -> Result<Progress> {
        let (subject, later) = (&record.subject, Next::Again(self.context.now() + LATER));
        let key = IdempotencyKey::parse(&format!("{invoice}.{attempt}")).map_err(Error::internal)?;
        let command = charged(record);
        let collected = self
            .invoices
            .collect(Payer::Absent(subject), &key, invoice, &command, &source())
            .await;
        let done = match collected {
            Ok(Collected::Nothing) => true,
            Ok(Collected::By(payment)) => payment.status.is_final(),
            Err(error) => match error.code() {
                // What is to be paid is looked at again: another payment asks for it, or it is less by now.
                COLLECTING | BILLING_FROZEN | HOLD_EXCEEDS_PAYABLE => return Ok(Progress::Rest(later)),
                VENDOR_UNAVAILABLE => {
                    let away = self
                        .context
                        .retried(|| self.without_vendor(record, invoice, attempt));
                    away.await?;
                    return Ok(Progress::Rest(later));
                }
                NO_DEFAULT_METHOD | METHOD_NOT_FOUND | METHOD_UNUSABLE | NOT_OFFERED | AMOUNT_NOT_TAKEN => {
                    let none = self
                        .context
                        .retried(|| self.without_method(record, invoice, attempt));
                    none.await?;
                    true
                }
                INVOICE_STATE | NOTHING_DUE => true,
                _ => return Err(error),
            },
        };
        let now = self.record(subject, &record.id).await?;
        Ok(if done && now.owed != record.owed {
            Progress::Further
        } else {
            Progress::Rest(later)
        })
    }

    /// The vendor cannot be asked, which is no try.
    async fn without_vendor(
        &self,
        asked: &SubscriptionRecord,
        invoice: &InvoiceId,
        attempt: u32,
    ) -> Result<()> {
        let mut batch = Batch::default();
        self.context.lock_subject(&mut batch, &asked.subject).await;
        let mut slot = self.books.read_in(&batch, &asked.subject, &asked.id).await?;
        let (before, now) = (slot.value.clone(), self.context.now());
        let same = |owed: &Owed| owed.invoice == *invoice && owed.attempt == attempt;
        if slot.value.owed.iter().any(same) {
            slot.value.not_asked(invoice, now, now);
            self.write(batch, &before, slot).await?;
        }
        Ok(())
    }

    /// Nothing can be charged: no try is made until there is another method.
    async fn without_method(
        &self,
        asked: &SubscriptionRecord,
        invoice: &InvoiceId,
        attempt: u32,
    ) -> Result<()> {
        let mut batch = Batch::default();
        self.context.lock_subject(&mut batch, &asked.subject).await;
        let mut slot = self.books.read_in(&batch, &asked.subject, &asked.id).await?;
        let (before, now) = (slot.value.clone(), self.context.now());
        let record = &mut slot.value;
        let same = |owed: &Owed| owed.invoice == *invoice && owed.attempt == attempt;
        if !record.owed.iter().any(same) || record.method != asked.method {
            return Ok(());
        }
        record.payment_failed(invoice, true, now, &self.books.rules);
        if record.status == Status::Active {
            record.move_to(Status::PastDue, now)?;
        }
        let notice = Notice::PaymentFailed {
            help: Help::OtherMethod,
            next: None,
        };
        self.books.notify(&mut batch, record, &notice).await?;
        self.write(batch, &before, slot).await
    }

    /// Makes the commit of the runner that follows what is not paid.
    async fn write(
        &self,
        mut batch: Batch,
        before: &SubscriptionRecord,
        slot: Slot<SubscriptionRecord>,
    ) -> Result<()> {
        let record = slot.value.clone();
        self.books.save(&mut batch, before, slot, &source()).await?;
        self.books
            .plan(&mut batch, &record, Running::Dunning, false)
            .await?;
        self.context.commit(batch).await
    }
}
