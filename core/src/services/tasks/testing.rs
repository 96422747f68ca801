//! The test bed of tasks: nodes whose runners do what the test says, on a clock that the test alone moves.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use event_listener::Event;
use futures_util::FutureExt;
use portcullis_ports::testkit::FakeClock;
use portcullis_ports::{Clock as _, Error};

use super::*;
use crate::foundation::testing::Node;

pub(super) const EVERY_HOUR: TaskKind =
    TaskKind::recurring("hourly", "Runs once an hour.", Duration::from_hours(1));
pub(super) const WORK: TaskKind = TaskKind::new("work", "Does what the test says.")
    .sharded(3)
    .concurrent(4)
    .leased(Duration::from_mins(1))
    .retried(3, &[Duration::from_secs(10), Duration::from_mins(1)]);
pub(super) const OTHER: TaskKind = TaskKind::new("other", "Nobody runs it.");
pub(super) const MONEY: TaskKind = TaskKind::new("money", "Does what must not be done twice.")
    .concurrent(4)
    .leased(Duration::from_mins(1))
    .retried(3, &[Duration::from_secs(10)]);

/// What a runner does with a task.
#[derive(Clone)]
pub(super) enum Act {
    Ends(Next),
    Fails,
    Panics,
    /// Works until the test lets it go.
    Waits,
    /// The same, and is given up then.
    WaitsAndDies,
    /// Never comes back.
    Hangs,
    /// Ends it in a commit of its own.
    Commits,
    /// The same, planning it anew.
    Replans(Duration),
    ComesBack(Duration),
    HoldsFor(Duration),
}

/// Runs, by id and whether it was asked to look.
#[derive(Default)]
pub(super) struct Script {
    pub(super) acts: Mutex<VecDeque<Act>>,
    runs: Mutex<Vec<(String, bool)>>,
    pub(super) released: Event,
    pub(super) held: AtomicBool,
    /// Tasks that were given up, with the reasons.
    pub(super) given_up: Mutex<Vec<(String, String)>>,
}

impl Script {
    pub(super) fn says(&self, acts: impl IntoIterator<Item = Act>) {
        self.acts.lock().unwrap().extend(acts);
    }

    pub(super) fn runs(&self) -> Vec<(String, bool)> {
        std::mem::take(&mut *self.runs.lock().unwrap())
    }

    async fn act(&self, task: &Leased, looks: bool) -> Result<Next> {
        self.runs.lock().unwrap().push((task.id().to_owned(), looks));
        assert!(task.planned_for() <= task.tasks().context.now());
        if task.id() != "hourly" {
            assert_eq!(task.body::<u8>().unwrap(), 7);
            assert!(task.body::<String>().is_err());
        }
        let act = self.acts.lock().unwrap().pop_front();
        let released = self.released.listen();
        let context = &task.tasks().context;
        match act.unwrap_or(Act::Ends(Next::Done)) {
            Act::Ends(next) => return Ok(next),
            Act::Fails => return Err(Error::internal("it cannot be done")),
            Act::Panics => panic!("a defect"),
            Act::Waits => released.await,
            Act::WaitsAndDies => {
                released.await;
                return Ok(Next::Dead("no such row".into()));
            }
            Act::Hangs => std::future::pending().await,
            Act::Commits => {
                let mut batch = Batch::default();
                assert!(task.finish_in(&mut batch).await.unwrap());
                context.commit(batch).await?;
            }
            Act::Replans(wait) => {
                let mut batch = Batch::default();
                assert!(task.finish_in(&mut batch).await.unwrap());
                let due = context.now() + wait;
                let planned = task.tasks().plan(&mut batch, &WORK, task.id(), due, &7).await;
                assert!(planned.unwrap());
                context.commit(batch).await?;
            }
            Act::ComesBack(wait) => {
                let mut batch = Batch::default();
                assert!(task.again_in(&mut batch, context.now() + wait).await.unwrap());
                context.commit(batch).await?;
                // What it answers now counts for nothing.
                return Err(Error::internal("too late"));
            }
            Act::HoldsFor(span) => {
                let held = task.hold(context.now() + span).await?;
                self.held.store(held, Ordering::SeqCst);
                released.await;
            }
        }
        Ok(Next::Done)
    }
}

pub(super) struct Scripted(pub(super) Arc<Script>);

#[async_trait]
impl TaskRunner for Scripted {
    async fn run(&self, task: &Leased) -> Result<Next> {
        self.0.act(task, false).await
    }

    async fn given_up(&self, batch: &mut Batch, task: &Leased, reason: &str) -> Result<()> {
        assert_ne!(batch.len(), 0, "it is told of in the commit that gives it up");
        let given_up = (task.id().to_owned(), reason.to_owned());
        self.0.given_up.lock().unwrap().push(given_up);
        Ok(())
    }
}

#[async_trait]
impl AskingRunner for Scripted {
    async fn look(&self, task: &Leased) -> Result<Next> {
        self.0.act(task, true).await
    }
}

/// A node with runners that do what the test says.
pub(super) struct Bed {
    pub(super) tasks: Tasks,
    pub(super) runners: Runners,
    pub(super) context: Arc<Context>,
    pub(super) clock: Arc<FakeClock>,
    pub(super) script: Arc<Script>,
    /// What the hourly task does.
    pub(super) turns: Arc<Script>,
}

pub(super) async fn bed() -> Bed {
    bed_on(&Node::default()).await
}

pub(super) async fn bed_on(node: &Node) -> Bed {
    let connections = node.connections(&Arc::default());
    let areas = crate::foundation::ALL.iter().copied().chain([&AREA]);
    let context = node.context(node.clock.clone(), &connections, areas).await;
    let tasks = Tasks::new(&context);
    let script = Arc::new(Script::default());
    let mut runners = Runners::new(&tasks);
    runners.repeating(&WORK, Scripted(script.clone()));
    runners.asking(&MONEY, Scripted(script.clone()));
    let turns = Arc::new(Script::default());
    runners.repeating(&EVERY_HOUR, Scripted(turns.clone()));
    Bed {
        tasks,
        runners,
        context,
        clock: node.clock.clone(),
        script,
        turns,
    }
}

impl Bed {
    pub(super) async fn plan(&self, kind: &'static TaskKind, id: &str, wait: u64) -> bool {
        let mut batch = Batch::default();
        let due = self.clock.now() + Duration::from_secs(wait);
        let planned = self.tasks.plan(&mut batch, kind, id, due, &7).await.unwrap();
        self.context.commit(batch).await.unwrap();
        planned
    }

    pub(super) async fn move_to(&self, kind: &'static TaskKind, id: &str, wait: u64) -> bool {
        let mut batch = Batch::default();
        let due = self.clock.now() + Duration::from_secs(wait);
        let moved = self.tasks.move_in(&mut batch, kind, id, due).await.unwrap();
        self.context.commit(batch).await.unwrap();
        moved
    }

    pub(super) async fn cancel(&self, kind: &'static TaskKind, id: &str) -> bool {
        let mut batch = Batch::default();
        let cancelled = self.tasks.cancel(&mut batch, kind, id).await.unwrap();
        self.context.commit(batch).await.unwrap();
        cancelled
    }

    /// Tasks that were given up since the last look, with the reasons.
    pub(super) fn given_up(&self) -> Vec<(String, String)> {
        std::mem::take(&mut *self.script.given_up.lock().unwrap())
    }

    /// Runs everything that is due, and says which ids and whether they were looked at.
    pub(super) async fn drain(&self, kind: &'static TaskKind) -> Vec<(String, bool)> {
        self.runners.drain(kind.name).await.unwrap();
        self.script.runs()
    }

    pub(super) fn wait(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Runs the workers of all kinds beside a test.
    pub(super) async fn beside(&self, test: impl Future<Output = ()>) {
        let workers = self.runners.workers();
        let never = || std::future::pending::<()>().boxed();
        let all = futures_util::future::join_all(workers.iter().map(|worker| worker.work(never())));
        futures_util::select_biased! {
            () = FutureExt::fuse(Box::pin(test)) => {}
            _ = FutureExt::fuse(Box::pin(all)) => unreachable!("workers do not end by themselves"),
        }
    }

    /// What is stored, the planned turn of the hourly task aside.
    pub(super) async fn stored(&self) -> usize {
        let mut stored = 0;
        for kind in [&WORK, &MONEY] {
            for shard in 0..kind.shards {
                let table = self.context.table::<Task>();
                let partition = records::partition(kind, shard);
                stored += table
                    .page(&partition, Task::queued(), 100, None)
                    .await
                    .unwrap()
                    .0
                    .len();
                stored += table
                    .page(&partition, Task::dead(), 100, None)
                    .await
                    .unwrap()
                    .0
                    .len();
            }
        }
        stored
    }
}

pub(super) async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

pub(super) fn ran(ids: &[&str]) -> Vec<(String, bool)> {
    ids.iter().map(|id| ((*id).to_owned(), false)).collect()
}

pub(super) fn looked(ids: &[&str]) -> Vec<(String, bool)> {
    ids.iter().map(|id| ((*id).to_owned(), true)).collect()
}
