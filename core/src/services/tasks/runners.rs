//! Who runs tasks: one runner for each kind, and a dispatcher of its own for each kind on every node.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use data_encoding::HEXLOWER;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Either, Shared, select, try_join_all};
use portcullis_ports::storage::{MAX_PAGE, Range, STORE_CONFLICT};
use portcullis_ports::{Error, Kind, Result, Timestamp};

use super::dispatcher::{Due, Queue, Rest, dispatch, drain};
use super::lease::{lease, move_in};
use super::leased::{Ended, Ending, Leased, Next};
use super::records::{Lease, Task, partition};
use super::{TaskKind, Tasks, meters};
use crate::foundation::table::{Batch, Versioned};

/// How often it is tried to write down what came of a task while the store is away.
const SETTLE_TRIES: u32 = 20;
/// The first and the longest wait between these tries.
const SETTLE_WAIT: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(15));
/// The longest reason that is kept, in characters.
const LONGEST_REASON: usize = 500;

/// Runs the tasks of a kind.
#[async_trait]
pub(crate) trait TaskRunner: Send + Sync + 'static {
    /// Does the work.
    ///
    /// # Errors
    /// Whatever keeps it from being done: it is tried again, or given up.
    async fn run(&self, task: &Leased) -> Result<Next>;

    /// Adds to the commit that gives a task up what follows from that, also where its worker only disappeared.
    ///
    /// # Errors
    /// Whatever keeps it from being written down: the task stays as it is.
    async fn given_up(&self, _batch: &mut Batch, _task: &Leased, _reason: &str) -> Result<()> {
        Ok(())
    }
}

/// Runs tasks that must not simply be run again, because they may have moved money when their worker died or failed.
#[async_trait]
pub(crate) trait AskingRunner: TaskRunner {
    /// Called instead of `run` for a task that was begun before and did not end well: finds out how far it came, and acts on
    /// that.
    ///
    /// # Errors
    /// As `run`.
    async fn look(&self, task: &Leased) -> Result<Next>;
}

/// A runner, and what an ended lease means to it.
#[derive(Clone)]
enum Runner {
    Repeating(Arc<dyn TaskRunner>),
    Asking(Arc<dyn AskingRunner>),
}

impl Runner {
    async fn given_up(&self, batch: &mut Batch, task: &Leased, reason: &str) -> Result<()> {
        match self {
            Self::Repeating(runner) => runner.given_up(batch, task, reason).await,
            Self::Asking(runner) => runner.given_up(batch, task, reason).await,
        }
    }
}

/// A kind with its runner.
#[derive(Clone)]
pub(super) struct Registered {
    pub(super) kind: &'static TaskKind,
    runner: Runner,
}

/// The runners of all kinds.
pub struct Runners {
    pub(super) tasks: Tasks,
    pub(super) registered: Vec<Registered>,
}

impl Runners {
    pub(crate) fn new(tasks: &Tasks) -> Self {
        Self {
            tasks: tasks.clone(),
            registered: Vec::new(),
        }
    }

    /// Hands the tasks of a kind to this runner, also those whose worker died: what it does may be done twice.
    pub(crate) fn repeating(&mut self, kind: &'static TaskKind, runner: impl TaskRunner) {
        let runner = Runner::Repeating(Arc::new(runner));
        self.registered.push(Registered { kind, runner });
    }

    /// Hands the tasks of a kind to this runner, which is asked to look where a worker died or failed.
    pub(crate) fn asking(&mut self, kind: &'static TaskKind, runner: impl AskingRunner) {
        let runner = Runner::Asking(Arc::new(runner));
        self.registered.push(Registered { kind, runner });
    }

    /// Fails unless each of these kinds has exactly one runner, and there are no others.
    pub(crate) fn require(&self, declared: impl Iterator<Item = &'static TaskKind>) -> Result<()> {
        let declared: BTreeSet<&str> = declared.map(|kind| kind.name).collect();
        let names: Vec<&str> = self.kinds().map(|kind| kind.name).collect();
        let registered: BTreeSet<&str> = names.iter().copied().collect();
        if let Some(name) = declared.symmetric_difference(&registered).next() {
            return Err(Error::internal(format!(
                "tasks of the kind {name} are declared by no area, or run by nobody"
            )));
        }
        if registered.len() < names.len() {
            return Err(Error::internal("tasks of one kind have two runners"));
        }
        Ok(())
    }

    /// A worker for each kind.
    pub fn workers(&self) -> Vec<Arc<dyn Worker>> {
        let lanes = self.registered.iter().map(|one| self.lane(one));
        lanes.map(|lane| Arc::new(lane) as Arc<dyn Worker>).collect()
    }

    /// Runs everything of a kind that is due now, and says how much it was.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn drain(&self, kind: &str) -> Result<usize> {
        let Some(one) = self.registered.iter().find(|one| one.kind.name == kind) else {
            return Ok(0);
        };
        let lane = self.lane(one);
        lane.tend().await?;
        drain(&lane).await
    }

    fn lane(&self, one: &Registered) -> Lane {
        Lane {
            tasks: self.tasks.clone(),
            kind: one.kind,
            runner: one.runner.clone(),
            stop: None,
        }
    }
}

/// Something that works until it is told to stop.
#[async_trait]
pub trait Worker: Send + Sync + 'static {
    /// For the log.
    fn name(&self) -> &str;

    /// Works until `stop` is done; what is under way by then is finished.
    async fn work(&self, stop: BoxFuture<'static, ()>);

    /// For how long what is under way may go on after that, where it must not be cut off sooner.
    fn grace(&self) -> Duration {
        Duration::ZERO
    }
}

/// The tasks of one kind.
#[derive(Clone)]
struct Lane {
    tasks: Tasks,
    kind: &'static TaskKind,
    runner: Runner,
    /// Ends runs that may end anywhere.
    stop: Option<Shared<BoxFuture<'static, ()>>>,
}

#[async_trait]
impl Worker for Lane {
    fn name(&self) -> &str {
        self.kind.name
    }

    async fn work(&self, stop: BoxFuture<'static, ()>) {
        let stop = stop.shared();
        let lane = Self {
            stop: self.kind.interruptible.then(|| stop.clone()),
            ..self.clone()
        };
        dispatch(&lane, lane.tasks.context.clock.as_ref(), stop).await;
    }

    /// Nobody holds a task for longer without renewing its lease: as long may a call take that must not be done twice.
    fn grace(&self) -> Duration {
        match self.runner {
            Runner::Asking(_) => self.kind.lease,
            Runner::Repeating(_) => Duration::ZERO,
        }
    }
}

#[async_trait]
impl Queue for Lane {
    type Record = Task;

    fn name(&self) -> &str {
        self.kind.name
    }

    fn id<'a>(&self, task: &'a Task) -> &'a str {
        &task.id
    }

    fn capacity(&self) -> usize {
        self.kind.concurrency
    }

    fn rest(&self) -> Rest {
        Rest {
            wakeup: Some(self.tasks.context.wakeups.listen(self.kind.name)),
            patrol: self.kind.patrol,
        }
    }

    /// Plans the task of a recurring kind, and brings it back from a future that a clock which was ahead has planned it for.
    async fn tend(&self) -> Result<()> {
        let Some(every) = self.kind.every else {
            return Ok(());
        };
        let (tasks, id) = (&self.tasks, self.kind.name);
        let planned = tasks.context.retried(|| async {
            let now = tasks.context.now();
            let mut batch = Batch::default();
            match tasks.find(self.kind, id).await? {
                None => drop(tasks.plan(&mut batch, self.kind, id, now, &()).await?),
                Some(found) if found.due.since(now) > every.max(self.kind.lease) => {
                    move_in(&mut batch, &found, &found.released(now + every))?;
                }
                Some(_) => return Ok(()),
            }
            tasks.context.commit(batch).await
        });
        planned.await
    }

    async fn due(&self, most: usize) -> Result<Due<Task>> {
        let most = most.clamp(1, MAX_PAGE);
        let queued = self.pages(Task::queued, most).await?;
        Ok(due(queued.into_iter().flatten(), most, self.tasks.context.now()))
    }

    async fn patrol(&self, most: usize) -> Result<Due<Task>> {
        let now = self.tasks.context.now();
        let stored = self.pages(Task::queued_and_dead, MAX_PAGE).await?;
        let hidden = stored.iter().any(|page| page.len() >= MAX_PAGE);
        let (mut dead, queued): (Vec<_>, Vec<_>) = stored
            .into_iter()
            .flatten()
            .partition(|task| task.dead_since.is_some());
        if hidden {
            dead = self
                .pages(Task::dead, MAX_PAGE)
                .await?
                .into_iter()
                .flatten()
                .collect();
        }
        self.measure(&queued, dead.len(), now);
        Ok(due(queued.into_iter(), most.clamp(1, MAX_PAGE), now))
    }

    async fn handle(&self, task: &Versioned<Task>) -> Result<bool> {
        let leased = match self.lease(task).await {
            Ok(Some(leased)) => Leased::new(&self.tasks, self.kind, leased),
            Ok(None) => return Ok(true),
            Err(error) if error.code() == STORE_CONFLICT => return Ok(false),
            Err(error) => return Err(error),
        };
        let ending = self.run(&leased, task.begun).await;
        self.settle(&leased, &ending).await?;
        Ok(true)
    }
}

/// What is due of these, the oldest first.
fn due(queued: impl Iterator<Item = Versioned<Task>>, most: usize, now: Timestamp) -> Due<Task> {
    let (mut records, later): (Vec<_>, Vec<_>) = queued.partition(|task| task.due <= now);
    records.sort_by_key(|task| task.due);
    records.truncate(most);
    let next = later.iter().map(|task| task.due).min();
    Due { records, next }
}

impl Lane {
    /// So many of the tasks of each shard.
    async fn pages(&self, range: impl Fn() -> Range, most: usize) -> Result<Vec<Vec<Versioned<Task>>>> {
        let table = self.tasks.context.table::<Task>();
        let pages = (0..self.kind.shards).map(|shard| {
            let (table, range) = (&table, range());
            async move {
                let (page, _) = table
                    .page(&partition(self.kind, shard), range, most, None)
                    .await?;
                Ok(page)
            }
        });
        try_join_all(pages).await
    }

    /// Sets the gauges of the kind.
    fn measure(&self, queued: &[Versioned<Task>], dead: usize, now: Timestamp) {
        let overdue = queued.iter().map(|task| now.since(task.due).as_secs()).max();
        #[expect(clippy::cast_precision_loss, reason = "far below the point where it matters")]
        for (meter, value) in [
            (meters::WAITING, queued.len() as f64),
            (meters::OVERDUE, overdue.unwrap_or(0) as f64),
            (meters::DEAD, dead as f64),
        ] {
            metrics::gauge!(meter.name, "kind" => self.kind.name).set(value);
        }
    }

    /// Leases a task; nothing if it was given up, because the workers that had it before disappeared again and again.
    async fn lease(&self, task: &Versioned<Task>) -> Result<Option<Task>> {
        let context = &self.tasks.context;
        let now = context.now();
        let mut leased = task.value.clone();
        if task.lease.is_some() {
            self.count("lost");
            leased.failures = leased.failures.saturating_add(1);
            // Whose worker dies once goes on at once. Again and again, it may be what kills them, or a process that does not
            // get up: it waits as after failures, so that no such process uses up its tries within minutes.
            if leased.failures > 1 && self.kind.every.is_none() {
                let why = "its worker disappeared, again and again".to_owned();
                let next = self.tasks.after_failure(self.kind, &leased, why.clone())?;
                let mut batch = Batch::default();
                move_in(&mut batch, task, &next)?;
                batch.wake(self.kind.name, next.due);
                if next.dead_since.is_some() {
                    let lost = Leased::new(&self.tasks, self.kind, leased);
                    self.runner.given_up(&mut batch, &lost, &why).await?;
                }
                context.commit(batch).await?;
                if next.dead_since.is_some() {
                    self.report_given_up(&task.id);
                }
                return Ok(None);
            }
        }
        let mut holder = [0; 8];
        context.entropy.fill(&mut holder)?;
        leased = Task {
            due: now + self.kind.lease,
            runs: leased.runs.saturating_add(1),
            begun: true,
            lease: Some(Lease {
                holder: HEXLOWER.encode(&holder),
                since: now,
            }),
            // This run is the one that was wished for.
            wanted_at: None,
            ..leased
        };
        lease(context, task, &leased).await?;
        Ok(Some(leased))
    }

    /// Has the runner work, and renews the lease meanwhile.
    async fn run(&self, leased: &Leased, begun: bool) -> Ending {
        let working = async {
            match &self.runner {
                Runner::Repeating(runner) => runner.run(leased).await,
                Runner::Asking(runner) if begun => runner.look(leased).await,
                Runner::Asking(runner) => runner.run(leased).await,
            }
        };
        // A task that a runner cannot stand is one that fails.
        let working = pin!(AssertUnwindSafe(working).catch_unwind());
        let interrupted = async {
            match &self.stop {
                Some(stop) => stop.clone().await,
                None => std::future::pending().await,
            }
        };
        let (keeping, interrupted) = (pin!(leased.keep()), pin!(interrupted));
        let ran = match select(working, select(keeping, interrupted)).await {
            Either::Left((ran, _)) => ran,
            Either::Right(_) => return Ending::Next(Next::Again(self.tasks.context.now())),
        };
        let (kind, id) = (self.kind.name, leased.id());
        match ran {
            Ok(Ok(next)) => Ending::Next(next),
            Ok(Err(error)) => {
                tracing::warn!(kind, id, ?error, "a task failed");
                let reason = format!("{}: {}", error.code().name(), error.detail());
                Ending::Failed(reason.chars().take(LONGEST_REASON).collect())
            }
            Err(_) => {
                tracing::error!(kind, id, "a defect ended a task");
                Ending::Failed("a defect ended it".to_owned())
            }
        }
    }

    /// Writes down what came of it, unless the runner did, or another worker has it.
    async fn settle(&self, leased: &Leased, ending: &Ending) -> Result<()> {
        self.count(match ending {
            Ending::Next(Next::Done) => "done",
            Ending::Next(Next::Again(_)) => "again",
            Ending::Next(Next::Dead(_)) => "dead",
            Ending::Failed(_) => "failed",
        });
        let (mut wait, longest) = SETTLE_WAIT;
        for _ in 1..SETTLE_TRIES {
            match self.settle_once(leased, ending).await {
                Err(error) if error.kind() == Kind::Unavailable => {
                    let (kind, id) = (self.kind.name, leased.id());
                    tracing::warn!(kind, id, ?error, "what came of a task is not written down yet");
                    self.tasks.context.clock.sleep(wait).await;
                    wait = wait.saturating_mul(2).min(longest);
                }
                settled => return settled,
            }
        }
        self.settle_once(leased, ending).await
    }

    async fn settle_once(&self, leased: &Leased, ending: &Ending) -> Result<()> {
        let context = &self.tasks.context;
        let dead = context
            .retried(|| async {
                let mut batch = Batch::default();
                let dead = leased.end_in(&mut batch, ending).await? == Ended::Dead;
                if let (true, Some(reason)) = (dead, ending.reason()) {
                    self.runner.given_up(&mut batch, leased, reason).await?;
                }
                context.commit(batch).await?;
                Ok(dead)
            })
            .await?;
        if dead {
            self.report_given_up(leased.id());
        }
        Ok(())
    }

    fn report_given_up(&self, id: &str) {
        tracing::error!(kind = self.kind.name, id, "a task was given up");
    }

    fn count(&self, outcome: &'static str) {
        metrics::counter!(meters::RUNS.name, "kind" => self.kind.name, "outcome" => outcome).increment(1);
    }
}
