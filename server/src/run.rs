//! Runs the service: connects the plugins, listens, serves until it is told to stop.

use std::net::SocketAddr;
use std::sync::Arc;

use portcullis_core::App;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::compose::{Connected, connect_all};
use crate::config::{Effective, Origin, ServerSettings, Stage};
use crate::exit::{Failure, in_full};
use crate::http::{Http, Site, install_meters};
use crate::system;
use crate::worker::Workers;

/// What is known once the service is ready.
#[derive(Debug, Clone)]
pub struct Ready {
    /// The address it listens on, with the real port.
    pub address: SocketAddr,
    /// Where browsers reach it.
    pub public_url: Origin,
    /// Whether it keeps messages that a developer can read.
    pub mailbox: bool,
}

/// Connects everything, listens, calls `ready`, and serves until the process is told to stop.
///
/// # Errors
/// [`Failure::Unavailable`] when a plugin does not connect or the address cannot be taken.
pub async fn start(
    effective: Effective,
    ready: impl FnOnce(&Ready) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let Effective {
        stage,
        server,
        settings,
        plugins,
        shown: _,
        notes: _,
    } = effective;
    let runtime = system::runtime()?;
    // Listened for from the start, so that being told to stop is never missed.
    let stop = Stop::new()?;
    // Before anything connects: plugins take their meters when they do.
    install_meters()?;
    let limit = server.connect_timeout.get();
    let connected = connect_all(plugins, server.public_url.as_ref(), &runtime, limit).await?;
    let app = App::open(connected.foundation(&runtime), settings)
        .await
        .map_err(|error| Failure::Unavailable(in_full(&error)))?;
    let listener = listen(&server).await?;
    let state = state(stage, &server, &connected, listener.local_addr()?);
    let app = Arc::new(app);
    let mailbox = connected
        .senders
        .iter()
        .find_map(|(_, sender)| sender.mailbox.clone());
    let http = Http::new(Site {
        app: Arc::clone(&app),
        settings: &server,
        public_url: &state.public_url,
        development: stage == Stage::Development,
        mailbox: mailbox.filter(|_| state.mailbox),
        probes: connected.probes,
        entropy: runtime.entropy.as_ref(),
    })?;
    let workers = Workers::start(&app);
    ready(&state)?;
    http.serve(listener, stop.asked()).await;
    workers.finish(server.drain_timeout.get()).await;
    Ok(())
}

/// Takes the address.
///
/// # Errors
/// [`Failure::Unavailable`], saying what to do.
async fn listen(server: &ServerSettings) -> Result<TcpListener, Failure> {
    TcpListener::bind(server.listen).await.map_err(|error| {
        let remedy = match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                "; another program listens there: choose another port, or 0 for a free one"
            }
            std::io::ErrorKind::PermissionDenied => {
                "; ports below 1024 belong to the administrator: choose another one"
            }
            _ => "",
        };
        Failure::Unavailable(format!("cannot listen on {}: {error}{remedy}", server.listen))
    })
}

fn state(stage: Stage, server: &ServerSettings, connected: &Connected, address: SocketAddr) -> Ready {
    let public_url = server.public_url.clone().unwrap_or_else(|| Origin::of(address));
    let mailbox = stage == Stage::Development
        && connected
            .senders
            .iter()
            .any(|(_, sender)| sender.mailbox.is_some());
    Ready {
        address,
        public_url,
        mailbox,
    }
}

/// Notices that the process is told to stop: by a supervisor, or by control and C.
pub(crate) struct Stop {
    terminated: Signal,
    interrupted: Signal,
}

impl Stop {
    pub(crate) fn new() -> Result<Self, Failure> {
        Ok(Self {
            terminated: signal(SignalKind::terminate())?,
            interrupted: signal(SignalKind::interrupt())?,
        })
    }

    pub(crate) async fn asked(mut self) {
        tokio::select! {
            _ = self.terminated.recv() => tracing::info!("told to stop"),
            _ = self.interrupted.recv() => tracing::info!("interrupted"),
        }
    }
}
