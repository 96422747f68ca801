//! Fakes and conformance suites: what a core test stands on, and what every plugin must pass.

mod connected;
#[cfg(feature = "contract")]
pub mod contract;
mod counters;
mod deliveries;
mod fakes;
pub mod geo;
pub mod identity;
pub mod keys;
mod memory_store;
pub mod passwords;
pub mod payments;
pub mod plugin;
mod quick_hasher;
pub mod senders;
mod skipped;
pub mod storage;
pub mod suite;
pub mod vendor;

pub use connected::{AlwaysWell, connection};
pub use counters::Counters;
pub use deliveries::delivery;
pub use fakes::{FakeClock, FakeEntropy};
pub use identity::FakeRequest;
pub use memory_store::MemoryStore;
pub use plugin::FakeRuntime;
pub use quick_hasher::QuickHasher;
pub use skipped::skipped;
pub use suite::{SetUp, json};
pub use vendor::{Fault, NoNetwork, Vendor, VendorClient};
