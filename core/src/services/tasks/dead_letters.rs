//! What an operator sees and does: tasks that were given up, another try.

use portcullis_ports::{Result, Timestamp};

use super::lease::move_in;
use super::records::{Task, partition};
use super::runners::Runners;
use super::{TASK_NOT_FOUND, TaskKind};
use crate::foundation::table::Batch;

/// The most tasks of a partition that are listed.
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
}
