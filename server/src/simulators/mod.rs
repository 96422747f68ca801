//! Stand-ins for vendors while `portcullis dev` runs.
//!
//! Each listens on an address of its own on this machine, and posts what it has to say to the webhooks of the instances that
//! use it.

mod listener;
mod posting;

use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;

use portcullis_ports::http::HttpClient;
use portcullis_ports::selection::Selection;
use portcullis_ports::simulation::{Simulated, Simulator, Surroundings, linked};
use serde_json::Value;

use crate::config::SimulatedPlugin;
use crate::exit::Failure;
use crate::system::SystemClock;

/// Vendors that are simulated.
#[derive(Default)]
pub(crate) struct Simulators(Vec<Bound>);

/// One of them, with its address.
struct Bound {
    port: &'static str,
    plugin: &'static str,
    title: &'static str,
    by_default: bool,
    origin: String,
    listener: TcpListener,
    simulator: Arc<dyn Simulator>,
    settings: Value,
    /// The instances that use it.
    instances: Vec<String>,
}

impl Simulators {
    /// Every linked one, each with an address of its own.
    ///
    /// # Errors
    /// If no address can be had.
    pub(crate) fn bind() -> Result<Self, Failure> {
        let bound = linked().into_iter().map(|vendor| {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            listener.set_nonblocking(true)?;
            let origin = format!("http://{}", listener.local_addr()?);
            let surroundings = Surroundings {
                clock: Arc::new(SystemClock),
                origin: origin.clone(),
            };
            let Simulated { simulator, settings } = (vendor.start)(surroundings);
            Ok(Bound {
                port: vendor.port,
                plugin: vendor.plugin,
                title: vendor.title,
                by_default: vendor.by_default,
                origin,
                listener,
                simulator,
                settings,
                instances: Vec::new(),
            })
        });
        bound.collect::<Result<_, Failure>>().map(Self)
    }

    /// The settings with which plugins use them.
    pub(crate) fn plugins(&self) -> Vec<SimulatedPlugin> {
        let plugin = |one: &Bound| SimulatedPlugin {
            port: one.port,
            plugin: one.plugin,
            by_default: one.by_default,
            settings: one.settings.clone(),
        };
        self.0.iter().map(plugin).collect()
    }

    /// Remembers which instances use them.
    pub(crate) fn used_by(&mut self, selection: &Selection) {
        for one in &mut self.0 {
            let users = selection.iter();
            let users = users.filter(|user| user.port() == one.port && user.meta().id == one.plugin);
            one.instances = users.map(|user| user.instance().to_owned()).collect();
        }
    }

    /// What a developer is told of each: the vendor, its address, and who uses it.
    pub(crate) fn lines(&self) -> Vec<[String; 3]> {
        let line = |one: &Bound| {
            let used = match one.instances.as_slice() {
                [] => format!("not in use; --simulate {}", one.plugin),
                instances => format!("{}.{}", one.port, instances.join(", ")),
            };
            [one.title.to_owned(), one.origin.clone(), used]
        };
        self.0.iter().map(line).collect()
    }

    /// Lets them answer and post from now on; `base` is where the service listens.
    ///
    /// # Errors
    /// If an address was lost.
    pub(crate) fn run(self, base: &str, http: &Arc<dyn HttpClient>) -> Result<(), Failure> {
        for one in self.0 {
            let listener = tokio::net::TcpListener::from_std(one.listener)?;
            tokio::spawn(listener::listen(listener, Arc::clone(&one.simulator)));
            let webhook = |instance: &String| format!("{base}/webhooks/{}/{instance}", one.port);
            let webhooks: Vec<String> = one.instances.iter().map(webhook).collect();
            tokio::spawn(posting::post(one.simulator, webhooks, Arc::clone(http)));
        }
        Ok(())
    }
}
