//! Connections: accepted, served, and let finish when the program is told to stop.
//!
//! poem's own server reads request heads without a time limit and takes every error of `accept` in a busy loop; hyper,
//! on which it stands, can do better with as little code.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::gate::Gate;

/// How long a client may take to send the head of a request, and a kept connection may be idle. Longer than the idle
/// time of common proxies, so that it is they who close.
const HEAD_LIMIT: Duration = Duration::from_secs(75);
/// The most bytes of the head of a request.
const HEAD_SIZE: usize = 32 << 10;
/// What a connection may hold in memory while it is read.
const BUFFER: usize = 128 << 10;
/// How long to wait when the system has no more sockets to give.
const BREATH: Duration = Duration::from_millis(100);

/// Where a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// It goes on.
    Serving,
    /// It ends after the request under way.
    Draining,
    /// It ends now.
    Over,
}

/// Serves until `stop`, then lets requests under way finish, for at most `drain`.
pub(super) async fn serve(
    listener: TcpListener,
    gate: Arc<Gate>,
    stop: impl Future<Output = ()>,
    drain: Duration,
) {
    let (phase, connections) = watch::channel(Phase::Serving);
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    tokio::spawn(connection(stream, peer, Arc::clone(&gate), connections.clone()));
                }
                Err(error) => wait_after(&error).await,
            },
        }
    }
    // New connections are refused from here on.
    drop(listener);
    drop(connections);
    gate.drain();
    phase.send_replace(Phase::Draining);
    if timeout(drain, phase.closed()).await.is_err() {
        tracing::warn!("requests were still under way after server.drain_timeout; their connections are cut");
        phase.send_replace(Phase::Over);
        phase.closed().await;
    }
}

/// A client that is gone again is no reason to wait; a system without sockets is.
async fn wait_after(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    if !matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    ) {
        tracing::warn!(%error, "a connection cannot be accepted");
        sleep(BREATH).await;
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, gate: Arc<Gate>, mut phase: watch::Receiver<Phase>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "the connection was over at once");
        return;
    }
    let service = service_fn(|request| {
        let gate = Arc::clone(&gate);
        async move { Ok::<_, Infallible>(gate.answer(request, peer).await) }
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_LIMIT)
            .max_header_size(HEAD_SIZE)
            .max_buf_size(BUFFER)
            .serve_connection(TokioIo::new(stream), service)
    );
    // Clients come and go as they like; what they do wrong is of interest to nobody but them.
    let served = tokio::select! {
        biased;
        served = connection.as_mut() => Some(served),
        _ = phase.wait_for(|phase| *phase != Phase::Serving) => None,
    };
    let served = if served.is_none() {
        connection.as_mut().graceful_shutdown();
        tokio::select! {
            served = connection.as_mut() => Some(served),
            _ = phase.wait_for(|phase| *phase == Phase::Over) => None,
        }
    } else {
        served
    };
    if let Some(Err(error)) = served {
        tracing::debug!(%error, "a connection broke");
    }
}
