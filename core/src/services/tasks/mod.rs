//! Work that must happen later: planned in the commit that causes it, run by leased workers of all nodes.
//!
//! An area declares its kinds in its `AREA` (`tasks: &[&WATCH]`), registers a runner for each when the application opens,
//! and plans in its own commits:
//!
//! ```text
//! pub(crate) const WATCH: TaskKind = TaskKind::new("payments-watch", "Asks what became of a payment.")
//!     .sharded(8).concurrent(16).leased(Duration::from_secs(90))
//!     .retried(20, &[Duration::from_secs(10), Duration::from_mins(1), Duration::from_mins(30)]);
//!
//! tasks.plan(&mut batch, &WATCH, payment.id.as_str(), now + limit, &Body { subject }).await?; // false: there is one
//! tasks.move_in(&mut batch, &WATCH, id, sooner).await?;                                       // false: there is none
//! tasks.cancel(&mut batch, &WATCH, id).await?;                                                // false: there is none
//!
//! runners.repeating(&MAIL, runner);  // TaskRunner: a task whose worker died is run again
//! runners.asking(&WATCH, runner);    // AskingRunner: such a task is given to `look`, never to `run`
//! ```
//!
//! - **Ids** are unique within a kind. A task stays one task until it is done, so that planning it twice plans it once. It
//!   is found by its id while it waits, runs or lies among the dead letters; one that was planned first and never moved, by
//!   its id and when it was due.
//! - **Ends.** A runner answers `Next`, or puts the end into its own commit: `task.finish_in(&mut batch)` or
//!   `task.again_in(&mut batch, at)`; whatever it answers then is ignored once that commit is done. An error is a failure: it
//!   is tried again after the waits of its kind, and lies among the dead letters after its attempts.
//! - **Leases** are renewed while a runner works. Before what must not be done twice a runner calls
//!   `task.hold(deadline)`, and does nothing if that is not `true`.
//! - **Moved while it runs**: the wish is kept, and the task is run again by then, whatever its runner answers.
//! - **In one batch** a task is changed once. What a batch ends it may plan anew.
//! - **Wake-ups.** The workers of this process know what it planned; those of other nodes look every `patrol`.
//! - **Recurring kinds** (`TaskKind::recurring`) are one task that plans itself: one worker at each turn on all nodes,
//!   missed turns are left out, `Leased::planned_for` is the turn.

mod dead_letters;
pub(crate) mod dispatcher;
pub(crate) mod lease;
mod leased;
#[cfg(test)]
mod machine_tests;
mod meters;
#[cfg(test)]
mod patrol_tests;
mod records;
mod runners;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod worker_tests;

use std::sync::Arc;

use portcullis_ports::{Code, Error, Kind, Result, Timestamp};
use serde::Serialize;

pub use crate::foundation::task_kind::TaskKind;
pub use dead_letters::DeadTask;
pub(crate) use leased::{Leased, Next};
pub(crate) use records::TASKS;
use records::{Task, TaskById, place};
#[cfg_attr(not(test), expect(unused_imports, reason = "for what moves money"))]
pub(crate) use runners::AskingRunner;
pub(crate) use runners::TaskRunner;
pub use runners::{Runners, Worker};

use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::context::Context;
use crate::foundation::table::{Batch, Versioned};
use lease::move_in;

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    families: &[
        // What was done since the backup must not be done again.
        Family::new(
            TASKS,
            Personal::Nobody,
            &[shape::<Task>("task"), shape::<TaskById>("id")],
        )
        .taken_over(),
    ],
    problems: &[TASK_NOT_FOUND],
    meters: meters::ALL,
    ..Area::EMPTY
};

/// There is no such dead letter.
pub const TASK_NOT_FOUND: Code = Code::new(
    "task-not-found",
    Kind::NotFound,
    "There is no such task among those that were given up.",
);

/// Plans work.
#[derive(Clone)]
pub(crate) struct Tasks {
    context: Arc<Context>,
}

impl Tasks {
    pub(crate) fn new(context: &Arc<Context>) -> Self {
        Self {
            context: Arc::clone(context),
        }
    }

    /// Adds a task to the commit that causes it. `false` if there is one of that id, whatever state it is in: it is left
    /// as it is.
    pub(crate) async fn plan(
        &self,
        batch: &mut Batch,
        kind: &'static TaskKind,
        id: &str,
        due: Timestamp,
        body: &(impl Serialize + Sync),
    ) -> Result<bool> {
        let task = Self::task(kind, id, due, body)?;
        let (partition, sort) = TaskById::key_of(kind, id);
        if batch.puts::<TaskById>(&partition, &sort) {
            return Ok(false);
        }
        let by_id = self.context.table::<TaskById>();
        let slot = by_id
            .slot_in(batch, &partition, &sort, || TaskById::of(&task))
            .await?;
        // What the batch itself ends is there, and makes room.
        if !slot.is_new() && !batch.removes::<TaskById>(&partition, &sort) {
            return Ok(false);
        }
        batch.insert(&task)?;
        batch.save(&slot)?;
        batch.wake(kind.name, due);
        Ok(true)
    }

    /// The same for an id that was never given before, which nobody needs to look up: the commit fails if there is one.
    ///
    /// Until it is moved or run it is found by its id and this `due` alone: [`Tasks::move_first_in`],
    /// [`Tasks::cancel_first`]. Most such tasks are cancelled without that, and cost two writes less.
    pub(crate) fn plan_first(
        batch: &mut Batch,
        kind: &'static TaskKind,
        id: &str,
        due: Timestamp,
        body: &impl Serialize,
    ) -> Result<()> {
        let task = Task {
            unmoved: true,
            ..Self::task(kind, id, due, body)?
        };
        batch.insert(&task)?;
        batch.wake(kind.name, due);
        Ok(())
    }

    fn task(kind: &'static TaskKind, id: &str, due: Timestamp, body: &impl Serialize) -> Result<Task> {
        let body = serde_json::to_value(body).map_err(|error| {
            Error::internal(format!("the body of a task of {} cannot be written", kind.name))
                .with_source(error)
        })?;
        Ok(Task::new(kind, id, due, body))
    }

    /// Adds to a commit that a task is run at `due`, whether it waits or lies among the dead letters. One that is being run
    /// is run again then. `false` if there is none.
    pub(crate) async fn move_in(
        &self,
        batch: &mut Batch,
        kind: &'static TaskKind,
        id: &str,
        due: Timestamp,
    ) -> Result<bool> {
        let found = self.find(kind, id).await?;
        found.map_or(Ok(false), |found| Self::move_found(batch, kind, &found, due))
    }

    /// The same for what [`Tasks::plan_first`] has planned for `first`.
    pub(crate) async fn move_first_in(
        &self,
        batch: &mut Batch,
        kind: &'static TaskKind,
        (id, first): (&str, Timestamp),
        due: Timestamp,
    ) -> Result<bool> {
        match self.find_unmoved(kind, id, first).await? {
            Some(found) => Self::move_found(batch, kind, &found, due),
            None => self.move_in(batch, kind, id, due).await,
        }
    }

    fn move_found(
        batch: &mut Batch,
        kind: &'static TaskKind,
        found: &Versioned<Task>,
        due: Timestamp,
    ) -> Result<bool> {
        let moved = if found.lease.is_some() {
            Task {
                wanted_at: Some(found.wanted_at.map_or(due, |wanted| wanted.min(due))),
                ..found.value.clone()
            }
        } else {
            Task {
                failures: 0,
                ..found.released(due)
            }
        };
        move_in(batch, found, &moved)?;
        batch.wake(kind.name, moved.due);
        Ok(true)
    }

    /// Whether a commit plans, moves or ends this task already: it is changed once in one commit.
    pub(crate) fn is_changed_in(batch: &Batch, kind: &'static TaskKind, id: &str) -> bool {
        let (partition, sort) = TaskById::key_of(kind, id);
        batch.puts::<TaskById>(&partition, &sort) || batch.removes::<TaskById>(&partition, &sort)
    }

    /// Adds to a commit that a task is not run any more. A run that is under way goes on, and learns that it has lost its
    /// lease. `false` if there is none.
    pub(crate) async fn cancel(&self, batch: &mut Batch, kind: &'static TaskKind, id: &str) -> Result<bool> {
        let (partition, sort) = TaskById::key_of(kind, id);
        let by_id = self.context.table::<TaskById>();
        let Some(found) = by_id.find(&partition, &sort).await? else {
            return Ok(false);
        };
        // It is written whenever the task is, so that its state is the state of both.
        batch.remove(&found);
        batch.clear::<Task>(partition, found.value.sort);
        Ok(true)
    }

    /// The same for what [`Tasks::plan_first`] has planned for `first`.
    pub(crate) async fn cancel_first(
        &self,
        batch: &mut Batch,
        kind: &'static TaskKind,
        (id, first): (&str, Timestamp),
    ) -> Result<bool> {
        match self.find_unmoved(kind, id, first).await? {
            Some(found) => {
                batch.remove(&found);
                Ok(true)
            }
            None => self.cancel(batch, kind, id).await,
        }
    }

    async fn find_unmoved(
        &self,
        kind: &TaskKind,
        id: &str,
        first: Timestamp,
    ) -> Result<Option<Versioned<Task>>> {
        let (partition, _) = TaskById::key_of(kind, id);
        let table = self.context.table::<Task>();
        let found = table.find(&partition, &place(first, id)).await?;
        Ok(found.filter(|found| found.unmoved))
    }

    async fn find(&self, kind: &TaskKind, id: &str) -> Result<Option<Versioned<Task>>> {
        let (partition, sort) = TaskById::key_of(kind, id);
        let Some(place) = self.context.table::<TaskById>().find(&partition, &sort).await? else {
            return Ok(None);
        };
        let found = self.context.table::<Task>().find(&partition, &place.sort).await?;
        // It was moved between the two reads: whoever commits on this starts over.
        found
            .map(Some)
            .ok_or_else(|| portcullis_ports::storage::STORE_CONFLICT.error())
    }
}
