//! Connects the selected plugins, each within its time.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use portcullis_core::Dependencies;
use portcullis_core::texts::Texts;
use portcullis_ports::connections::{AnyConnection, Connection, Connections};
use portcullis_ports::plugin::{Port, Readiness, Runtime};
use portcullis_ports::probe::Probe;
use portcullis_ports::selection::{AnySelected, ConnectError, Selected, Selection};

use crate::exit::{Failure, in_full};
use portcullis_ports::Endpoint;

/// What the core is built on. `public_url` is where browsers reach the service, if that is known.
pub fn dependencies(
    connections: Connections,
    runtime: &Runtime,
    public_url: Option<&Endpoint>,
    texts: Texts,
) -> Dependencies {
    Dependencies {
        connections,
        clock: Arc::clone(&runtime.clock),
        entropy: Arc::clone(&runtime.entropy),
        panel: public_url
            .filter(|_| portcullis_ui::is_included())
            .map(ToString::to_string),
        public_url: public_url.map(ToString::to_string),
        texts,
    }
}

/// A probe and whose it is.
#[derive(Clone)]
pub struct NamedProbe {
    /// Such as `store.main (embedded)`.
    pub name: String,
    /// Asks it.
    pub probe: Arc<dyn Probe>,
}

impl NamedProbe {
    fn of(connection: &dyn AnyConnection) -> Self {
        Self {
            name: connection.name(),
            probe: Arc::clone(connection.probe()),
        }
    }
}

/// The probes of those without which no request can be answered.
pub fn needed_probes(connections: &Connections) -> Vec<NamedProbe> {
    let needed = connections
        .iter()
        .filter(|one| one.readiness() == Readiness::Needed);
    needed.map(NamedProbe::of).collect()
}

/// The probes of all.
pub fn probes(connections: &Connections) -> Vec<NamedProbe> {
    connections.iter().map(NamedProbe::of).collect()
}

/// A plugin that did not connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotConnected {
    /// The name of its port.
    pub port: &'static str,
    /// Such as `store.main (embedded)`.
    pub name: String,
    /// Why, and what to do.
    pub reason: String,
}

impl fmt::Display for NotConnected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} did not connect: {}", self.name, self.reason)
    }
}

/// Whether each plugin connected, in the order of the selection.
pub type Results = Vec<Result<Arc<dyn AnyConnection>, NotConnected>>;

/// Connects plugins at the same time; each may take as long as `limit`. Each is told where below `public_url` its
/// vendor reaches it, if that is known.
pub async fn connect_each(
    selection: Selection,
    public_url: Option<&Endpoint>,
    runtime: &Runtime,
    limit: Duration,
) -> Results {
    let connect = async |selected: Box<dyn AnySelected>| {
        let (port, name) = (selected.port(), selected.name());
        let webhook = |url: &Endpoint| format!("{url}/webhooks/{port}/{}", selected.instance());
        let runtime = Runtime {
            webhook: public_url.map(webhook),
            ..runtime.clone()
        };
        within(limit, selected.connect(&runtime))
            .await
            .map_err(|reason| NotConnected { port, name, reason })
    };
    join_all(selection.into_iter().map(connect)).await
}

/// Connects all plugins or none.
///
/// # Errors
/// [`Failure::Unavailable`] with every plugin that did not connect.
pub async fn connect_all(
    selection: Selection,
    public_url: Option<&Endpoint>,
    runtime: &Runtime,
    limit: Duration,
) -> Result<Connections, Failure> {
    let results = connect_each(selection, public_url, runtime, limit).await;
    let failed: Vec<String> = results
        .iter()
        .filter_map(|result| Some(result.as_ref().err()?.to_string()))
        .collect();
    if failed.is_empty() {
        Ok(results.into_iter().flatten().collect())
    } else {
        Err(Failure::Unavailable(failed.join("\n")))
    }
}

/// Connects one plugin by itself.
///
/// # Errors
/// Why it did not connect.
pub async fn connect_one<P: Port>(
    selected: Selected<P>,
    runtime: &Runtime,
    limit: Duration,
) -> Result<Connection<P>, NotConnected> {
    let name = selected.name();
    within(limit, selected.connect(runtime))
        .await
        .map_err(|reason| NotConnected {
            port: P::NAME,
            name,
            reason,
        })
}

async fn within<T>(
    limit: Duration,
    connecting: impl Future<Output = Result<T, ConnectError>>,
) -> Result<T, String> {
    match tokio::time::timeout(limit, connecting).await {
        Ok(Ok(connected)) => Ok(connected),
        Ok(Err(ConnectError::Plugin(error))) => Err(in_full(&error)),
        Ok(Err(ConnectError::Defect(defect))) => Err(defect),
        Err(_) => Err(format!(
            "no answer within {} s (server.connect_timeout)",
            limit.as_secs()
        )),
    }
}
