//! Instances that a configuration selects, with checked settings, not yet connected.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use crate::connections::{AnyConnection, Connection};
use crate::error::Error;
use crate::plugin::{ConfigError, Connected as _, Meta, Plan, Plugin, Port, Runtime};
use crate::registry::InstanceName;

/// A plugin instance that is used, ready to connect.
pub struct Selected<P: Port> {
    /// The name of the instance.
    pub instance: String,
    /// Whether it only reads what it wrote in former times.
    pub former: bool,
    /// The plugin.
    pub plugin: &'static Plugin<P>,
    /// Its checked settings.
    pub plan: Box<dyn Plan<P>>,
}

/// Why a plugin did not connect.
#[derive(Debug)]
pub enum ConnectError {
    /// It says why.
    Plugin(Error),
    /// It is not what it declares itself to be.
    Defect(String),
}

impl<P: Port> Selected<P> {
    /// Checks the settings of an instance; `None` if its plugin is not linked.
    pub fn plan(name: InstanceName<'_>, settings: Value) -> Option<Result<Self, Vec<ConfigError>>> {
        let plugin = P::plugins()
            .into_iter()
            .find(|plugin| plugin.meta.id == name.plugin)?;
        let planned = plugin.plan(settings);
        Some(planned.map(|plan| Self {
            instance: name.instance.to_owned(),
            former: name.former,
            plugin,
            plan,
        }))
    }

    /// The name in messages, such as `store.main (embedded)`.
    pub fn name(&self) -> String {
        format!("{}.{} ({})", P::NAME, self.instance, self.plugin.meta.id)
    }

    /// Whether the plugin declares the capability.
    pub fn declares(&self, capability: P::Capability) -> bool {
        self.plugin.capabilities.contains(&capability)
    }

    /// Does the I/O, and compares what is there with what the plugin declares.
    ///
    /// # Errors
    /// Why it did not connect.
    pub async fn connect(self, runtime: &Runtime) -> Result<Connection<P>, ConnectError> {
        let offline = self.plan.offline(runtime);
        let connected = self.plan.connect(runtime).await.map_err(ConnectError::Plugin)?;
        for (capability, present) in connected.offers(offline.as_ref()) {
            let declared = self.plugin.capabilities.contains(&capability);
            let defect = match (declared, present) {
                (true, false) => format!("it declares {capability:?} and brings no such thing"),
                (false, true) => format!("it brings what {capability:?} stands for and does not declare it"),
                _ => continue,
            };
            return Err(ConnectError::Defect(format!(
                "{defect}; this is a defect of the plugin"
            )));
        }
        Ok(Connection {
            instance: self.instance,
            plugin: self.plugin.meta.id,
            former: self.former,
            capabilities: self.plugin.capabilities,
            connected,
        })
    }
}

/// [`Selected`] without its types.
#[async_trait]
pub trait AnySelected: Send + Sync + 'static {
    /// [`Port::NAME`].
    fn port(&self) -> &'static str;
    /// The name of the instance.
    fn instance(&self) -> &str;
    /// [`Selected::name`].
    fn name(&self) -> String;
    /// What the plugin says of itself.
    fn meta(&self) -> &'static Meta;
    /// [`Plan::notes`].
    fn notes(&self) -> Vec<String>;
    /// [`Selected::connect`].
    ///
    /// # Errors
    /// Why it did not connect.
    async fn connect(self: Box<Self>, runtime: &Runtime) -> Result<Arc<dyn AnyConnection>, ConnectError>;
    /// The instance with its types.
    fn typed(&self) -> &dyn Any;
    /// The instance with its types.
    fn into_typed(self: Box<Self>) -> Box<dyn Any>;
}

#[async_trait]
impl<P: Port> AnySelected for Selected<P> {
    fn port(&self) -> &'static str {
        P::NAME
    }

    fn instance(&self) -> &str {
        &self.instance
    }

    fn name(&self) -> String {
        Selected::name(self)
    }

    fn meta(&self) -> &'static Meta {
        &self.plugin.meta
    }

    fn notes(&self) -> Vec<String> {
        self.plan.notes()
    }

    async fn connect(self: Box<Self>, runtime: &Runtime) -> Result<Arc<dyn AnyConnection>, ConnectError> {
        let connection = Selected::connect(*self, runtime).await?;
        Ok(Arc::new(connection))
    }

    fn typed(&self) -> &dyn Any {
        self
    }

    fn into_typed(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

/// Every plugin instance that a deployment uses, in the order of the ports and of preference.
#[derive(Default)]
pub struct Selection(Vec<Box<dyn AnySelected>>);

impl Selection {
    /// Adds an instance.
    pub fn push(&mut self, selected: Box<dyn AnySelected>) {
        self.0.push(selected);
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &dyn AnySelected> {
        self.0.iter().map(|one| &**one)
    }

    /// Those of one port, former ones last.
    pub fn many<P: Port>(&self) -> Vec<&Selected<P>> {
        self.iter().filter_map(|one| one.typed().downcast_ref()).collect()
    }

    /// The one of a port that is in use.
    pub fn one<P: Port>(&self) -> Option<&Selected<P>> {
        self.many().into_iter().find(|one| !one.former)
    }

    /// Those of one port, to connect by themselves.
    pub fn into_many<P: Port>(self) -> Vec<Selected<P>> {
        let typed = self
            .0
            .into_iter()
            .filter_map(|one| one.into_typed().downcast().ok());
        typed.map(|selected| *selected).collect()
    }

    /// Keeps the instances of which `kept` is true.
    pub fn retain(&mut self, kept: impl Fn(&dyn AnySelected) -> bool) {
        self.0.retain(|one| kept(&**one));
    }
}

impl IntoIterator for Selection {
    type Item = Box<dyn AnySelected>;
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Debug for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.iter().map(AnySelected::name))
            .finish()
    }
}
