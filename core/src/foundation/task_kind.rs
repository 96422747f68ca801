//! Kinds of delayed work, as areas and services declare them.

use std::time::Duration;

/// Work of one kind: its queue, its lane of workers, and what happens when it fails.
#[derive(Debug)]
pub struct TaskKind {
    /// Stored with every task and told by meters: it is never renamed, and never given to anything else.
    pub name: &'static str,
    /// What is done, for the reference.
    pub summary: &'static str,
    /// Over how many partitions of the store its tasks are spread, at most 8. It never shrinks while tasks are stored.
    pub shards: u8,
    /// How many tasks of this kind one process runs at the same time. Other kinds have workers of their own.
    pub concurrency: usize,
    /// A worker that dies holds its task back for this long. It is renewed as long as the worker lives.
    pub lease: Duration,
    /// After so many failures in a row it is a dead letter; a recurring one goes on with its next turn.
    pub attempts: u32,
    /// The waits after the first, second, … failure; the last one is kept to.
    pub waits: &'static [Duration],
    /// How often it looks for tasks that other processes planned. What this process planned it knows.
    pub patrol: Duration,
    /// Present if it is one task that comes back after this long.
    pub every: Option<Duration>,
    /// Whether a run may end anywhere when the process stops; it goes on elsewhere.
    pub interruptible: bool,
}

/// How often a kind looks, for which nobody says otherwise. Each look is a read of every shard.
const PATROL: Duration = Duration::from_mins(5);

/// For work that fails because something is away for a while: 8 tries in about an hour and a half.
const WAITS: &[Duration] = &[
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(2),
    Duration::from_mins(10),
    Duration::from_mins(20),
];

impl TaskKind {
    /// One partition, eight at a time, a lease of a minute, eight attempts, a look every five minutes.
    pub(crate) const fn new(name: &'static str, summary: &'static str) -> Self {
        Self {
            name,
            summary,
            shards: 1,
            concurrency: 8,
            lease: Duration::from_mins(1),
            attempts: 8,
            waits: WAITS,
            patrol: PATROL,
            every: None,
            interruptible: false,
        }
    }

    /// One task that comes back after `every`: on all nodes together it has one worker at each turn.
    pub(crate) const fn recurring(name: &'static str, summary: &'static str, every: Duration) -> Self {
        Self {
            concurrency: 1,
            every: Some(every),
            ..Self::new(name, summary)
        }
    }

    /// The same, spread over so many partitions.
    pub(crate) const fn sharded(self, shards: u8) -> Self {
        assert!(shards >= 1 && shards <= 8, "one to eight shards");
        Self { shards, ..self }
    }

    /// The same, so many at a time in one process.
    pub(crate) const fn concurrent(self, concurrency: usize) -> Self {
        assert!(concurrency >= 1, "somebody has to work");
        Self { concurrency, ..self }
    }

    /// The same with another lease.
    pub(crate) const fn leased(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }

    /// The same with another rhythm of looks at what other processes planned and left.
    pub(crate) const fn patrolled(self, patrol: Duration) -> Self {
        Self { patrol, ..self }
    }

    /// The same with other waits between failures, and a dead letter after `attempts` of them in a row.
    pub(crate) const fn retried(self, attempts: u32, waits: &'static [Duration]) -> Self {
        assert!(
            attempts >= 1 && !waits.is_empty(),
            "at least one attempt and one wait"
        );
        Self {
            attempts,
            waits,
            ..self
        }
    }

    /// The same, with runs that may end anywhere when the process stops.
    pub(crate) const fn interruptible(self) -> Self {
        Self {
            interruptible: true,
            ..self
        }
    }

    /// The wait after so many failures in a row.
    pub(crate) fn wait(&self, failures: u32) -> Duration {
        wait_of(self.waits, failures.saturating_sub(1)).unwrap_or(self.lease)
    }
}

/// The wait after so many others; the last goes on.
pub(crate) fn wait_of(waits: &[Duration], others: u32) -> Option<Duration> {
    let at = usize::try_from(others).unwrap_or(usize::MAX);
    waits.get(at).or(waits.last()).copied()
}
