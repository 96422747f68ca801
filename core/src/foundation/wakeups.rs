//! Signals by queue, for what a commit of this process puts into one.
//!
//! Whoever dispatches a queue in this process learns of it, and when it is due.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use event_listener::{Event, EventListener};
use portcullis_ports::Timestamp;

/// The signals of one process, one for each name of a queue.
#[derive(Default)]
pub(crate) struct Wakeups(Mutex<BTreeMap<&'static str, Arc<Signal>>>);

#[derive(Default)]
struct Signal {
    event: Event,
    /// The earliest moment at which something is due that nobody was told of yet.
    due: Mutex<Option<Timestamp>>,
}

impl Signal {
    fn take(&self) -> Option<Timestamp> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The next wake-up of a queue.
pub(crate) struct Wakeup {
    signal: Arc<Signal>,
    listener: EventListener,
}

impl Wakeup {
    /// Waits for it, and gives when the earliest of what was put in is due; nothing if somebody else was told that.
    pub(crate) async fn woken(self) -> Option<Timestamp> {
        // What was put in while nobody listened.
        if let Some(due) = self.signal.take() {
            return Some(due);
        }
        self.listener.await;
        self.signal.take()
    }
}

impl Wakeups {
    /// The next wake-up of that queue, from now on. Whoever looks into the queue listens first, and misses nothing.
    pub(crate) fn listen(&self, queue: &'static str) -> Wakeup {
        let signal = self.of(queue);
        let listener = signal.event.listen();
        Wakeup { signal, listener }
    }

    /// Wakes everybody who listens for that queue.
    pub(crate) fn notify(&self, queue: &'static str, due: Timestamp) {
        let signal = self.of(queue);
        {
            let mut earliest = signal.due.lock().unwrap_or_else(PoisonError::into_inner);
            *earliest = Some(earliest.map_or(due, |known| known.min(due)));
        }
        signal.event.notify(usize::MAX);
    }

    fn of(&self, queue: &'static str) -> Arc<Signal> {
        let mut queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(queues.entry(queue).or_default())
    }
}
