//! Where a network address is: country and city, as a geolocation database knows them.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::plugin::{self, Choice, Connected, Plugin, Port, Readiness};
use crate::policy::{CallPolicy, Guarded};
use crate::probe::Probe;

/// Where an address is, as far as that is known. An estimate: good enough to recognise, never to decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Location {
    /// The country, as two capital letters of ISO 3166-1; null if it is not known.
    pub country: Option<String>,
    /// The city, in the language that the operator chose; null if it is not known.
    pub city: Option<String>,
}

/// Finds where addresses are.
///
/// # Behaviour
/// - `None` for what it does not know, private and reserved networks among it.
/// - What is found holds a country or a city.
/// - The address is not kept, and not sent to anybody unless the plugin's manual says so.
#[async_trait]
pub trait GeoLocator: Send + Sync + 'static {
    /// Where is it?
    async fn locate(&self, address: IpAddr) -> Result<Option<Location>>;
}

/// The port of geolocation databases.
#[derive(Debug)]
pub struct Geo;

/// A geolocation database that is ready.
pub struct ConnectedGeo {
    /// Answers for it.
    pub locator: Arc<dyn GeoLocator>,
    /// Whether it is well.
    pub probe: Arc<dyn Probe>,
}

impl Connected<Geo> for ConnectedGeo {
    fn probe(&self) -> &Arc<dyn Probe> {
        &self.probe
    }
}

inventory::collect!(Plugin<Geo>);

impl Port for Geo {
    const NAME: &'static str = "geo";
    const TITLE: &'static str = "Geolocation database";
    const CHOICE: Choice = Choice::Several;
    const READINESS: Readiness = Readiness::Optional;
    type Connected = ConnectedGeo;
    type Capability = std::convert::Infallible;
    type Offline = std::convert::Infallible;

    fn plugins() -> Vec<&'static Plugin<Self>> {
        plugin::sorted(inventory::iter::<Plugin<Self>>.into_iter())
    }
}

impl Guarded for Geo {
    /// A list that people look at waits no longer for it.
    const POLICY: CallPolicy = CallPolicy::new(Duration::from_millis(500), 64);
}
