//! A circuit breaker: what fails several times in a row is not called for a while, then tried with one call.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use portcullis_ports::Timestamp;

/// So many failures in a row open the circuit.
const FAILURES: u32 = 3;
/// How long it stays open the first time; it doubles with every trial that fails.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// The longest it stays open.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// The circuit to one third party, as this process sees it.
#[derive(Default)]
pub(super) struct Breaker(Mutex<State>);

#[derive(Default)]
struct State {
    /// Failures in a row.
    failures: u32,
    /// Until when it is open, and for how long it was opened.
    open: Option<(Timestamp, Duration)>,
    /// Whether the one call of a trial is under way.
    trial: bool,
}

/// What may be asked now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Circuit {
    /// Everything.
    Closed,
    /// One call, on trial.
    HalfOpen,
    /// Nothing; after this moment a trial is allowed. In the past while one is under way.
    Open(Timestamp),
}

/// The permission to make one call. Dropped without a result it counts neither way.
pub(super) struct Attempt<'a> {
    breaker: &'a Breaker,
    trial: bool,
}

impl Breaker {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn circuit(&self, now: Timestamp) -> Circuit {
        let state = self.state();
        match state.open {
            None => Circuit::Closed,
            Some((until, _)) if now < until || state.trial => Circuit::Open(until),
            Some(_) => Circuit::HalfOpen,
        }
    }

    /// Permission to make a call; `None` while the circuit is open.
    pub(super) fn enter(&self, now: Timestamp) -> Option<Attempt<'_>> {
        let mut state = self.state();
        let trial = match state.open {
            None => false,
            Some((until, _)) if now < until || state.trial => return None,
            Some(_) => true,
        };
        state.trial |= trial;
        drop(state);
        Some(Attempt { breaker: self, trial })
    }
}

impl Attempt<'_> {
    /// It answered.
    pub(super) fn succeeded(&self) {
        let mut state = self.breaker.state();
        state.failures = 0;
        // What began before the circuit was opened says nothing about now.
        if self.trial {
            state.open = None;
        }
    }

    /// It did not answer, or cannot do anything for anybody. `true` if that opened the circuit.
    pub(super) fn failed(&self, now: Timestamp) -> bool {
        let mut state = self.breaker.state();
        state.failures = state.failures.saturating_add(1);
        let pause = match state.open {
            Some((_, pause)) if self.trial => pause.saturating_mul(2).min(LONGEST_PAUSE),
            None if state.failures >= FAILURES => FIRST_PAUSE,
            _ => return false,
        };
        state.open = Some((now + pause, pause));
        true
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if self.trial {
            self.breaker.state().trial = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_seconds(1_000);

    fn opened() -> Breaker {
        let breaker = Breaker::default();
        for at in 1..=FAILURES {
            let attempt = breaker.enter(START).unwrap();
            assert_eq!(attempt.failed(START), at == FAILURES);
        }
        breaker
    }

    #[test]
    fn three_failures_in_a_row_open_it_and_a_success_between_does_not() {
        let breaker = opened();
        assert_eq!(breaker.circuit(START), Circuit::Open(START + FIRST_PAUSE));
        assert!(breaker.enter(START).is_none());
        let breaker = Breaker::default();
        for _ in 0..9 {
            breaker.enter(START).unwrap().failed(START);
            breaker.enter(START).unwrap().failed(START);
            breaker.enter(START).unwrap().succeeded();
        }
        assert_eq!(breaker.circuit(START), Circuit::Closed);
    }

    #[test]
    fn one_trial_decides_and_failed_trials_are_further_and_further_apart() {
        let breaker = opened();
        let mut now = START;
        for seconds in [5, 10, 20, 40, 60, 60] {
            let Circuit::Open(until) = breaker.circuit(now) else {
                panic!("it is open");
            };
            assert_eq!(until, now + Duration::from_secs(seconds));
            now = until;
            assert_eq!(breaker.circuit(now), Circuit::HalfOpen);
            let trial = breaker.enter(now).unwrap();
            assert!(breaker.enter(now).is_none(), "one at a time");
            assert!(trial.failed(now));
        }
        now = now + LONGEST_PAUSE;
        breaker.enter(now).unwrap().succeeded();
        assert_eq!(breaker.circuit(now), Circuit::Closed);
    }

    #[test]
    fn a_trial_that_came_to_nothing_makes_room_for_another() {
        let breaker = opened();
        let now = START + FIRST_PAUSE;
        drop(breaker.enter(now).unwrap());
        assert!(breaker.enter(now).is_some());
    }

    #[test]
    fn calls_of_before_do_not_close_it_again() {
        let breaker = Breaker::default();
        let slow = breaker.enter(START).unwrap();
        for _ in 0..FAILURES {
            breaker.enter(START).unwrap().failed(START);
        }
        slow.succeeded();
        assert_eq!(breaker.circuit(START), Circuit::Open(START + FIRST_PAUSE));
    }
}
