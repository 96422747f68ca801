//! Waiting lines for counters: whoever uses the same one in this process waits instead of colliding in the store.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_lock::Mutex;

use crate::foundation::table::Batch;

/// How many lines there are. Two counters may share one; that costs a wait and nothing else.
const LINES: usize = 256;

#[derive(Clone)]
pub(crate) struct Lines(Arc<[Arc<Mutex<()>>]>);

impl Default for Lines {
    fn default() -> Self {
        Self((0..LINES).map(|_| Arc::default()).collect())
    }
}

impl Lines {
    /// Waits for the turn at every counter, and keeps the turns until the batch is done or dropped.
    ///
    /// All wait in the same order, so that nobody waits for each other. A batch that holds turns already takes only
    /// those that are free at once: a collision in the store is tried again, two that wait for each other are not.
    pub(crate) async fn join<'a>(&self, batch: &mut Batch, keys: impl Iterator<Item = &'a str>) {
        let lines: BTreeSet<usize> = keys.map(line).collect();
        let holds_turns = !batch.turns.is_empty();
        for mutex in lines.into_iter().filter_map(|line| self.0.get(line)) {
            if holds_turns {
                batch.turns.extend(mutex.try_lock_arc());
            } else {
                let turn = mutex.lock_arc().await;
                batch.turns.push(turn);
            }
        }
    }
}

fn line(key: &str) -> usize {
    key.bytes().fold(0_usize, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(usize::from(byte))
    }) % LINES
}
