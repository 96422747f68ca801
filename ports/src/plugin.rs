//! How plugins are declared, listed, planned and connected.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::clock::{Clock, Entropy};
use crate::error::Result;
use crate::http::HttpClient;
use crate::probe::Probe;
use crate::self_test::SelfTest;

/// A role that a plugin can fill. Implemented by one unit struct per port.
pub trait Port: Sized + Send + Sync + 'static {
    /// The configuration section and the word in listings.
    const NAME: &'static str;
    /// What it is, for people.
    const TITLE: &'static str;
    /// How many instances a deployment uses.
    const CHOICE: Choice;
    /// Whether a deployment can answer requests while one of them is not well.
    const READINESS: Readiness;
    /// The plugin that is used where none is selected; only with [`Choice::One`].
    const DEFAULT: Option<&'static str> = None;
    /// The plugin that `portcullis dev` uses where none is selected. Its fields state what they are then: with the
    /// keyword `x-development-path` a place in the data folder, with `x-development` a value.
    const DEVELOPMENT: Option<&'static str> = None;
    /// What connecting gives.
    type Connected: Connected<Self>;
    /// What a plugin may offer beyond the contract.
    type Capability: fmt::Debug + Copy + PartialEq + Send + Sync + 'static;
    /// What can be done with a planned but unconnected plugin.
    type Offline: Send + 'static;

    /// All linked plugins of this port, by id.
    fn plugins() -> Vec<&'static Plugin<Self>>;
}

/// How many instances of a port a deployment uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// Exactly one.
    One,
    /// Exactly one, and former ones that still read what they wrote.
    OneWithFormer,
    /// Any number, in order of preference.
    Several,
}

/// Whether a deployment is ready for requests while an instance of the port is not well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// Without it no request can be answered.
    Needed,
    /// It is not asked: its work waits in a queue or is left out, and taking every node out of service because a vendor
    /// is away would make a small trouble a large one.
    Optional,
}

/// A plugin that is connected.
#[async_trait]
pub trait Connected<P: Port>: Send + Sync + 'static {
    /// Says whether it is well.
    fn probe(&self) -> &Arc<dyn Probe>;

    /// The capabilities whose presence can be seen, each with whether it is present; compared with those declared.
    fn offers(&self, _offline: Option<&P::Offline>) -> Vec<(P::Capability, bool)> {
        Vec::new()
    }

    /// Whether its vendor posts to us, so that an area must have registered a handler for it.
    fn webhook(&self) -> bool {
        false
    }

    /// Uses it once, as the service does, and leaves nothing behind: what was done, or what failed; `None` where there
    /// is nothing to try.
    async fn self_test(&self, _with: &SelfTest<'_>) -> Option<Result<String>> {
        None
    }
}

/// How far a plugin has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maturity {
    /// Proven in production.
    Stable,
    /// Complete and tested, not yet proven in production.
    Beta,
    /// For a developer's machine only: `portcullis serve` refuses it.
    DevelopmentOnly,
}

/// What a plugin says of itself.
#[derive(Debug, Clone, Copy)]
pub struct Meta {
    /// The key in the configuration: lower case, unique within the port.
    pub id: &'static str,
    /// Its name, for people.
    pub title: &'static str,
    /// One line: what it does.
    pub summary: &'static str,
    /// The manual, in Markdown.
    pub docs: &'static str,
    /// How far it has come.
    pub maturity: Maturity,
}

/// One mistake in a plugin's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The field, with dots, relative to the plugin's section; empty for the section itself.
    pub field: String,
    /// What is wrong and what would be right, as one sentence.
    pub problem: String,
}

impl ConfigError {
    /// A mistake at `field`.
    pub fn at(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            problem: problem.into(),
        }
    }
}

/// What a process does with the plugins that it connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Access {
    /// Whatever the service does.
    #[default]
    Full,
    /// It only reads. A store that one process at a time may use is opened beside that process: it refuses commits, and a
    /// read sees what was committed before it began.
    Reading,
}

/// What the house hands to a plugin that connects.
#[derive(Clone)]
pub struct Runtime {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The way to the outside.
    pub http: Arc<dyn HttpClient>,
    /// The public address at which vendors reach this very instance with webhooks; `None` where no public address is
    /// known.
    pub webhook: Option<String>,
    /// What the process does.
    pub access: Access,
}

/// Settings of a plugin: parsed strictly, then checked as a whole.
pub trait Settings<P: Port>: DeserializeOwned + JsonSchema + Send + 'static {
    /// What checked settings become.
    type Plan: Plan<P>;

    /// Checks everything that needs no I/O, and returns all mistakes at once.
    ///
    /// # Errors
    /// Every mistake found.
    fn plan(self) -> std::result::Result<Self::Plan, Vec<ConfigError>>;
}

/// Checked settings, ready to connect.
#[async_trait]
pub trait Plan<P: Port>: Send + Sync + 'static {
    /// Does the I/O.
    async fn connect(self: Box<Self>, runtime: &Runtime) -> Result<P::Connected>;

    /// What can be done without connecting, if anything.
    fn offline(&self, _runtime: &Runtime) -> Option<P::Offline> {
        None
    }

    /// What is accepted and yet weaker than it should be in production: one remark each, without a full stop.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

/// The plan of some plugin of port `P`, or every mistake in its settings.
pub type Planned<P> = std::result::Result<Box<dyn Plan<P>>, Vec<ConfigError>>;

/// The one constant by which a plugin makes itself known; see `inventory::submit!`.
pub struct Plugin<P: Port> {
    /// What it says of itself.
    pub meta: Meta,
    /// What it offers beyond the contract.
    pub capabilities: &'static [P::Capability],
    schema: fn() -> Schema,
    plan: fn(Value) -> Planned<P>,
}

impl<P: Port> Plugin<P> {
    /// Declares a plugin with settings `S`.
    pub const fn new<S: Settings<P>>(meta: Meta, capabilities: &'static [P::Capability]) -> Self {
        Self {
            meta,
            capabilities,
            schema: schema::<S>,
            plan: plan::<P, S>,
        }
    }

    /// The schema of its settings.
    pub fn schema(&self) -> Schema {
        (self.schema)()
    }

    /// Checks settings without touching the world.
    ///
    /// # Errors
    /// Every mistake found.
    pub fn plan(&self, settings: Value) -> Planned<P> {
        (self.plan)(settings)
    }
}

/// The schema of settings: whole at every place, without references, and without `null`, which nobody can write in TOML.
pub fn schema<S: JsonSchema>() -> Schema {
    let settings = SchemaSettings::draft2020_12().for_deserialize();
    let settings = settings.with(|settings| settings.inline_subschemas = true);
    let settings = settings.with_transform(RecursiveTransform(without_null));
    settings.into_generator().into_root_schema_for::<S>()
}

fn without_null(schema: &mut Schema) {
    for keyword in ["type", "anyOf"] {
        let Some(Value::Array(choices)) = schema.get_mut(keyword) else {
            continue;
        };
        choices.retain(|choice| choice != "null" && choice.get("type").is_none_or(|kind| kind != "null"));
        match choices.as_slice() {
            [only] if keyword == "type" => {
                let only = only.clone();
                schema.insert(keyword.to_owned(), only);
            }
            [Value::Object(only)] => {
                let only = only.clone();
                schema.remove(keyword);
                let own = schema.ensure_object();
                only.into_iter().for_each(|(word, value)| {
                    own.entry(word).or_insert(value);
                });
            }
            _ => {}
        }
    }
    schema.get_mut("default").into_iter().for_each(forget_null);
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
}

fn forget_null(value: &mut Value) {
    if let Value::Object(table) = value {
        table.retain(|_, inner| !inner.is_null());
        table.values_mut().for_each(forget_null);
    }
}

fn plan<P: Port, S: Settings<P>>(settings: Value) -> Planned<P> {
    let parsed: S = serde_path_to_error::deserialize(settings).map_err(|error| {
        let path = error.path().to_string();
        let field = if path == "." { String::new() } else { path };
        vec![ConfigError::at(field, error.into_inner().to_string())]
    })?;
    let plan = parsed.plan()?;
    Ok(Box::new(plan))
}

/// Brings linked plugins into a stable order; the linker gives none.
pub fn sorted<P: Port>(plugins: impl Iterator<Item = &'static Plugin<P>>) -> Vec<&'static Plugin<P>> {
    let mut plugins: Vec<_> = plugins.collect();
    plugins.sort_by_key(|plugin| plugin.meta.id);
    plugins
}

/// A linked plugin without its types, for listings, references and start-up checks.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The port's [`Port::NAME`].
    pub port: &'static str,
    /// The port's [`Port::TITLE`].
    pub port_title: &'static str,
    /// What the plugin says of itself.
    pub meta: Meta,
    /// Its capabilities, as words.
    pub capabilities: Vec<String>,
    /// The schema of its settings.
    pub schema: Schema,
}

/// The linked plugins of one port.
pub fn listed<P: Port>() -> Vec<Listed> {
    let listed = |plugin: &'static Plugin<P>| Listed {
        port: P::NAME,
        port_title: P::TITLE,
        meta: plugin.meta,
        capabilities: plugin
            .capabilities
            .iter()
            .map(|capability| format!("{capability:?}"))
            .collect(),
        schema: plugin.schema(),
    };
    P::plugins().into_iter().map(listed).collect()
}
