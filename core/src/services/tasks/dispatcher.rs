//! The dispatcher of a queue: keeps as many of its records under way as there is room for, each leased and on its own.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::{BoxFuture, Either, select};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use portcullis_ports::{Clock, Result, Timestamp};

use super::lease::QueueRecord;
use crate::foundation::table::Versioned;
use crate::foundation::wakeups::Wakeup;

/// How long a queue rests whose store fails.
const AFTER_FAILURE: Duration = Duration::from_secs(10);
/// Once in so many looks the queue is tended.
const TEND_EVERY: u32 = 32;

/// What is due.
pub(crate) struct Due<R> {
    /// Oldest first.
    pub(crate) records: Vec<Versioned<R>>,
    /// When the next one is, as far as that is known.
    pub(crate) next: Option<Timestamp>,
}

impl<R> Due<R> {
    pub(crate) fn nothing() -> Self {
        Self {
            records: Vec::new(),
            next: None,
        }
    }
}

/// How a dispatcher waits when nothing is left to do.
pub(crate) struct Rest {
    /// Ends the rest early.
    pub(crate) wakeup: Option<Wakeup>,
    /// How long until it patrols: the delay of what another process put into the queue and left.
    pub(crate) patrol: Duration,
}

/// A queue that is worked on.
#[async_trait]
pub(crate) trait Queue: Send + Sync {
    /// What lies in it.
    type Record: QueueRecord;

    /// For the log.
    fn name(&self) -> &str;

    /// What a record goes by while it is under way.
    fn id<'a>(&self, record: &'a Self::Record) -> &'a str;

    /// How many are worked on at once at the moment.
    fn capacity(&self) -> usize;

    /// Begins to listen for wake-ups.
    fn rest(&self) -> Rest;

    /// Keeps the queue in order.
    ///
    /// # Errors
    /// Told in the log; it is tried again later.
    async fn tend(&self) -> Result<()> {
        Ok(())
    }

    /// What is due, at most so many.
    async fn due(&self, most: usize) -> Result<Due<Self::Record>>;

    /// The same at the end of a patrol, also while there is no room: who measures the queue does it here.
    async fn patrol(&self, most: usize) -> Result<Due<Self::Record>> {
        self.due(most).await
    }

    /// Leases one record and works on it. `false` if another worker was faster.
    async fn handle(&self, record: &Versioned<Self::Record>) -> Result<bool>;
}

/// What a dispatcher learns of next.
enum Step<R> {
    /// What is due.
    Due(Result<Due<R>>),
    /// A record was handled, or a defect ended its handling.
    Handled(String, std::thread::Result<Result<bool>>),
    /// It has rested until its patrol.
    Rested,
    /// It was woken and has to look.
    Woken,
    /// Something was put in that is due then.
    Planned(Timestamp),
    /// Something that was not due yet is.
    Alarmed(Timestamp),
}

/// When a dispatcher looks into its queue next.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// After the rest.
    #[default]
    Later,
    /// When something has ended: more was due than there was room for.
    Next,
    /// As soon as there is room.
    Now,
}

/// How a dispatcher stands.
#[derive(Default)]
struct Dispatch {
    under_way: BTreeSet<String>,
    /// Looks so far.
    looks: u32,
    looking: bool,
    resting: bool,
    look: Look,
    /// When it patrols next, however often it is woken until then.
    patrol_at: Option<Timestamp>,
    /// The next look is a patrol.
    patrol: bool,
    /// When it looks again without having rested.
    alarm: Option<Timestamp>,
}

impl Dispatch {
    fn room<Q: Queue>(&self, queue: &Q) -> usize {
        queue.capacity().saturating_sub(self.under_way.len())
    }
}

type Running<'a, R> = FuturesUnordered<BoxFuture<'a, Step<R>>>;

/// Works on what is due in a queue until `stop` is done; what is under way by then is finished.
///
/// Each record that ends makes room for the next: none waits for others that are slow.
pub(crate) async fn dispatch<Q: Queue>(queue: &Q, clock: &dyn Clock, stop: impl Future<Output = ()>) {
    let mut stop = pin!(stop.fuse());
    let mut stopping = false;
    let mut running: Running<'_, Q::Record> = FuturesUnordered::new();
    let mut state = Dispatch {
        look: Look::Now,
        patrol: true,
        ..Dispatch::default()
    };
    loop {
        stopping = stopping || stop.as_mut().now_or_never().is_some();
        if stopping && state.under_way.is_empty() {
            return;
        }
        if !stopping {
            begin(queue, clock, &mut state, &running);
        }
        let learned = if stopping {
            running.next().await
        } else {
            match select(running.next(), stop.as_mut()).await {
                Either::Left((learned, _)) => learned,
                Either::Right(_) => {
                    stopping = true;
                    continue;
                }
            }
        };
        match learned {
            Some(Step::Due(Ok(due))) if !stopping => {
                state.looking = false;
                let room = state.room(queue);
                let new = due
                    .records
                    .into_iter()
                    .filter(|record| !state.under_way.contains(queue.id(record)));
                let new: Vec<_> = new.take(room).collect();
                if new.len() == room && state.look == Look::Later {
                    state.look = Look::Next;
                }
                for record in new {
                    state.under_way.insert(queue.id(&record).to_owned());
                    running.push(handled(queue, record).boxed());
                }
                alarm(queue, clock, due.next, &mut state, &running);
            }
            Some(Step::Due(Ok(_))) | None => state.looking = false,
            Some(Step::Due(Err(error))) => {
                state.looking = false;
                let again = clock.now() + AFTER_FAILURE;
                alarm(queue, clock, Some(again), &mut state, &running);
                let queue = queue.name();
                tracing::warn!(queue, ?error, "a queue could not be read; trying again");
            }
            Some(Step::Handled(id, handled)) => {
                state.under_way.remove(&id);
                if state.look == Look::Next {
                    // What fails at once may fail again at once.
                    state.look = if matches!(handled, Ok(Ok(_))) {
                        Look::Now
                    } else {
                        let again = clock.now() + AFTER_FAILURE;
                        alarm(queue, clock, Some(again), &mut state, &running);
                        Look::Later
                    };
                }
                report(queue.name(), &id, handled);
            }
            Some(Step::Planned(due)) if due > clock.now() => {
                state.resting = false;
                alarm(queue, clock, Some(due), &mut state, &running);
            }
            Some(Step::Rested) => {
                state.resting = false;
                state.patrol_at = None;
                state.patrol = true;
                state.look = Look::Now;
            }
            Some(Step::Woken | Step::Planned(_)) => {
                state.resting = false;
                state.look = Look::Now;
            }
            Some(Step::Alarmed(at)) => {
                state.alarm = state.alarm.filter(|set| *set != at);
                state.look = Look::Now;
            }
        }
    }
}

/// Begins to rest, so that no wake-up is missed, and to look if there is room.
fn begin<'a, Q: Queue>(
    queue: &'a Q,
    clock: &'a dyn Clock,
    state: &mut Dispatch,
    running: &Running<'a, Q::Record>,
) {
    if !state.resting {
        state.resting = true;
        let Rest { wakeup, patrol } = queue.rest();
        let now = clock.now();
        // However the clock was set meanwhile.
        let patrol = state.patrol_at.map_or(patrol, |at| at.since(now).min(patrol));
        state.patrol_at = Some(now + patrol);
        let rest = async move {
            let rested = clock.sleep(patrol);
            let Some(wakeup) = wakeup else {
                rested.await;
                return Step::Rested;
            };
            match select(pin!(wakeup.woken()), rested).await {
                Either::Left((Some(due), _)) => Step::Planned(due),
                Either::Left((None, _)) => Step::Woken,
                Either::Right(_) => Step::Rested,
            }
        };
        running.push(rest.boxed());
    }
    let room = state.room(queue);
    if state.look == Look::Now && !state.looking && (room > 0 || state.patrol) {
        state.look = Look::Later;
        state.looking = true;
        let patrol = std::mem::take(&mut state.patrol);
        let tend = state.looks.is_multiple_of(TEND_EVERY);
        state.looks = state.looks.wrapping_add(1);
        // What is under way may not be leased yet, and stand in front.
        let most = room + state.under_way.len();
        let look = async move {
            if tend && let Err(error) = queue.tend().await {
                let queue = queue.name();
                tracing::warn!(queue, ?error, "a queue could not be tended; trying again");
            }
            Step::Due(if patrol {
                queue.patrol(most).await
            } else {
                queue.due(most).await
            })
        };
        running.push(look.boxed());
    }
}

/// Looks again when the next record is due, where that is before the end of the rest.
fn alarm<'a, Q: Queue>(
    queue: &Q,
    clock: &'a dyn Clock,
    next: Option<Timestamp>,
    state: &mut Dispatch,
    running: &Running<'a, Q::Record>,
) {
    let Some(next) = next.filter(|next| state.alarm.is_none_or(|set| *next < set)) else {
        return;
    };
    let wait = next.since(clock.now());
    if wait < queue.rest().patrol {
        state.alarm = Some(next);
        let alarm = async move {
            clock.sleep(wait).await;
            Step::Alarmed(next)
        };
        running.push(alarm.boxed());
    }
}

async fn handled<Q: Queue>(queue: &Q, record: Versioned<Q::Record>) -> Step<Q::Record> {
    // One record that a plugin or a rule cannot stand ends neither the others that are under way nor the dispatcher.
    let handled = AssertUnwindSafe(queue.handle(&record)).catch_unwind().await;
    Step::Handled(queue.id(&record).to_owned(), handled)
}

/// Works on everything that is due now, and says how much it was.
pub(crate) async fn drain<Q: Queue>(queue: &Q) -> Result<usize> {
    let mut worked = 0;
    loop {
        let due = queue.due(queue.capacity()).await?.records;
        if due.is_empty() {
            return Ok(worked);
        }
        let mut running: FuturesUnordered<_> = due.iter().map(|record| queue.handle(record)).collect();
        let mut failed = None;
        // What is under way is awaited also after a failure: a send that is dropped half-way may be repeated.
        while let Some(result) = running.next().await {
            match result {
                Ok(done) => worked += usize::from(done),
                Err(error) => failed = Some(error),
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
    }
}

fn report(queue: &str, id: &str, handled: std::thread::Result<Result<bool>>) {
    match handled {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => {
            tracing::warn!(
                queue,
                id,
                ?error,
                "work could not be done; its lease brings it back"
            );
        }
        Err(_) => {
            tracing::error!(queue, id, "a defect ended work; its lease brings it back");
        }
    }
}
