//! The layers around every port: deadline, bounded concurrency, metrics, and a retry where repeating is harmless.

mod breaker;
mod inbound;
mod sender;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_lock::Semaphore;
use async_trait::async_trait;
use futures_util::future::{Either, select};
use portcullis_ports::identity::{Authenticated, IdentityProvider, Presented, UNAUTHENTICATED};
use portcullis_ports::keys::{EncryptionContext, KEYS_UNAVAILABLE, KeyManager, Sealed};
use portcullis_ports::{Clock, Code, Kind, Result, Retry, Timestamp};
use zeroize::Zeroizing;

/// The longest time one call of a key manager or an identity provider may take.
pub(crate) const PORT_LIMIT: Duration = Duration::from_secs(5);

pub(crate) use inbound::GuardedInbound;
pub use inbound::WEBHOOK_UNAVAILABLE;
pub(crate) use sender::GuardedSender;

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
    /// Holds calls of `port` to `limit` each, the wait for their turn included, and to `concurrency` at once.
    pub fn new(port: &'static str, clock: &Arc<dyn Clock>, limit: Duration, concurrency: usize) -> Self {
        Self {
            port,
            clock: Arc::clone(clock),
            limit,
            permits: Semaphore::new(concurrency),
        }
    }

    /// Runs one call. `None` if it did not end before its deadline; it is dropped then, or was never begun.
    pub(crate) async fn run<T>(&self, operation: &'static str, call: impl Future<Output = T>) -> Option<T> {
        let began = self.clock.now();
        let mut deadline = self.clock.sleep(self.limit);
        let Either::Left((_permit, _)) = select(pin!(self.permits.acquire()), &mut deadline).await else {
            tracing::warn!(port = self.port, operation, limit = ?self.limit, "a call did not get its turn in time");
            self.record(operation, "not_begun", began);
            return None;
        };
        let answer = match select(pin!(call), deadline).await {
            Either::Left((answer, _)) => Some(answer),
            Either::Right(_) => None,
        };
        let ended = if answer.is_some() { "answered" } else { "timed_out" };
        self.record(operation, ended, began);
        if answer.is_none() {
            tracing::warn!(port = self.port, operation, limit = ?self.limit, "a call did not end in time");
        }
        answer
    }

    fn record(&self, operation: &'static str, ended: &'static str, began: Timestamp) {
        record(self.port, operation, ended, self.clock.now().since(began));
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

fn record(port: &'static str, operation: &'static str, ended: &'static str, took: Duration) {
    metrics::histogram!("portcullis_port_seconds", "port" => port, "operation" => operation, "ended" => ended)
        .record(took.as_secs_f64());
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
    async fn seal(&self, plain: &[u8], context: &EncryptionContext) -> Result<Sealed> {
        self.guard
            .run_twice("seal", KEYS_UNAVAILABLE, || self.inner.seal(plain, context))
            .await
    }

    async fn open(&self, sealed: &Sealed, context: &EncryptionContext) -> Result<Zeroizing<Vec<u8>>> {
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
                _ => UNAUTHENTICATED.error().with_source(error),
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
    async fn the_deadline_holds_for_whoever_waits_for_a_turn() {
        let clock = Arc::new(FakeClock::default());
        let guard = guard(&clock);
        let held = guard.permits.acquire().await;
        let began = AtomicUsize::new(0);
        let waiting = guard.run("wait", async { began.fetch_add(1, Ordering::SeqCst) });
        let (answer, ()) = tokio::join!(waiting, async { clock.advance(Duration::from_secs(5)) });
        assert!(answer.is_none());
        assert_eq!(began.into_inner(), 0, "it was never begun");
        drop(held);
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
