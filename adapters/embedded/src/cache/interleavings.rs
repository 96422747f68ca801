//! Readers and the writer under a scheduler that tries many interleavings: nobody sees what was before what somebody saw.
//!
//! The file is modelled as a map whose commits become visible at once. The scheduler may let somebody else go first before
//! and after every use of a flag, of the file and of the map of entries; the map itself takes each step as a whole.

use std::convert::Infallible;
use std::sync::Mutex as Untracked;
use std::sync::atomic::Ordering;

use portcullis_ports::Timestamp;
use portcullis_ports::storage::{Collection, Key, Version};
use shuttle::Runner;
use shuttle::scheduler::{DfsScheduler, PctScheduler, RandomScheduler};
use shuttle::sync::atomic::AtomicBool;
use shuttle::sync::{Arc, Mutex};
use shuttle::thread;

use super::flags::Flags;
use super::{Flag, Known, Name, OwnedName, RecordCache, Stored};

const THINGS: Collection = Collection {
    name: "things",
    table: "things",
    variable: "THINGS_TABLE",
};
const KEYS: usize = 2;
/// So many schedules of each kind are tried.
const SCHEDULES: usize = 1600;
/// Where the schedules begin that are drawn by lot.
const SEED: u64 = 7;
/// The clock stands still here.
const NOW: Timestamp = Timestamp::from_millis(1_000);

/// A flag of the scheduler.
#[derive(Default)]
struct Watched(AtomicBool);

impl Flag for Watched {
    fn is_raised(&self) -> bool {
        let raised = self.0.load(Ordering::SeqCst);
        pause();
        raised
    }

    fn set(&self, raised: bool) {
        self.0.store(raised, Ordering::SeqCst);
        pause();
    }
}

/// A point where somebody else may go first. Yielding would lower the standing of whoever does it.
fn pause() {
    AtomicBool::default().load(Ordering::SeqCst);
}

fn key(number: usize) -> Key {
    Key {
        collection: THINGS,
        partition: "p".to_owned(),
        sort: number.to_string(),
    }
}

/// What the writer does to a key in one group.
#[derive(Clone, Copy)]
enum Step {
    /// Puts a new state.
    Put(usize),
    /// Puts a state that has expired already.
    PutExpired(usize),
    /// Removes what is there.
    Delete(usize),
}

impl Step {
    fn key(self) -> usize {
        match self {
            Self::Put(key) | Self::PutExpired(key) | Self::Delete(key) => key,
        }
    }

    fn state(self, version: u64) -> Option<Stored> {
        let expires_at = match self {
            Self::Put(_) => None,
            Self::PutExpired(_) => Some(NOW),
            Self::Delete(_) => return None,
        };
        Some(Stored {
            version: Version(version),
            expires_at,
            body: std::sync::Arc::from("null"),
        })
    }
}

#[derive(Clone, Copy)]
enum Act {
    /// One transaction.
    Commit(&'static [Step]),
    /// A transaction of which the engine does not say whether it was done; it was not.
    Fail(&'static [Step]),
    /// Removes from the file what has expired.
    Sweep,
}

/// What is compared without being seen by the scheduler.
#[derive(Default)]
struct Watch {
    /// Everything that ever was visible under each key after the first nothing, oldest first: a version or nothing.
    histories: [Vec<Option<u64>>; KEYS],
    /// The position in its history that somebody has seen of each key.
    seen: [usize; KEYS],
}

impl Watch {
    fn at(&self, key: usize, position: usize) -> Option<u64> {
        position
            .checked_sub(1)
            .and_then(|before| self.histories[key][before])
    }

    fn know(&mut self, key: usize, position: usize) {
        self.seen[key] = self.seen[key].max(position);
    }
}

struct World {
    cache: RecordCache<Watched>,
    file: Mutex<[Option<Stored>; KEYS]>,
    watch: Untracked<Watch>,
}

impl World {
    fn new(bytes: u64, flags: usize) -> Self {
        Self {
            cache: RecordCache::with(bytes, Flags::of(flags)),
            file: Mutex::default(),
            watch: Untracked::default(),
        }
    }

    /// What the store does for a reader.
    fn read(&self, number: usize) {
        let floor = self.watch.lock().unwrap().seen[number];
        let key = key(number);
        let from_file = || {
            let found = self.file.lock().unwrap()[number].clone();
            pause();
            Ok::<_, Infallible>(found)
        };
        let found = match self.cache.get(Name::from(&key)) {
            Known::Settled(stored) => stored,
            Known::InFlight => from_file().unwrap(),
            Known::Nothing => self.cache.fill(&key, from_file).unwrap(),
        };
        let visible = found
            .filter(|stored| stored.visible(NOW))
            .map(|stored| stored.version.0);
        let mut watch = self.watch.lock().unwrap();
        let last = watch.histories[number].len();
        let position = (floor..=last).find(|position| watch.at(number, *position) == visible);
        let Some(position) = position else {
            panic!(
                "key {number}: {visible:?} was seen after position {floor} of {:?}",
                watch.histories[number]
            );
        };
        watch.know(number, position);
    }

    /// What the writer does, in its order.
    fn write(&self, acts: &[Act]) {
        let mut version = 0;
        for act in acts {
            match act {
                Act::Commit(steps) => {
                    version += 1;
                    self.commit(steps, version);
                }
                Act::Fail(steps) => {
                    let names = names(steps);
                    let announced = self.cache.announce(names.iter());
                    drop(self.file.lock().unwrap());
                    for name in &names {
                        self.cache.forget(name.borrow());
                        pause();
                    }
                    self.cache.conclude(announced);
                }
                Act::Sweep => {
                    let mut removed = Vec::new();
                    for (number, row) in self.file.lock().unwrap().iter_mut().enumerate() {
                        if row.take_if(|stored| !stored.visible(NOW)).is_some() {
                            removed.push(number);
                        }
                    }
                    for number in removed {
                        self.cache.forget((&key(number)).into());
                        pause();
                    }
                }
            }
        }
    }

    fn commit(&self, steps: &[Step], version: u64) {
        let names = names(steps);
        let announced = self.cache.announce(names.iter());
        {
            let mut file = self.file.lock().unwrap();
            let mut watch = self.watch.lock().unwrap();
            for step in steps {
                let stored = step.state(version);
                // From this moment on it may be seen, though nobody has.
                let visible = stored.as_ref().filter(|stored| stored.visible(NOW));
                watch.histories[step.key()].push(visible.map(|stored| stored.version.0));
                file[step.key()] = stored;
            }
        }
        for (name, step) in names.into_iter().zip(steps) {
            self.cache.settle(name, step.state(version));
            pause();
        }
        self.cache.conclude(announced);
        // Acknowledged: the caller knows.
        let mut watch = self.watch.lock().unwrap();
        for step in steps {
            let last = watch.histories[step.key()].len();
            watch.know(step.key(), last);
        }
    }
}

fn names(steps: &[Step]) -> Vec<OwnedName> {
    steps.iter().map(|step| key(step.key()).into()).collect()
}

/// One run: readers of these keys beside the writer.
fn run(world: World, acts: &[Act], readers: &'static [&[usize]]) {
    let world = Arc::new(world);
    let readers: Vec<_> = readers
        .iter()
        .map(|keys| {
            let world = Arc::clone(&world);
            thread::spawn(move || keys.iter().for_each(|number| world.read(*number)))
        })
        .collect();
    world.write(acts);
    for reader in readers {
        reader.join().unwrap();
    }
    // When all is quiet the memory says what the file says.
    for number in 0..KEYS {
        world.read(number);
    }
}

const ACTS: [&[Act]; 3] = [
    &[
        Act::Commit(&[Step::Put(0), Step::Put(1)]),
        Act::Commit(&[Step::Put(0)]),
        Act::Commit(&[Step::Delete(0), Step::Put(1)]),
        Act::Commit(&[Step::Put(0)]),
    ],
    &[
        Act::Commit(&[Step::Put(0)]),
        Act::Fail(&[Step::Put(0), Step::Delete(1)]),
        Act::Commit(&[Step::Put(1), Step::Put(0)]),
        Act::Fail(&[Step::Delete(0)]),
    ],
    &[
        Act::Commit(&[Step::PutExpired(0), Step::Put(1)]),
        Act::Sweep,
        Act::Commit(&[Step::Put(0), Step::PutExpired(1)]),
        Act::Sweep,
        Act::Commit(&[Step::Put(1)]),
    ],
];
const READERS: &[&[usize]] = &[&[0, 1, 0, 1], &[1, 0, 0, 0]];
/// Much more than the keys need, and so little that they push each other out.
const SIZES: [u64; 2] = [16 << 20, 300];
/// One flag for all keys, and enough for each to have its own, most of the time.
const FLAGS: [usize; 2] = [1, 16];

/// Every kind of world with every list of acts.
fn everywhere(check: impl Fn(&'static [Act], u64, usize)) {
    for acts in ACTS {
        for bytes in SIZES {
            for flags in FLAGS {
                check(acts, bytes, flags);
            }
        }
    }
}

#[test]
fn nobody_sees_the_past_whoever_comes_next() {
    everywhere(|acts, bytes, flags| {
        let scheduler = RandomScheduler::new_from_seed(SEED, SCHEDULES);
        Runner::new(scheduler, shuttle::Config::default())
            .run(move || run(World::new(bytes, flags), acts, READERS));
    });
}

#[test]
fn nobody_sees_the_past_when_one_is_held_up_for_long() {
    everywhere(|acts, bytes, flags| {
        let scheduler = PctScheduler::new_from_seed(SEED, 3, SCHEDULES);
        Runner::new(scheduler, shuttle::Config::default())
            .run(move || run(World::new(bytes, flags), acts, READERS));
    });
}

#[test]
fn no_order_of_one_commit_and_one_reading_shows_the_past() {
    let scheduler = DfsScheduler::new(None, false);
    let tried = Runner::new(scheduler, shuttle::Config::default()).run(|| {
        let world = World::new(SIZES[0], 1);
        run(world, &[Act::Commit(&[Step::Put(0)])], &[&[0]]);
    });
    assert!(tried > 1_000, "{tried} orders");
}
