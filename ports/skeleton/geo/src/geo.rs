//! The port: an address becomes a question, and the answer a location.

use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::geo::{ConnectedGeo, Geo, GeoLocator, Location};
use serde_json::json;

use crate::client::Client;

/// Finds addresses at Acme.
struct AcmeLocator(Arc<Client>);

pub(crate) fn connected(client: Arc<Client>) -> ConnectedGeo {
    ConnectedGeo {
        locator: Arc::new(AcmeLocator(Arc::clone(&client))),
        probe: client,
    }
}

#[async_trait]
impl GeoLocator for AcmeLocator {
    async fn locate(&self, address: IpAddr) -> Result<Option<Location>> {
        self.0.ask("/locate", &json!({ "address": address })).await
    }
}

portcullis_ports::set_up!(Geo, "acme", |_folder| {
    let known = Location {
        country: Some("GB".to_owned()),
        city: None,
    };
    let address = std::net::Ipv4Addr::new(81, 2, 69, 142);
    SetUp::new(crate::simulator::settings(), (address.into(), known))
        .asking(Arc::new(crate::simulator::Simulator))
});
