//! The bounded queue between callers and the writer.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use portcullis_ports::storage::Write;
use tokio::sync::oneshot;

use super::group::Decision;

/// What one caller wants done.
pub(crate) struct Request {
    pub(crate) writes: Vec<Write>,
    pub(crate) caller: Caller,
}

/// Where the answer goes, and since when it is awaited.
pub(crate) struct Caller {
    pub(crate) since: Instant,
    pub(crate) answer: oneshot::Sender<Decision>,
}

impl Request {
    /// Roughly what it holds in memory.
    fn bytes(&self) -> usize {
        let texts = |write: &Write| {
            let body = match write {
                Write::Put { body, .. } => body.len(),
                Write::Delete { .. } | Write::Check { .. } => 0,
            };
            let key = write.key();
            key.partition.len() + key.sort.len() + body
        };
        self.writes.iter().map(texts).sum()
    }
}

/// Why a request was not taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Too many wait already.
    Full,
    /// The writer is gone.
    Closed,
}

/// What the writer got.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// At least one request.
    Requests,
    /// Nobody came in time.
    Idle,
    /// Nobody will ever come again.
    Closed,
}

/// The most that may wait, in bytes: callers must not fill the memory while a disk stands still.
const MAX_WAITING_BYTES: usize = 64 << 20;

/// Requests in the order in which they came.
pub(crate) struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
    most: usize,
}

#[derive(Default)]
struct State {
    waiting: Vec<Request>,
    bytes: usize,
    closed: bool,
    /// The writer sleeps until so many wait; zero while it is busy.
    wanted: usize,
}

impl Queue {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            state: Mutex::default(),
            arrived: Condvar::new(),
            most,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a request at the end.
    pub(crate) fn push(&self, request: Request) -> Result<(), Refusal> {
        let bytes = request.bytes();
        let mut state = self.lock();
        if state.closed {
            return Err(Refusal::Closed);
        }
        // One request is always taken, however large it is.
        let crowded = state.waiting.len() >= self.most || state.bytes + bytes > MAX_WAITING_BYTES;
        if crowded && !state.waiting.is_empty() {
            return Err(Refusal::Full);
        }
        state.waiting.push(request);
        state.bytes += bytes;
        let wake = state.wanted > 0 && state.waiting.len() >= state.wanted;
        drop(state);
        if wake {
            self.arrived.notify_one();
        }
        Ok(())
    }

    /// Takes up to `most` of what waits into `batch`, as soon as `wanted` wait, and after `patience` at the latest.
    pub(crate) fn take(
        &self,
        batch: &mut Vec<Request>,
        most: usize,
        wanted: usize,
        patience: Duration,
    ) -> Taken {
        let mut state = self.wait(self.lock(), wanted, patience);
        state.wanted = 0;
        if state.waiting.is_empty() {
            return if state.closed { Taken::Closed } else { Taken::Idle };
        }
        if state.waiting.len() <= most && batch.is_empty() {
            std::mem::swap(batch, &mut state.waiting);
            state.bytes = 0;
        } else {
            let count = most.min(state.waiting.len());
            let bytes: usize = state.waiting.iter().take(count).map(Request::bytes).sum();
            batch.extend(state.waiting.drain(..count));
            state.bytes = state.bytes.saturating_sub(bytes);
        }
        Taken::Requests
    }

    fn wait<'q>(
        &'q self,
        mut state: MutexGuard<'q, State>,
        wanted: usize,
        patience: Duration,
    ) -> MutexGuard<'q, State> {
        if state.waiting.len() >= wanted || patience.is_zero() {
            return state;
        }
        state.wanted = wanted;
        self.arrived
            .wait_timeout_while(state, patience, |state| {
                state.waiting.len() < wanted && !state.closed
            })
            .unwrap_or_else(PoisonError::into_inner)
            .0
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.lock().waiting.len()
    }

    /// Whether requests are still taken.
    pub(crate) fn is_open(&self) -> bool {
        !self.lock().closed
    }

    /// Takes no more requests; what waits is still served.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_one();
    }

    /// Takes no more requests and drops what waits: its callers learn that nobody will answer.
    pub(crate) fn abandon(&self) {
        let mut state = self.lock();
        state.closed = true;
        let waiting = std::mem::take(&mut state.waiting);
        state.bytes = 0;
        drop(state);
        drop(waiting);
    }
}

#[cfg(test)]
mod tests;
