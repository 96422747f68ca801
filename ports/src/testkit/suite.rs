//! The conformance suites of the ports, run over every linked plugin with the set-up that the plugin submits.

use std::any::Any;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::Value;

use super::plugin::FakeRuntime;
use super::{Vendor, VendorClient};
use crate::plugin::{Connected as _, Plugin, Port};
use crate::registry;

#[doc(hidden)]
pub use inventory::submit;
pub use serde_json::json;

/// A port with a conformance suite.
pub trait Suite: Port {
    /// What the suite is told beside how the plugin is connected, such as a request of somebody whom it knows.
    type Expectations;

    /// Checks the promises of the port.
    ///
    /// # Panics
    /// On the first broken promise.
    fn conforms(
        plugin: &'static Plugin<Self>,
        connected: &Self::Connected,
        set_up: &SetUp<Self>,
    ) -> impl Future<Output = ()>;
}

/// A plugin that is ready for the suite of its port.
pub struct SetUp<P: Suite> {
    /// What it is connected with.
    pub runtime: FakeRuntime,
    /// Its settings.
    pub settings: Value,
    /// What the suite is told.
    pub expectations: P::Expectations,
    held: Option<Box<dyn Any>>,
}

impl<P: Suite> SetUp<P> {
    /// With these settings, and no way to the outside.
    pub fn new(settings: Value, expectations: P::Expectations) -> Self {
        Self {
            runtime: FakeRuntime::default(),
            settings,
            expectations,
            held: None,
        }
    }

    /// On this runtime.
    #[must_use]
    pub fn on(self, runtime: FakeRuntime) -> Self {
        Self { runtime, ..self }
    }

    /// With a way to the outside that leads to `vendor`.
    #[must_use]
    pub fn asking(mut self, vendor: Arc<impl Vendor>) -> Self {
        self.runtime.http = Arc::new(VendorClient::new(vendor));
        self
    }

    /// Keeps something until the suite has ended, such as a process.
    #[must_use]
    pub fn holding(self, held: impl Any) -> Self {
        let held = Some(Box::new(held) as Box<dyn Any>);
        Self { held, ..self }
    }

    /// Connects the plugin, with other settings than its own if some are given.
    ///
    /// # Panics
    /// If it does not connect.
    #[expect(clippy::panic, reason = "a suite fails by panicking, as a test does")]
    pub async fn connect(&self, plugin: &Plugin<P>, settings: Option<&Value>) -> P::Connected {
        let settings = settings.unwrap_or(&self.settings).clone();
        match self.runtime.connect::<P>(plugin.meta.id, settings).await {
            Ok(connected) => connected,
            Err(error) => panic!("{}.{} does not connect: {error:?}", P::NAME, plugin.meta.id),
        }
    }
}

/// How one plugin is tested, without its types; see [`set_up!`](crate::set_up).
pub struct PluginSuite {
    #[doc(hidden)]
    pub port: &'static str,
    #[doc(hidden)]
    pub plugin: &'static str,
    #[doc(hidden)]
    pub run: for<'a> fn(&'a Path) -> Pin<Box<dyn Future<Output = ()> + 'a>>,
}

inventory::collect!(PluginSuite);

/// Runs the suite of the port over one plugin; nothing if what its set-up needs is missing.
///
/// # Panics
/// On the first broken promise.
#[doc(hidden)]
#[expect(clippy::panic, reason = "a suite fails by panicking, as a test does")]
pub async fn run<P: Suite>(id: &str, set_up: impl Future<Output: Into<Option<SetUp<P>>>>) {
    let Some(plugin) = P::plugins().into_iter().find(|plugin| plugin.meta.id == id) else {
        panic!(
            "a set-up is submitted for {}.{id}, and no such plugin is linked",
            P::NAME
        );
    };
    let Some(set_up) = set_up.await.into() else {
        return;
    };
    let connected = set_up.connect(plugin, None).await;
    P::conforms(plugin, &connected, &set_up).await;
    if let Err(error) = connected.probe().check().await {
        panic!("{}.{id} is not well: {error:?}", P::NAME);
    }
    drop(set_up.held);
}

/// Runs the suite of its port over every linked plugin, one after the other.
///
/// # Panics
/// On the first broken promise, and if a linked plugin has submitted no set-up.
#[expect(clippy::panic, reason = "a suite fails by panicking, as a test does")]
#[expect(clippy::print_stderr, reason = "shown where a test fails: whose suite it was")]
pub async fn every_plugin_conforms() {
    for linked in registry::all() {
        let name = format!("{}.{}", linked.port, linked.meta.id);
        let mut suites = inventory::iter::<PluginSuite>.into_iter();
        let Some(suite) = suites.find(|one| (one.port, one.plugin) == (linked.port, linked.meta.id)) else {
            panic!(
                "the linked plugin {name} has no set-up for the suite of its port: add `set_up!` to its crate"
            );
        };
        let Ok(folder) = tempfile::tempdir() else {
            panic!("no folder for the set-up of {name}");
        };
        eprintln!("the suite of {name}");
        (suite.run)(folder.path()).await;
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use futures_util::FutureExt as _;
    use schemars::JsonSchema;
    use serde::Deserialize;

    use super::every_plugin_conforms;
    use crate::error::{Error, Result};
    use crate::geo::{ConnectedGeo, Geo};
    use crate::plugin::{ConfigError, Maturity, Meta, Plan, Plugin, Runtime, Settings};

    #[derive(Deserialize, JsonSchema)]
    struct Unprepared {}

    impl Settings<Geo> for Unprepared {
        type Plan = Self;

        fn plan(self) -> std::result::Result<Self, Vec<ConfigError>> {
            Ok(self)
        }
    }

    #[async_trait]
    impl Plan<Geo> for Unprepared {
        async fn connect(self: Box<Self>, _: &Runtime) -> Result<ConnectedGeo> {
            Err(Error::internal("nobody connects it"))
        }
    }

    inventory::submit! {
        Plugin::<Geo>::new::<Unprepared>(
            Meta {
                id: "unprepared",
                title: "Unprepared",
                summary: "Has no set-up.",
                docs: "",
                maturity: Maturity::DevelopmentOnly,
            },
            &[],
        )
    }

    #[test]
    #[should_panic(expected = "geo.unprepared has no set-up")]
    fn a_linked_plugin_without_a_set_up_fails() {
        assert_eq!(every_plugin_conforms().now_or_never(), Some(()));
    }
}
