//! What every linked plugin must declare, whatever its port, and a runtime on which a test connects it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::vendor::LossyClient;
use super::{FakeClock, FakeEntropy, NoNetwork};
use crate::error::Result;
use crate::http::HttpClient;
use crate::plugin::{Access, ConfigError, Listed, Port, Runtime};
use crate::registry::{InstanceName, PORTS, PortSpec};

/// The longest summary: one line in a listing.
const MAX_SUMMARY: usize = 100;
/// The shortest text that can be called a manual, in bytes.
const MIN_DOCS: usize = 200;

/// A clock, randomness and a way to the outside for plugins under test.
#[derive(Clone)]
pub struct FakeRuntime {
    /// The time.
    pub clock: Arc<FakeClock>,
    /// Randomness.
    pub entropy: Arc<FakeEntropy>,
    /// The way to the outside; by default there is none.
    pub http: Arc<dyn HttpClient>,
    /// Where vendors reach the plugin.
    pub webhook: Option<String>,
    /// Whether the next answer of a vendor is lost.
    pub loses: Arc<AtomicBool>,
}

impl Default for FakeRuntime {
    fn default() -> Self {
        Self {
            clock: Arc::default(),
            entropy: Arc::default(),
            http: Arc::new(NoNetwork),
            webhook: None,
            loses: Arc::default(),
        }
    }
}

impl FakeRuntime {
    /// As plugins take it.
    pub fn runtime(&self) -> Runtime {
        Runtime {
            clock: Arc::clone(&self.clock) as Arc<_>,
            entropy: Arc::clone(&self.entropy) as Arc<_>,
            http: Arc::new(LossyClient {
                inner: Arc::clone(&self.http),
                loses: Arc::clone(&self.loses),
            }),
            webhook: self.webhook.clone(),
            access: Access::Full,
        }
    }

    /// The vendor acts on the next request of a plugin that does more than read, and its answer is lost.
    pub fn lose_next_answer(&self) {
        self.loses.store(true, Ordering::SeqCst);
    }

    /// Plans and connects a linked plugin.
    ///
    /// # Errors
    /// What connecting says.
    ///
    /// # Panics
    /// If no such plugin is linked or its settings hold mistakes.
    #[expect(clippy::panic, reason = "a broken set-up must fail the test")]
    pub async fn connect<P: Port>(&self, id: &str, settings: Value) -> Result<P::Connected> {
        let Some(plugin) = P::plugins().into_iter().find(|plugin| plugin.meta.id == id) else {
            panic!("no plugin {id} of port {} is linked", P::NAME);
        };
        match plugin.plan(settings) {
            Ok(plan) => plan.connect(&self.runtime()).await,
            Err(mistakes) => panic!("{}.{id}: {mistakes:?}", P::NAME),
        }
    }
}

/// Checks a facade, whose features have the names of its plugins: exactly those are linked whose feature is on, and each
/// says all that is asked of it. `features` are those that are on, with spaces between them.
///
/// # Panics
/// With every broken promise.
pub fn facade(features: &str) {
    let mut linked = BTreeSet::new();
    for port in PORTS {
        let plugins = port.plugins();
        let ids: Vec<&str> = plugins.iter().map(|plugin| plugin.meta.id).collect();
        conforms(port, &ids);
        linked.extend(ids);
    }
    let on: BTreeSet<&str> = features.split_whitespace().collect();
    assert_eq!(
        linked, on,
        "linked are the first, and the features that are on promise the second"
    );
}

/// Checks what the linked plugins of one port say of themselves, and that exactly the `expected` ids are linked.
///
/// # Panics
/// With every broken promise.
pub fn conforms(port: &PortSpec, expected: &[&str]) {
    let listed = port.plugins();
    let mut broken = String::new();
    let ids: Vec<&str> = listed.iter().map(|plugin| plugin.meta.id).collect();
    let (linked, wanted): (BTreeSet<_>, BTreeSet<_>) = (ids.iter().collect(), expected.iter().collect());
    if linked.len() != ids.len() {
        report(&mut broken, port.name, &format!("an id is used twice: {ids:?}"));
    }
    if linked != wanted {
        let what = format!("linked are {linked:?}, but the enabled features promise {wanted:?}");
        report(&mut broken, port.name, &what);
    }
    for plugin in &listed {
        for what in complaints(plugin).into_iter().chain(refusals(port, plugin)) {
            report(&mut broken, &format!("{}.{}", port.name, plugin.meta.id), &what);
        }
    }
    assert!(broken.is_empty(), "{broken}");
}

fn report(broken: &mut String, who: &str, what: &str) {
    *broken = format!("{broken}\n{who}: {what}");
}

fn complaints(plugin: &Listed) -> Vec<String> {
    let meta = &plugin.meta;
    let mut found = Vec::new();
    let id_fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if meta.id.is_empty() || !meta.id.chars().all(id_fits) {
        found.push("the id holds something else than lower-case letters, digits and underscores".to_owned());
    }
    if meta.title.trim().is_empty() {
        found.push("there is no title".to_owned());
    }
    if !(1..=MAX_SUMMARY).contains(&meta.summary.trim().chars().count()) || meta.summary.contains('\n') {
        found.push(format!(
            "the summary is not one line of 1 to {MAX_SUMMARY} characters"
        ));
    }
    if meta.docs.len() < MIN_DOCS {
        found.push("docs.md is empty or hardly begun".to_owned());
    } else if meta.docs.lines().next() != Some(&format!("# {}", meta.title)) {
        found.push(format!(
            "docs.md does not begin with the heading \"# {}\"",
            meta.title
        ));
    }
    let capabilities: BTreeSet<_> = plugin.capabilities.iter().collect();
    if capabilities.len() != plugin.capabilities.len() {
        found.push("a capability is declared twice".to_owned());
    }
    objects(plugin.schema.as_value(), "settings", &mut found);
    found
}

/// Every object in a settings schema must be closed, and every field of it described.
fn objects(schema: &Value, path: &str, found: &mut Vec<String>) {
    let Value::Object(map) = schema else {
        if let Value::Array(items) = schema {
            for (at, item) in items.iter().enumerate() {
                objects(item, &format!("{path}[{at}]"), found);
            }
        }
        return;
    };
    if map.get("type") == Some(&json!("object")) {
        let closed = match map.get("additionalProperties") {
            Some(Value::Bool(open)) => !open,
            // A map from names to settings: open on purpose, and its values are looked at below.
            Some(Value::Object(_)) => !map.contains_key("properties"),
            _ => false,
        };
        if !closed {
            found.push(format!("{path} lacks `deny_unknown_fields`"));
        }
    }
    for (key, inner) in map {
        match (key.as_str(), inner) {
            ("properties", Value::Object(fields)) => {
                for (name, field) in fields {
                    let described = field.get("description").and_then(Value::as_str);
                    if described.is_none_or(|text| text.trim().is_empty()) {
                        found.push(format!("{path}.{name} has no doc comment"));
                    }
                    objects(field, &format!("{path}.{name}"), found);
                }
            }
            ("default" | "examples" | "enum" | "const", _) => {}
            _ => objects(inner, &format!("{path}/{key}"), found),
        }
    }
}

/// Unknown keys must be refused by the plan, too, not only in the schema.
fn refusals(port: &PortSpec, plugin: &Listed) -> Option<String> {
    let names_it = |mistake: &ConfigError| mistake.problem.contains("surely_unknown");
    let name = InstanceName {
        instance: "main",
        plugin: plugin.meta.id,
        former: false,
    };
    match port.plan(name, json!({ "surely_unknown": true }))? {
        Err(mistakes) if mistakes.iter().any(names_it) => None,
        Err(mistakes) => Some(format!("an unknown field is not named: {mistakes:?}")),
        Ok(_) => Some("an unknown field is accepted".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints_about(schema: &Value) -> Vec<String> {
        let mut found = Vec::new();
        objects(schema, "settings", &mut found);
        found.sort_unstable();
        found
    }

    #[test]
    fn a_closed_and_described_schema_is_accepted() {
        let schema = json!({
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "a": { "description": "A.", "type": "string", "default": { "type": "object" } },
                "b": { "description": "B.", "$ref": "#/$defs/B" },
                "named": {
                    "description": "By name.",
                    "type": "object",
                    "additionalProperties": { "$ref": "#/$defs/B" }
                },
            },
            "$defs": { "B": { "type": "object", "additionalProperties": false } },
        });
        assert_eq!(complaints_about(&schema), Vec::<String>::new());
    }

    #[test]
    fn an_open_object_and_a_field_without_words_are_found_however_deep() {
        let schema = json!({
            "type": "object",
            "properties": { "a": { "description": " " }, "b": { "type": "string" } },
            "$defs": { "C": { "oneOf": [{ "type": "object", "properties": { "d": {} } }] } },
        });
        assert_eq!(
            complaints_about(&schema),
            [
                "settings lacks `deny_unknown_fields`",
                "settings.a has no doc comment",
                "settings.b has no doc comment",
                "settings/$defs/C/oneOf[0] lacks `deny_unknown_fields`",
                "settings/$defs/C/oneOf[0].d has no doc comment",
            ]
        );
    }
}
