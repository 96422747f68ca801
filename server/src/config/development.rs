//! What `portcullis dev` chooses where nobody chose: the embedded plugins, all in one data folder.

use std::path::PathBuf;

use portcullis_ports::plugin::Listed;
use serde_json::{Map, Value, json};

use super::merged::Setting;
use super::path::Path;
use super::source::Source;

/// How `portcullis dev` was called.
#[derive(Debug, Clone)]
pub struct Development {
    /// The data folder.
    pub data: PathBuf,
    /// The record store, if it was named.
    pub store: Option<String>,
    /// Identity providers to add.
    pub identity: Vec<String>,
}

/// The instance that `portcullis dev` sets up where nobody chose.
const INSTANCE: &str = "dev";
/// The instance that `--store` sets up; another one, so that the plugin of the first does not get in the way.
const CHOSEN: &str = "chosen";
/// The key by which a plugin makes by itself what it needs at its vendor.
const CREATE_MISSING: &str = "create_missing";

/// A plugin that is taken by default, and where it keeps its things: the key that says so, the place in the data folder.
struct Kept {
    port: &'static str,
    plugin: &'static str,
    key: &'static str,
    place: &'static str,
}

const STORE: Kept = Kept {
    port: "store",
    plugin: "embedded",
    key: "folder",
    place: "store",
};
const KEYS: Kept = Kept {
    port: "keys",
    plugin: "keyfile",
    key: "file",
    place: "secrets/keys.toml",
};
const SENDERS: Kept = Kept {
    port: "senders",
    plugin: "mailbox",
    key: "folder",
    place: "mailbox",
};

impl Development {
    /// Where the key file lies.
    pub fn key_file(&self) -> PathBuf {
        self.data.join(KEYS.place)
    }

    /// Weaker than what is written: instances for the sections in which `written` selects nothing.
    pub(crate) fn defaults(&self, written: &Value, linked: &[Listed]) -> Vec<Setting> {
        let set = |path: [&str; 2], value: Value| Setting::new(&Path::of(path), value, &Source::Development);
        let mut settings = Vec::new();
        for kept in [STORE, KEYS, SENDERS] {
            if selection(written, kept.port).is_none() {
                let chosen = if kept.port == SENDERS.port {
                    json!([INSTANCE])
                } else {
                    json!(INSTANCE)
                };
                let instance = json!({ kept.plugin: self.settings(&kept, kept.plugin, linked) });
                settings.extend([
                    set([kept.port, INSTANCE], instance),
                    set([kept.port, "use"], chosen),
                ]);
            }
        }
        settings
    }

    /// Stronger than what is written: what the options of the command line ask for.
    pub(crate) fn options(&self, written: &Value, linked: &[Listed]) -> Vec<Setting> {
        let mut settings = Vec::new();
        let mut set = |path: &[&str], value: Value, flag| {
            settings.push(Setting::new(
                &Path::of(path.iter().copied()),
                value,
                &Source::Flag(flag),
            ));
        };
        if let Some(plugin) = &self.store {
            let inner = self.settings(&STORE, plugin, linked);
            set(&[STORE.port, CHOSEN, plugin], inner, "--store");
            set(&[STORE.port, "use"], json!(CHOSEN), "--store");
        }
        let used = selection(written, "identity").and_then(Value::as_array);
        let mut used: Vec<Value> = used.cloned().unwrap_or_default();
        for plugin in &self.identity {
            set(&["identity", plugin, plugin], json!({}), "--identity");
            if !used.iter().any(|name| name == plugin) {
                used.push(plugin.as_str().into());
            }
        }
        if !self.identity.is_empty() {
            set(&["identity", "use"], Value::Array(used), "--identity");
        }
        settings
    }

    /// The place in the data folder, if the plugin keeps things in one; that it makes what it needs, if it can.
    fn settings(&self, kept: &Kept, plugin: &str, linked: &[Listed]) -> Value {
        let mut listed = linked
            .iter()
            .filter(|listed| listed.port == kept.port && listed.meta.id == plugin);
        let schema = listed.next().map(|listed| listed.schema.as_value());
        let asks = |key| schema.is_some_and(|schema| schema["properties"].get(key).is_some());
        let place = asks(kept.key).then(|| {
            (
                kept.key.to_owned(),
                self.data.join(kept.place).to_string_lossy().into(),
            )
        });
        let create = asks(CREATE_MISSING).then(|| (CREATE_MISSING.to_owned(), true.into()));
        Value::Object(place.into_iter().chain(create).collect::<Map<_, _>>())
    }
}

/// What a section selects.
fn selection<'a>(tree: &'a Value, port: &str) -> Option<&'a Value> {
    tree.get(port)?.get("use")
}
