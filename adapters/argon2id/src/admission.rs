//! Admission to the processor: so many hashes run, so many wait in order, everybody else is turned away.

use std::sync::Arc;
use std::time::Duration;

use portcullis_ports::passwords::HASHER_BUSY;
use portcullis_ports::{Error, Result};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// When whoever is turned away may try again: by then a full queue of ordinary hashes has moved on.
const TRY_AGAIN: Duration = Duration::from_secs(2);

/// Lets a bounded number through at once.
pub(crate) struct Admission {
    /// One for everybody who runs or waits.
    places: Arc<Semaphore>,
    /// One for each share of the allowance that is in use. Fair: first come, first served.
    turns: Arc<Semaphore>,
    concurrent: u32,
    waiting: u32,
}

/// The right to run, until dropped.
pub(crate) struct Turn {
    _turn: OwnedSemaphorePermit,
    _place: OwnedSemaphorePermit,
}

impl Admission {
    pub(crate) fn new(concurrent: u32, waiting: u32) -> Self {
        let semaphore =
            |permits: u64| Arc::new(Semaphore::new(usize::try_from(permits).unwrap_or(usize::MAX)));
        Self {
            places: semaphore(u64::from(concurrent) + u64::from(waiting)),
            turns: semaphore(u64::from(concurrent)),
            concurrent,
            waiting,
        }
    }

    /// Waits for a turn. One that weighs more takes the place of several; one that weighs too much runs alone.
    ///
    /// Nothing is held if the caller gives up.
    pub(crate) async fn enter(&self, weight: u32) -> Result<Turn> {
        let place = Arc::clone(&self.places)
            .try_acquire_owned()
            .map_err(|_| HASHER_BUSY.error().retry_after(TRY_AGAIN))?;
        let turn = Arc::clone(&self.turns)
            .acquire_many_owned(weight.clamp(1, self.concurrent))
            .await
            .map_err(|closed| {
                Error::internal("the admission of the hasher was closed").with_source(closed)
            })?;
        Ok(Turn {
            _turn: turn,
            _place: place,
        })
    }

    /// How much is going on, for the operator.
    pub(crate) fn describe(&self) -> String {
        let bound = u64::from(self.concurrent) + u64::from(self.waiting);
        let inside = bound.saturating_sub(self.places.available_permits() as u64);
        format!("{inside} of at most {bound} hashes run or wait")
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use portcullis_ports::Retry;

    use super::*;

    fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn whoever_comes_when_the_queue_is_full_is_told_when_to_try_again() {
        let admission = Admission::new(1, 1);
        let mut first = pin!(admission.enter(1));
        let Poll::Ready(Ok(turn)) = poll(first.as_mut()) else {
            panic!("the first must run");
        };
        let mut second = pin!(admission.enter(1));
        assert!(poll(second.as_mut()).is_pending());
        let Poll::Ready(Err(error)) = poll(pin!(admission.enter(1))) else {
            panic!("the third must be turned away");
        };
        assert_eq!(error.code(), HASHER_BUSY);
        assert!(matches!(error.retry(), Retry::Later(wait) if !wait.is_zero()));
        drop(turn);
        assert!(poll(second.as_mut()).is_ready());
        assert!(poll(pin!(admission.enter(1))).is_ready());
    }

    #[test]
    fn turns_come_in_the_order_of_asking_however_much_one_weighs() {
        let admission = Admission::new(2, 10);
        let mut running = pin!(admission.enter(1));
        let Poll::Ready(Ok(turn)) = poll(running.as_mut()) else {
            panic!("the first must run");
        };
        let mut heavy = pin!(admission.enter(100));
        let mut light = pin!(admission.enter(1));
        assert!(poll(heavy.as_mut()).is_pending());
        assert!(poll(light.as_mut()).is_pending(), "it must not overtake");
        drop(turn);
        let Poll::Ready(Ok(turn)) = poll(heavy.as_mut()) else {
            panic!("the heavy one is next");
        };
        assert!(poll(light.as_mut()).is_pending());
        drop(turn);
        assert!(poll(light.as_mut()).is_ready());
    }

    #[test]
    fn whoever_gives_up_leaves_nothing_behind() {
        let admission = Admission::new(1, 1);
        let mut first = pin!(admission.enter(1));
        let Poll::Ready(Ok(turn)) = poll(first.as_mut()) else {
            panic!("the first must run");
        };
        for _ in 0..3 {
            let mut abandoned = Box::pin(admission.enter(1));
            assert!(poll(abandoned.as_mut()).is_pending());
        }
        drop(turn);
        assert_eq!(admission.places.available_permits(), 2);
        assert_eq!(admission.turns.available_permits(), 1);
        assert_eq!(admission.describe(), "0 of at most 2 hashes run or wait");
    }
}
