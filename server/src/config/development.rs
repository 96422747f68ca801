//! The instances that a section has where nobody chose, and what `portcullis dev` and its options choose.

use std::path::PathBuf;

use portcullis_ports::identity::Identity;
use portcullis_ports::plugin::{Choice, Listed, Port as _};
use portcullis_ports::registry::PORTS;
use portcullis_ports::storage::Storage;
use serde_json::{Map, Value, json};

use super::merged::{Setting, Source};
use super::path::Path;
use super::schema::{DEFAULT_INSTANCE, USE};
use super::select::plugins_of;
use super::shape::Shape;

/// How `portcullis dev` was called.
#[derive(Debug, Clone)]
pub struct Development {
    /// The data folder.
    pub data: PathBuf,
    /// The record store, if it was named.
    pub store: Option<String>,
    /// Identity providers to add.
    pub identity: Vec<String>,
    /// Plugins whose simulated vendors shall be used.
    pub simulate: Vec<String>,
    /// Plugins whose vendors are simulated.
    pub simulated: Vec<SimulatedPlugin>,
}

/// A plugin whose vendor is simulated.
#[derive(Debug, Clone)]
pub struct SimulatedPlugin {
    /// The port.
    pub port: &'static str,
    /// The id of the plugin.
    pub plugin: &'static str,
    /// Whether it is used where nobody chose.
    pub by_default: bool,
    /// The settings with which it uses the simulated vendor.
    pub settings: Value,
}

/// The instance that `portcullis dev` sets up where nobody chose.
const INSTANCE: &str = "dev";
/// The instance that `--store` sets up; another one, so that the plugin of the first does not get in the way.
const CHOSEN: &str = "chosen";

/// Weaker than what is written: an instance for each section in which `written` selects nothing.
pub(crate) fn defaults(
    written: &Value,
    development: Option<&Development>,
    linked: &[Listed],
) -> Vec<Setting> {
    let mut settings = Vec::new();
    for port in PORTS {
        let selection = Path::of([port.name, USE]);
        let (instance, plugin, source) = match (development, port.development, port.default) {
            _ if selection.find(written).is_some() => continue,
            (Some(_), Some(plugin), _) => (INSTANCE, plugin, Source::Development),
            (_, _, Some(plugin)) => (DEFAULT_INSTANCE, plugin, Source::Default),
            _ => continue,
        };
        let several = port.choice == Choice::Several;
        let chosen = several.then(|| json!([instance]));
        settings.push(Setting::new(
            &selection,
            chosen.unwrap_or_else(|| json!(instance)),
            &source,
        ));
        if plugins_of(written, port.name, instance)
            .iter()
            .all(|other| *other == plugin)
        {
            let inner = development.map_or_else(|| json!({}), |one| one.settings(port.name, plugin, linked));
            let path = Path::of([port.name, instance, plugin]);
            settings.push(Setting::new(&path, inner, &source));
        }
    }
    settings
}

impl Development {
    /// Stronger than what is written: what the options of the command line ask for.
    pub(crate) fn options(&self, written: &Value, linked: &[Listed]) -> Vec<Setting> {
        let mut settings = Vec::new();
        let mut set = |path: &Path, value, source: &Source| settings.push(Setting::new(path, value, source));
        let store = Path::of([Storage::NAME]);
        if let Some(plugin) = &self.store {
            let inner = self.settings(Storage::NAME, plugin, linked);
            set(
                &store.child(CHOSEN).child(plugin),
                inner,
                &Source::Flag("--store"),
            );
            set(&store.child(USE), json!(CHOSEN), &Source::Flag("--store"));
        }
        let identity = Path::of([Identity::NAME]);
        let used = identity.child(USE).find(written).and_then(Value::as_array);
        let mut used: Vec<Value> = used.cloned().unwrap_or_default();
        for plugin in &self.identity {
            set(
                &identity.child(plugin).child(plugin),
                json!({}),
                &Source::Flag("--identity"),
            );
            if !used.iter().any(|name| name == plugin) {
                used.push(plugin.as_str().into());
            }
        }
        if !self.identity.is_empty() {
            set(&identity.child(USE), json!(used), &Source::Flag("--identity"));
        }
        for port in PORTS {
            let asked = |one: &&SimulatedPlugin| {
                one.port == port.name && self.simulate.iter().any(|name| name == one.plugin)
            };
            let mut vendors: Vec<_> = self.simulated.iter().filter(asked).collect();
            let section = Path::of([port.name]);
            // Where a developer has nothing else and has set nothing, the simulated vendor that says so.
            let nothing = port.development.is_none() && section.find(written).is_none();
            let mut source = Source::Flag("--simulate");
            if vendors.is_empty() && nothing {
                source = Source::Development;
                vendors.extend(
                    self.simulated
                        .iter()
                        .find(|one| one.port == port.name && one.by_default),
                );
            }
            let used = section
                .child(USE)
                .find(written)
                .and_then(Value::as_array)
                .cloned();
            // What would be used without them comes behind them.
            let standing =
                used.unwrap_or_else(|| port.development.map(|_| json!(INSTANCE)).into_iter().collect());
            for vendor in &vendors {
                let path = section.child(vendor.plugin).child(vendor.plugin);
                set(&path, vendor.settings.clone(), &source);
            }
            let mut used: Vec<Value> = vendors.iter().map(|vendor| json!(vendor.plugin)).collect();
            let behind = standing.into_iter().filter(|name| !used.contains(name));
            used.extend(behind.collect::<Vec<_>>());
            if !vendors.is_empty() {
                set(&section.child(USE), json!(used), &source);
            }
        }
        settings
    }

    /// The settings that a plugin has for development, as its fields state them: `x-development-path` is a place in the
    /// data folder, `x-development` a value.
    fn settings(&self, port: &str, plugin: &str, linked: &[Listed]) -> Value {
        let is_it = |listed: &&Listed| listed.port == port && listed.meta.id == plugin;
        let schema = linked
            .iter()
            .find(is_it)
            .map(|listed| Shape(listed.schema.as_value()));
        let mut stated = Map::new();
        for (key, shape) in schema.into_iter().flat_map(Shape::properties) {
            let place = shape.text("x-development-path");
            let place = place.map(|place| json!(self.data.join(place)));
            let value = place.or_else(|| shape.keyword("x-development").cloned());
            stated.extend(value.map(|value| (key.to_owned(), value)));
        }
        let mut simulated = self.simulated.iter();
        let simulated = simulated.find(|one| one.port == port && one.plugin == plugin);
        if let Some(Value::Object(settings)) = simulated.map(|one| one.settings.clone()) {
            stated.extend(settings);
        }
        Value::Object(stated)
    }
}
