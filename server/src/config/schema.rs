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
    if let Some(areas) = part(&plugin::schema::<Settings>())
        .get("properties")
        .and_then(Value::as_object)
    {
        tables.extend(areas.clone());
    }
    for port in PORTS {
        tables.insert(port.name.to_owned(), section(port, linked));
    }
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
    let tables: Map<String, Value> = linked
        .iter()
        .filter(|plugin| plugin.port == *name)
        .map(|plugin| (plugin.meta.id.to_owned(), settings_of(plugin)))
        .collect();
    let mut selection = match port.choice {
        Choice::One | Choice::OneWithFormer => {
            json!({ "type": "string", "examples": ["main"], "description": format!(
            "The {} that is used: the name of an instance, which has its settings in `[{name}.<instance>.<plugin>]`.",
            title.to_lowercase()
        ) })
        }
        Choice::Several => {
            json!({ "type": "array", "items": { "type": "string" }, "uniqueItems": true, "default": [],
            "description": format!(
                "The {}s that are used, in order of preference: names of instances, each with its settings in `[{name}.<instance>.<plugin>]`.",
                title.to_lowercase()
            ) })
        }
    };
    if port.default.is_some() {
        selection["default"] = DEFAULT_INSTANCE.into();
    }
    let mut selections = Map::from_iter([(USE.to_owned(), selection)]);
    if port.choice == Choice::OneWithFormer {
        let former = json!({ "type": "array", "items": { "type": "string" }, "uniqueItems": true, "default": [],
            "description": format!(
                "Former {}s, which still open what they sealed: names of instances, asked in this order. `portcullis keys reencrypt` makes them superfluous.",
                title.to_lowercase()
            ) });
        selections.insert(PREVIOUS.to_owned(), former);
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

/// The key under which a store takes a table of its own for a family of records.
pub(crate) const TABLES: &str = "tables";

/// The keyword by which a plugin says that the keys of a table are our families of records.
const BY_COLLECTION: &str = "x-by-collection";

/// Lists our families of records under `tables`, each with its variable, if the store takes tables by name.
fn name_collections(schema: &mut Value) {
    let tables = schema.pointer_mut(&format!("/properties/{TABLES}"));
    let Some(tables) = tables.filter(|tables| tables.get(BY_COLLECTION).is_some()) else {
        return;
    };
    let Some(shape) = Shape(tables).further().map(|shape| shape.0.clone()) else {
        return;
    };
    let name = |collection: portcullis_ports::storage::Collection| {
        let mut shape = shape.clone();
        shape["description"] =
            format!("The table for `{}`, if it has one of its own.", collection.name).into();
        shape["x-env"] = json!([collection.variable]);
        (collection.name.to_owned(), shape)
    };
    tables["properties"] = collections().into_iter().map(name).collect();
    tables["additionalProperties"] = false.into();
}
