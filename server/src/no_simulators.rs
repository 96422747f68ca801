//! A program that was built without stand-ins for vendors.

use std::sync::Arc;

use portcullis_ports::http::HttpClient;
use portcullis_ports::selection::Selection;

use crate::config::SimulatedPlugin;
use crate::exit::Failure;

/// No vendor is simulated.
#[derive(Default)]
pub(crate) struct Simulators;

impl Simulators {
    #[expect(clippy::unnecessary_wraps, reason = "with simulators there are ways to fail")]
    pub(crate) fn bind() -> Result<Self, Failure> {
        Ok(Self)
    }

    #[expect(clippy::unused_self, reason = "there are some in other builds")]
    pub(crate) fn plugins(&self) -> Vec<SimulatedPlugin> {
        Vec::new()
    }

    #[expect(clippy::unused_self, reason = "there are some in other builds")]
    pub(crate) fn used_by(&mut self, _: &Selection) {}

    #[expect(clippy::unused_self, reason = "there are some in other builds")]
    pub(crate) fn lines(&self) -> Vec<[String; 3]> {
        Vec::new()
    }

    #[expect(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "there are some in other builds"
    )]
    pub(crate) fn run(self, _: &str, _: &Arc<dyn HttpClient>) -> Result<(), Failure> {
        Ok(())
    }
}
