//! Checks on the plugins that are linked into the program, before any configuration is read.

use std::collections::BTreeSet;

use portcullis_ports::plugin::{Choice, Listed};
use portcullis_ports::registry::{self, PORTS};

/// Every linked plugin, checked.
///
/// # Errors
/// What is wrong with them: the program was built badly and must not start.
pub fn linked() -> Result<Vec<Listed>, String> {
    let linked = registry::all();
    let defects = defects(&linked);
    if defects.is_empty() {
        return Ok(linked);
    }
    let known: Vec<String> = linked
        .iter()
        .map(|plugin| format!("{}.{}", plugin.port, plugin.meta.id))
        .collect();
    Err(format!(
        "this program was not built well: {}\nLinked are: {}.",
        defects.join("; "),
        known.join(", ")
    ))
}

/// What is wrong with these plugins.
pub fn defects(linked: &[Listed]) -> Vec<String> {
    let mut defects = Vec::new();
    let mut seen = BTreeSet::new();
    for plugin in linked {
        let name = format!("{}.{}", plugin.port, plugin.meta.id);
        let mut letters = plugin.meta.id.chars();
        let first = letters.next().is_some_and(|c| c.is_ascii_lowercase());
        let plain = first && letters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if !plain || plugin.meta.id.contains("__") {
            defects.push(format!(
                "{name} cannot be spelled in a variable: use a-z, 0-9 and single underscores"
            ));
        }
        if plugin.schema.get("type").and_then(serde_json::Value::as_str) != Some("object") {
            defects.push(format!("{name} has settings that are not a table"));
        }
        if !seen.insert(name.clone()) {
            defects.push(format!("two plugins are called {name}"));
        }
    }
    for port in PORTS.iter().filter(|port| port.choice != Choice::Several) {
        if !linked.iter().any(|plugin| plugin.port == port.name) {
            defects.push(format!(
                "no plugin is linked for `{}`: turn on a feature of the facade crates",
                port.name
            ));
        }
    }
    defects
}
