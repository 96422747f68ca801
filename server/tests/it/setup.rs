//! A configuration made up for one test: a folder with a file, an environment, options.

use std::fs;
use std::path::PathBuf;

use portcullis_ports::registry;
use portcullis_server::config::{
    Development, LoadedConfig, Path, Request, Setting, SimulatedPlugin, Source, ValidatedConfig, load,
};
use portcullis_server::environment::Environment;
use serde_json::Value;
use tempfile::TempDir;

/// Enough for production, on three lines that tests may put their own tables behind.
pub(crate) const ENOUGH: &str = "server.public_url = \"https://gate.example.com\"\n\
    store = { use = \"main\", main = { embedded = { folder = \"/data\" } } }\n\
    keys = { use = \"main\", main = { keyfile = { file = \"/keys.toml\" } } }\n";

pub(crate) struct Setup {
    folder: TempDir,
    environment: Vec<(String, String)>,
    request: Request,
}

/// Production with this text in `portcullis.toml`.
pub(crate) fn with_file(text: &str) -> Setup {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("portcullis.toml"), text).unwrap();
    let request = Request {
        folder: folder.path().to_owned(),
        ..Request::default()
    };
    Setup {
        folder,
        environment: Vec::new(),
        request,
    }
}

/// Production with the least that is needed and this text behind it.
pub(crate) fn with_more(text: &str) -> Setup {
    with_file(&format!("{ENOUGH}{text}"))
}

impl Setup {
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A variable that names a new file with this text.
    pub(crate) fn variable_in_file(self, name: &str, text: &str) -> Self {
        let file = self.path(&name.to_lowercase());
        fs::write(&file, text).unwrap();
        self.variable(name, file.to_str().unwrap())
    }

    pub(crate) fn flag(mut self, name: &'static str, path: &str, value: impl Into<Value>) -> Self {
        let flag = Setting::new(&Path::parse(path), value, &Source::Flag(name));
        self.request.flags.push(flag);
        self
    }

    /// Stores that are used besides the selected one.
    pub(crate) fn stores(mut self, names: &[&str]) -> Self {
        let flags = ["--from", "--to"].into_iter();
        self.request.stores = flags.zip(names.iter().map(|name| (*name).to_owned())).collect();
        self
    }

    pub(crate) fn config(mut self, file: &str) -> Self {
        self.request.file = Some(PathBuf::from(file));
        self
    }

    pub(crate) fn development(mut self, store: Option<&str>, identity: &[&str]) -> Self {
        self.request.development = Some(Development {
            data: self.path("data"),
            store: store.map(str::to_owned),
            identity: identity.iter().map(|id| (*id).to_owned()).collect(),
            simulate: Vec::new(),
            simulated: Vec::new(),
        });
        self
    }

    /// For `portcullis dev`, with the simulated vendor of a sender.
    pub(crate) fn simulating(self, plugin: &'static str, settings: Value) -> Self {
        self.simulating_at("senders", &[plugin], plugin, settings)
    }

    /// For `portcullis dev`, with the simulated vendor of a plugin, and what `--simulate` asks for.
    pub(crate) fn simulating_at(
        self,
        port: &'static str,
        asked: &[&str],
        plugin: &'static str,
        settings: Value,
    ) -> Self {
        let mut setup = self.development(None, &[]);
        if let Some(development) = &mut setup.request.development {
            development.simulate = asked.iter().map(|name| (*name).to_owned()).collect();
            development.simulated = vec![SimulatedPlugin {
                port,
                plugin,
                by_default: true,
                settings,
            }];
        }
        setup
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn loaded(&self) -> LoadedConfig {
        let environment = Environment::of(self.environment.clone());
        load(&self.request, &environment, &registry::all()).unwrap_or_else(|mistakes| panic!("{mistakes}"))
    }

    pub(crate) fn validated(&self) -> ValidatedConfig {
        self.loaded()
            .plan()
            .unwrap_or_else(|mistakes| panic!("{mistakes}"))
    }

    /// Everything that is said about the mistakes.
    pub(crate) fn mistakes(&self) -> String {
        let environment = Environment::of(self.environment.clone());
        let planned = load(&self.request, &environment, &registry::all()).and_then(LoadedConfig::plan);
        match planned {
            Ok(config) => panic!("there are no mistakes in\n{}", config.shown),
            Err(mistakes) => mistakes.to_string(),
        }
    }

    /// A value and who set it.
    pub(crate) fn shown(&self, path: &str) -> (String, String) {
        let path = Path::parse(path);
        let shown = self.validated().shown;
        let entry = shown.entries.iter().find(|entry| entry.path == path);
        let entry = entry.unwrap_or_else(|| panic!("no {path} in\n{shown}"));
        (entry.value.clone(), entry.source.to_string())
    }
}

/// Asserts that each text is said.
#[track_caller]
pub(crate) fn says(said: &str, parts: &[&str]) {
    for part in parts {
        assert!(said.contains(part), "`{part}` is not said in\n{said}");
    }
}
