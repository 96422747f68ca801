//! Stand-ins for vendors: values with state that answer as a vendor does.
//!
//! Tests ask them without a socket. `portcullis dev` gives each an address of its own, so that everything works without an
//! account and without a network.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::clock::Clock;
use crate::http::{HttpRequest, HttpResponse};

/// A vendor's API as far as a provider uses it: it keeps state and answers as the vendor would.
pub trait Vendor: Send + Sync + 'static {
    /// Acts on one request and answers it.
    fn answer(&self, request: &HttpRequest) -> HttpResponse;
}

/// What a vendor posts to a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// Where to; the webhook of the instances that use the vendor, if it says nothing. What begins with a slash goes behind
    /// the address of that webhook: the secret end of its path, and a query.
    pub url: Option<String>,
    /// Names in lower case and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// A vendor that runs by itself.
pub trait Simulator: Vendor {
    /// What is to be posted to the webhook of the instance now, oldest first. Handed out once.
    fn deliveries(&self) -> Vec<Posted> {
        Vec::new()
    }

    /// Moves its time forward; what was due until then happens.
    fn advance(&self, _span: Duration) {}
}

/// Where a simulator runs.
pub struct Surroundings {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Its address, such as `http://127.0.0.1:40123`.
    pub origin: String,
}

/// A simulator that was made.
pub struct Simulated {
    /// It.
    pub simulator: Arc<dyn Simulator>,
    /// The settings with which the plugin uses it.
    pub settings: Value,
}

/// How the simulator of a plugin is made; see `inventory::submit!`.
pub struct VendorSimulator {
    /// The port of the plugin.
    pub port: &'static str,
    /// Its id.
    pub plugin: &'static str,
    /// The vendor, for people.
    pub title: &'static str,
    /// Whether it is used where a developer has chosen nothing; of those of a port, one at most.
    pub by_default: bool,
    /// Makes one.
    pub start: fn(Surroundings) -> Simulated,
}

inventory::collect!(VendorSimulator);

/// Every linked simulator, by port and plugin.
pub fn linked() -> Vec<&'static VendorSimulator> {
    let mut all: Vec<_> = inventory::iter::<VendorSimulator>.into_iter().collect();
    all.sort_by_key(|one| (one.port, one.plugin));
    all
}
