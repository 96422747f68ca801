//! A fair queue per person inside this process.
//!
//! Whoever changes what belongs to a person waits for its turn instead of colliding in the store, where whoever asks most
//! often would win.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use async_lock::{Mutex, MutexGuardArc};
use portcullis_ports::identity::Subject;

/// How many queues there are. Persons share them, by their hash.
const QUEUES: usize = 1024;

/// The queues of all persons.
pub(crate) struct SubjectLocks {
    queues: Box<[Arc<Mutex<()>>]>,
    hasher: RandomState,
}

impl SubjectLocks {
    pub(crate) fn new() -> Self {
        Self {
            queues: std::iter::repeat_with(Arc::default).take(QUEUES).collect(),
            hasher: RandomState::new(),
        }
    }

    /// Waits for the turn of a person. Whoever came first goes first.
    #[expect(clippy::cast_possible_truncation, reason = "any bits of a hash will do")]
    pub(crate) async fn lock(&self, subject: &Subject) -> MutexGuardArc<()> {
        let at = self.hasher.hash_one(subject.as_str()) as usize % QUEUES;
        self.queues[at].lock_arc().await
    }
}
