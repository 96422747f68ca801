//! What is counted and measured of tasks.

use crate::foundation::meter::Meter;

/// All of it.
pub(super) const ALL: &[Meter] = &[RUNS, WAITING, OVERDUE, DEAD];

pub(super) const RUNS: Meter = Meter::counter(
    "portcullis_task_runs_total",
    "Runs of tasks, by kind and outcome: done, again, dead, failed or lost.",
);

pub(super) const WAITING: Meter = Meter::gauge(
    "portcullis_tasks_waiting",
    "Tasks that wait or are being run, by kind, counted up to 1,000 for each shard.",
);

pub(super) const OVERDUE: Meter = Meter::gauge(
    "portcullis_tasks_overdue_seconds",
    "For how long the oldest task that is due has been waiting, by kind.",
);

pub(super) const DEAD: Meter = Meter::gauge(
    "portcullis_tasks_dead",
    "Tasks that were given up and lie among the dead letters, by kind, counted up to 1,000 for each shard.",
);
