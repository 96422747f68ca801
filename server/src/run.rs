//! Runs the service: connects the plugins, listens, serves until it is told to stop.

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::sync::Arc;

use portcullis_core::App;
use portcullis_ports::connections::Connections;
use portcullis_ports::notification::{Mailbox, Senders};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::compose::{connect_all, dependencies, needed_probes};
use crate::config::ValidatedConfig;
use crate::exit::{Failure, in_full};
use crate::http::{Http, Site, install_meters};
use crate::open_files;
use crate::settings::{ServerSettings, Stage};
use crate::system;
use crate::worker::Workers;
use portcullis_ports::Endpoint;

/// Open files that are no connections of clients: the store, connections to vendors, what the runtime needs.
const OTHER_FILES: usize = 256;

/// What is known once the service is ready.
#[derive(Debug, Clone)]
pub struct Ready {
    /// The address it listens on, with the real port.
    pub address: SocketAddr,
    /// Where browsers reach it.
    pub public_url: Endpoint,
    /// Whether it keeps messages that a developer can read.
    pub mailbox: bool,
}

/// Connects everything, listens, calls `ready`, and serves until the process is told to stop.
///
/// # Errors
/// [`Failure::Unavailable`] when a plugin does not connect or the address cannot be taken.
pub async fn start(
    config: ValidatedConfig,
    ready: impl FnOnce(&Ready, &Arc<App>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let ValidatedConfig {
        stage,
        mut server,
        settings,
        texts,
        plugins,
        shown: _,
        notes,
    } = config;
    for note in notes {
        tracing::warn!("{note}");
    }
    fit_connections(&mut server);
    let runtime = system::runtime()?;
    // Listened for from the start, so that being told to stop is never missed.
    let stop = Stop::new()?;
    // Before anything connects: plugins take their meters when they do.
    install_meters()?;
    let limit = server.connect_timeout.get();
    let connected = connect_all(plugins, server.public_url.as_ref(), &runtime, limit).await?;
    // Before the core opens: mails carry links to the address it listens on where no other is configured.
    let listener = listen(&server).await?;
    let state = state(stage, &server, &connected, listener.local_addr()?);
    let dependencies = dependencies(connected.clone(), &runtime, Some(&state.public_url), texts);
    let app = App::open(dependencies, settings).await.map_err(unavailable)?;
    let app = Arc::new(app);
    let http = Http::new(Site {
        app: Arc::clone(&app),
        address: state.address,
        settings: &server,
        public_url: &state.public_url,
        development: stage == Stage::Development,
        mailbox: mailbox(&connected).filter(|_| state.mailbox),
        probes: needed_probes(&connected),
        entropy: runtime.entropy.as_ref(),
    })?;
    let workers = Workers::start(&app);
    ready(&state, &app)?;
    http.serve(listener, stop.asked(), stop.hurried()).await;
    workers.finish(server.drain_timeout.get()).await;
    Ok(())
}

fn unavailable(error: portcullis_ports::Error) -> Failure {
    Failure::Unavailable(in_full(&error))
}

/// Where messages are kept for a developer to read.
fn mailbox(connections: &Connections) -> Option<Arc<dyn Mailbox>> {
    let senders = connections.many::<Senders>();
    senders.iter().find_map(|sender| sender.mailbox.clone())
}

/// Lowers the number of connections to what the system allows, as each needs an open file, and that of one client with
/// it.
fn fit_connections(server: &mut ServerSettings) {
    let wanted = server.max_connections;
    let room = open_files::raise().saturating_sub(OTHER_FILES).max(1);
    if room < wanted {
        let per_client = server.max_connections_per_client.min(wanted);
        server.max_connections = room;
        server.max_connections_per_client = (per_client.saturating_mul(room) / wanted).max(1);
        tracing::warn!(
            room,
            wanted,
            "the system allows fewer open files (ulimit -n) than server.max_connections asks for"
        );
    }
}

/// Takes the address.
///
/// # Errors
/// [`Failure::Unavailable`], saying what to do.
pub(crate) async fn listen(server: &ServerSettings) -> Result<TcpListener, Failure> {
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

fn state(stage: Stage, server: &ServerSettings, connected: &Connections, address: SocketAddr) -> Ready {
    let public_url = server
        .public_url
        .clone()
        .unwrap_or_else(|| Endpoint::listening(address));
    let mailbox = stage == Stage::Development && mailbox(connected).is_some();
    Ready {
        address,
        public_url,
        mailbox,
    }
}

/// What supervisors and terminals tell the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    Nothing,
    /// To stop in good order: SIGTERM.
    Stop,
    /// To stop now: Ctrl-C, or a second word.
    Hurry,
}

/// Notices that the process is told to stop.
///
/// SIGHUP ends nothing: supervisors send it to ask for another look at the configuration or at log files, and here is
/// neither a file that is kept open nor a setting that can change. Only where a person started the program in a
/// terminal it means that the terminal is gone.
pub(crate) struct Stop {
    told: watch::Receiver<Told>,
}

impl Stop {
    pub(crate) fn new() -> Result<Self, Failure> {
        let mut terminated = signal(SignalKind::terminate())?;
        let mut interrupted = signal(SignalKind::interrupt())?;
        let mut hung_up = signal(SignalKind::hangup())?;
        let has_terminal = std::io::stdin().is_terminal();
        let (tell, told) = watch::channel(Told::Nothing);
        tokio::spawn(async move {
            while !tell.is_closed() {
                tokio::select! {
                    _ = terminated.recv() => {
                        tracing::info!("told to stop");
                        tell.send_modify(|told| *told = if *told < Told::Stop { Told::Stop } else { Told::Hurry });
                    }
                    _ = interrupted.recv() => {
                        tracing::info!("interrupted");
                        tell.send_replace(Told::Hurry);
                    }
                    _ = hung_up.recv() => {
                        if has_terminal {
                            tracing::info!("the terminal is gone");
                            tell.send_replace(Told::Hurry);
                        } else {
                            tracing::info!("SIGHUP changes nothing; restart the program to apply changed settings");
                        }
                    }
                    () = tell.closed() => return,
                }
            }
        });
        Ok(Self { told })
    }

    /// Resolves when the process is told to stop.
    pub(crate) fn asked(&self) -> impl Future<Output = ()> + use<> {
        self.at_least(Told::Stop)
    }

    /// Resolves when there is no time for the pause before the end.
    pub(crate) fn hurried(&self) -> impl Future<Output = ()> + use<> {
        self.at_least(Told::Hurry)
    }

    fn at_least(&self, least: Told) -> impl Future<Output = ()> + use<> {
        let mut told = self.told.clone();
        async move {
            if told.wait_for(|told| *told >= least).await.is_err() {
                tracing::debug!("nobody is left who could say stop, which is a reason to stop as well");
            }
        }
    }
}
