//! Signals by queue: who dispatches a queue in this process wakes when a commit of this process put something into it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use event_listener::{Event, EventListener};

/// The signals of one process, one for each name of a queue.
#[derive(Default)]
pub(crate) struct Wakeups(Mutex<BTreeMap<&'static str, Arc<Event>>>);

impl Wakeups {
    /// Resolves at the next wake-up of that queue. Whoever looks into the queue listens first, and misses nothing.
    pub(crate) fn listen(&self, queue: &'static str) -> EventListener {
        self.of(queue).listen()
    }

    /// Wakes everybody who listens for that queue.
    pub(crate) fn notify(&self, queue: &'static str) {
        self.of(queue).notify(usize::MAX);
    }

    fn of(&self, queue: &'static str) -> Arc<Event> {
        let mut queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(queues.entry(queue).or_default())
    }
}
