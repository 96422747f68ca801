//! The memory of hashes: lent out, kept for the next one for a while, and given back to the system when idle.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use argon2::Block;
use portcullis_ports::passwords::HASHER_BUSY;
use portcullis_ports::{Clock, Result};

/// How long unused memory is kept.
pub(crate) const IDLE: Duration = Duration::from_secs(10);
/// How long to wait before trying again when the system has no memory left.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// From this size on every common allocator takes memory from the system and returns it at once when freed. Below, glibc
/// keeps what was freed for later, and an idle process would stay as large as it ever was. What is reserved beyond the
/// need is never touched, and so never becomes real memory.
const RETURNED_AT_ONCE: usize = 33 * 1024 * 1024 / Block::SIZE;

/// The memories that are not in use at the moment.
pub(crate) struct Pool {
    /// The blocks of one memory of ordinary size.
    size: usize,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    spare: Vec<Vec<Block>>,
    lent: usize,
    /// Grows with every use, so that idleness can be told from a use in between.
    uses: u64,
    watched: bool,
}

/// A memory in use. Goes back to the pool when dropped.
pub(crate) struct Lent {
    pool: Arc<Pool>,
    pub(crate) blocks: Vec<Block>,
}

impl Pool {
    pub(crate) fn new(size: usize, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self {
            size,
            clock,
            state: Mutex::default(),
        })
    }

    /// Lends a memory of at least `blocks`. Must be called within a Tokio runtime.
    pub(crate) fn lend(self: &Arc<Self>, blocks: usize) -> Result<Lent> {
        let (spare, watch) = {
            let mut state = self.state();
            state.lent += 1;
            state.uses += 1;
            let spare = if blocks <= self.size {
                state.spare.pop()
            } else {
                None
            };
            (spare, !std::mem::replace(&mut state.watched, true))
        };
        let mut lent = Lent {
            pool: Arc::clone(self),
            blocks: spare.unwrap_or_default(),
        };
        if watch {
            tokio::spawn(Self::give_back_when_idle(Arc::downgrade(self)));
        }
        if lent.blocks.is_empty() {
            let wanted = blocks.max(self.size);
            lent.blocks
                .try_reserve_exact(wanted.max(RETURNED_AT_ONCE))
                .map_err(|error| HASHER_BUSY.error().retry_after(TRY_AGAIN).with_source(error))?;
            lent.blocks.resize(wanted, Block::new());
        }
        Ok(lent)
    }

    async fn give_back_when_idle(pool: Weak<Self>) {
        loop {
            let Some((clock, uses)) = pool
                .upgrade()
                .map(|pool| (Arc::clone(&pool.clock), pool.state().uses))
            else {
                return;
            };
            clock.sleep(IDLE).await;
            let Some(pool) = pool.upgrade() else { return };
            let mut state = pool.state();
            if state.uses == uses && state.lent == 0 {
                state.watched = false;
                let spare = std::mem::take(&mut state.spare);
                drop(state);
                drop(spare);
                return;
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let blocks = std::mem::take(&mut self.blocks);
        let ordinary = blocks.len() == self.pool.size;
        let mut state = self.pool.state();
        state.lent -= 1;
        if ordinary {
            state.spare.push(blocks);
        }
    }
}

#[cfg(test)]
mod tests {
    use portcullis_ports::testkit::FakeClock;

    use super::*;

    fn pool() -> (Arc<Pool>, Arc<FakeClock>) {
        let clock = Arc::new(FakeClock::default());
        (Pool::new(8, Arc::clone(&clock) as Arc<_>), clock)
    }

    fn spare(pool: &Pool) -> usize {
        pool.state().spare.len()
    }

    /// Lets the watcher run until it sleeps or ends.
    async fn settle() {
        for _ in 0..4 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn memory_is_used_again() {
        let (pool, _) = pool();
        let first = pool.lend(8).unwrap();
        let address = first.blocks.as_ptr();
        drop(first);
        assert_eq!(pool.lend(8).unwrap().blocks.as_ptr(), address);
        assert_eq!(spare(&pool), 1);
    }

    #[tokio::test]
    async fn memory_of_unusual_size_is_not_kept() {
        let (pool, _) = pool();
        assert_eq!(pool.lend(64).unwrap().blocks.len(), 64);
        assert_eq!(spare(&pool), 0);
        assert_eq!(pool.lend(2).unwrap().blocks.len(), 8);
        assert_eq!(spare(&pool), 1);
    }

    #[tokio::test]
    async fn unused_memory_is_given_back_and_memory_in_use_is_not() {
        let (pool, clock) = pool();
        drop((pool.lend(8).unwrap(), pool.lend(8).unwrap()));
        settle().await;
        assert_eq!(spare(&pool), 2);
        let used = pool.lend(8).unwrap();
        clock.advance(IDLE);
        settle().await;
        assert_eq!(spare(&pool), 1, "something happened in between");
        clock.advance(IDLE);
        settle().await;
        assert_eq!(spare(&pool), 1, "something is in use");
        drop(used);
        clock.advance(IDLE);
        settle().await;
        assert_eq!(spare(&pool), 0);

        drop(pool.lend(8).unwrap());
        settle().await;
        clock.advance(IDLE);
        settle().await;
        assert_eq!(spare(&pool), 0, "the watcher comes back");
    }

    #[tokio::test]
    async fn a_request_for_more_than_there_is_fails_and_lends_nothing() {
        let (pool, _) = pool();
        assert!(pool.lend(usize::MAX / Block::SIZE).is_err());
        assert_eq!(pool.state().lent, 0);
    }
}
