//! What every geolocation database must keep.

#![expect(clippy::panic, reason = "a suite fails by panicking, as a test does")]

use std::net::IpAddr;

use super::FakeRuntime;
use crate::geo::{Geo, GeoLocator, Location};
use crate::plugin::Connected as _;

/// Addresses that belong to nobody in particular: nobody can know where they are.
const NOWHERE: [&str; 4] = ["127.0.0.1", "10.0.0.1", "::1", "fe80::1"];

/// Connects the plugin and checks the promises of [`GeoLocator`]; `known` is an address that it knows, and where that is.
///
/// # Panics
/// On the first broken promise.
pub async fn conforms(
    (runtime, settings): (FakeRuntime, serde_json::Value),
    plugin: &str,
    known: (IpAddr, Location),
) {
    let connected = match runtime.connect::<Geo>(plugin, settings).await {
        Ok(connected) => connected,
        Err(error) => panic!("{plugin} does not connect: {error:?}"),
    };
    let locator = &*connected.locator;
    let (address, location) = known;
    assert_eq!(located(locator, address).await, Some(location), "{address}");
    for address in NOWHERE {
        let Ok(address) = address.parse() else {
            panic!("{address} is no address");
        };
        assert_eq!(located(locator, address).await, None, "{address}");
    }
    if let Err(error) = connected.probe().check().await {
        panic!("{plugin} is not well: {error:?}");
    }
}

async fn located(locator: &dyn GeoLocator, address: IpAddr) -> Option<Location> {
    match locator.locate(address).await {
        Ok(Some(Location {
            country: None,
            city: None,
        })) => panic!("{address} is found and nothing is said of it"),
        Ok(found) => found,
        Err(error) => panic!("{address} cannot be looked up: {error:?}"),
    }
}
