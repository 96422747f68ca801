//! What an operator sees and does: tasks that were given up, another try, how much waits.

use portcullis_ports::{Result, Timestamp};

use super::lease::move_in;
use super::meters;
use super::records::{Task, partition};
use super::runners::Runners;
use super::{TASK_NOT_FOUND, TaskKind};
use crate::foundation::table::Batch;

/// The most tasks of a partition that are listed or counted.
const MOST: usize = 1_000;

/// A task that was given up.
#[derive(Debug, Clone)]
pub struct DeadTask {
    /// The name of its kind.
    pub kind: &'static str,
    /// Its id within the kind.
    pub id: String,
    /// Since when it lies there.
    pub since: Timestamp,
    /// How often it was begun.
    pub runs: u32,
    /// Why it was given up.
    pub reason: String,
}

impl Runners {
    /// The kinds that have a runner.
    pub fn kinds(&self) -> impl Iterator<Item = &'static TaskKind> {
        self.registered.iter().map(|one| one.kind)
    }

    /// What was given up, the longest of each kind first, at most 1,000 for each shard.
    pub async fn dead_letters(&self) -> Result<Vec<DeadTask>> {
        let mut letters = Vec::new();
        for kind in self.kinds() {
            for shard in 0..kind.shards {
                let table = self.tasks.context.table::<Task>();
                let partition = partition(kind, shard);
                let (page, _) = table.page(&partition, Task::dead(), MOST, None).await?;
                for task in page {
                    letters.push(DeadTask {
                        kind: kind.name,
                        id: task.value.id,
                        since: task.value.dead_since.unwrap_or(task.value.due),
                        runs: task.value.runs,
                        reason: task.value.last_failure.unwrap_or_default(),
                    });
                }
            }
        }
        Ok(letters)
    }

    /// Has a task that was given up tried again now.
    ///
    /// # Errors
    /// `task-not-found`.
    pub async fn replay(&self, kind: &str, id: &str) -> Result<()> {
        let known = self.kinds().find(|known| known.name == kind);
        let kind = known.ok_or_else(|| TASK_NOT_FOUND.error())?;
        let context = &self.tasks.context;
        context
            .retried(|| async {
                let found = self.tasks.find(kind, id).await?;
                let found = found.filter(|found| found.dead_since.is_some());
                let found = found.ok_or_else(|| TASK_NOT_FOUND.error())?;
                let again = Task {
                    failures: 0,
                    ..found.released(context.now())
                };
                let mut batch = Batch::default();
                move_in(&mut batch, &found, &again)?;
                batch.wake(kind.name, again.due);
                context.commit(batch).await
            })
            .await
    }

    /// Sets the gauges of every kind.
    ///
    /// # Errors
    /// If the store cannot be asked; what was measured until then stays.
    pub async fn measure(&self) -> Result<()> {
        let now = self.tasks.context.now();
        for kind in self.kinds() {
            let (mut waiting, mut dead, mut overdue) = (0, 0, 0);
            for shard in 0..kind.shards {
                let (table, partition) = (self.tasks.context.table::<Task>(), partition(kind, shard));
                let (queued, _) = table.page(&partition, Task::queued(), MOST, None).await?;
                waiting += queued.len();
                let oldest = queued.first().map_or(0, |task| now.since(task.due).as_secs());
                overdue = overdue.max(oldest);
                let (given_up, _) = table.page(&partition, Task::dead(), MOST, None).await?;
                dead += given_up.len();
            }
            #[expect(clippy::cast_precision_loss, reason = "far below the point where it matters")]
            for (meter, value) in [
                (meters::WAITING, waiting as f64),
                (meters::OVERDUE, overdue as f64),
                (meters::DEAD, dead as f64),
            ] {
                metrics::gauge!(meter.name, "kind" => kind.name).set(value);
            }
        }
        Ok(())
    }
}
