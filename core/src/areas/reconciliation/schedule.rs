//! Once a day, by one node, for every vendor that has reports.

use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::Result;

use super::Reconciliation;
use super::model::RunState;
use super::records::{RunRecord, Trigger};
use crate::foundation::table::Batch;
use crate::services::tasks::{Leased, Next, TaskKind, TaskRunner};

/// Begins a run for every vendor.
pub(crate) const DAILY: TaskKind = TaskKind::recurring(
    "reconciliation-daily",
    "Once a day has the books compared with what every payment vendor reports.",
    Duration::from_hours(24),
);
/// Works through a run. It may be done twice: everything that it does is done once.
pub(crate) const RUN: TaskKind = TaskKind::new(
    "reconciliation",
    "Compares the books with what a payment vendor reports.",
)
.concurrent(2)
.leased(Duration::from_mins(2))
.interruptible();

/// How long after their turn vendors are asked: not while a node starts.
const LATER: Duration = Duration::from_mins(5);

pub(super) struct Daily(pub(super) Reconciliation);

#[async_trait]
impl TaskRunner for Daily {
    async fn run(&self, _: &Leased) -> Result<Next> {
        let Self(reconciliation) = self;
        let context = &reconciliation.context;
        for vendor in reconciliation.vendors.iter().filter(|one| one.has_reports()) {
            let run = reconciliation
                .new_run(vendor, (None, None), Trigger::Schedule)
                .await?;
            context
                .retried(|| async {
                    let mut batch = Batch::default();
                    batch.insert(&run)?;
                    let due = context.now() + LATER;
                    let tasks = &reconciliation.tasks;
                    tasks.plan(&mut batch, &RUN, run.id.as_str(), due, &()).await?;
                    context.commit(batch).await
                })
                .await?;
        }
        Ok(Next::Done)
    }
}

pub(super) struct Run(pub(super) Reconciliation);

#[async_trait]
impl TaskRunner for Run {
    async fn run(&self, task: &Leased) -> Result<Next> {
        let Self(reconciliation) = self;
        let table = reconciliation.context.table::<RunRecord>();
        let run = table.find(RunRecord::PARTITION, task.id()).await?;
        if let Some(run) = run.filter(|run| run.state == RunState::Running) {
            reconciliation.perform(run.value).await?;
        }
        Ok(Next::Done)
    }

    async fn given_up(&self, batch: &mut Batch, task: &Leased, reason: &str) -> Result<()> {
        self.0.give_up(batch, task.id(), reason).await
    }
}
