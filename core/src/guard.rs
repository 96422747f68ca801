//! The layers around every port: time limit, bounded concurrency, metrics, and a retry where repeating is harmless.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_lock::Semaphore;
use async_trait::async_trait;
use futures_util::future::{Either, select};
use portcullis_ports::identity::{Authenticated, IdentityProvider, Presented, UNAUTHENTICATED};
use portcullis_ports::inbound::{Delivery, Inbound, Proof};
use portcullis_ports::keys::{Context, KEYS_UNAVAILABLE, KeyManager, Sealed};
use portcullis_ports::notification::{Channel, DeliveryEvent, Message, Receipt, Sender};
use portcullis_ports::outcome::{Outcome, Reference};
use portcullis_ports::{Clock, Code, Kind, Result, Retry};
use zeroize::Zeroizing;

use crate::outbox::WEBHOOK_TOO_EARLY;

/// The identity provider does not answer.
pub const IDENTITY_UNAVAILABLE: Code = Code::new(
    "identity-unavailable",
    Kind::Unavailable,
    "The identity provider does not answer at the moment; please try again.",
);

/// What one port is held to.
pub struct Guard {
    port: &'static str,
    clock: Arc<dyn Clock>,
    limit: Duration,
    permits: Semaphore,
}

impl Guard {
    /// Holds calls of `port` to `limit` each, and to `abreast` at once.
    pub fn new(port: &'static str, clock: &Arc<dyn Clock>, limit: Duration, abreast: usize) -> Self {
        Self {
            port,
            clock: Arc::clone(clock),
            limit,
            permits: Semaphore::new(abreast),
        }
    }

    /// Runs one call. `None` if it did not end in time; it is dropped then.
    async fn run<T>(&self, operation: &'static str, call: impl Future<Output = T>) -> Option<T> {
        let _permit = self.permits.acquire().await;
        let began = self.clock.now();
        let answer = match select(pin!(call), self.clock.sleep(self.limit)).await {
            Either::Left((answer, _)) => Some(answer),
            Either::Right(_) => None,
        };
        let took = self.clock.now().since(began).as_secs_f64();
        let ended = if answer.is_some() { "answered" } else { "timed_out" };
        metrics::histogram!("portcullis_port_seconds", "port" => self.port, "operation" => operation, "ended" => ended)
            .record(took);
        if answer.is_none() {
            tracing::warn!(port = self.port, operation, limit = ?self.limit, "a call did not end in time");
        }
        answer
    }

    /// Runs a call that changes nothing, and once more if it says that trying again makes sense.
    async fn run_twice<T, F>(&self, operation: &'static str, late: Code, call: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let first = self
            .run(operation, call())
            .await
            .unwrap_or_else(|| Err(late.error()));
        match first {
            Err(error) if error.kind() == Kind::Unavailable => {
                let wait = match error.retry() {
                    Retry::Later(wait) => wait.min(Duration::from_millis(200)),
                    Retry::Never | Retry::Unknown => Duration::from_millis(50),
                };
                self.clock.sleep(wait).await;
                self.run(operation, call())
                    .await
                    .unwrap_or_else(|| Err(late.error()))
            }
            decided => decided,
        }
    }
}

/// A key manager behind its guard. Sealing and opening change nothing outside, so both may be repeated.
pub struct GuardedKeys {
    inner: Arc<dyn KeyManager>,
    guard: Guard,
}

impl GuardedKeys {
    /// Puts a guard in front.
    pub fn new(inner: Arc<dyn KeyManager>, guard: Guard) -> Self {
        Self { inner, guard }
    }
}

#[async_trait]
impl KeyManager for GuardedKeys {
    async fn seal(&self, plain: &[u8], context: &Context) -> Result<Sealed> {
        self.guard
            .run_twice("seal", KEYS_UNAVAILABLE, || self.inner.seal(plain, context))
            .await
    }

    async fn open(&self, sealed: &Sealed, context: &Context) -> Result<Zeroizing<Vec<u8>>> {
        self.guard
            .run_twice("open", KEYS_UNAVAILABLE, || self.inner.open(sealed, context))
            .await
    }

    async fn note_store(&self, store: &str) -> Result<()> {
        self.guard
            .run_twice("note", KEYS_UNAVAILABLE, || self.inner.note_store(store))
            .await
    }

    async fn store_note(&self, store: &str) -> Result<Option<String>> {
        self.guard
            .run_twice("note", KEYS_UNAVAILABLE, || self.inner.store_note(store))
            .await
    }
}

/// A sender behind its guard. A send that did not end in time may have happened, so it is never repeated here.
pub struct GuardedSender {
    inner: Arc<dyn Sender>,
    guard: Guard,
}

impl GuardedSender {
    /// Puts a guard in front.
    pub fn new(inner: Arc<dyn Sender>, guard: Guard) -> Self {
        Self { inner, guard }
    }
}

#[async_trait]
impl Sender for GuardedSender {
    fn channels(&self) -> &[Channel] {
        self.inner.channels()
    }

    async fn send(&self, message: &Message) -> Outcome<Receipt> {
        let late = || Outcome::Unknown(Reference(message.id.to_string()));
        self.guard
            .run("send", self.inner.send(message))
            .await
            .unwrap_or_else(late)
    }
}

/// A sender's webhooks behind their guard: a flood of forged deliveries cannot take the whole machine.
pub struct GuardedInbound {
    inner: Arc<dyn Inbound<Event = DeliveryEvent>>,
    guard: Guard,
}

impl GuardedInbound {
    /// Puts a guard in front.
    pub fn new(inner: Arc<dyn Inbound<Event = DeliveryEvent>>, guard: Guard) -> Self {
        Self { inner, guard }
    }
}

#[async_trait]
impl Inbound for GuardedInbound {
    type Event = DeliveryEvent;

    async fn verify(&self, delivery: &Delivery<'_>) -> Result<Proof> {
        self.guard
            .run("verify", self.inner.verify(delivery))
            .await
            .unwrap_or_else(|| Err(WEBHOOK_TOO_EARLY.error()))
    }

    async fn split(&self, delivery: &Delivery<'_>) -> Result<Vec<DeliveryEvent>> {
        self.guard
            .run("split", self.inner.split(delivery))
            .await
            .unwrap_or_else(|| Err(WEBHOOK_TOO_EARLY.error()))
    }
}

/// An identity provider behind its guard. One that does not answer is never a guess: the request is refused.
pub struct GuardedIdentity {
    inner: Arc<dyn IdentityProvider>,
    guard: Guard,
}

impl GuardedIdentity {
    /// Puts a guard in front.
    pub fn new(inner: Arc<dyn IdentityProvider>, guard: Guard) -> Self {
        Self { inner, guard }
    }
}

#[async_trait]
impl IdentityProvider for GuardedIdentity {
    async fn authenticate(&self, presented: &dyn Presented) -> Result<Option<Authenticated>> {
        let call = || self.inner.authenticate(presented);
        self.guard
            .run_twice("authenticate", IDENTITY_UNAVAILABLE, call)
            .await
            .map_err(|error| match error.kind() {
                Kind::Unavailable | Kind::Unauthenticated => error,
                _ => UNAUTHENTICATED.error().because(error),
            })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use portcullis_ports::testkit::FakeClock;

    use super::*;

    fn guard(clock: &Arc<FakeClock>) -> Guard {
        let clock: Arc<dyn Clock> = clock.clone();
        Guard::new("test", &clock, Duration::from_secs(5), 1)
    }

    #[tokio::test]
    async fn a_call_that_does_not_end_is_given_up_at_the_limit() {
        let clock = Arc::new(FakeClock::default());
        let guard = guard(&clock);
        let hanging = guard.run("wait", std::future::pending::<()>());
        let (answer, ()) = tokio::join!(hanging, async { clock.advance(Duration::from_secs(5)) });
        assert!(answer.is_none());
    }

    #[tokio::test]
    async fn no_more_calls_than_allowed_run_at_once() {
        let clock = Arc::new(FakeClock::default());
        let guard = guard(&clock);
        let running = AtomicUsize::new(0);
        let call = || async {
            assert_eq!(running.fetch_add(1, Ordering::SeqCst), 0);
            tokio::task::yield_now().await;
            running.fetch_sub(1, Ordering::SeqCst);
        };
        let (a, b, c) = tokio::join!(
            guard.run("x", call()),
            guard.run("x", call()),
            guard.run("x", call())
        );
        assert!(a.is_some() && b.is_some() && c.is_some());
    }

    #[tokio::test]
    async fn what_is_unavailable_is_asked_once_more_and_what_is_wrong_is_not() {
        for (code, calls) in [(KEYS_UNAVAILABLE, 2), (UNAUTHENTICATED, 1)] {
            let clock = Arc::new(FakeClock::default());
            let guard = guard(&clock);
            let count = AtomicUsize::new(0);
            let call = || async {
                count.fetch_add(1, Ordering::SeqCst);
                Err::<(), _>(code.error())
            };
            let moving = async {
                for _ in 0..4 {
                    tokio::task::yield_now().await;
                    clock.advance(Duration::from_millis(50));
                }
            };
            let (answer, ()) = tokio::join!(guard.run_twice("x", IDENTITY_UNAVAILABLE, call), moving);
            assert_eq!((answer.unwrap_err().code(), count.into_inner()), (code, calls));
        }
    }
}
