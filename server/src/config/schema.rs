//! The schema of the whole configuration: our own tables and those of every linked plugin.

use portcullis_core::collections;
use portcullis_core::settings::Settings;
use portcullis_ports::plugin::{self, Choice, Listed};
use portcullis_ports::registry::{PORTS, PortSpec};
use schemars::Schema;
use serde_json::{Map, Value, json};

use super::shape::Shape;
use crate::settings::ServerSettings;

/// What may be called an instance: it must also be spelled in a variable.
const INSTANCE: &str = "^[a-z0-9]+(_[a-z0-9]+)*$";
/// The key that selects instances.
pub(crate) const USE: &str = "use";
/// The key that names former instances, which still open what they sealed.
pub(crate) const PREVIOUS: &str = "previous";
/// The instance of the plugin that a port takes where none is selected.
pub(crate) const DEFAULT_INSTANCE: &str = "main";

/// The schema of everything an operator can set, without references.
pub fn document(linked: &[Listed]) -> Value {
    let mut tables = Map::new();
    tables.insert("server".to_owned(), part(&plugin::schema::<ServerSettings>()));
    let areas = part(&plugin::schema::<Settings>());
    tables.extend(
        Shape(&areas)
            .properties()
            .map(|(name, area)| (name.to_owned(), area.0.clone())),
    );
    tables.extend(
        PORTS
            .iter()
            .map(|port| (port.name.to_owned(), section(port, linked))),
    );
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The configuration of Portcullis",
        "type": "object",
        "properties": tables,
        "additionalProperties": false,
    })
}

/// A schema as a part of a larger one.
fn part(schema: &Schema) -> Value {
    let mut schema = schema.clone();
    for keyword in ["$schema", "title"] {
        schema.remove(keyword);
    }
    schema.to_value()
}

fn section(port: &PortSpec, linked: &[Listed]) -> Value {
    let PortSpec { name, title, .. } = port;
    let what = title.to_lowercase();
    let plugins = linked.iter().filter(|plugin| plugin.port == *name);
    let tables = plugins.map(|plugin| (plugin.meta.id.to_owned(), settings_of(plugin)));
    let tables: Map<String, Value> = tables.collect();
    let names = |description: String| {
        json!({ "type": "array", "items": { "type": "string" }, "uniqueItems": true, "default": [],
            "description": description })
    };
    let place = format!("settings in `[{name}.<instance>.<plugin>]`.");
    let mut selection = match port.choice {
        Choice::One | Choice::OneWithFormer => json!({ "type": "string", "examples": ["main"],
            "description": format!("The {what} that is used: the name of an instance, which has its {place}") }),
        Choice::Several => names(format!(
            "The {what}s that are used, in order of preference: names of instances, each with its {place}"
        )),
    };
    if port.default.is_some() {
        selection["default"] = DEFAULT_INSTANCE.into();
    }
    let mut selections = Map::from_iter([(USE.to_owned(), selection)]);
    if port.choice == Choice::OneWithFormer {
        let former = format!(
            "Former {what}s, which still open what they sealed: names of instances, asked in this order. \
             `portcullis keys reencrypt` makes them superfluous."
        );
        selections.insert(PREVIOUS.to_owned(), names(former));
    }
    json!({
        "description": format!("{title}."),
        "type": "object",
        "properties": selections,
        "propertyNames": { "pattern": INSTANCE },
        "additionalProperties": {
            "type": "object",
            "x-instance-of": name,
            "properties": tables,
            "additionalProperties": false,
            "minProperties": 1,
            "maxProperties": 1,
        },
    })
}

/// The settings of a plugin, described by what it says of itself.
fn settings_of(plugin: &Listed) -> Value {
    let mut schema = part(&plugin.schema);
    schema["title"] = plugin.meta.title.into();
    schema["description"] = plugin.meta.summary.into();
    name_collections(&mut schema);
    schema
}

/// Lists our families of records under `tables`, each with its variable, if the store says by `x-by-collection` that it
/// takes tables by their names.
fn name_collections(schema: &mut Value) {
    let tables = schema.pointer_mut("/properties/tables");
    let by_collection = tables.filter(|tables| tables.get("x-by-collection").is_some());
    let shaped = by_collection.and_then(|tables| Some((Shape(tables).further()?.0.clone(), tables)));
    let Some((shape, tables)) = shaped else { return };
    let name = |collection: portcullis_ports::storage::Collection| {
        let (name, mut shape) = (collection.name, shape.clone());
        shape["description"] = format!("The table for `{name}`, if it has one of its own.").into();
        shape["x-env"] = json!([collection.variable]);
        (name.to_owned(), shape)
    };
    tables["properties"] = collections().into_iter().map(name).collect();
    tables["additionalProperties"] = false.into();
}
