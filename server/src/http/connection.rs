//! One connection: its requests one after the other, limits on their heads, and an end that loses no answer.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use portcullis_openapi::problem::{MALFORMED_REQUEST, SLOW_REQUEST};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;

use super::pipeline::RequestPipeline;
use super::wire::Wire;

/// The most bytes of the head of a request.
const HEAD_SIZE: usize = 32 << 10;
/// What a connection may hold in memory while it is read.
const BUFFER: usize = 128 << 10;
/// How long a connection that was accepted last of all may take to begin its first request.
const FIRST_REQUEST: Duration = Duration::from_secs(1);

/// Where a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// It goes on.
    Serving,
    /// It ends after the request under way.
    Draining,
    /// It ends now.
    Over,
}

/// Serves a connection to its end.
pub(super) async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    pipeline: Arc<RequestPipeline>,
    mut phase: watch::Receiver<Phase>,
) {
    let mut over = phase.clone();
    tokio::select! {
        () = converse(stream, peer, pipeline, &mut phase) => {}
        _ = over.wait_for(|phase| *phase == Phase::Over) => {}
    }
}

async fn converse(
    stream: TcpStream,
    peer: SocketAddr,
    pipeline: Arc<RequestPipeline>,
    phase: &mut watch::Receiver<Phase>,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "the connection was over at once");
        return;
    }
    let wire = Wire::new(stream, Arc::clone(&pipeline.refusals));
    let used = Arc::new(AtomicBool::new(false));
    let service = service_fn(|request| {
        used.store(true, Ordering::Relaxed);
        let pipeline = Arc::clone(&pipeline);
        async move { Ok::<_, Infallible>(pipeline.answer(request, peer).await) }
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(pipeline.idle)
        .max_header_size(HEAD_SIZE)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(wire), service);
    let mut served = tokio::select! {
        biased;
        served = &mut connection => Some(served),
        _ = phase.wait_for(|phase| *phase >= Phase::Draining) => None,
    };
    if served.is_none() && !used.load(Ordering::Relaxed) {
        // Its request may be on its way: hyper would hang up on a connection that has not begun.
        served = timeout(FIRST_REQUEST, &mut connection).await.ok();
    }
    let served = if let Some(served) = served {
        served
    } else {
        Pin::new(&mut connection).graceful_shutdown();
        (&mut connection).await
    };
    let parts = connection.into_parts();
    let mut wire = parts.io.into_inner();
    if let Err(error) = served {
        // Clients come and go as they like; what they do wrong is of interest to nobody but them.
        tracing::debug!(%error, "a connection broke");
        if let Some(code) = given_up(&error, &parts.read_buf).filter(|_| !wire.has_refused())
            && let Err(error) = wire.refuse(&code.error()).await
        {
            tracing::debug!(%error, "a refusal was not heard");
            return;
        }
    }
    wire.close().await;
}

/// Why hyper gave up a request without an answer, if there is anybody who waits for one.
fn given_up(error: &hyper::Error, unread: &[u8]) -> Option<portcullis_ports::Code> {
    if error.is_timeout() && !unread.is_empty() {
        return Some(SLOW_REQUEST);
    }
    error.is_parse().then_some(MALFORMED_REQUEST)
}
