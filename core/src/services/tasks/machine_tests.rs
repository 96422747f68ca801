//! Random plans, runs, failures, crashes, standstills and clock jumps on two nodes.
//!
//! Nothing is lost, nothing that may have moved money is simply run again, and each turn has one winner.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use event_listener::Event;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use portcullis_ports::Clock as _;
use portcullis_ports::storage::Range;
use portcullis_ports::testkit::FakeClock;
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use tokio::runtime::{Builder, Runtime};

use super::*;
use crate::foundation::testing::Node;

const IDS: usize = 4;
const NODES: usize = 2;
const LEASE: Duration = Duration::from_mins(1);
const MONEY: TaskKind = TaskKind::new("money", "Must not be done twice.")
    .sharded(2)
    .leased(LEASE)
    .retried(4, &[Duration::from_secs(10)]);
const TURNS: TaskKind = TaskKind::recurring("turns", "Comes back.", Duration::from_mins(10)).leased(LEASE);

/// What the next run does.
#[derive(Debug, Clone, Copy)]
enum Run {
    Done,
    /// In a commit of its own.
    Commits,
    Again,
    Fails,
    GivesUp,
    /// Stands still until it is let go on or its process ends.
    Stalls,
}

#[derive(Debug, Clone)]
enum Act {
    Plan(usize, u64),
    Move(usize, u64),
    Cancel(usize),
    /// A node runs what is due, and its runs do this one after the other.
    Work(usize, Vec<Run>),
    /// A process ends, whatever it was doing.
    Crash(usize),
    /// What stood still goes on.
    Resume(usize),
    Replay(usize),
    Pass(u64),
    SetBack(u64),
}

/// Nothing is predicted: the world writes down what happens, and is held to that.
#[derive(Debug, Clone, Default)]
struct Model;

struct Machine;

impl ReferenceStateMachine for Machine {
    type State = Model;
    type Transition = Act;

    fn init_state() -> BoxedStrategy<Model> {
        Just(Model).boxed()
    }

    fn transitions(_: &Model) -> BoxedStrategy<Act> {
        let (id, node) = (|| 0..IDS, || 0..NODES);
        let run = prop_oneof![
            3 => Just(Run::Done),
            2 => Just(Run::Commits),
            2 => Just(Run::Again),
            2 => Just(Run::Fails),
            1 => Just(Run::GivesUp),
            3 => Just(Run::Stalls),
        ];
        let runs = prop::collection::vec(run, 0..6);
        let wait = || prop_oneof![Just(0_u64), Just(5), Just(30)];
        let span =
            prop_oneof![2 => Just(5_u64), 2 => Just(20), 3 => Just(61), 1 => Just(700), 1 => Just(90_000)];
        prop_oneof![
            4 => (id(), wait()).prop_map(|(id, wait)| Act::Plan(id, wait)),
            2 => (id(), wait()).prop_map(|(id, wait)| Act::Move(id, wait)),
            1 => id().prop_map(Act::Cancel),
            8 => (node(), runs).prop_map(|(node, runs)| Act::Work(node, runs)),
            2 => node().prop_map(Act::Crash),
            2 => node().prop_map(Act::Resume),
            1 => id().prop_map(Act::Replay),
            5 => span.prop_map(Act::Pass),
            1 => prop_oneof![Just(3_u64), Just(70), Just(80_000)].prop_map(Act::SetBack),
        ]
        .boxed()
    }

    fn preconditions(_: &Model, _: &Act) -> bool {
        true
    }

    fn apply(model: Model, _: &Act) -> Model {
        model
    }
}

/// What happened, on all nodes together.
#[derive(Default)]
struct Log {
    /// Money tasks that were begun and did not end well.
    open: BTreeMap<String, bool>,
    /// Why a money task may be gone.
    may_be_gone: BTreeMap<String, bool>,
    /// Turns that were done.
    done_turns: Vec<Timestamp>,
    /// The turn that is being run, by which of all runs, and when the lease on it ends at the earliest.
    running_turn: Option<(Timestamp, u64, Timestamp)>,
    runs: u64,
    /// A defect of a runner is a failed task, so what must not be is written down here.
    wrong: Vec<String>,
}

struct Runner {
    log: Arc<Mutex<Log>>,
    script: Arc<Mutex<VecDeque<Run>>>,
    released: Arc<Event>,
}

impl Runner {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap()
    }

    async fn act(&self, task: &Leased) -> Result<Next> {
        let act = self.script.lock().unwrap().pop_front().unwrap_or(Run::Done);
        let context = &task.tasks().context;
        match act {
            Run::Done => {}
            Run::Commits => {
                let mut batch = Batch::default();
                task.finish_in(&mut batch).await?;
                context.commit(batch).await?;
            }
            Run::Again => return Ok(Next::Again(context.now() + Duration::from_secs(10))),
            Run::Fails => return Err(Error::internal("it failed")),
            Run::GivesUp => return Ok(Next::Dead("hopeless".into())),
            Run::Stalls => self.released.listen().await,
        }
        Ok(Next::Done)
    }

    /// Notes a run's end that will be stored if the task is still this run's.
    fn ends(&self, task: &Leased, next: &Result<Next>) {
        let mut log = self.log();
        if let Ok(next) = next {
            log.open.insert(task.id().to_owned(), false);
            if *next == Next::Done {
                log.may_be_gone.insert(task.id().to_owned(), true);
            }
        }
    }
}

#[async_trait]
impl TaskRunner for Runner {
    async fn run(&self, task: &Leased) -> Result<Next> {
        let open = self.log().open.insert(task.id().to_owned(), true);
        if open == Some(true) {
            self.log()
                .wrong
                .push(format!("{} was simply run again", task.id()));
        }
        let next = self.act(task).await;
        self.ends(task, &next);
        next
    }
}

#[async_trait]
impl AskingRunner for Runner {
    async fn look(&self, task: &Leased) -> Result<Next> {
        self.log().open.insert(task.id().to_owned(), true);
        let next = self.act(task).await;
        self.ends(task, &next);
        next
    }
}

struct Turns(Runner);

#[async_trait]
impl TaskRunner for Turns {
    async fn run(&self, task: &Leased) -> Result<Next> {
        let (turn, now) = (task.planned_for(), task.tasks().context.now());
        let run = {
            let mut log = self.0.log();
            log.runs += 1;
            if log.done_turns.contains(&turn) {
                log.wrong.push(format!("{turn} has two winners"));
            }
            let two = |(running, _, until): (Timestamp, u64, Timestamp)| running == turn && now < until;
            if log.running_turn.is_some_and(two) {
                log.wrong.push(format!("{turn} is being run by two"));
            }
            log.running_turn = Some((turn, log.runs, now + LEASE));
            log.runs
        };
        let next = self.0.act(task).await;
        let mut log = self.0.log();
        let still_ours = log
            .running_turn
            .is_some_and(|(_, running, until)| running == run && task.tasks().context.now() < until);
        if still_ours {
            log.running_turn = None;
            if matches!(next, Ok(Next::Done)) {
                log.done_turns.push(turn);
            }
        }
        // A turn that is given up or comes back later is not what is looked at here.
        next.map(|_| Next::Done)
    }
}

/// One process.
struct Process {
    context: Arc<Context>,
    tasks: Tasks,
    runners: Arc<Runners>,
    script: Arc<Mutex<VecDeque<Run>>>,
    released: Arc<Event>,
    /// What stands still.
    stalled: Vec<BoxFuture<'static, ()>>,
}

struct World {
    runtime: Option<Runtime>,
    clock: Arc<FakeClock>,
    nodes: Vec<Process>,
    log: Arc<Mutex<Log>>,
}

impl World {
    async fn open() -> (Arc<FakeClock>, Vec<Process>, Arc<Mutex<Log>>) {
        let first = Node::default();
        let log = Arc::new(Mutex::new(Log::default()));
        let mut nodes = Vec::new();
        for seed in 1..=NODES as u64 {
            let node = Node {
                shared: true,
                seed,
                ..Node::over(first.memory.clone(), first.clock.clone())
            };
            let connections = node.connections(&Arc::default());
            let areas = crate::foundation::ALL.iter().copied().chain([&AREA]);
            let context = node.context(node.impatient(), &connections, areas).await;
            let tasks = Tasks::new(&context);
            let (script, released) = (Arc::default(), Arc::new(Event::new()));
            let runner = || Runner {
                log: log.clone(),
                script: Arc::clone(&script),
                released: released.clone(),
            };
            let mut runners = Runners::new(&tasks);
            runners.asking(&MONEY, runner());
            runners.repeating(&TURNS, Turns(runner()));
            nodes.push(Process {
                context,
                tasks,
                runners: Arc::new(runners),
                script,
                released,
                stalled: Vec::new(),
            });
        }
        (first.clock, nodes, log)
    }

    async fn change(&self, act: &Act) {
        let Process { context, tasks, .. } = &self.nodes[0];
        let changed = context.retried(|| async {
            let mut batch = Batch::default();
            let at = |wait: u64| self.clock.now() + Duration::from_secs(wait);
            let (id, changed) = match act {
                Act::Plan(id, wait) => (
                    id,
                    tasks.plan(&mut batch, &MONEY, &name(*id), at(*wait), &()).await?,
                ),
                Act::Move(id, wait) => (
                    id,
                    tasks.move_in(&mut batch, &MONEY, &name(*id), at(*wait)).await?,
                ),
                Act::Cancel(id) => (id, tasks.cancel(&mut batch, &MONEY, &name(*id)).await?),
                _ => unreachable!("no change of the plan"),
            };
            context.commit(batch).await?;
            Ok((name(*id), changed))
        });
        let (id, changed) = changed.await.unwrap();
        let mut log = self.log.lock().unwrap();
        match act {
            Act::Plan(..) if changed => {
                log.may_be_gone.insert(id.clone(), false);
                log.open.insert(id, false);
            }
            Act::Cancel(_) if changed => {
                log.may_be_gone.insert(id, true);
            }
            _ => {}
        }
    }

    async fn work(&mut self, node: usize, runs: Vec<Run>) {
        let process = &mut self.nodes[node];
        process.script.lock().unwrap().extend(runs);
        for kind in [MONEY.name, TURNS.name] {
            let runners = process.runners.clone();
            let mut work = async move {
                runners.drain(kind).await.unwrap();
            }
            .boxed();
            if !ended(&mut work).await {
                process.stalled.push(work);
            }
        }
        process.script.lock().unwrap().clear();
    }

    async fn act(&mut self, act: Act) {
        match act {
            Act::Plan(..) | Act::Move(..) | Act::Cancel(_) => self.change(&act).await,
            Act::Work(node, runs) => self.work(node, runs).await,
            Act::Crash(node) => self.nodes[node].stalled.clear(),
            Act::Resume(node) => {
                let process = &mut self.nodes[node];
                process.released.notify(usize::MAX);
                for mut work in std::mem::take(&mut process.stalled) {
                    assert!(ended(&mut work).await, "nothing stands still twice");
                }
            }
            Act::Replay(id) => {
                let replayed = self.nodes[0].runners.replay(MONEY.name, &name(id)).await;
                assert!(replayed.is_ok() || replayed.unwrap_err().code() == TASK_NOT_FOUND);
            }
            Act::Pass(seconds) => self.clock.advance(Duration::from_secs(seconds)),
            Act::SetBack(seconds) => self.clock.set_back(Duration::from_secs(seconds)),
        }
    }

    /// Every money task in the store, by id, and what says where it is.
    async fn stored(&self) -> BTreeMap<String, (Vec<String>, Vec<String>)> {
        let context = &self.nodes[0].context;
        let mut found: BTreeMap<String, (Vec<String>, Vec<String>)> = BTreeMap::new();
        for shard in 0..MONEY.shards {
            let partition = records::partition(&MONEY, shard);
            for range in [Task::queued(), Task::dead()] {
                let page = context.table::<Task>().page(&partition, range, 100, None).await;
                for task in page.unwrap().0 {
                    let sort = crate::foundation::table::Stored::key(&task.value).1;
                    found.entry(task.value.id).or_default().0.push(sort);
                }
            }
            let by_id = Range::Prefix("id#".into());
            let page = context
                .table::<TaskById>()
                .page(&partition, by_id, 100, None)
                .await;
            for by_id in page.unwrap().0 {
                found.entry(by_id.value.id).or_default().1.push(by_id.value.sort);
            }
        }
        found
    }
}

fn name(id: usize) -> String {
    format!("task {id}")
}

/// Whether it comes to an end by itself.
async fn ended(work: &mut BoxFuture<'static, ()>) -> bool {
    for _ in 0..2_000 {
        if futures_util::poll!(work.as_mut()).is_ready() {
            return true;
        }
        tokio::task::yield_now().await;
    }
    false
}

impl StateMachineTest for Machine {
    type SystemUnderTest = World;
    type Reference = Self;

    fn init_test(_: &Model) -> World {
        let runtime = Builder::new_current_thread().build().unwrap();
        let (clock, nodes, log) = runtime.block_on(World::open());
        World {
            runtime: Some(runtime),
            clock,
            nodes,
            log,
        }
    }

    fn apply(mut world: World, _: &Model, act: Act) -> World {
        let runtime = world.runtime.take().unwrap();
        runtime.block_on(world.act(act));
        world.runtime = Some(runtime);
        world
    }

    fn check_invariants(world: &World, _: &Model) {
        let stored = world.runtime.as_ref().unwrap().block_on(world.stored());
        for (id, (tasks, by_id)) in &stored {
            assert_eq!(
                (tasks.len(), tasks),
                (1, by_id),
                "{id} is one task, and found by its id"
            );
        }
        assert_eq!(world.log.lock().unwrap().wrong, [""; 0]);
        for (id, may_be_gone) in &world.log.lock().unwrap().may_be_gone {
            assert!(*may_be_gone || stored.contains_key(id), "{id} was lost");
        }
    }

    /// In the end everything that was planned is done, or lies among the dead letters.
    fn teardown(mut world: World, _: Model) {
        let runtime = world.runtime.take().unwrap();
        runtime.block_on(async {
            for node in 0..NODES {
                world.act(Act::Crash(node)).await;
            }
            for _ in 0..8 {
                world.act(Act::Pass(90_000)).await;
                world.act(Act::Work(0, Vec::new())).await;
            }
            for (id, (tasks, _)) in world.stored().await {
                assert!(
                    tasks[0].starts_with("dead#"),
                    "{id} is neither done nor given up: {tasks:?}"
                );
            }
        });
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_nothing_is_blindly_repeated_and_turns_have_one_winner(sequential 5..60 => Machine);
}
