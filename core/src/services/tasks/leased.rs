//! A task in the hands of its runner.

use std::time::Duration;

use async_lock::Mutex;
use portcullis_ports::{Error, Result, Timestamp};
use serde::de::DeserializeOwned;

use super::Tasks;
use super::lease::{move_in, renew};
use super::records::{Task, TaskById};
use crate::foundation::table::{Batch, Stored, Versioned};
use crate::foundation::task_kind::TaskKind;

/// What becomes of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// It is done. A recurring one comes back at its next turn.
    Done,
    /// It went as far as it could, and is run again then. Not a failure.
    Again(Timestamp),
    /// It is given up for this reason, which holds no secret, and lies among the dead letters.
    Dead(String),
}

/// How a run ended.
pub(super) enum Ending {
    Next(Next),
    /// For this reason.
    Failed(String),
}

impl Ending {
    /// Why the task is given up, if it is.
    pub(super) fn reason(&self) -> Option<&str> {
        match self {
            Self::Next(Next::Dead(reason)) | Self::Failed(reason) => Some(reason),
            Self::Next(_) => None,
        }
    }
}

/// What a batch does with a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// Nothing: another worker has it, or it was cancelled.
    NotOurs,
    /// It is done with, or is run again.
    Alive,
    /// It is given up.
    Dead,
}

/// A task that is being run, and the lease on it.
///
/// The lease is renewed as long as the runner works. A task may be ended by the runner's own commit, so that effect and
/// end are one: [`Leased::finish_in`], [`Leased::again_in`].
pub(crate) struct Leased {
    tasks: Tasks,
    kind: &'static TaskKind,
    /// As it was when it was leased.
    task: Task,
    held: Mutex<Held>,
}

struct Held {
    task: Task,
    /// A commit that ends it is being made: it is not renewed any more.
    ending: bool,
}

impl Leased {
    pub(super) fn new(tasks: &Tasks, kind: &'static TaskKind, task: Task) -> Self {
        Self {
            tasks: tasks.clone(),
            kind,
            held: Mutex::new(Held {
                task: task.clone(),
                ending: false,
            }),
            task,
        }
    }

    /// Its id.
    pub(crate) fn id(&self) -> &str {
        &self.task.id
    }

    #[cfg(test)]
    pub(super) fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    /// When it was to be run: of a recurring task, its turn.
    pub(crate) fn planned_for(&self) -> Timestamp {
        self.task.planned_for
    }

    /// What it is about.
    ///
    /// # Errors
    /// `internal` if it was planned with something else.
    pub(crate) fn body<B: DeserializeOwned>(&self) -> Result<B> {
        serde_json::from_value(self.task.body.clone()).map_err(|error| {
            let kind = self.kind.name;
            Error::internal(format!("the body of a task of {kind} cannot be read")).with_source(error)
        })
    }

    /// Makes sure that the lease lasts until `deadline` and a while longer, so that what ends by then can be written
    /// down: to be called before everything that must not be done twice. `false` if another worker has the task by now,
    /// and nothing may be done any more.
    ///
    /// # Errors
    /// If the store cannot be asked. Nothing may be done then either.
    pub(crate) async fn hold(&self, deadline: Timestamp) -> Result<bool> {
        let mut held = self.held.lock().await;
        let reserve = self.kind.lease / 4;
        if deadline + reserve <= held.task.due {
            held.ending = false;
            return Ok(true);
        }
        let until = (self.tasks.context.now() + self.kind.lease).max(deadline + reserve);
        self.renew(&mut held, until).await
    }

    /// Ends it in this batch. `false` if another worker has it by now or it was cancelled: then the batch holds nothing of
    /// it, and whether the rest may be done follows from what the rest is.
    pub(crate) async fn finish_in(&self, batch: &mut Batch) -> Result<bool> {
        let ended = self.end_in(batch, &Ending::Next(Next::Done)).await?;
        Ok(ended != Ended::NotOurs)
    }

    /// Has it run again at that moment; otherwise as [`Leased::finish_in`].
    pub(crate) async fn again_in(&self, batch: &mut Batch, at: Timestamp) -> Result<bool> {
        let ended = self.end_in(batch, &Ending::Next(Next::Again(at))).await?;
        Ok(ended != Ended::NotOurs)
    }

    pub(super) async fn end_in(&self, batch: &mut Batch, ending: &Ending) -> Result<Ended> {
        let mut held = self.held.lock().await;
        held.ending = true;
        let (partition, sort) = held.task.key();
        let found = self.tasks.context.table::<Task>().find(&partition, &sort).await?;
        let Some(found) = found.filter(|found| is_same_lease(found, &held.task)) else {
            return Ok(Ended::NotOurs);
        };
        let next = self.after(&found, ending)?;
        let dead = next.as_ref().is_some_and(|next| next.dead_since.is_some());
        if let Some(next) = next {
            move_in(batch, &found, &next)?;
            batch.wake(self.kind.name, next.due);
        } else {
            batch.remove(&found);
            let (partition, sort) = TaskById::of(&found).key();
            let by_id = self.tasks.context.table::<TaskById>();
            if let Some(by_id) = by_id.find(&partition, &sort).await? {
                batch.remove(&by_id);
            }
        }
        Ok(if dead { Ended::Dead } else { Ended::Alive })
    }

    /// The task as it is stored after this ending; nothing if it is done with.
    fn after(&self, task: &Versioned<Task>, ending: &Ending) -> Result<Option<Task>> {
        let now = self.tasks.context.now();
        let wanted = |at: Timestamp| task.wanted_at.map_or(at, |wanted| wanted.min(at));
        let well = |due| Task {
            failures: 0,
            begun: false,
            last_failure: None,
            ..task.released(due)
        };
        Ok(match ending {
            Ending::Next(Next::Done) => match self.kind.every {
                Some(every) => Some(well(next_turn(task.planned_for, every, now))),
                None => task.wanted_at.map(well),
            },
            Ending::Next(Next::Again(at)) => Some(well(wanted(*at))),
            // Who wished for another run knows something that this one did not.
            Ending::Next(Next::Dead(reason)) => Some(match task.wanted_at {
                Some(wanted) => well(wanted),
                None => dead(task, now, reason.clone()),
            }),
            Ending::Failed(reason) => {
                let failed = Task {
                    failures: task.failures.saturating_add(1),
                    ..task.value.clone()
                };
                Some(self.tasks.after_failure(self.kind, &failed, reason.clone())?)
            }
        })
    }

    /// Renews the lease again and again; never ends.
    pub(super) async fn keep(&self) {
        let lease = self.kind.lease;
        loop {
            self.tasks.context.clock.sleep(lease / 3).await;
            let mut held = self.held.lock().await;
            let now = self.tasks.context.now();
            if held.ending || held.task.due.since(now) > lease / 2 {
                continue;
            }
            let renewed = self.renew(&mut held, now + lease).await;
            let (kind, id) = (self.kind.name, self.id());
            match renewed {
                Ok(true) => {}
                Ok(false) => {
                    tracing::warn!(kind, id, "the lease on a task ended while it was run");
                    held.ending = true;
                }
                Err(error) => tracing::warn!(kind, id, ?error, "the lease on a task could not be renewed"),
            }
        }
    }

    async fn renew(&self, held: &mut Held, until: Timestamp) -> Result<bool> {
        let context = &self.tasks.context;
        let ours = |found: &Task| is_same_lease(found, &held.task);
        let Some(renewed) = renew(context, &held.task, until, ours).await? else {
            return Ok(false);
        };
        held.task = renewed;
        held.ending = false;
        Ok(true)
    }
}

impl Tasks {
    /// A task that failed so often that it is tried again, or given up.
    pub(super) fn after_failure(&self, kind: &TaskKind, failed: &Task, reason: String) -> Result<Task> {
        let now = self.context.now();
        if let Some(wanted) = failed.wanted_at.filter(|_| failed.failures >= kind.attempts) {
            return Ok(Task {
                failures: 0,
                last_failure: Some(reason),
                ..failed.released(wanted)
            });
        }
        if failed.failures >= kind.attempts {
            return Ok(match kind.every {
                // What comes back by itself is tried at its next turn, and is never out of sight.
                Some(every) => Task {
                    failures: 0,
                    last_failure: Some(reason),
                    ..failed.released(next_turn(failed.planned_for, every, now))
                },
                None => dead(failed, now, reason),
            });
        }
        let wait = kind.wait(failed.failures);
        let due = now + wait + self.jitter(wait)?;
        let due = failed.wanted_at.map_or(due, |wanted| wanted.min(due));
        Ok(Task {
            last_failure: Some(reason),
            // Its turn is still the same.
            planned_for: failed.planned_for,
            ..failed.released(due)
        })
    }

    /// Up to a quarter of a wait, drawn by lot, so that no two tasks wait alike.
    fn jitter(&self, wait: Duration) -> Result<Duration> {
        let mut byte = [0];
        self.context.entropy.fill(&mut byte)?;
        Ok(wait * u32::from(byte[0]) / 1024)
    }
}

/// Among the dead letters. A worker that gets it after all is told that it was begun.
fn dead(task: &Task, now: Timestamp, reason: String) -> Task {
    Task {
        dead_since: Some(now),
        last_failure: Some(reason),
        lease: None,
        wanted_at: None,
        ..task.clone()
    }
}

/// Whether it is the same run that holds it.
fn is_same_lease(one: &Task, other: &Task) -> bool {
    one.lease.is_some() && one.lease == other.lease
}

/// The turn after `now`: turns that were missed are left out, and none lies further away than one interval, however the
/// clock was set.
fn next_turn(turn: Timestamp, every: Duration, now: Timestamp) -> Timestamp {
    let missed = now.since(turn).as_millis() / every.as_millis().max(1);
    let next = u32::try_from(missed + 1)
        .ok()
        .and_then(|turns| every.checked_mul(turns));
    next.map_or(now + every, |wait| turn + wait).min(now + every)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_that_were_missed_are_left_out_and_none_is_far_away() {
        let at = Timestamp::from_seconds;
        let hour = Duration::from_hours(1);
        assert_eq!(next_turn(at(0), hour, at(1)), at(3_600));
        assert_eq!(next_turn(at(0), hour, at(3_600)), at(7_200));
        assert_eq!(next_turn(at(0), hour, at(36_100)), at(39_600));
        assert_eq!(
            next_turn(at(1_000_000), hour, at(5)),
            at(3_605),
            "the clock was set back"
        );
    }
}
