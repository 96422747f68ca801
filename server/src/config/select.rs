//! Which plugin instances a configuration uses, and what is wrong with the choice.

use portcullis_ports::plugin::{Choice, Listed, Maturity, Port as _};
use portcullis_ports::registry::{PORTS, PortSpec};
use portcullis_ports::storage::Storage;
use serde_json::Value;

use super::errors::{ConfigError, ConfigErrors};
use super::loaded::Request;
use super::merged::{Merged, Source};
use super::path::Path;
use super::schema::{PREVIOUS, USE};
use crate::nearest::advice;
use crate::settings::Stage;

/// One instance that is used, with the plugin that fills it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// The section.
    pub port: &'static str,
    /// The name of the instance.
    pub instance: String,
    /// The id of the plugin.
    pub plugin: String,
    /// Whether it only opens what it sealed in former times.
    pub former: bool,
}

impl Chosen {
    /// The table with its settings.
    pub fn path(&self) -> Path {
        Path::of([self.port, &self.instance, &self.plugin])
    }
}

/// The instances that a section names, former ones last: the name, the place, whether it is a former one.
fn named(tree: &Value, port: &PortSpec) -> Vec<(String, Path, bool)> {
    let has_former = port.choice == Choice::OneWithFormer;
    let keys = [USE, PREVIOUS]
        .into_iter()
        .filter(|key| *key == USE || has_former);
    let named = keys.flat_map(|key| {
        let path = Path::of([port.name, key]);
        let found = match path.find(tree) {
            Some(Value::Array(names)) => (0..names.len()).map(|at| path.element(at)).collect(),
            _ => vec![path],
        };
        found.into_iter().map(move |path| (path, key == PREVIOUS))
    });
    let name = |path: &Path| path.find(tree)?.as_str().map(str::to_owned);
    named
        .filter_map(|(path, former)| Some((name(&path)?, path, former)))
        .collect()
}

/// The instances that a section holds, selected or not.
pub(crate) fn instances_of<'a>(tree: &'a Value, port: &str) -> Vec<&'a str> {
    let section = tree.get(port).and_then(Value::as_object);
    let section = section.into_iter().flatten();
    let named = section.filter(|(key, inner)| *key != USE && (*key != PREVIOUS || inner.is_object()));
    named.map(|(key, _)| key.as_str()).collect()
}

/// The plugins that fill an instance; exactly one if all is well.
pub(crate) fn plugins_of<'a>(tree: &'a Value, port: &str, instance: &str) -> Vec<&'a str> {
    let table = Path::of([port, instance]).find(tree).and_then(Value::as_object);
    table.into_iter().flatten().map(|(id, _)| id.as_str()).collect()
}

/// The instances that are used and filled by one plugin, `stores` that options name among them.
pub(crate) fn chosen(tree: &Value, stores: &[(&'static str, String)]) -> Vec<Chosen> {
    let mut chosen: Vec<Chosen> = Vec::new();
    for port in PORTS {
        let asked = stores.iter().filter(|_| port.name == Storage::NAME);
        let asked = asked.map(|(_, instance)| (instance.clone(), false));
        let selected = named(tree, port).into_iter();
        let selected = selected.map(|(instance, _, former)| (instance, former));
        for (instance, former) in selected.chain(asked) {
            let is_it = |one: &Chosen| one.port == port.name && one.instance == instance;
            if let [plugin] = plugins_of(tree, port.name, &instance)[..]
                && !chosen.iter().any(is_it)
            {
                chosen.push(Chosen {
                    port: port.name,
                    plugin: plugin.to_owned(),
                    instance,
                    former,
                });
            }
        }
    }
    chosen
}

/// Finds what is wrong with the choice of plugins. Of what `errors` speak already, nothing is missing.
pub(crate) fn check(merged: &Merged, linked: &[Listed], request: &Request, errors: &mut ConfigErrors) {
    let production = request.stage() == Stage::Production;
    for port in PORTS {
        let named = named(&merged.tree, port);
        let (setting, several) = (Path::of([port.name, USE]), port.choice == Choice::Several);
        let written = setting.find(&merged.tree).is_some() || errors.any_within(&setting);
        if !several && !written && named.iter().all(|(.., former)| *former) {
            errors.push(merged.error(&setting, nothing_chosen(port, linked)));
        }
        for (at, (instance, place, _)) in named.iter().enumerate() {
            let first = named.iter().take(at).find(|(earlier, ..)| earlier == instance);
            let text = match (first, plugins_of(&merged.tree, port.name, instance).as_slice()) {
                (Some((_, first, _)), _) if *first == setting && !several => {
                    format!("`{instance}` is the one in use.\nTake it out here.")
                }
                (Some(_), _) => continue,
                _ if instance.is_empty() => nothing_chosen(port, linked),
                _ if !instances_of(&merged.tree, port.name).contains(&&**instance) => {
                    no_such_instance(&merged.tree, port.name, instance, linked)
                }
                (None, [plugin]) if production && ids(linked, port.name, is_early).contains(plugin) => {
                    development_only(port.name, plugin, linked)
                }
                _ => continue,
            };
            errors.push(merged.error(place, text));
        }
    }
    for (flag, name) in &request.stores {
        if !instances_of(&merged.tree, Storage::NAME).contains(&&**name) {
            let text = no_such_instance(&merged.tree, Storage::NAME, name, linked);
            let path = Path::of([Storage::NAME, name]);
            errors.push(ConfigError::new(Some(Source::Flag(flag)), &path, text));
        }
    }
}

fn is_early(listed: &Listed) -> bool {
    listed.meta.maturity == Maturity::DevelopmentOnly
}

/// The ids of the plugins of a port.
fn ids(linked: &[Listed], port: &str, kept: impl Fn(&Listed) -> bool) -> Vec<&'static str> {
    let kept = linked.iter().filter(|listed| listed.port == port && kept(listed));
    kept.map(|listed| listed.meta.id).collect()
}

fn nothing_chosen(port: &PortSpec, linked: &[Listed]) -> String {
    let (name, title) = (port.name, port.title.to_lowercase());
    let ids = ids(linked, name, |_| true);
    let (example, known) = (ids.first().unwrap_or(&"plugin"), ids.join(", "));
    format!(
        "No {title} is selected.\n\
         Set `use = \"main\"` in [{name}] and give [{name}.main.{example}] its settings. Linked: {known}."
    )
}

fn no_such_instance(tree: &Value, port: &str, instance: &str, linked: &[Listed]) -> String {
    let (known, ids) = (instances_of(tree, port), ids(linked, port, |_| true));
    let add = format!("[{port}.{instance}.{}]", ids.first().unwrap_or(&"plugin"));
    let remedy = if known.is_empty() {
        format!("Add {add} with its settings.")
    } else {
        format!("{} Or add {add}.", advice(instance, &known, "instances"))
    };
    format!("There is no [{port}.{instance}.…].\n{remedy}")
}

fn development_only(port: &str, plugin: &str, linked: &[Listed]) -> String {
    let others = ids(linked, port, |listed| !is_early(listed)).join(", ");
    let remedy = if others.is_empty() {
        "Take it out; no other plugin of this kind is linked into this program.".to_owned()
    } else {
        format!("Choose one of: {others}.")
    };
    format!("`{plugin}` is for `portcullis dev` only.\n{remedy}")
}
