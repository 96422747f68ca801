//! Tables and batches against a model: whatever is read and committed, in any order, with marks that are out of date.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use portcullis_ports::storage::{Collection, Range, RecordStore, STORE_CONFLICT, STORE_UNAVAILABLE};
use portcullis_ports::testkit::{FakeClock, MemoryStore};
use portcullis_ports::{Clock as _, Timestamp};
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use serde::{Deserialize, Serialize};
use tokio::runtime::{Builder, Runtime};

use crate::foundation::table::{Batch, Slot, Stored, Table, Versioned};

const PARTITIONS: u8 = 2;
const SORTS: u8 = 4;

/// Partition and sort key.
type At = (u8, u8);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Thing {
    at: At,
    value: u32,
    end: Option<Timestamp>,
}

impl Stored for Thing {
    const COLLECTION: Collection = Collection {
        name: "things",
        table: "things",
        variable: "THINGS_TABLE",
    };

    fn key(&self) -> (String, String) {
        texts(self.at)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        self.end
    }
}

fn texts((partition, sort): At) -> (String, String) {
    (format!("p{partition}"), format!("s{sort}"))
}

/// One step of a batch. Numbers of readings count from the newest.
#[derive(Debug, Clone)]
enum Step {
    Insert(At, u32, Option<u8>),
    Overwrite(At, u32, Option<u8>),
    /// What was read is replaced, however long ago that was.
    Replace(usize, u32),
    Remove(usize),
    /// A slot that was read, empty or not.
    Save(usize, u32),
    RemovePresent(At),
    Clear(At),
    /// What was read must still be so.
    Check(usize),
    CheckSlot(usize),
}

/// How the store treats a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Answered,
    /// It is done, and nobody is told.
    AnswerLost,
    /// It is not done.
    Refused,
}

#[derive(Debug, Clone)]
enum Act {
    Find(At),
    Slot(At),
    /// All of a partition, so many at a time.
    Pages(u8, usize),
    Commit(Vec<Step>, Fate),
    /// So many seconds pass.
    Wait(u8),
}

#[derive(Debug, Clone)]
struct Row {
    /// No two states have the same.
    mark: u64,
    value: u32,
    end: Option<Timestamp>,
}

/// What the newest act must have led to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    Nothing,
    Found(Option<u32>),
    Listed(Vec<(At, u32)>),
    Done,
    Conflict,
    Unavailable,
}

#[derive(Debug, Clone)]
struct Model {
    now: Timestamp,
    rows: BTreeMap<At, Row>,
    marks: u64,
    /// Records that were read, oldest first.
    read: Vec<(At, u64)>,
    /// Slots that were read, with the mark of what was in them.
    slots: Vec<(At, Option<u64>)>,
    outcome: Outcome,
}

/// The element that many places from the end.
fn newest<T>(list: &[T], back: usize) -> Option<&T> {
    list.len().checked_sub(back + 1).and_then(|at| list.get(at))
}

impl Model {
    fn row(&self, at: At) -> Option<&Row> {
        let row = self.rows.get(&at)?;
        row.end.is_none_or(|end| self.now < end).then_some(row)
    }

    /// The key that a step is about; `None` if it names a reading that was never made.
    fn target(&self, step: &Step) -> Option<At> {
        match step {
            Step::Insert(at, ..) | Step::Overwrite(at, ..) | Step::RemovePresent(at) | Step::Clear(at) => {
                Some(*at)
            }
            Step::Replace(back, _) | Step::Remove(back) | Step::Check(back) => {
                newest(&self.read, *back).map(|(at, _)| *at)
            }
            Step::Save(back, _) | Step::CheckSlot(back) => newest(&self.slots, *back).map(|(at, _)| *at),
        }
    }

    fn holds(&self, step: &Step) -> bool {
        let mark = |at: &At| self.row(*at).map(|row| row.mark);
        match step {
            Step::Insert(at, ..) => mark(at).is_none(),
            Step::RemovePresent(at) => mark(at).is_some(),
            Step::Overwrite(..) | Step::Clear(_) => true,
            Step::Replace(back, _) | Step::Remove(back) | Step::Check(back) => {
                newest(&self.read, *back).is_some_and(|(at, read)| mark(at) == Some(*read))
            }
            Step::Save(back, _) | Step::CheckSlot(back) => {
                newest(&self.slots, *back).is_some_and(|(at, read)| mark(at) == *read)
            }
        }
    }

    fn execute(&mut self, step: &Step) {
        let Some(at) = self.target(step) else { return };
        let (value, ttl) = match step {
            Step::Insert(_, value, ttl) | Step::Overwrite(_, value, ttl) => (*value, *ttl),
            Step::Replace(_, value) | Step::Save(_, value) => (*value, None),
            Step::Check(_) | Step::CheckSlot(_) => return,
            Step::Remove(_) | Step::RemovePresent(_) | Step::Clear(_) => {
                self.rows.remove(&at);
                return;
            }
        };
        self.marks += 1;
        let row = Row {
            mark: self.marks,
            value,
            end: ending(self.now, ttl),
        };
        self.rows.insert(at, row);
    }
}

fn ending(now: Timestamp, ttl: Option<u8>) -> Option<Timestamp> {
    ttl.map(|seconds| now + Duration::from_secs(seconds.into()))
}

struct Machine;

impl ReferenceStateMachine for Machine {
    type State = Model;
    type Transition = Act;

    fn init_state() -> BoxedStrategy<Model> {
        Just(Model {
            now: FakeClock::default().now(),
            rows: BTreeMap::new(),
            marks: 0,
            read: Vec::new(),
            slots: Vec::new(),
            outcome: Outcome::Nothing,
        })
        .boxed()
    }

    fn transitions(_: &Model) -> BoxedStrategy<Act> {
        let at = || (0..PARTITIONS, 0..SORTS);
        let ttl = || prop_oneof![3 => Just(None), 1 => (1_u8..20).prop_map(Some)];
        let step = prop_oneof![
            3 => (at(), any::<u32>(), ttl()).prop_map(|(at, value, ttl)| Step::Insert(at, value, ttl)),
            2 => (at(), any::<u32>(), ttl()).prop_map(|(at, value, ttl)| Step::Overwrite(at, value, ttl)),
            3 => (0_usize..3, any::<u32>()).prop_map(|(back, value)| Step::Replace(back, value)),
            2 => (0_usize..3).prop_map(Step::Remove),
            3 => (0_usize..3, any::<u32>()).prop_map(|(back, value)| Step::Save(back, value)),
            1 => at().prop_map(Step::RemovePresent),
            1 => at().prop_map(Step::Clear),
            1 => (0_usize..3).prop_map(Step::Check),
            1 => (0_usize..3).prop_map(Step::CheckSlot),
        ];
        let fate =
            prop_oneof![8 => Just(Fate::Answered), 1 => Just(Fate::AnswerLost), 1 => Just(Fate::Refused)];
        prop_oneof![
            3 => at().prop_map(Act::Find),
            2 => at().prop_map(Act::Slot),
            1 => (0..PARTITIONS, 1_usize..4).prop_map(|(partition, limit)| Act::Pages(partition, limit)),
            6 => (prop::collection::vec(step, 1..5), fate).prop_map(|(steps, fate)| Act::Commit(steps, fate)),
            1 => (1_u8..15).prop_map(Act::Wait),
        ]
        .boxed()
    }

    /// A batch names every key once, and only what was read before.
    fn preconditions(model: &Model, act: &Act) -> bool {
        let Act::Commit(steps, _) = act else { return true };
        let mut seen = HashSet::new();
        steps
            .iter()
            .all(|step| model.target(step).is_some_and(|at| seen.insert(at)))
    }

    fn apply(mut model: Model, act: &Act) -> Model {
        model.outcome = match act {
            Act::Find(at) => {
                let found = model.row(*at).map(|row| (row.mark, row.value));
                model.read.extend(found.map(|(mark, _)| (*at, mark)));
                Outcome::Found(found.map(|(_, value)| value))
            }
            Act::Slot(at) => {
                let found = model.row(*at).map(|row| (row.mark, row.value));
                model.slots.push((*at, found.map(|(mark, _)| mark)));
                Outcome::Found(found.map(|(_, value)| value))
            }
            Act::Pages(partition, _) => {
                let all = (0..SORTS).map(|sort| (*partition, sort));
                Outcome::Listed(all.filter_map(|at| Some((at, model.row(at)?.value))).collect())
            }
            Act::Commit(_, Fate::Refused) => Outcome::Unavailable,
            Act::Commit(steps, fate) => {
                let holds = steps.iter().all(|step| model.holds(step));
                if holds {
                    for step in steps {
                        model.execute(step);
                    }
                }
                match fate {
                    Fate::AnswerLost => Outcome::Unavailable,
                    _ if holds => Outcome::Done,
                    _ => Outcome::Conflict,
                }
            }
            Act::Wait(seconds) => {
                model.now = model.now + Duration::from_secs((*seconds).into());
                Outcome::Nothing
            }
        };
        model
    }
}

/// The real thing, on a store in memory.
struct Real {
    runtime: Runtime,
    clock: Arc<FakeClock>,
    memory: Arc<MemoryStore>,
    table: Table<Thing>,
    read: Vec<Versioned<Thing>>,
    slots: Vec<Slot<Thing>>,
}

impl Real {
    fn batch(&self, steps: &[Step]) -> Batch {
        let now = self.clock.now();
        let mut batch = Batch::default();
        for step in steps {
            match step {
                Step::Insert(at, value, ttl) => batch.insert(&thing(*at, *value, ending(now, *ttl))).unwrap(),
                Step::Overwrite(at, value, ttl) => {
                    batch.overwrite(&thing(*at, *value, ending(now, *ttl))).unwrap();
                }
                Step::Replace(back, value) => {
                    let read = newest(&self.read, *back).unwrap();
                    batch.replace(read, &thing(read.at, *value, None)).unwrap();
                }
                Step::Remove(back) => batch.remove(newest(&self.read, *back).unwrap()),
                Step::Check(back) => batch.check(newest(&self.read, *back).unwrap()),
                Step::CheckSlot(back) => batch.check_slot(newest(&self.slots, *back).unwrap()),
                Step::Save(back, value) => {
                    let mut slot = newest(&self.slots, *back).unwrap().clone();
                    slot.value = thing(slot.value.at, *value, None);
                    batch.save(&slot).unwrap();
                }
                Step::RemovePresent(at) => {
                    let (partition, sort) = texts(*at);
                    batch.remove_present::<Thing>(partition, sort);
                }
                Step::Clear(at) => {
                    let (partition, sort) = texts(*at);
                    batch.clear::<Thing>(partition, sort);
                }
            }
        }
        assert_eq!(batch.len(), steps.len());
        batch
    }

    async fn pages(&self, partition: u8, limit: usize) -> Vec<(At, u32)> {
        let (partition, _) = texts((partition, 0));
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let (page, next) = self
                .table
                .page(&partition, Range::All, limit, after)
                .await
                .unwrap();
            assert!(page.len() <= limit);
            found.extend(page.iter().map(|one| (one.at, one.value.value)));
            match next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        let whole = self.table.all(&partition).await.unwrap();
        let whole: Vec<_> = whole.iter().map(|one| (one.at, one.value.value)).collect();
        assert_eq!(found, whole);
        let mut newest_first = Vec::new();
        let mut after = None;
        loop {
            let page = self.table.page_newest_first(&partition, Range::All, limit, after);
            let (page, next) = page.await.unwrap();
            newest_first.extend(page.iter().map(|one| (one.at, one.value.value)));
            match next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        newest_first.reverse();
        assert_eq!(newest_first, found);
        found
    }
}

fn thing(at: At, value: u32, end: Option<Timestamp>) -> Thing {
    Thing { at, value, end }
}

impl StateMachineTest for Machine {
    type SystemUnderTest = Real;
    type Reference = Self;

    fn init_test(_: &Model) -> Real {
        let clock = Arc::new(FakeClock::default());
        let memory = Arc::new(MemoryStore::new(clock.clone()));
        let store = Arc::clone(&memory) as Arc<dyn RecordStore>;
        Real {
            runtime: Builder::new_current_thread().build().unwrap(),
            clock,
            table: Table::new(&store),
            memory,
            read: Vec::new(),
            slots: Vec::new(),
        }
    }

    fn apply(mut real: Real, model: &Model, act: Act) -> Real {
        let outcome = match act {
            Act::Find(at) => {
                let (partition, sort) = texts(at);
                let found = real.runtime.block_on(real.table.find(&partition, &sort)).unwrap();
                let value = found.as_ref().map(|found| found.value.value);
                real.read.extend(found);
                Outcome::Found(value)
            }
            Act::Slot(at) => {
                let (partition, sort) = texts(at);
                let mut empty = false;
                let slot = real.table.slot(&partition, &sort, || {
                    empty = true;
                    thing(at, 0, None)
                });
                let slot = real.runtime.block_on(slot).unwrap();
                let value = (!empty).then_some(slot.value.value);
                real.slots.push(slot);
                Outcome::Found(value)
            }
            Act::Pages(partition, limit) => {
                Outcome::Listed(real.runtime.block_on(real.pages(partition, limit)))
            }
            Act::Commit(steps, fate) => {
                match fate {
                    Fate::Answered => {}
                    Fate::AnswerLost => real.memory.commit_then_fail_next(),
                    Fate::Refused => real.memory.fail_next(1),
                }
                let batch = real.batch(&steps);
                match real.runtime.block_on(batch.commit(real.memory.as_ref())) {
                    Ok(()) => Outcome::Done,
                    Err(error) if error.code() == STORE_CONFLICT => Outcome::Conflict,
                    Err(error) if error.code() == STORE_UNAVAILABLE => Outcome::Unavailable,
                    Err(error) => panic!("{error:?}"),
                }
            }
            Act::Wait(seconds) => {
                real.clock.advance(Duration::from_secs(seconds.into()));
                Outcome::Nothing
            }
        };
        assert_eq!(outcome, model.outcome);
        real
    }

    fn check_invariants(real: &Real, model: &Model) {
        for partition in 0..PARTITIONS {
            let found = real.runtime.block_on(real.pages(partition, 1000));
            let expected = (0..SORTS).map(|sort| (partition, sort));
            let expected: Vec<_> = expected
                .filter_map(|at| Some((at, model.row(at)?.value)))
                .collect();
            assert_eq!(found, expected);
        }
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tables_and_batches_do_what_the_model_does(sequential 1..40 => Machine);
}
