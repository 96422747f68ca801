//! What every geolocation database must keep.

#![expect(clippy::panic, reason = "a suite fails by panicking, as a test does")]

use std::net::IpAddr;

use super::suite::{SetUp, Suite};
use crate::geo::{ConnectedGeo, Geo, GeoLocator, Location};
use crate::plugin::Plugin;

/// Addresses that belong to nobody in particular: nobody can know where they are.
const NOWHERE: [&str; 4] = ["127.0.0.1", "10.0.0.1", "::1", "fe80::1"];

impl Suite for Geo {
    /// An address that it knows, and where that is.
    type Expectations = (IpAddr, Location);

    async fn conforms(_: &'static Plugin<Self>, connected: &ConnectedGeo, set_up: &SetUp<Self>) {
        let locator = &*connected.locator;
        let (address, location) = &set_up.expectations;
        assert_eq!(
            located(locator, *address).await.as_ref(),
            Some(location),
            "{address}"
        );
        for address in NOWHERE {
            let Ok(address) = address.parse() else {
                panic!("{address} is no address");
            };
            assert_eq!(located(locator, address).await, None, "{address}");
        }
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
