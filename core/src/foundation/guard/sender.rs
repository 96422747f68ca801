//! A sender behind its guard: so many messages at once, some of them for codes alone, a deadline, a circuit breaker.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_lock::{Semaphore, SemaphoreGuard};
use futures_util::FutureExt;
use futures_util::future::{Either, select};
use portcullis_ports::connections::Connection;
use portcullis_ports::notification::{Channel, Message, Receipt, Sender, Senders};
use portcullis_ports::outcome::{Outcome, Reason, Reference};
use portcullis_ports::{Clock, Timestamp};

use super::breaker::{Breaker, Circuit, Leave};
use super::record;

/// A sender under the name that the operator gave it, behind its guard.
pub(crate) struct GuardedSender {
    instance: String,
    inner: Arc<dyn Sender>,
    reports: bool,
    clock: Arc<dyn Clock>,
    limit: Duration,
    all: usize,
    permits: Semaphore,
    /// What is not urgent needs one of these as well: the other half of the permits is left to codes.
    patient: Semaphore,
    breaker: Breaker,
}

/// The turn of one message at a sender. Its deadline began with the wait for it.
pub(crate) struct Turn<'a> {
    sender: &'a GuardedSender,
    leave: Leave<'a>,
    deadline: Timestamp,
    began: Timestamp,
    _permits: (SemaphoreGuard<'a>, Option<SemaphoreGuard<'a>>),
}

impl GuardedSender {
    /// Holds each message to `limit`, the wait for its turn included.
    pub(crate) fn new(connection: &Connection<Senders>, clock: &Arc<dyn Clock>, limit: Duration) -> Self {
        let inner = Arc::clone(&connection.sender);
        let all = inner.concurrency().max(1);
        Self {
            instance: connection.instance.clone(),
            inner,
            reports: connection.inbound.is_some(),
            clock: Arc::clone(clock),
            limit,
            all,
            permits: Semaphore::new(all),
            patient: Semaphore::new(half(all)),
            breaker: Breaker::default(),
        }
    }

    /// The name that the operator gave it.
    pub(crate) fn instance(&self) -> &str {
        &self.instance
    }

    /// Whether its vendor reports what became of messages.
    pub(crate) fn reports(&self) -> bool {
        self.reports
    }

    pub(crate) fn serves(&self, channel: Channel) -> bool {
        self.inner.channels().contains(&channel)
    }

    /// How many messages it can take on at once now; none while it is left alone.
    pub(crate) fn capacity(&self, urgent: bool) -> usize {
        match self.breaker.circuit(self.clock.now()) {
            Circuit::Open(_) => 0,
            Circuit::HalfOpen => 1,
            Circuit::Closed if urgent => self.all,
            Circuit::Closed => half(self.all),
        }
    }

    /// When it may be asked again, if it is left alone now.
    pub(crate) fn left_alone_until(&self) -> Option<Timestamp> {
        match self.breaker.circuit(self.clock.now()) {
            Circuit::Open(until) => Some(until),
            Circuit::Closed | Circuit::HalfOpen => None,
        }
    }

    /// Waits for a turn, for `patience` at most. `None` if there is none by then, or if the sender is left alone.
    pub(crate) async fn turn(&self, urgent: bool, patience: Duration) -> Option<Turn<'_>> {
        let began = self.clock.now();
        let waiting = async {
            let patient = if urgent {
                None
            } else {
                Some(self.patient.acquire().await)
            };
            (self.permits.acquire().await, patient)
        };
        // Before the wait, which would be in vain; and after it, because others may have failed meanwhile.
        if self.capacity(urgent) == 0 {
            return None;
        }
        let Either::Left((permits, _)) =
            select(pin!(waiting), self.clock.sleep(patience.min(self.limit))).await
        else {
            record("senders", "send", "not_begun", self.clock.now().since(began));
            return None;
        };
        Some(Turn {
            sender: self,
            leave: self.breaker.enter(self.clock.now())?,
            deadline: began + self.limit,
            began,
            _permits: permits,
        })
    }
}

impl Turn<'_> {
    /// By when sending will have ended.
    pub(crate) fn deadline(&self) -> Timestamp {
        self.deadline
    }

    /// Sends one message, once. What did not end in time, or ended in a defect, may have happened: it is `Unknown`.
    pub(crate) async fn send(self, message: &Message) -> Outcome<Receipt> {
        let sender = self.sender;
        let limit = self.deadline.since(sender.clock.now());
        if limit.is_zero() {
            record("senders", "send", "not_begun", sender.limit);
            let why = "no time was left once it was its turn";
            return Outcome::NotSent(Reason::passing("sender-busy", why, Duration::from_secs(1)));
        }
        let call = AssertUnwindSafe(sender.inner.send(message)).catch_unwind();
        let ended = match select(pin!(call), sender.clock.sleep(limit)).await {
            Either::Left((ended, _)) => Some(ended),
            Either::Right(_) => None,
        };
        let now = sender.clock.now();
        let unknown = || Outcome::Unknown(Reference(message.id.to_string()));
        let (word, outcome) = match ended {
            Some(Ok(outcome)) => ("answered", outcome),
            Some(Err(_)) => {
                tracing::error!(sender = sender.instance, id = %message.id, "a defect ended the sending of a message");
                ("failed", unknown())
            }
            None => {
                tracing::warn!(sender = sender.instance, id = %message.id, limit = ?sender.limit,
                    "sending a message did not end in time");
                ("timed_out", unknown())
            }
        };
        record("senders", "send", word, now.since(self.began));
        if is_failure(&outcome) {
            if self.leave.failed(now) {
                tracing::warn!(
                    sender = sender.instance,
                    "the sender fails again and again: it is left alone for a while"
                );
            }
        } else {
            self.leave.succeeded();
        }
        let open = sender.left_alone_until().is_some();
        metrics::gauge!("portcullis_sender_circuit_open", "sender" => sender.instance.clone()).set(if open {
            1.0
        } else {
            0.0
        });
        outcome
    }
}

/// What says that the next message would fare no better.
fn is_failure(outcome: &Outcome<Receipt>) -> bool {
    match outcome {
        Outcome::Unknown(_) => true,
        Outcome::NotSent(reason) | Outcome::Declined(reason) => reason.outage,
        Outcome::Done(_) | Outcome::Pending(_) => false,
    }
}

/// The share of what is not urgent.
const fn half(all: usize) -> usize {
    if all < 2 { 1 } else { all / 2 }
}
