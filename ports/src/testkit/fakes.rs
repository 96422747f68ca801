//! A clock that a test moves and randomness that a test can repeat.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::poll_fn;

use crate::clock::{Clock, Entropy, Timestamp};
use crate::error::Result;

/// A clock that stands still until the test moves it; sleepers wake when it passes their moment.
#[derive(Debug)]
pub struct FakeClock {
    now: AtomicI64,
    sleepers: Mutex<BTreeMap<(i64, u64), std::task::Waker>>,
    next: AtomicU64,
}

impl Default for FakeClock {
    fn default() -> Self {
        Self::at(Timestamp::from_seconds(1_790_000_000))
    }
}

impl FakeClock {
    /// A clock that shows `now`.
    pub fn at(now: Timestamp) -> Self {
        Self {
            now: AtomicI64::new(now.millis()),
            sleepers: Mutex::default(),
            next: AtomicU64::new(0),
        }
    }

    /// Sets it back, as an operator does with a clock that was ahead. Nobody wakes.
    pub fn set_back(&self, span: Duration) {
        let millis = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        self.now.fetch_sub(millis, Ordering::SeqCst);
    }

    /// Moves it forward and wakes whoever's time has come.
    pub fn advance(&self, span: Duration) {
        let now = (self.now() + span).millis();
        self.now.store(now, Ordering::SeqCst);
        let mut sleepers = self.sleepers.lock().unwrap_or_else(PoisonError::into_inner);
        let later = sleepers.split_off(&(now + 1, 0));
        for (_, waker) in std::mem::replace(&mut *sleepers, later) {
            waker.wake();
        }
    }
}

#[async_trait]
impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now.load(Ordering::SeqCst))
    }

    async fn sleep(&self, span: Duration) {
        let until = (self.now() + span).millis();
        let ticket = self.next.fetch_add(1, Ordering::Relaxed);
        poll_fn(|context| {
            let mut sleepers = self.sleepers.lock().unwrap_or_else(PoisonError::into_inner);
            if self.now.load(Ordering::SeqCst) >= until {
                sleepers.remove(&(until, ticket));
                return std::task::Poll::Ready(());
            }
            sleepers.insert((until, ticket), context.waker().clone());
            std::task::Poll::Pending
        })
        .await;
    }
}

/// Bytes that look random and are the same in every run (`SplitMix64`).
#[derive(Debug)]
pub struct FakeEntropy(AtomicU64);

impl Default for FakeEntropy {
    fn default() -> Self {
        Self::seeded(1)
    }
}

impl FakeEntropy {
    /// Another sequence.
    pub fn seeded(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Entropy for FakeEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<()> {
        for chunk in bytes.chunks_mut(8) {
            let mut z = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            let word = (z ^ (z >> 31)).to_le_bytes();
            for (byte, value) in chunk.iter_mut().zip(word) {
                *byte = value;
            }
        }
        Ok(())
    }
}
