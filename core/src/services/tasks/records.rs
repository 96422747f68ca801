//! How tasks are stored: in the order in which they are due, and by their ids.

use portcullis_ports::Timestamp;
use portcullis_ports::storage::{Collection, Range};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::lease::QueueRecord;
use crate::foundation::table::{Batch, Stored};
use crate::foundation::task_kind::TaskKind;
use portcullis_ports::Result;

/// Work that is done later.
pub(crate) const TASKS: Collection = Collection {
    name: "tasks",
    table: "tasks",
    variable: "TASKS_TABLE_NAME",
};

/// A worker's hold on a task. The task is due when it ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Lease {
    /// Drawn by lot for each run, so that a worker knows its own lease.
    pub(super) holder: String,
    pub(super) since: Timestamp,
}

/// A task. Its place in the queue follows from when it is due; moving it into the future is how a worker leases it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Task {
    pub(super) kind: String,
    pub(super) shard: u8,
    pub(super) id: String,
    /// When it is run, or when the lease on it ends.
    pub(super) due: Timestamp,
    /// When it was to be run, which a lease does not change.
    pub(super) planned_for: Timestamp,
    /// What it is about: names of records, never what stands in them.
    pub(super) body: serde_json::Value,
    /// Nothing says yet where the task of this id lies: whoever planned it knows, because it was never moved.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) unmoved: bool,
    /// How often it was begun.
    #[serde(default)]
    pub(super) runs: u32,
    /// How often it failed since it last went well.
    #[serde(default)]
    pub(super) failures: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) lease: Option<Lease>,
    /// It was begun and did not end well: it is under way, or nobody knows how far it came.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) begun: bool,
    /// Somebody wants it run by then, and said so while it was leased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) wanted_at: Option<Timestamp>,
    /// Why it failed last. Holds no secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last_failure: Option<String>,
    /// When it was given up, as long as it lies among the dead letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) dead_since: Option<Timestamp>,
}

impl Task {
    pub(super) fn new(kind: &TaskKind, id: &str, due: Timestamp, body: serde_json::Value) -> Self {
        Self {
            kind: kind.name.to_owned(),
            shard: shard(kind, id),
            id: id.to_owned(),
            due,
            planned_for: due,
            body,
            unmoved: false,
            runs: 0,
            failures: 0,
            lease: None,
            begun: false,
            wanted_at: None,
            last_failure: None,
            dead_since: None,
        }
    }

    /// The tasks of a partition that lie in the queue.
    pub(super) fn queued() -> Range {
        Range::Between("0".into(), ":".into())
    }

    /// The tasks of a partition that lie in the queue, and then the dead letters.
    pub(super) fn queued_and_dead() -> Range {
        Range::Between("0".into(), "dead$".into())
    }

    /// The dead letters of a partition.
    pub(super) fn dead() -> Range {
        Range::Between("dead#".into(), "dead$".into())
    }

    /// Planned for another moment, by whoever runs it no longer.
    pub(super) fn released(&self, due: Timestamp) -> Self {
        Self {
            due,
            planned_for: due,
            lease: None,
            wanted_at: None,
            dead_since: None,
            ..self.clone()
        }
    }
}

impl Stored for Task {
    const COLLECTION: Collection = TASKS;

    fn key(&self) -> (String, String) {
        let partition = format!("{}#{}", self.kind, self.shard);
        let sort = match self.dead_since {
            Some(since) => format!("dead#{}#{}", digits(since), self.id),
            None => place(self.due, &self.id),
        };
        (partition, sort)
    }
}

impl QueueRecord for Task {
    fn until(&self, due: Timestamp) -> Self {
        Self { due, ..self.clone() }
    }

    fn moved(self) -> Self {
        Self {
            unmoved: false,
            ..self
        }
    }

    fn moved_in(&self, batch: &mut Batch) -> Result<()> {
        // It says where this record is, whose own state the commit expects.
        batch.overwrite(&TaskById::of(self))
    }
}

/// Where the task of an id lies in the queue.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct TaskById {
    pub(super) kind: String,
    pub(super) shard: u8,
    pub(super) id: String,
    pub(super) sort: String,
}

impl TaskById {
    pub(super) fn of(task: &Task) -> Self {
        Self {
            kind: task.kind.clone(),
            shard: task.shard,
            id: task.id.clone(),
            sort: task.key().1,
        }
    }

    /// Its key, by what it stands for.
    pub(super) fn key_of(kind: &TaskKind, id: &str) -> (String, String) {
        (partition(kind, shard(kind, id)), format!("id#{id}"))
    }
}

impl Stored for TaskById {
    const COLLECTION: Collection = TASKS;

    fn key(&self) -> (String, String) {
        (format!("{}#{}", self.kind, self.shard), format!("id#{}", self.id))
    }
}

pub(super) fn partition(kind: &TaskKind, shard: u8) -> String {
    format!("{}#{shard}", kind.name)
}

/// Where in its partition a task lies that is due then.
pub(super) fn place(due: Timestamp, id: &str) -> String {
    format!("{}#{id}", digits(due))
}

fn shard(kind: &TaskKind, id: &str) -> u8 {
    Sha256::digest(id.as_bytes())[0] % kind.shards
}

/// A moment such that texts are in order as moments are. The time before 1970 is one moment.
fn digits(moment: Timestamp) -> String {
    format!("{:015}", moment.millis().max(0))
}
