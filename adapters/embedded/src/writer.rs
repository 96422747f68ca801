//! The one thread that writes: it takes all waiting commits into one transaction and syncs them together.

use std::path::PathBuf;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use portcullis_ports::clock::Clock;
use rusqlite::hooks::Wal;
use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, MAIN_DB};

use crate::cache::{Name, RecordCache};
use crate::failure::Failure;
use crate::folder::Lock;
use crate::group::{Broken, Decision, Group, Marks};
use crate::meters::WriterMeters;
use crate::queue::{Caller, Queue, Request, Taken};
use crate::schema;
use crate::statements::Statements;

/// After so long without commits the writer tidies up.
const QUIET: Duration = Duration::from_millis(250);
/// With nothing to tidy it looks for expired records this often.
const NAP: Duration = Duration::from_secs(5);
/// Under load it removes a slice of expired records this often.
const SWEEP_EVERY: Duration = Duration::from_secs(1);
/// How many expired records one slice removes: few enough that nobody notices.
const SLICE: u32 = 200;
/// The log is moved into the file at the latest when it has so many pages (16 MiB), or reading and opening slow down.
const LOG_PAGES: i32 = 4096;
/// The most commits of one group: larger ones gain nothing and delay the first answer.
const MAX_GROUP: usize = 512;
/// The longest that a commit waits for company.
const MAX_GRACE: Duration = Duration::from_millis(1);

/// What the writer shares with the store.
pub(crate) struct Shared {
    pub(crate) queue: Queue,
    pub(crate) cache: RecordCache,
    pub(crate) file: PathBuf,
    /// Why the last group failed, if it did.
    pub(crate) trouble: Mutex<Option<String>>,
}

/// The running thread. When it is dropped, everything that waits is done and the folder is free.
pub(crate) struct Writer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts writing with this connection, and keeps the lock until the end.
    pub(crate) fn start(
        connection: Connection,
        lock: Lock,
        shared: Arc<Shared>,
        clock: Arc<dyn Clock>,
    ) -> std::io::Result<Self> {
        let ours = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || {
                // However the thread ends, callers must not wait for it.
                let last_will = LastWill(Arc::clone(&ours));
                if let Err(error) = write(connection, &ours, clock.as_ref()) {
                    let failure = Failure::of(&error, &ours.file);
                    tracing::error!(?failure, "the writer of the store could not start");
                }
                drop(last_will);
                drop(lock);
            })?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.queue.close();
        if let Some(Err(_)) = self.thread.take().map(JoinHandle::join) {
            tracing::error!("the writer of the store had died");
        }
    }
}

struct LastWill(Arc<Shared>);

impl Drop for LastWill {
    fn drop(&mut self) {
        self.0.queue.abandon();
    }
}

fn write(mut connection: Connection, shared: &Shared, clock: &dyn Clock) -> rusqlite::Result<()> {
    let log_pages = Arc::new(AtomicI32::new(0));
    let hook = Arc::clone(&log_pages);
    connection.wal_hook(Some(move |_: &mut Wal, pages| {
        hook.store(pages, Ordering::Relaxed);
        Ok(())
    }))?;
    let mut desk = Desk {
        statements: Statements::prepare(&connection)?,
        marks: Marks::continue_from(schema::reserved(&connection)?, clock.now()),
        connection: &connection,
        shared,
        clock,
        meters: WriterMeters::new(),
        log_pages,
        swept: Instant::now(),
        company: 0,
        grace: Duration::ZERO,
    };
    let mut batch = Vec::new();
    let mut patience = QUIET;
    loop {
        match shared.queue.take(&mut batch, MAX_GROUP, 1, patience) {
            Taken::Requests => {
                desk.serve(&mut batch);
                desk.tidy_under_load();
                patience = QUIET;
            }
            Taken::Idle => patience = if desk.tidy() { Duration::ZERO } else { NAP },
            Taken::Closed => break,
        }
    }
    drop(desk);
    if let Err((_, error)) = connection.close() {
        tracing::warn!(%error, "the store could not be closed; it will recover when it is opened");
    }
    Ok(())
}

struct Desk<'c> {
    connection: &'c Connection,
    statements: Statements<'c>,
    marks: Marks,
    shared: &'c Shared,
    clock: &'c dyn Clock,
    meters: WriterMeters,
    /// The length of the log, told by the engine after every commit.
    log_pages: Arc<AtomicI32>,
    swept: Instant,
    /// How many came together the last time.
    company: usize,
    /// How long to wait for as many again: half of what a sync costs, averaged, so that it can only pay.
    grace: Duration,
}

impl Desk<'_> {
    /// Does a group and answers its callers. Callers who have gone away change nothing.
    fn serve(&mut self, batch: &mut Vec<Request>) {
        let mut callers = Vec::with_capacity(self.company.max(batch.len()));
        let outcome = self.commit(batch, &mut callers);
        let ended = Instant::now();
        let failure = outcome.as_ref().err().cloned();
        self.note_trouble(failure.as_ref());
        self.company = callers.len();
        self.meters
            .group
            .record(u32::try_from(callers.len()).unwrap_or(u32::MAX));
        let mut decisions = outcome.unwrap_or_default().into_iter();
        for caller in callers {
            self.meters.seconds.record(ended.duration_since(caller.since));
            let decision = match (&failure, decisions.next()) {
                (None, Some(decision)) => decision,
                (Some(failure), _) => Err(failure.clone().into()),
                (None, None) => Err(Failure::Unavailable("the commit was not decided".to_owned()).into()),
            };
            match &decision {
                Ok(_) => self.meters.done.increment(1),
                Err(_) if failure.is_none() => self.meters.conflicts.increment(1),
                Err(_) => self.meters.failed.increment(1),
            }
            drop(caller.answer.send(decision));
        }
    }

    fn commit(
        &mut self,
        batch: &mut Vec<Request>,
        callers: &mut Vec<Caller>,
    ) -> Result<Vec<Decision>, Failure> {
        self.decide(batch, callers).map_err(|broken| {
            self.undo();
            match broken {
                Broken::Engine(error) => Failure::of(&error, &self.shared.file),
                Broken::Disagreement => Failure::Corrupt(format!(
                    "the records in memory are not those in {}; did another program write to it?",
                    self.shared.file.display()
                )),
            }
        })
    }

    /// Decides the batch and whatever comes while it does, and syncs once.
    fn decide(
        &mut self,
        batch: &mut Vec<Request>,
        callers: &mut Vec<Caller>,
    ) -> Result<Vec<Decision>, Broken> {
        let begun = Instant::now();
        let now = self.clock.now();
        let mut group = Group::begin(&mut self.statements, &self.shared.cache, &mut self.marks, now)?;
        let mut decisions = Vec::with_capacity(self.company);
        // Time spent waiting, not time spent working: what arrives meanwhile costs nobody anything.
        let mut grace = self.grace;
        loop {
            let mut arrived = Vec::with_capacity(batch.len());
            for request in batch.drain(..) {
                self.meters
                    .queued
                    .record(begun.saturating_duration_since(request.caller.since));
                callers.push(request.caller);
                arrived.push(request.writes);
            }
            for writes in arrived {
                decisions.push(group.decide(writes)?);
            }
            // The callers of the last group are likely to come back, and one sync for all is cheaper than two.
            let missing = self.company.saturating_sub(callers.len());
            let patience = if missing > 0 { grace } else { Duration::ZERO };
            let room = MAX_GROUP.saturating_sub(callers.len());
            let waiting = Instant::now();
            if room == 0 || self.shared.queue.take(batch, room, missing.max(1), patience) != Taken::Requests {
                break;
            }
            grace = grace.saturating_sub(waiting.elapsed());
        }
        let decided = Instant::now();
        group.end()?;
        self.grace = ((self.grace * 7 + decided.elapsed() / 2) / 8).min(MAX_GRACE);
        Ok(decisions)
    }

    /// Leaves the transaction, whatever state the error has left it in.
    fn undo(&mut self) {
        if self.connection.is_autocommit() {
            return;
        }
        if let Err(error) = self.statements.undo() {
            tracing::error!(%error, "a failed group of commits could not be rolled back");
        }
    }

    fn note_trouble(&self, failure: Option<&Failure>) {
        let mut trouble = self.shared.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match failure {
            None => *trouble = None,
            Some(failure) => {
                let (Failure::Unavailable(why) | Failure::Corrupt(why)) = failure;
                if trouble.as_ref() != Some(why) {
                    tracing::error!(why, "the store cannot write");
                }
                *trouble = Some(why.clone());
            }
        }
    }

    fn tidy_under_load(&mut self) {
        if self.log_pages.load(Ordering::Relaxed) >= LOG_PAGES {
            self.checkpoint();
        }
        if self.swept.elapsed() >= SWEEP_EVERY {
            self.sweep();
        }
    }

    /// Moves the log into the file and removes expired records; says whether more is to be done at once.
    fn tidy(&mut self) -> bool {
        if self.sweep() {
            return true;
        }
        if self.log_pages.load(Ordering::Relaxed) > 0 {
            self.checkpoint();
        }
        false
    }

    fn checkpoint(&mut self) {
        match self
            .connection
            .wal_checkpoint_v2(Some(MAIN_DB), CheckpointMode::PASSIVE)
        {
            // A backup may hold on to the log; then the next attempt comes with the next quiet moment.
            Ok((_, _)) => self.log_pages.store(0, Ordering::Relaxed),
            Err(error) => tracing::warn!(%error, "the log of the store could not be moved into its file"),
        }
    }

    /// Removes a slice of expired records, and says whether there may be more.
    fn sweep(&mut self) -> bool {
        self.swept = Instant::now();
        let swept = self.statements.sweep(self.clock.now(), SLICE);
        match swept {
            Ok(names) => {
                for [collection, partition, sort] in &names {
                    self.shared.cache.forget(Name {
                        collection,
                        partition,
                        sort,
                    });
                }
                let count = u32::try_from(names.len()).unwrap_or(SLICE);
                self.meters.expired.increment(u64::from(count));
                count >= SLICE
            }
            Err(error) => {
                self.undo();
                tracing::warn!(%error, "expired records could not be removed");
                false
            }
        }
    }
}
