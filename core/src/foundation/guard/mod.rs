//! The guard around every port: deadline, bounded concurrency, circuit breaker, metrics, one retry of what is harmless.

mod breaker;
mod identity;
mod inbound;
mod keys;
mod payments;
mod sender;
#[cfg(test)]
mod tests;

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_lock::{Semaphore, SemaphoreGuard};
use futures_util::FutureExt;
use futures_util::future::{Either, select};
use portcullis_ports::connections::Connection;
use portcullis_ports::outcome::{Outcome, Reason, Resolution};
use portcullis_ports::payments::Decline;
use portcullis_ports::policy::{CallPolicy, Guarded};
use portcullis_ports::{Clock, Code, Kind, Result, Retry, Timestamp};

use breaker::{Attempt, Breaker, Circuit};
pub(crate) use identity::GuardedIdentity;
pub use identity::IDENTITY_UNAVAILABLE;
pub(crate) use inbound::GuardedInbound;
pub use inbound::WEBHOOK_UNAVAILABLE;
pub(crate) use keys::GuardedKeys;
pub(crate) use payments::GuardedPayments;
pub(crate) use sender::GuardedSender;

use crate::foundation::meter::Meter;

/// How circuits stand.
pub(crate) const CIRCUIT_OPEN: Meter = Meter::gauge(
    "portcullis_port_circuit_open",
    "1 while a plugin is not called because it failed again and again, else 0, by port and instance.",
);
/// How long calls take.
pub(crate) const SECONDS: Meter = Meter::histogram(
    "portcullis_port_seconds",
    "Seconds of one call of a plugin, the wait for its turn included, by port, operation and how it ended: answered, \
     timed_out, failed or not_begun.",
);

/// Makes the guards of one deployment, and tells how their circuits stand.
pub(crate) struct Guards {
    clock: Arc<dyn Clock>,
    circuits: Mutex<Vec<(&'static str, String, Arc<Breaker>)>>,
}

impl Guards {
    pub(crate) fn new(clock: &Arc<dyn Clock>) -> Self {
        Self {
            clock: Arc::clone(clock),
            circuits: Mutex::default(),
        }
    }

    /// Holds a connection to the policy of its port.
    pub(crate) fn around<P: Guarded>(&self, connection: &Connection<P>) -> Guard {
        self.guard(P::NAME, &connection.instance, P::POLICY)
    }

    pub(crate) fn guard(&self, port: &'static str, instance: &str, policy: CallPolicy) -> Guard {
        let guard = Guard::new(port, instance, policy, &self.clock);
        if let Some(breaker) = &guard.breaker {
            let circuit = (port, instance.to_owned(), Arc::clone(breaker));
            let mut circuits = self.circuits.lock().unwrap_or_else(PoisonError::into_inner);
            circuits.push(circuit);
        }
        guard
    }

    /// Sets the gauge of every circuit to how it stands now: a circuit becomes half-open by time alone, so that nobody
    /// but the reader of the gauge can know when to set it.
    pub(crate) fn record_circuits(&self) {
        let now = self.clock.now();
        for (port, instance, breaker) in &*self.circuits.lock().unwrap_or_else(PoisonError::into_inner) {
            let open = matches!(breaker.circuit(now), Circuit::Open(_));
            metrics::gauge!(CIRCUIT_OPEN.name, "port" => *port, "instance" => instance.clone())
                .set(f64::from(u8::from(open)));
        }
    }
}

/// Whether a call may use what is kept for urgent ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Urgency {
    Urgent,
    Ordinary,
}

/// An answer by which a circuit breaker can tell whether the next call would fare no better.
pub(crate) trait Answer {
    fn is_failure(&self) -> bool;
}

impl<T> Answer for Result<T> {
    fn is_failure(&self) -> bool {
        self.as_ref()
            .is_err_and(|error| error.kind() == Kind::Unavailable)
    }
}

impl<T, P> Answer for Outcome<T, Reason, P> {
    fn is_failure(&self) -> bool {
        match self {
            Self::Unknown(_) => true,
            Self::NotSent(reason) | Self::Declined(reason) => reason.outage,
            Self::Done(_) | Self::Pending(_) => false,
        }
    }
}

/// A refusal of one payment says nothing of the next.
impl<T, P> Answer for Outcome<T, Decline, P> {
    fn is_failure(&self) -> bool {
        match self {
            Self::Unknown(_) => true,
            Self::NotSent(reason) => reason.outage,
            Self::Declined(_) | Self::Done(_) | Self::Pending(_) => false,
        }
    }
}

impl<T, D, P> Answer for Resolution<T, D, P> {
    fn is_failure(&self) -> bool {
        matches!(self, Self::CannotTell(reason) if reason.outage)
    }
}

/// How a call ended.
pub(crate) enum Ended<T> {
    Answered(T),
    /// At its deadline, under way: what it was to do may have happened.
    TimedOut,
    /// In a panic of the plugin: what it was to do may have happened.
    Failed,
    /// No time was left once it was its turn.
    NotBegun,
}

/// What one instance of a port is held to.
pub(crate) struct Guard {
    port: &'static str,
    instance: String,
    policy: CallPolicy,
    clock: Arc<dyn Clock>,
    permits: Semaphore,
    /// Ordinary calls need one of these as well: the other permits are the reserve.
    unreserved: Option<Semaphore>,
    breaker: Option<Arc<Breaker>>,
}

/// The turn of one call. Its deadline began with the wait for it.
pub(crate) struct Turn<'a> {
    guard: &'a Guard,
    operation: &'static str,
    began: Timestamp,
    attempt: Option<Attempt<'a>>,
    _permits: (SemaphoreGuard<'a>, Option<SemaphoreGuard<'a>>),
}

impl Guard {
    fn new(port: &'static str, instance: &str, policy: CallPolicy, clock: &Arc<dyn Clock>) -> Self {
        let unreserved = unreserved(policy);
        Self {
            port,
            instance: instance.to_owned(),
            policy,
            clock: Arc::clone(clock),
            permits: Semaphore::new(policy.concurrency),
            unreserved: policy.reserve.then(|| Semaphore::new(unreserved)),
            breaker: policy.breaker.then(Arc::default),
        }
    }

    fn circuit(&self) -> Circuit {
        let breaker = self.breaker.as_ref();
        breaker.map_or(Circuit::Closed, |breaker| breaker.circuit(self.clock.now()))
    }

    /// How many calls it lets through at the same time now; none while the circuit is open.
    pub(crate) fn capacity(&self, urgency: Urgency) -> usize {
        match (self.circuit(), urgency) {
            (Circuit::Open(_), _) => 0,
            (Circuit::HalfOpen, _) => 1,
            (Circuit::Closed, Urgency::Urgent) => self.policy.concurrency,
            (Circuit::Closed, Urgency::Ordinary) => unreserved(self.policy),
        }
    }

    /// When a call may be made again, if the circuit is open.
    pub(crate) fn open_until(&self) -> Option<Timestamp> {
        match self.circuit() {
            Circuit::Open(until) => Some(until),
            Circuit::Closed | Circuit::HalfOpen => None,
        }
    }

    /// Waits for a turn, for `max_wait` at most and never beyond the deadline. `None` if there is none by then, or if the
    /// circuit is open.
    pub(crate) async fn enter(
        &self,
        operation: &'static str,
        urgency: Urgency,
        max_wait: Duration,
    ) -> Option<Turn<'_>> {
        // Before the wait, which would be in vain; and after it, because other calls may have failed meanwhile.
        if self.open_until().is_some() {
            return None;
        }
        let began = self.clock.now();
        let ordinary = self.unreserved.as_ref().filter(|_| urgency == Urgency::Ordinary);
        let waiting = pin!(async {
            let unreserved = match ordinary {
                Some(unreserved) => Some(unreserved.acquire().await),
                None => None,
            };
            (self.permits.acquire().await, unreserved)
        });
        let max_wait = max_wait.min(self.policy.limit);
        let Either::Left((permits, _)) = select(waiting, self.clock.sleep(max_wait)).await else {
            tracing::warn!(
                port = self.port,
                instance = self.instance,
                operation,
                ?max_wait,
                "a call did not get its turn in time"
            );
            self.record(operation, "not_begun", began);
            return None;
        };
        let attempt = match &self.breaker {
            Some(breaker) => Some(breaker.enter(self.clock.now())?),
            None => None,
        };
        Some(Turn {
            guard: self,
            operation,
            began,
            attempt,
            _permits: permits,
        })
    }

    /// Runs one call when it is its turn. `None` if there was no answer before its deadline; then it was dropped, or
    /// never begun.
    pub(crate) async fn run<T: Answer>(
        &self,
        operation: &'static str,
        call: impl Future<Output = T>,
    ) -> Option<T> {
        let turn = self
            .enter(operation, Urgency::Ordinary, self.policy.limit)
            .await?;
        match turn.run(call).await {
            Ended::Answered(answer) => Some(answer),
            Ended::TimedOut | Ended::Failed | Ended::NotBegun => None,
        }
    }

    /// Runs a call that may be repeated, and once more if its answer says that trying again makes sense. `late` is the
    /// problem if there is no answer.
    pub(crate) async fn run_idempotent<T, F>(
        &self,
        operation: &'static str,
        late: Code,
        call: impl Fn() -> F,
    ) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let once = async || {
            let answer = self.run(operation, call()).await;
            answer.unwrap_or_else(|| Err(late.error()))
        };
        match once().await {
            Err(error) if error.kind() == Kind::Unavailable => {
                let wait = match error.retry() {
                    Retry::Later(wait) => wait.min(Duration::from_millis(200)),
                    Retry::Never | Retry::Unknown => Duration::from_millis(50),
                };
                self.clock.sleep(wait).await;
                once().await
            }
            decided => decided,
        }
    }

    fn record(&self, operation: &'static str, ended: &'static str, began: Timestamp) {
        let took = self.clock.now().since(began);
        metrics::histogram!(SECONDS.name, "port" => self.port, "operation" => operation, "ended" => ended)
            .record(took.as_secs_f64());
    }
}

impl Turn<'_> {
    /// By when the call will have ended.
    pub(crate) fn deadline(&self) -> Timestamp {
        self.began + self.guard.policy.limit
    }

    /// Makes the call, once.
    pub(crate) async fn run<T: Answer>(self, call: impl Future<Output = T>) -> Ended<T> {
        let (guard, operation) = (self.guard, self.operation);
        let left = self.deadline().since(guard.clock.now());
        if left.is_zero() {
            guard.record(operation, "not_begun", self.began);
            return Ended::NotBegun;
        }
        // A panic in a plugin ends its call, and neither the lane of messages nor the request that made it.
        let call = AssertUnwindSafe(call).catch_unwind();
        let (ended, answer) = match select(pin!(call), guard.clock.sleep(left)).await {
            Either::Left((Ok(answer), _)) => ("answered", Ended::Answered(answer)),
            Either::Left((Err(_), _)) => ("failed", Ended::Failed),
            Either::Right(_) => ("timed_out", Ended::TimedOut),
        };
        guard.record(operation, ended, self.began);
        if !matches!(answer, Ended::Answered(_)) {
            let (port, instance, limit) = (guard.port, &guard.instance, guard.policy.limit);
            tracing::warn!(port, instance, operation, ended, ?limit, "a call gave no answer");
        }
        if let Some(attempt) = self.attempt {
            match &answer {
                Ended::Answered(answer) if !answer.is_failure() => attempt.succeeded(),
                _ => {
                    if attempt.failed(guard.clock.now()) {
                        let (port, instance) = (guard.port, &guard.instance);
                        tracing::warn!(
                            port,
                            instance,
                            "calls fail again and again: the circuit is open for a while"
                        );
                    }
                }
            }
        }
        answer
    }
}

/// The calls at the same time that need not be urgent.
fn unreserved(policy: CallPolicy) -> usize {
    if policy.reserve {
        (policy.concurrency / 2).max(1)
    } else {
        policy.concurrency
    }
}
