//! What `portcullis dev` chooses where nobody chose: the embedded plugins, all in one data folder.

use std::path::PathBuf;

use portcullis_ports::plugin::Listed;
use serde_json::{Value, json};

use super::layer::Layer;
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

/// What is taken by default for a section, and where it keeps its things.
struct Kept {
    port: &'static str,
    plugin: &'static str,
    /// The key that says where.
    key: &'static str,
    /// The place in the data folder.
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

    /// The weak layer: instances for the sections in which `written` selects nothing.
    pub(crate) fn layer(&self, written: &Value, linked: &[Listed]) -> Layer {
        let mut layer = Layer::new("portcullis dev", Source::Development);
        for kept in [STORE, KEYS, SENDERS] {
            if selection(written, kept.port).is_none() {
                let path = Path::of([kept.port, INSTANCE, kept.plugin]);
                layer.set(&path, self.settings(&kept, kept.plugin, linked));
                let chosen = if kept.port == SENDERS.port {
                    json!([INSTANCE])
                } else {
                    json!(INSTANCE)
                };
                layer.set(&Path::of([kept.port, "use"]), chosen);
            }
        }
        layer
    }

    /// The strong layer: what the options of the command line ask for.
    pub(crate) fn options(&self, written: &Value, linked: &[Listed]) -> Layer {
        let mut layer = Layer::new("options of portcullis dev", Source::Development);
        if let Some(plugin) = &self.store {
            let flag = Source::Flag("--store");
            let settings = self.settings(&STORE, plugin, linked);
            layer.put(&Path::of([STORE.port, CHOSEN, plugin]), settings, flag.clone());
            layer.put(&Path::of([STORE.port, "use"]), json!(CHOSEN), flag);
        }
        if !self.identity.is_empty() {
            let flag = Source::Flag("--identity");
            let used = selection(written, "identity").and_then(Value::as_array);
            let mut used: Vec<Value> = used.cloned().unwrap_or_default();
            for plugin in &self.identity {
                layer.put(&Path::of(["identity", plugin, plugin]), json!({}), flag.clone());
                if !used.iter().any(|name| name == plugin) {
                    used.push(plugin.as_str().into());
                }
            }
            layer.put(&Path::of(["identity", "use"]), Value::Array(used), flag);
        }
        layer
    }

    /// The place in the data folder, if the plugin keeps things in one; that it makes what it needs, if it can.
    fn settings(&self, kept: &Kept, plugin: &str, linked: &[Listed]) -> Value {
        let found = linked
            .iter()
            .find(|listed| listed.port == kept.port && listed.meta.id == plugin);
        let asks = |key: &str| {
            found.is_some_and(|listed| listed.schema.pointer(&format!("/properties/{key}")).is_some())
        };
        let mut settings = serde_json::Map::new();
        if asks(kept.key) {
            let place = self.data.join(kept.place);
            settings.insert(kept.key.to_owned(), place.to_string_lossy().into());
        }
        if asks(CREATE_MISSING) {
            settings.insert(CREATE_MISSING.to_owned(), true.into());
        }
        Value::Object(settings)
    }
}

/// What a section selects.
fn selection<'a>(tree: &'a Value, port: &str) -> Option<&'a Value> {
    tree.get(port)?.get("use")
}
