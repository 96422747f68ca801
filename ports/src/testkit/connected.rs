//! Connections to what a test made itself, as an application takes them.

use std::sync::Arc;

use async_trait::async_trait;

use super::MemoryStore;
use super::payments::FakePayments;
use crate::connections::Connection;
use crate::error::Result;
use crate::geo::{ConnectedGeo, GeoLocator};
use crate::identity::{ConnectedIdentity, IdentityProvider};
use crate::keys::{ConnectedKeys, KeyManager};
use crate::notification::{ConnectedSender, Sender};
use crate::passwords::{ConnectedPasswords, PasswordHasher};
use crate::payments::ConnectedPayments;
use crate::plugin::Port;
use crate::probe::Probe;
use crate::storage::ConnectedStore;

/// A probe without complaints.
#[derive(Debug, Clone, Copy, Default)]
pub struct AlwaysWell;

#[async_trait]
impl Probe for AlwaysWell {
    async fn check(&self) -> Result<String> {
        Ok("well".to_owned())
    }
}

/// An instance of a plugin called `memory` that declares nothing.
pub fn connection<P: Port>(instance: impl Into<String>, connected: impl Into<P::Connected>) -> Connection<P> {
    Connection {
        instance: instance.into(),
        plugin: "memory",
        former: false,
        capabilities: &[],
        connected: connected.into(),
    }
}

impl<P: Port> Connection<P> {
    /// The same, declaring these capabilities.
    #[must_use]
    pub fn declaring(self, capabilities: &'static [P::Capability]) -> Self {
        Self { capabilities, ..self }
    }
}

impl From<Arc<MemoryStore>> for ConnectedStore {
    fn from(store: Arc<MemoryStore>) -> Self {
        Self {
            records: Arc::clone(&store) as Arc<_>,
            scan: Arc::clone(&store) as Arc<_>,
            probe: store,
        }
    }
}

impl<T: GeoLocator> From<Arc<T>> for ConnectedGeo {
    fn from(locator: Arc<T>) -> Self {
        let probe = Arc::new(AlwaysWell);
        Self { locator, probe }
    }
}

impl<T: KeyManager> From<Arc<T>> for ConnectedKeys {
    fn from(keys: Arc<T>) -> Self {
        let probe = Arc::new(AlwaysWell);
        Self { keys, probe }
    }
}

impl<T: PasswordHasher> From<Arc<T>> for ConnectedPasswords {
    fn from(hasher: Arc<T>) -> Self {
        let probe = Arc::new(AlwaysWell);
        Self { hasher, probe }
    }
}

impl<T: IdentityProvider> From<Arc<T>> for ConnectedIdentity {
    fn from(provider: Arc<T>) -> Self {
        let probe = Arc::new(AlwaysWell);
        Self { provider, probe }
    }
}

impl<T: Sender> From<Arc<T>> for ConnectedSender {
    fn from(sender: Arc<T>) -> Self {
        Self {
            sender,
            mailbox: None,
            inbound: None,
            lookup: None,
            probe: Arc::new(AlwaysWell),
        }
    }
}

impl From<Arc<FakePayments>> for ConnectedPayments {
    fn from(vendor: Arc<FakePayments>) -> Self {
        vendor.connected()
    }
}
