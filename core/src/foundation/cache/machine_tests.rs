//! The memory of two nodes as a state machine.
//!
//! Commits arrive piece by piece, late or never, reads are held up between two steps, lists cannot be read, clocks differ.
//!
//! What is promised: a node never goes by what was before its own acknowledged change, nor by what was before a change
//! that another node had acknowledged one second ago, and it never goes back to what it had left behind.

use std::pin::Pin;
use std::sync::atomic::AtomicBool;
use std::task::{Context, Poll};

use async_trait::async_trait;
use futures_util::FutureExt as _;
use futures_util::task::noop_waker;
use portcullis_ports::storage::{Page, Query, Record, StoreError, Version, Write};
use portcullis_ports::testkit::{FakeClock, FakeEntropy, MemoryStore};
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};

use super::*;
use crate::foundation::table::Batch;

const NODES: usize = 2;
const KEYS: usize = 2;
/// How far the clocks of two nodes may differ, together with how long a commit may be on its way.
const SKEW: i64 = 25_000;
/// How long a store may show one commit piece by piece, in milliseconds.
const TORN: u64 = 4_000;
/// How late a commit may arrive that its node has given up.
const LATE: u64 = 25_000;
/// The promise, in milliseconds.
const SECOND: u64 = 1_000;

const COUNTED: Collection = Collection {
    name: "counted",
    table: "counted",
    variable: "COUNTED_TABLE",
};

/// A record whose value is how often it was changed.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Counted {
    key: usize,
    changes: u64,
}

impl Stored for Counted {
    const COLLECTION: Collection = COUNTED;
    const MEMORY: Memory = Memory::RecordsAndAbsence;

    fn key(&self) -> (String, String) {
        (format!("key{}", self.key), "1".to_owned())
    }
}

/// Which piece of a commit becomes visible first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum First {
    /// The line in the list of changes.
    Line,
    /// The record itself.
    Record,
    /// Nothing, as long as it is under way.
    Neither,
}

#[derive(Debug, Clone)]
enum Act {
    /// A node begins to change a key.
    Begin(usize, usize, First),
    /// What is under way for a key is done and acknowledged.
    Finish(usize),
    /// Its node gives it up, and does not know that it is still under way.
    GiveUp(usize),
    /// What was given up arrives, as a whole.
    Arrive(usize),
    /// What was given up never arrives.
    Vanish(usize),
    /// A node reads a key; it is held up before every step.
    Read(usize, usize),
    /// The oldest reading that is held up goes on by one step.
    Step,
    /// All of them go on until they are done.
    Flush,
    /// From now on a node can read the list of changes, or cannot.
    Deaf(usize, bool),
    /// Milliseconds pass.
    Wait(u64),
}

#[derive(Debug, Clone)]
struct Pending {
    node: usize,
    since: u64,
    first: First,
    given_up: bool,
}

/// What is known from outside.
#[derive(Debug, Clone)]
struct Model {
    /// How far the clock of the second node is ahead.
    skew: i64,
    now: u64,
    /// How often each key was changed in the store.
    stored: [u64; KEYS],
    under_way: [Option<Pending>; KEYS],
    /// Acknowledged changes of each key: when, by which node, and the value.
    acknowledged: [Vec<(u64, usize, u64)>; KEYS],
}

impl Model {
    /// The oldest value that a reading may see which begins now.
    fn floor(&self, node: usize, key: usize) -> u64 {
        let known = self.acknowledged[key]
            .iter()
            .filter(|(at, by, _)| *by == node || at + SECOND <= self.now);
        known.map(|(_, _, value)| *value).max().unwrap_or(0)
    }
}

struct Machine;

impl ReferenceStateMachine for Machine {
    type State = Model;
    type Transition = Act;

    fn init_state() -> BoxedStrategy<Model> {
        prop_oneof![Just(0), -SKEW..=SKEW]
            .prop_map(|skew| Model {
                skew,
                now: 0,
                stored: [0; KEYS],
                under_way: [None, None],
                acknowledged: [Vec::new(), Vec::new()],
            })
            .boxed()
    }

    fn transitions(_: &Model) -> BoxedStrategy<Act> {
        let first = prop_oneof![Just(First::Line), Just(First::Record), Just(First::Neither)];
        let wait = prop_oneof![
            3 => 1_u64..100,
            4 => 100_u64..1_100,
            1 => 1_100_u64..5_500,
            1 => 20_000_u64..70_000,
        ];
        prop_oneof![
            4 => (0..NODES, 0..KEYS, first).prop_map(|(node, key, first)| Act::Begin(node, key, first)),
            4 => (0..KEYS).prop_map(Act::Finish),
            1 => (0..KEYS).prop_map(Act::GiveUp),
            1 => (0..KEYS).prop_map(Act::Arrive),
            1 => (0..KEYS).prop_map(Act::Vanish),
            8 => (0..NODES, 0..KEYS).prop_map(|(node, key)| Act::Read(node, key)),
            6 => Just(Act::Step),
            4 => Just(Act::Flush),
            1 => (0..NODES, any::<bool>()).prop_map(|(node, deaf)| Act::Deaf(node, deaf)),
            6 => wait.prop_map(Act::Wait),
        ]
        .boxed()
    }

    fn preconditions(model: &Model, act: &Act) -> bool {
        let under_way = |key: usize, given_up: bool| {
            model.under_way[key]
                .as_ref()
                .is_some_and(|change| change.given_up == given_up)
        };
        match act {
            Act::Begin(_, key, _) => model.under_way[*key].is_none(),
            Act::Finish(key) => under_way(*key, false),
            // What is visible in part will be visible as a whole.
            Act::GiveUp(key) => {
                under_way(*key, false)
                    && model.under_way[*key]
                        .as_ref()
                        .is_some_and(|change| change.first == First::Neither)
            }
            Act::Arrive(key) | Act::Vanish(key) => under_way(*key, true),
            Act::Wait(span) => model.under_way.iter().flatten().all(|change| {
                let limit = if change.given_up || change.first == First::Neither {
                    LATE
                } else {
                    TORN
                };
                model.now + span - change.since <= limit
            }),
            Act::Read(..) | Act::Step | Act::Flush | Act::Deaf(..) => true,
        }
    }

    fn apply(mut model: Model, act: &Act) -> Model {
        match act {
            Act::Begin(node, key, first) => {
                model.under_way[*key] = Some(Pending {
                    node: *node,
                    since: model.now,
                    first: *first,
                    given_up: false,
                });
            }
            Act::Finish(key) => {
                if let Some(change) = model.under_way[*key].take() {
                    model.stored[*key] += 1;
                    model.acknowledged[*key].push((model.now, change.node, model.stored[*key]));
                }
            }
            Act::GiveUp(key) => {
                if let Some(change) = &mut model.under_way[*key] {
                    change.given_up = true;
                }
            }
            Act::Arrive(key) => {
                model.under_way[*key] = None;
                model.stored[*key] += 1;
            }
            Act::Vanish(key) => model.under_way[*key] = None,
            Act::Wait(span) => model.now += span,
            Act::Read(..) | Act::Step | Act::Flush | Act::Deaf(..) => {}
        }
        model
    }
}

/// The way of one node to the store: every call waits once before it is made, once before it is answered.
struct Slow {
    inner: Arc<MemoryStore>,
    deaf: AtomicBool,
}

#[async_trait]
impl RecordStore for Slow {
    async fn get(&self, key: &Key) -> std::result::Result<Option<Record>, StoreError> {
        futures_util::pending!();
        let found = self.inner.get(key).await;
        futures_util::pending!();
        found
    }

    async fn query(&self, query: &Query) -> std::result::Result<Page, StoreError> {
        futures_util::pending!();
        if self.deaf.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable {
                detail: "the test told it to fail".into(),
                retry: None,
            });
        }
        let page = self.inner.query(query).await;
        futures_util::pending!();
        page
    }

    async fn commit(&self, writes: &[Write]) -> std::result::Result<Vec<Option<Version>>, StoreError> {
        self.inner.commit(writes).await
    }
}

/// Something that was begun and is not done yet.
type Going<T> = Pin<Box<dyn Future<Output = T>>>;

/// A reading that is held up.
struct Reading {
    node: usize,
    key: usize,
    /// What it must at least see.
    floor: u64,
    going: Going<Result<Option<Arc<Counted>>>>,
}

/// A change that is under way.
struct UnderWay {
    /// Holds the pending invalidation of its node; polled once more to settle it, and dropped to give it up.
    pending_invalidation: Option<Going<()>>,
    /// The pieces that are not visible yet.
    hidden: Vec<Write>,
}

struct Node {
    cache: Arc<Cache>,
    way: Arc<Slow>,
    clock: Arc<FakeClock>,
    entropy: FakeEntropy,
    /// The newest value that it has seen of each key by a reading that began after the one before had ended.
    seen: [u64; KEYS],
}

struct Real {
    memory: Arc<MemoryStore>,
    nodes: Vec<Node>,
    under_way: [Option<UnderWay>; KEYS],
    readings: Vec<Reading>,
}

impl Real {
    fn write(&self, writes: Vec<Write>) {
        if writes.is_empty() {
            return;
        }
        let done = self.memory.commit(&writes).now_or_never();
        done.unwrap().unwrap();
    }

    fn begin(&mut self, node: usize, key: usize, first: First, changes: u64) {
        let at = &self.nodes[node];
        let value = Counted { key, changes };
        let mut batch = Batch::default();
        batch.overwrite(&value).unwrap();
        let keys = batch.changed.clone();
        let line = at.cache.announcement(&keys, &at.entropy).unwrap().unwrap();
        let cache = Arc::clone(&at.cache);
        let mut pending_invalidation: Going<()> = Box::pin(async move {
            let pending_invalidation = cache.pending_invalidation(keys);
            futures_util::pending!();
            pending_invalidation.settle();
        });
        assert!(pending_invalidation.as_mut().now_or_never().is_none());
        let mut record = writes(&value);
        let mut line = writes(&line);
        match first {
            First::Line => self.write(std::mem::take(&mut line)),
            First::Record => self.write(std::mem::take(&mut record)),
            First::Neither => {}
        }
        record.append(&mut line);
        self.under_way[key] = Some(UnderWay {
            pending_invalidation: Some(pending_invalidation),
            hidden: record,
        });
    }

    /// Lets a reading go on by one step; gives it back unless it is done.
    fn step(&mut self, mut reading: Reading) -> Option<Reading> {
        match reading
            .going
            .as_mut()
            .poll(&mut Context::from_waker(&noop_waker()))
        {
            Poll::Pending => Some(reading),
            Poll::Ready(value) => {
                let value = value.unwrap().map_or(0, |found| found.changes);
                assert!(
                    value >= reading.floor,
                    "node {} went by change {value} of key {}, though {} was known",
                    reading.node,
                    reading.key,
                    reading.floor
                );
                let seen = &mut self.nodes[reading.node].seen[reading.key];
                *seen = (*seen).max(value);
                None
            }
        }
    }

    fn flush(&mut self) {
        for round in 0.. {
            if self.readings.is_empty() {
                return;
            }
            assert!(round < 1_000, "{} readings never end", self.readings.len());
            for reading in std::mem::take(&mut self.readings) {
                let left = self.step(reading);
                self.readings.extend(left);
            }
        }
    }
}

fn writes<T: Stored>(value: &T) -> Vec<Write> {
    let (partition, sort) = value.key();
    vec![Write::Put {
        key: Key {
            collection: T::COLLECTION,
            partition,
            sort,
        },
        body: serde_json::to_string(value).unwrap().into(),
        expires_at: value.expires_at(),
        expect: portcullis_ports::storage::Expect::Any,
    }]
}

impl StateMachineTest for Machine {
    type SystemUnderTest = Real;
    type Reference = Self;

    fn init_test(model: &Model) -> Real {
        let clocks = [0, model.skew].map(|ahead| {
            let begin = FakeClock::default().now().millis() + ahead;
            Arc::new(FakeClock::at(Timestamp::from_millis(begin)))
        });
        let memory = Arc::new(MemoryStore::new(clocks[0].clone()));
        let nodes = clocks.into_iter().zip(1..).map(|(clock, seed)| {
            let way = Arc::new(Slow {
                inner: Arc::clone(&memory),
                deaf: AtomicBool::new(false),
            });
            let store = Arc::clone(&way) as Arc<dyn RecordStore>;
            let cache = Cache::new(
                &store,
                &(Arc::clone(&clock) as Arc<dyn Clock>),
                true,
                100,
                vec![COUNTED],
            );
            Node {
                cache: Arc::new(cache),
                way,
                clock,
                entropy: FakeEntropy::seeded(seed << 32),
                seen: [0; KEYS],
            }
        });
        Real {
            nodes: nodes.collect(),
            memory,
            under_way: [None, None],
            readings: Vec::new(),
        }
    }

    fn apply(mut real: Real, model: &Model, act: Act) -> Real {
        match act {
            Act::Begin(node, key, first) => real.begin(node, key, first, model.stored[key] + 1),
            Act::Finish(key) => {
                let change = real.under_way[key].take().unwrap();
                real.write(change.hidden);
                change.pending_invalidation.unwrap().now_or_never().unwrap();
            }
            Act::GiveUp(key) => real.under_way[key].as_mut().unwrap().pending_invalidation = None,
            Act::Arrive(key) => {
                let change = real.under_way[key].take().unwrap();
                real.write(change.hidden);
            }
            Act::Vanish(key) => real.under_way[key] = None,
            Act::Read(node, key) => {
                let floor = model.floor(node, key).max(real.nodes[node].seen[key]);
                let cache = Arc::clone(&real.nodes[node].cache);
                let going = async move { cache.find::<Counted>(&format!("key{key}"), "1").await };
                real.readings.push(Reading {
                    node,
                    key,
                    floor,
                    going: Box::pin(going),
                });
            }
            Act::Step => {
                if !real.readings.is_empty() {
                    let reading = real.readings.remove(0);
                    let left = real.step(reading);
                    real.readings.extend(left);
                }
            }
            Act::Flush => real.flush(),
            Act::Deaf(node, deaf) => real.nodes[node].way.deaf.store(deaf, Ordering::SeqCst),
            Act::Wait(span) => {
                for node in &real.nodes {
                    node.clock.advance(Duration::from_millis(span));
                }
            }
        }
        real
    }

    fn teardown(mut real: Real, _: Model) {
        real.flush();
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn two_nodes_keep_their_promise(sequential 5..60 => Machine);
}
