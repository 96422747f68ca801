//! The rules of every guard, on a clock that the test moves.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::poll;
use metrics::with_local_recorder;
use metrics_exporter_prometheus::PrometheusBuilder;
use portcullis_ports::identity::UNAUTHENTICATED;
use portcullis_ports::keys::KEYS_UNAVAILABLE;
use portcullis_ports::testkit::FakeClock;

use super::*;

const LIMIT: Duration = Duration::from_secs(5);

fn guard(clock: &Arc<FakeClock>) -> Guard {
    guards(clock).guard("test", "main", CallPolicy::new(LIMIT, 1))
}

fn guards(clock: &Arc<FakeClock>) -> Guards {
    let clock: Arc<dyn Clock> = clock.clone();
    Guards::new(&clock)
}

#[tokio::test]
async fn a_call_that_does_not_end_is_given_up_at_the_limit() {
    let clock = Arc::new(FakeClock::default());
    let guard = guard(&clock);
    let hanging = guard.run("wait", std::future::pending::<Result<()>>());
    let (answer, ()) = tokio::join!(hanging, async { clock.advance(LIMIT) });
    assert!(answer.is_none());
}

#[tokio::test]
async fn the_deadline_holds_for_whoever_waits_for_a_turn() {
    let clock = Arc::new(FakeClock::default());
    let guard = guard(&clock);
    let held = guard.permits.acquire().await;
    let began = AtomicUsize::new(0);
    let waiting = guard.run("wait", async { Ok(began.fetch_add(1, Ordering::SeqCst)) });
    let (answer, ()) = tokio::join!(waiting, async { clock.advance(LIMIT) });
    assert!(answer.is_none());
    assert_eq!(began.into_inner(), 0, "it was never begun");
    drop(held);
}

#[tokio::test]
async fn the_wait_for_a_turn_is_part_of_the_deadline() {
    let clock = Arc::new(FakeClock::default());
    let guard = guard(&clock);
    let held = guard.permits.acquire().await;
    let mut waiting = Box::pin(guard.run("wait", std::future::pending::<Result<()>>()));
    assert!(poll!(&mut waiting).is_pending());
    clock.advance(Duration::from_secs(4));
    drop(held);
    assert!(poll!(&mut waiting).is_pending(), "it runs");
    clock.advance(Duration::from_secs(1));
    assert!(waiting.await.is_none());
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
        Ok(())
    };
    let (a, b, c) = tokio::join!(
        guard.run("x", call()),
        guard.run("x", call()),
        guard.run("x", call())
    );
    assert!(a.is_some() && b.is_some() && c.is_some());
}

#[tokio::test]
async fn half_of_the_turns_are_kept_for_urgent_calls() {
    let clock = Arc::new(FakeClock::default());
    let policy = CallPolicy::new(LIMIT, 4).with_reserve();
    let guard = guards(&clock).guard("test", "main", policy);
    assert_eq!(
        (guard.capacity(Urgency::Urgent), guard.capacity(Urgency::Ordinary)),
        (4, 2)
    );
    let enter = async |urgency| {
        let mut turn = Box::pin(guard.enter("x", urgency, LIMIT));
        match poll!(&mut turn) {
            std::task::Poll::Ready(turn) => turn,
            std::task::Poll::Pending => None,
        }
    };
    let ordinary = [enter(Urgency::Ordinary).await, enter(Urgency::Ordinary).await];
    assert!(ordinary.iter().all(Option::is_some));
    assert!(enter(Urgency::Ordinary).await.is_none());
    let urgent = [enter(Urgency::Urgent).await, enter(Urgency::Urgent).await];
    assert!(urgent.iter().all(Option::is_some));
    assert!(enter(Urgency::Urgent).await.is_none());
    drop(ordinary);
    assert!(enter(Urgency::Ordinary).await.is_some());
}

#[tokio::test]
async fn what_is_unavailable_is_asked_once_more_and_what_is_wrong_is_not() {
    for (code, calls) in [(KEYS_UNAVAILABLE, 2), (UNAUTHENTICATED, 1)] {
        let clock = Arc::new(FakeClock::default());
        let guard = guard(&clock);
        let count = AtomicUsize::new(0);
        let call = || async {
            count.fetch_add(1, Ordering::SeqCst);
            Err::<Infallible, _>(code.error())
        };
        let moving = async {
            for _ in 0..4 {
                tokio::task::yield_now().await;
                clock.advance(Duration::from_millis(50));
            }
        };
        let (answer, ()) = tokio::join!(guard.run_idempotent("x", IDENTITY_UNAVAILABLE, call), moving);
        assert_eq!((answer.unwrap_err().code(), count.into_inner()), (code, calls));
    }
}

#[tokio::test]
async fn a_panic_of_a_plugin_ends_its_call_alone() {
    let clock = Arc::new(FakeClock::default());
    let guard = guard(&clock);
    let turn = guard.enter("x", Urgency::Ordinary, LIMIT).await.unwrap();
    let call = async { if true { panic!("a defect") } else { Ok(()) } };
    assert!(matches!(turn.run(call).await, Ended::Failed));
    assert!(
        guard
            .run("x", async { Ok(()) })
            .await
            .is_some_and(|answer| answer.is_ok())
    );
}

/// Nobody calls meanwhile: what the gauge says follows from the time at which it is read.
#[test]
fn the_gauge_of_a_circuit_is_exact_whenever_it_is_read() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let clock = Arc::new(FakeClock::default());
    let guards = guards(&clock);
    let policy = CallPolicy::new(LIMIT, 1).with_breaker();
    let guard = guards.guard("senders", "main", policy);
    let open = || {
        with_local_recorder(&recorder, || guards.record_circuits());
        let text = handle.render();
        let line = text
            .lines()
            .find(|line| line.starts_with("portcullis_port_circuit_open{"))
            .unwrap();
        assert!(
            line.contains(r#"port="senders""#) && line.contains(r#"instance="main""#),
            "{line}"
        );
        line.ends_with(" 1")
    };
    let call = |answer: Result<()>| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(guard.run("x", async { answer }))
    };
    assert!(!open());
    for _ in 0..3 {
        assert!(call(Err(KEYS_UNAVAILABLE.error())).is_some());
    }
    assert!(open());
    assert!(call(Ok(())).is_none(), "it is open");
    clock.advance(Duration::from_secs(4));
    assert!(open());
    clock.advance(Duration::from_secs(1));
    assert!(!open(), "half-open: the next call is made");
    assert!(call(Err(KEYS_UNAVAILABLE.error())).is_some());
    assert!(open(), "the trial failed");
    clock.advance(Duration::from_secs(10));
    assert!(call(Ok(())).is_some());
    assert!(!open());
}
