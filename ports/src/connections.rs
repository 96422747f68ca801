//! Connected plugins, asked for by the type of their port.

use std::any::Any;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use async_trait::async_trait;

use crate::error::{Error, Result};
use crate::plugin::{Connected as _, Port, Readiness};
use crate::probe::Probe;
use crate::self_test::SelfTest;

/// A plugin instance that is connected. Gives access to what connecting gave.
pub struct Connection<P: Port> {
    /// The name of the instance.
    pub instance: String,
    /// The id of the plugin.
    pub plugin: &'static str,
    /// Whether it only reads what it wrote in former times.
    pub former: bool,
    /// What the plugin declares.
    pub capabilities: &'static [P::Capability],
    /// What connecting gave.
    pub connected: P::Connected,
}

impl<P: Port> Connection<P> {
    /// The name in messages, such as `store.main (embedded)`.
    pub fn name(&self) -> String {
        format!("{}.{} ({})", P::NAME, self.instance, self.plugin)
    }

    /// Whether the plugin declares the capability.
    pub fn declares(&self, capability: P::Capability) -> bool {
        self.capabilities.contains(&capability)
    }
}

impl<P: Port> Deref for Connection<P> {
    type Target = P::Connected;

    fn deref(&self) -> &P::Connected {
        &self.connected
    }
}

/// [`Connection`] without its types.
#[async_trait]
pub trait AnyConnection: Send + Sync + 'static {
    /// [`Port::NAME`].
    fn port(&self) -> &'static str;
    /// The name of the instance.
    fn instance(&self) -> &str;
    /// [`Connection::name`].
    fn name(&self) -> String;
    /// Whether it only reads what it wrote in former times.
    fn former(&self) -> bool;
    /// [`Port::READINESS`].
    fn readiness(&self) -> Readiness;
    /// Says whether it is well.
    fn probe(&self) -> &Arc<dyn Probe>;
    /// Whether its vendor posts to us.
    fn webhook(&self) -> bool;
    /// [`Connected::self_test`](crate::plugin::Connected::self_test).
    async fn self_test(&self, with: &SelfTest<'_>) -> Option<Result<String>>;
    /// The connection with its types.
    fn typed(&self) -> &dyn Any;
}

#[async_trait]
impl<P: Port> AnyConnection for Connection<P> {
    fn port(&self) -> &'static str {
        P::NAME
    }

    fn instance(&self) -> &str {
        &self.instance
    }

    fn name(&self) -> String {
        Connection::name(self)
    }

    fn former(&self) -> bool {
        self.former
    }

    fn readiness(&self) -> Readiness {
        P::READINESS
    }

    fn probe(&self) -> &Arc<dyn Probe> {
        self.connected.probe()
    }

    fn webhook(&self) -> bool {
        self.connected.webhook()
    }

    async fn self_test(&self, with: &SelfTest<'_>) -> Option<Result<String>> {
        self.connected.self_test(with).await
    }

    fn typed(&self) -> &dyn Any {
        self
    }
}

/// All connected plugins of a deployment, in the order of the ports and of preference.
#[derive(Clone, Default)]
pub struct Connections(Vec<Arc<dyn AnyConnection>>);

impl Connections {
    /// With one more.
    #[must_use]
    pub fn with<P: Port>(mut self, connection: Connection<P>) -> Self {
        self.0.push(Arc::new(connection));
        self
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &dyn AnyConnection> {
        self.0.iter().map(|one| &**one)
    }

    fn of<P: Port>(&self) -> impl Iterator<Item = &Connection<P>> {
        self.iter().filter_map(|one| one.typed().downcast_ref())
    }

    /// The one of a port that is in use.
    ///
    /// # Errors
    /// An internal error if there is none.
    pub fn one<P: Port>(&self) -> Result<&Connection<P>> {
        self.many()
            .into_iter()
            .next()
            .ok_or_else(|| Error::internal(format!("no {} is connected", P::TITLE.to_lowercase())))
    }

    /// Those of a port that are in use, in order of preference.
    pub fn many<P: Port>(&self) -> Vec<&Connection<P>> {
        self.of().filter(|one| !one.former).collect()
    }

    /// Those of a port that only read what they wrote, in the order in which they are asked.
    pub fn former<P: Port>(&self) -> Vec<&Connection<P>> {
        self.of().filter(|one| one.former).collect()
    }
}

impl FromIterator<Arc<dyn AnyConnection>> for Connections {
    fn from_iter<I: IntoIterator<Item = Arc<dyn AnyConnection>>>(connections: I) -> Self {
        Self(connections.into_iter().collect())
    }
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.iter().map(AnyConnection::name))
            .finish()
    }
}
