//! Open invoices are paid out of what stands on the balance: a few in each commit, the rest by a task.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::identity::Subject;
use portcullis_ports::money::Currency;
use serde::{Deserialize, Serialize};

use super::books::InvoiceBooks;
use super::observer::InvoiceEvent;
use crate::foundation::context::Context;
use crate::foundation::table::Batch;
use crate::services::tasks::{Leased, Next, TaskKind, TaskRunner, Tasks};

/// How many invoices one commit pays at most. Each takes up to a dozen writes with what its subscription makes of it.
const AT_ONCE: usize = 8;
/// A commit that holds so many writes pays no further invoice: [`portcullis_ports::storage::MAX_WRITES`] bounds it, and the
/// payment that it settles has more to add.
const ROOM: usize = 55;

/// Pays what is left to be paid out of a balance. What there is follows from the balance and never from the task, so that it
/// may be run any number of times.
pub(super) const BALANCE: TaskKind = TaskKind::new(
    "invoices-from-balance",
    "Pays open invoices out of what stands on the balance.",
)
.sharded(8)
.concurrent(8)
.leased(Duration::from_mins(2))
.retried(
    120,
    &[
        Duration::from_secs(5),
        Duration::from_mins(1),
        Duration::from_mins(10),
        Duration::from_hours(1),
        Duration::from_hours(6),
    ],
);

/// Whose balance a task is about.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Payer {
    subject: Subject,
    currency: Currency,
}

/// Plans that a balance pays open invoices.
#[derive(Clone)]
pub(crate) struct BalanceTasks {
    context: Arc<Context>,
    tasks: Tasks,
}

impl BalanceTasks {
    pub(crate) fn new(context: &Arc<Context>, tasks: &Tasks) -> Self {
        Self {
            context: Arc::clone(context),
            tasks: tasks.clone(),
        }
    }

    /// Adds to a commit that a balance pays what is open, as soon as the commit is done.
    async fn plan(&self, batch: &mut Batch, subject: &Subject, currency: Currency) -> Result<()> {
        let (id, now) = (format!("{currency}-{subject}"), self.context.now());
        if Tasks::is_changed_in(batch, &BALANCE, &id) || self.tasks.move_in(batch, &BALANCE, &id, now).await?
        {
            return Ok(());
        }
        let payer = Payer {
            subject: subject.clone(),
            currency,
        };
        self.tasks.plan(batch, &BALANCE, &id, now, &payer).await.map(drop)
    }
}

impl InvoiceBooks {
    /// Pays open invoices, oldest first, out of what is on the balance beyond all other debts. What a payment collects at the
    /// moment is left to it. More than fit into the commit are paid by a task.
    pub(super) async fn pay_from_balance(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        currency: Currency,
    ) -> Result<()> {
        if self.pay_some(batch, subject, currency).await? {
            self.balance_tasks.plan(batch, subject, currency).await?;
        }
        Ok(())
    }

    /// Pays so many of them as fit into a commit. Says whether there are more.
    pub(super) async fn pay_some(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        currency: Currency,
    ) -> Result<bool> {
        let account = self.account_in(batch, subject).await?.value;
        let due = account.due(currency);
        if due == 0 {
            return Ok(false);
        }
        let owed = self.ledger.owed_in(batch, subject, currency).await?;
        let mut left = due.saturating_sub(owed);
        let of_currency = account.open.iter().filter(|open| open.currency == currency);
        for (paid, open) in of_currency.filter(|open| !open.collecting).enumerate() {
            if left <= 0 {
                break;
            }
            if paid >= AT_ONCE || batch.len() > ROOM {
                return Ok(true);
            }
            let mut slot = self.read_in(batch, subject, &open.id).await?;
            let paid = left.min(slot.value.due());
            slot.value.from_balance += paid;
            left -= paid;
            let closed = self.close(&mut slot.value);
            let invoice = slot.value.clone();
            self.save(batch, slot).await?;
            if closed {
                self.tell(batch, &invoice, InvoiceEvent::Paid).await?;
            }
        }
        Ok(false)
    }

    /// Pays all of them, in commits of their own.
    pub(super) async fn pay_all(&self, subject: &Subject, currency: Currency) -> Result<()> {
        loop {
            let paid = self.context.retried(|| async {
                let mut batch = Batch::default();
                self.context.lock_subject(&mut batch, subject).await;
                let more = self.pay_some(&mut batch, subject, currency).await?;
                self.context.commit(batch).await?;
                Ok(more)
            });
            if !paid.await? {
                return Ok(());
            }
        }
    }
}

/// Runs the tasks.
pub(super) struct BalanceRunner(pub(super) InvoiceBooks);

#[async_trait]
impl TaskRunner for BalanceRunner {
    async fn run(&self, task: &Leased) -> Result<Next> {
        let Payer { subject, currency } = task.body()?;
        self.0.pay_all(&subject, currency).await?;
        Ok(Next::Done)
    }
}
