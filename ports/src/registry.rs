//! The list of ports, and what can be done with a port without knowing which one it is.

use std::any::type_name;

use serde_json::Value;

use crate::plugin::{Choice, ConfigError, Listed, Port, Readiness, listed};
use crate::selection::{AnySelected, Selected};

/// Every port. Nothing else in the house enumerates them.
pub const PORTS: &[PortSpec] = &[
    PortSpec::of::<crate::storage::Storage>(),
    PortSpec::of::<crate::keys::Keys>(),
    PortSpec::of::<crate::passwords::Passwords>(),
    PortSpec::of::<crate::identity::Identity>(),
    PortSpec::of::<crate::notification::Senders>(),
    PortSpec::of::<crate::geo::Geo>(),
    PortSpec::of::<crate::payments::Payments>(),
];

/// An instance whose settings were checked, or every mistake in them.
pub type PlannedInstance = Result<Box<dyn AnySelected>, Vec<ConfigError>>;

/// Which instance of a port is meant.
#[derive(Debug, Clone, Copy)]
pub struct InstanceName<'a> {
    /// The name that the operator gave it.
    pub instance: &'a str,
    /// The id of its plugin.
    pub plugin: &'a str,
    /// Whether it only reads what it wrote in former times.
    pub former: bool,
}

/// A port without its types.
#[derive(Debug)]
pub struct PortSpec {
    /// [`Port::NAME`].
    pub name: &'static str,
    /// [`Port::TITLE`].
    pub title: &'static str,
    /// [`Port::CHOICE`].
    pub choice: Choice,
    /// [`Port::READINESS`].
    pub readiness: Readiness,
    /// [`Port::DEFAULT`].
    pub default: Option<&'static str>,
    /// [`Port::DEVELOPMENT`].
    pub development: Option<&'static str>,
    listed: fn() -> Vec<Listed>,
    plan: fn(InstanceName<'_>, Value) -> Option<PlannedInstance>,
    type_names: fn() -> [&'static str; 2],
}

impl PortSpec {
    /// The port `P`.
    pub const fn of<P: Port>() -> Self {
        Self {
            name: P::NAME,
            title: P::TITLE,
            choice: P::CHOICE,
            readiness: P::READINESS,
            default: P::DEFAULT,
            development: P::DEVELOPMENT,
            listed: listed::<P>,
            plan: plan::<P>,
            type_names: || [type_name::<P>(), type_name::<P::Connected>()],
        }
    }

    /// Its linked plugins, by id.
    pub fn plugins(&self) -> Vec<Listed> {
        (self.listed)()
    }

    /// The Rust paths of the port and of what connecting gives, for tools that write code.
    pub fn type_names(&self) -> [&'static str; 2] {
        (self.type_names)()
    }

    /// Checks the settings of an instance; `None` if its plugin is not linked.
    pub fn plan(&self, name: InstanceName<'_>, settings: Value) -> Option<PlannedInstance> {
        (self.plan)(name, settings)
    }
}

fn plan<P: Port>(name: InstanceName<'_>, settings: Value) -> Option<PlannedInstance> {
    let planned = Selected::<P>::plan(name, settings)?;
    Some(planned.map(|selected| Box::new(selected) as Box<dyn AnySelected>))
}

/// Every linked plugin of every port, in the order of the ports.
pub fn all() -> Vec<Listed> {
    PORTS.iter().flat_map(PortSpec::plugins).collect()
}
