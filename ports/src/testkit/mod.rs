//! Fakes and conformance suites: what a core test stands on, and what every plugin must pass.

mod fakes;

pub use fakes::{FakeClock, FakeEntropy};
