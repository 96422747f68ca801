//! Accepts connections, as many as the operator allows, and lets them finish when the program is told to stop.
//!
//! poem's own server reads request heads without a time limit and takes every error of `accept` in a busy loop; hyper,
//! on which it stands, can do better with as little code.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use metrics::gauge;
use portcullis_openapi::problem::{CLIENT_CONNECTIONS, TOO_MANY_CONNECTIONS};
use portcullis_ports::Code;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};

use super::clients::Clients;
use super::connection::{self, Phase};
use super::pipeline::RequestPipeline;
use super::wire::Wire;

/// How long to wait when the system has no more sockets to give.
const ACCEPT_BACK_OFF: Duration = Duration::from_millis(100);
/// How many clients that are too many are told so at the same time. All others are hung up on.
const TOLD: usize = 64;
/// How long the queue of the system must have been empty before the listener closes.
const QUEUE: Duration = Duration::from_millis(5);

/// How long the end may take, and how many may be connected.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// The most connections at a time.
    pub(super) connections: usize,
    /// The most that one client may have of them.
    pub(super) per_client: usize,
    /// How long the listener stays open after the program was told to stop.
    pub(super) delay: Duration,
    /// How long requests may go on after that moment.
    pub(super) drain: Duration,
}

/// Accepts and hands on.
struct Acceptor {
    listener: TcpListener,
    pipeline: Arc<RequestPipeline>,
    slots: Arc<Semaphore>,
    clients: Arc<Clients>,
    told: Arc<Semaphore>,
    phase: watch::Receiver<Phase>,
}

/// Serves until `stop`. Then the service says that it is not ready and accepts for a while longer, unless `hurry`:
/// whoever distributes requests needs time to notice. In the end requests under way finish.
pub(super) async fn serve(
    listener: TcpListener,
    pipeline: Arc<RequestPipeline>,
    limits: Limits,
    stop: impl Future<Output = ()>,
    hurry: impl Future<Output = ()>,
) {
    let (phase, connections) = watch::channel(Phase::Serving);
    let acceptor = Acceptor {
        listener,
        pipeline: Arc::clone(&pipeline),
        slots: Arc::new(Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS))),
        clients: Arc::new(Clients::new(limits.per_client, pipeline.trusted.clone())),
        told: Arc::new(Semaphore::new(TOLD)),
        phase: connections,
    };
    acceptor.accept_until(stop).await;
    let begun = Instant::now();
    pipeline.drain();
    let delay = sleep(limits.delay.min(limits.drain));
    let noticed = async {
        tokio::select! {
            () = delay => {}
            () = hurry => {}
        }
    };
    acceptor.accept_until(noticed).await;
    acceptor.empty_queue().await;
    // New connections are refused from here on.
    drop(acceptor);
    phase.send_replace(Phase::Draining);
    let left = limits.drain.saturating_sub(begun.elapsed());
    if timeout(left, phase.closed()).await.is_err() {
        tracing::warn!("requests were still under way after server.drain_timeout; their connections are cut");
        phase.send_replace(Phase::Over);
        phase.closed().await;
    }
}

impl Acceptor {
    async fn accept_until(&self, end: impl Future<Output = ()>) {
        let mut end = pin!(end);
        loop {
            tokio::select! {
                () = &mut end => return,
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, peer)) => self.take(stream, peer),
                    Err(error) => wait_after(&error).await,
                },
            }
        }
    }

    /// Those who connected before the listener closes are served: closing it would reset their connections.
    async fn empty_queue(&self) {
        while let Ok(Ok((stream, peer))) = timeout(QUEUE, self.listener.accept()).await {
            self.take(stream, peer);
        }
    }

    fn take(&self, stream: TcpStream, peer: SocketAddr) {
        let Some(counted) = self.clients.connect(peer.ip()) else {
            return self.refuse(stream, CLIENT_CONNECTIONS);
        };
        let Ok(slot) = Arc::clone(&self.slots).try_acquire_owned() else {
            return self.refuse(stream, TOO_MANY_CONNECTIONS);
        };
        let (pipeline, phase) = (Arc::clone(&self.pipeline), self.phase.clone());
        tokio::spawn(async move {
            let connected = gauge!("http_connections");
            connected.increment(1);
            connection::serve(stream, peer, pipeline, phase).await;
            connected.decrement(1);
            drop((slot, counted));
        });
    }

    /// Tells a client that it is one too many.
    fn refuse(&self, stream: TcpStream, code: Code) {
        let Ok(turn) = Arc::clone(&self.told).try_acquire_owned() else {
            return;
        };
        let mut wire = Wire::new(stream, Arc::clone(&self.pipeline.refusals));
        tokio::spawn(async move {
            match wire.refuse(&code.error()).await {
                Ok(()) => wire.close().await,
                Err(error) => tracing::debug!(%error, "a client was gone before it was refused"),
            }
            drop(turn);
        });
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
        sleep(ACCEPT_BACK_OFF).await;
    }
}
