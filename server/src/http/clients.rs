//! How many connections each client has, so that no single one takes the places of all others.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use portcullis_core::client_network;

use crate::values::Network;

/// Counts the connections of every client.
pub(super) struct Clients {
    /// The most that one may have.
    most: usize,
    /// Who connects for many.
    proxies: Vec<Network>,
    connected: Mutex<HashMap<IpAddr, usize>>,
}

/// One connection of a client; it no longer counts when this is dropped.
pub(super) struct Counted {
    clients: Arc<Clients>,
    /// `None` for a proxy.
    client: Option<IpAddr>,
}

impl Clients {
    pub(super) fn new(most: usize, proxies: Vec<Network>) -> Self {
        Self {
            most,
            proxies,
            connected: Mutex::default(),
        }
    }

    /// Counts one more connection from this address; `None` if its client has as many as it may.
    pub(super) fn connect(self: &Arc<Self>, peer: IpAddr) -> Option<Counted> {
        let peer = peer.to_canonical();
        let client = if self.proxies.iter().any(|network| network.contains(peer)) {
            None
        } else {
            let client = client_network(peer);
            let mut connected = self.connected.lock().unwrap_or_else(PoisonError::into_inner);
            let count = connected.entry(client).or_default();
            if *count >= self.most {
                return None;
            }
            *count += 1;
            Some(client)
        };
        Some(Counted {
            clients: Arc::clone(self),
            client,
        })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let Some(client) = self.client else { return };
        let mut connected = self
            .clients
            .connected
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = connected.get_mut(&client) {
            *count -= 1;
            if *count == 0 {
                connected.remove(&client);
            }
        }
        // A wave of clients must not leave its size behind.
        if connected.is_empty() {
            connected.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clients(most: usize) -> Arc<Clients> {
        Arc::new(Clients::new(most, vec!["10.0.0.0/8".parse().unwrap()]))
    }

    fn connect(clients: &Arc<Clients>, peer: &str) -> Option<Counted> {
        clients.connect(peer.parse().unwrap())
    }

    #[test]
    fn one_client_leaves_places_to_others() {
        let clients = clients(2);
        let first = connect(&clients, "192.0.2.1").unwrap();
        let second = connect(&clients, "::ffff:192.0.2.1").unwrap();
        assert!(connect(&clients, "192.0.2.1").is_none());
        let _other = connect(&clients, "192.0.2.2").unwrap();
        drop(first);
        let third = connect(&clients, "192.0.2.1").unwrap();
        drop((second, third));
        assert_eq!(clients.connected.lock().unwrap().len(), 1);
    }

    #[test]
    fn an_ipv6_client_is_its_subnet() {
        let clients = clients(1);
        let _first = connect(&clients, "2001:db8:1:2::1").unwrap();
        assert!(connect(&clients, "2001:db8:1:2:ffff::9").is_none());
        let _other = connect(&clients, "2001:db8:1:3::1").unwrap();
    }

    #[test]
    fn a_proxy_connects_for_many() {
        let clients = clients(1);
        let many: Vec<_> = (0..10).map(|_| connect(&clients, "10.1.2.3").unwrap()).collect();
        drop(many);
        assert!(clients.connected.lock().unwrap().is_empty());
    }
}
