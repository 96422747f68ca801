//! Where addresses are, as far as geolocation databases know: for lists that people look at, never for decisions.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use futures_util::future::join_all;
use portcullis_ports::connections::Connections;
use portcullis_ports::geo::{Geo, GeoLocator, Location};

use crate::foundation::guard::{Guard, Guards};

/// The databases, in the order in which they are asked.
pub(crate) struct Locations(Vec<(Guard, Arc<dyn GeoLocator>)>);

impl Locations {
    pub(crate) fn new(connections: &Connections, guards: &Guards) -> Self {
        let locators = connections.many::<Geo>().into_iter();
        Self(
            locators
                .map(|one| (guards.around(one), Arc::clone(&one.locator)))
                .collect(),
        )
    }

    /// The locations of those addresses that are known. A database that fails or is slow is left out.
    pub(crate) async fn of<'a>(
        &self,
        addresses: impl Iterator<Item = &'a str>,
    ) -> BTreeMap<String, Location> {
        if self.0.is_empty() {
            return BTreeMap::new();
        }
        let addresses: BTreeSet<&str> = addresses.collect();
        let locate = async |text: &'a str| Some((text.to_owned(), self.locate(text.parse().ok()?).await?));
        let located = join_all(addresses.into_iter().map(locate)).await;
        located.into_iter().flatten().collect()
    }

    async fn locate(&self, address: IpAddr) -> Option<Location> {
        for (guard, locator) in &self.0 {
            match guard.run("locate", locator.locate(address)).await {
                Some(Ok(Some(location))) => return Some(location),
                Some(Err(error)) => tracing::debug!(%error, "an address was not located"),
                Some(Ok(None)) | None => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use portcullis_ports::geo::ConnectedGeo;
    use portcullis_ports::policy::Guarded;
    use portcullis_ports::testkit::{AlwaysWell, FakeClock, connection};
    use portcullis_ports::{Clock, Result};

    use super::*;

    /// Knows one address, and never answers about another.
    struct Slow;

    #[async_trait]
    impl GeoLocator for Slow {
        async fn locate(&self, address: IpAddr) -> Result<Option<Location>> {
            if address.is_ipv6() {
                std::future::pending::<()>().await;
            }
            Ok(Some(Location {
                country: Some("GB".to_owned()),
                city: None,
            }))
        }
    }

    #[tokio::test]
    async fn what_is_not_located_in_time_is_left_out() {
        let fake = Arc::new(FakeClock::default());
        let clock: Arc<dyn Clock> = fake.clone();
        let geo = ConnectedGeo {
            locator: Arc::new(Slow),
            probe: Arc::new(AlwaysWell),
        };
        let connections = Connections::default().with(connection::<Geo>("main", geo));
        let locations = Locations::new(&connections, &Guards::new(&clock));
        let asked = ["192.0.2.1", "2001:db8::1", "not an address", "192.0.2.1"];
        let (found, ()) = tokio::join!(locations.of(asked.into_iter()), async {
            fake.advance(Geo::POLICY.limit);
        });
        let found: Vec<&str> = found.keys().map(String::as_str).collect();
        assert_eq!(found, ["192.0.2.1"]);
    }
}
