//! Which plugin instances a configuration uses, and what is wrong with the choice.

use portcullis_ports::plugin::{Choice, Listed, Maturity};
use portcullis_ports::registry::{PORTS, PortSpec};
use serde_json::Value;

use super::errors::{ConfigError, ConfigErrors};
use super::merged::Merged;
use super::nearest::advice;
use super::path::Path;
use super::schema::{PREVIOUS, USE};
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

/// An instance that is named somewhere.
struct Named {
    place: Path,
    instance: String,
    former: bool,
}

/// The instances that are used, former ones last.
fn used(tree: &Value, port: &PortSpec) -> Vec<Named> {
    let mut keys = vec![(USE, false)];
    if port.choice == Choice::OneWithFormer {
        keys.push((PREVIOUS, true));
    }
    let named = |(key, former)| {
        let names = named(tree, port.name, key).into_iter();
        names.map(move |(place, instance)| Named {
            place,
            instance,
            former,
        })
    };
    keys.into_iter().flat_map(named).collect()
}

/// The names after one key, each with its place.
fn named(tree: &Value, port: &str, key: &str) -> Vec<(Path, String)> {
    let path = Path::of([port, key]);
    match tree.get(port).and_then(|section| section.get(key)) {
        Some(Value::String(name)) => vec![(path, name.clone())],
        Some(Value::Array(names)) => {
            let names = names.iter().enumerate();
            names
                .filter_map(|(at, name)| Some((path.element(at), name.as_str()?.to_owned())))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// The plugins that fill an instance; exactly one if all is well.
fn filling<'a>(tree: &'a Value, port: &str, instance: &str) -> Vec<&'a str> {
    let table = tree
        .get(port)
        .and_then(|section| section.get(instance))
        .and_then(Value::as_object);
    table.into_iter().flatten().map(|(id, _)| id.as_str()).collect()
}

/// The instances that are used and filled by one plugin, those that are asked for besides among them, each with its
/// port.
pub(crate) fn chosen(tree: &Value, besides: &[(&'static str, String)]) -> Vec<Chosen> {
    let mut chosen: Vec<Chosen> = Vec::new();
    for port in PORTS {
        let asked = besides.iter().filter(|(of, _)| *of == port.name);
        let asked = asked.map(|(_, instance)| (instance.clone(), false));
        let selected = used(tree, port).into_iter().map(|one| (one.instance, one.former));
        for (instance, former) in selected.chain(asked) {
            let known = chosen
                .iter()
                .any(|one| one.port == port.name && one.instance == instance);
            if let ([plugin], false) = (filling(tree, port.name, &instance).as_slice(), known) {
                chosen.push(Chosen {
                    port: port.name,
                    plugin: (*plugin).to_owned(),
                    instance,
                    former,
                });
            }
        }
    }
    chosen
}

/// What is wrong with the choice of plugins.
pub(crate) fn check(
    merged: &Merged,
    linked: &[Listed],
    stage: Stage,
    excused: &ConfigErrors,
) -> ConfigErrors {
    let mut errors = ConfigErrors::default();
    for port in PORTS {
        let linked: Vec<&Listed> = linked.iter().filter(|plugin| plugin.port == port.name).collect();
        let names = used(&merged.tree, port);
        let setting = Path::of([port.name, USE]);
        let written = setting.find(&merged.tree).is_some() || excused.any_within(&setting);
        if port.choice != Choice::Several && names.iter().all(|one| one.former) && !written {
            errors.push(nothing_chosen(port, &linked, merged));
        }
        for (at, Named { place, instance, .. }) in names.iter().enumerate() {
            let mut earlier = names.iter().take(at);
            if let Some(first) = earlier.find(|earlier| earlier.instance == *instance) {
                if first.place == setting && port.choice != Choice::Several {
                    errors.push(not_former(merged, place, instance));
                }
                continue;
            }
            let plugins = filling(&merged.tree, port.name, instance);
            let found = Path::of([port.name, instance]);
            if found.find(&merged.tree).is_none() || is_selection(port, instance) {
                errors.push(no_such_instance(merged, place, port, instance, &linked));
            } else if let [plugin] = plugins.as_slice() {
                let found = linked.iter().find(|listed| listed.meta.id == *plugin);
                let development =
                    found.is_some_and(|listed| listed.meta.maturity == Maturity::DevelopmentOnly);
                if development && stage == Stage::Production {
                    errors.push(development_only(merged, place, plugin, &linked));
                }
            }
        }
    }
    errors
}

/// Whether a key of a section selects instances and is not the name of one.
fn is_selection(port: &PortSpec, key: &str) -> bool {
    key == USE || key == PREVIOUS && port.choice == Choice::OneWithFormer
}

fn not_former(merged: &Merged, place: &Path, instance: &str) -> ConfigError {
    merged.error(
        place,
        format!("`{instance}` is the one in use.\nTake it out here."),
    )
}

fn ids(linked: &[&Listed], kept: impl Fn(&Listed) -> bool) -> String {
    let kept = linked.iter().filter(|listed| kept(listed));
    kept.map(|listed| listed.meta.id).collect::<Vec<_>>().join(", ")
}

fn example<'a>(linked: &[&'a Listed]) -> &'a str {
    linked.first().map_or("plugin", |listed| listed.meta.id)
}

fn nothing_chosen(port: &PortSpec, linked: &[&Listed], merged: &Merged) -> ConfigError {
    let title = port.title.to_lowercase();
    let port = port.name;
    let (example, known) = (example(linked), ids(linked, |_| true));
    let known = if known.is_empty() { "none" } else { known.as_str() };
    let text = format!(
        "No {title} is selected.\n\
         Set `use = \"main\"` in [{port}] and give [{port}.main.{example}] its settings. Linked: {known}."
    );
    merged.error(&Path::of([port, "use"]), text)
}

fn no_such_instance(
    merged: &Merged,
    place: &Path,
    port: &PortSpec,
    instance: &str,
    linked: &[&Listed],
) -> ConfigError {
    let section = merged.tree.get(port.name).and_then(Value::as_object);
    let known = section.into_iter().flatten().map(|(key, _)| key.as_str());
    let known: Vec<&str> = known.filter(|key| !is_selection(port, key)).collect();
    let port = port.name;
    let add = format!("[{port}.{instance}.{}]", example(linked));
    let remedy = if known.is_empty() {
        format!("Add {add} with its settings.")
    } else {
        format!("{} Or add {add}.", advice(instance, &known, "instances"))
    };
    merged.error(place, format!("There is no [{port}.{instance}.…].\n{remedy}"))
}

fn development_only(merged: &Merged, place: &Path, plugin: &str, linked: &[&Listed]) -> ConfigError {
    let others = ids(linked, |listed| listed.meta.maturity != Maturity::DevelopmentOnly);
    let remedy = if others.is_empty() {
        "Take it out; no other plugin of this kind is linked into this program.".to_owned()
    } else {
        format!("Choose one of: {others}.")
    };
    merged.error(
        place,
        format!("`{plugin}` is for `portcullis dev` only.\n{remedy}"),
    )
}
