//! The schema of the whole configuration: our own tables and those of every linked plugin.

use portcullis_core::collections;
use portcullis_core::settings::Settings;
use portcullis_ports::plugin::{self, Listed, Port as _};
use portcullis_ports::storage::Storage;
use schemars::Schema;
use serde_json::{Map, Value, json};

use super::shape::Shape;
use crate::settings::ServerSettings;

/// What may be called an instance: it must also be spelled in a variable.
const INSTANCE: &str = "^[a-z0-9]+(_[a-z0-9]+)*$";

/// The sections that select plugins, with whether they select one instance or a list.
pub(crate) const SECTIONS: [(&str, Choice); 5] = [
    ("store", Choice::One),
    ("keys", Choice::One),
    ("passwords", Choice::One),
    ("identity", Choice::Several),
    ("senders", Choice::Several),
];

/// The section that names former instances, which still open what they sealed, and the key that does.
pub(crate) const PREVIOUS: (&str, &str) = ("keys", "previous");

/// The password hasher that is taken when none is selected: the instance and its plugin.
pub(crate) const DEFAULT_HASHER: (&str, &str) = ("main", "argon2id");

/// How many instances a section selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Exactly one.
    One,
    /// Any number, in order of preference.
    Several,
}

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
    for (port, choice) in SECTIONS {
        tables.insert(port.to_owned(), section(port, choice, linked));
    }
    if let Some(selection) = tables
        .get_mut("passwords")
        .and_then(|section| section.pointer_mut("/properties/use"))
    {
        selection["default"] = DEFAULT_HASHER.0.into();
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

fn section(port: &str, choice: Choice, linked: &[Listed]) -> Value {
    let plugins: Vec<&Listed> = linked.iter().filter(|plugin| plugin.port == port).collect();
    let title = plugins.first().map_or(port, |plugin| plugin.port_title);
    let tables: Map<String, Value> = plugins
        .iter()
        .map(|plugin| (plugin.meta.id.to_owned(), settings_of(plugin)))
        .collect();
    let selection = match choice {
        Choice::One => json!({ "type": "string", "examples": ["main"], "description": format!(
            "The {} that is used: the name of an instance, which has its settings in `[{port}.<instance>.<plugin>]`.",
            title.to_lowercase()
        ) }),
        Choice::Several => {
            json!({ "type": "array", "items": { "type": "string" }, "uniqueItems": true, "default": [],
            "description": format!(
                "The {}s that are used, in order of preference: names of instances, each with its settings in `[{port}.<instance>.<plugin>]`.",
                title.to_lowercase()
            ) })
        }
    };
    let mut selections = Map::from_iter([("use".to_owned(), selection)]);
    if port == PREVIOUS.0 {
        let former = json!({ "type": "array", "items": { "type": "string" }, "uniqueItems": true, "default": [],
            "description": format!(
                "Former {}s, which still open what they sealed: names of instances, asked in this order. `portcullis keys reencrypt` makes them superfluous.",
                title.to_lowercase()
            ) });
        selections.insert(PREVIOUS.1.to_owned(), former);
    }
    json!({
        "description": format!("{title}."),
        "type": "object",
        "properties": selections,
        "propertyNames": { "pattern": INSTANCE },
        "additionalProperties": {
            "type": "object",
            "x-instance-of": port,
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
    if plugin.port == Storage::NAME {
        name_collections(&mut schema);
    }
    schema
}

/// The key under which a store takes a table of its own for a family of records.
pub(crate) const TABLES: &str = "tables";

/// Lists our families of records under `tables`, each with its variable, if the store takes tables by name.
fn name_collections(schema: &mut Value) {
    let Some(tables) = schema.pointer_mut(&format!("/properties/{TABLES}")) else {
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
