//! Stores in folders of their own, and short words for records.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use portcullis_adapter_embedded as _;
use portcullis_ports::Result;
use portcullis_ports::plugin::{Access, Plan, Port as _, Runtime};
use portcullis_ports::storage::{
    Archive, Collection, ConnectedStore, Expect, Key, RecordStore, Replaced, RestoreHook, Storage, Version,
    Write,
};
use portcullis_ports::testkit::{FakeClock, FakeRuntime};
use serde_json::{Value, json};

pub(crate) const COLLECTION: Collection = Collection {
    name: "things",
    table: "things",
    variable: "THINGS_TABLE",
};

/// Changes nothing in a copy that is put back.
pub(crate) struct AsItIs;

#[async_trait]
impl RestoreHook for AsItIs {
    async fn prepare(&self, _: &ConnectedStore, _: &Replaced) -> Result<()> {
        Ok(())
    }
}

/// A folder for one test, and the clock of its stores.
pub(crate) struct Place {
    folder: tempfile::TempDir,
    pub(crate) clock: Arc<FakeClock>,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            clock: Arc::default(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder of the store, which does not exist at first.
    pub(crate) fn store(&self) -> PathBuf {
        self.path("store")
    }

    /// The file that holds its records.
    pub(crate) fn file(&self) -> PathBuf {
        self.store().join("store.db")
    }

    pub(crate) async fn open(&self) -> ConnectedStore {
        self.open_with(json!({ "folder": self.store() })).await
    }

    /// What opening says when it must not work.
    pub(crate) async fn refusal(&self) -> String {
        open(&self.store()).await.err().unwrap().detail().to_owned()
    }

    pub(crate) async fn open_with(&self, settings: Value) -> ConnectedStore {
        let runtime = runtime(self.clock.clone());
        plan(settings).connect(&runtime).await.unwrap()
    }

    /// The store, read beside whoever uses it.
    pub(crate) async fn open_beside(&self) -> Result<ConnectedStore> {
        let runtime = Runtime {
            access: Access::Reading,
            ..runtime(self.clock.clone())
        };
        plan(json!({ "folder": self.store() })).connect(&runtime).await
    }

    pub(crate) fn archive(&self) -> Arc<dyn Archive> {
        archive(&self.store())
    }
}

pub(crate) async fn open(folder: &Path) -> Result<ConnectedStore> {
    plan(json!({ "folder": folder }))
        .connect(&runtime(Arc::default()))
        .await
}

pub(crate) fn archive(folder: &Path) -> Arc<dyn Archive> {
    plan(json!({ "folder": folder }))
        .offline(&runtime(Arc::default()))
        .and_then(|tools| tools.archive)
        .unwrap()
}

fn runtime(clock: Arc<FakeClock>) -> Runtime {
    let fake = FakeRuntime {
        clock,
        ..FakeRuntime::default()
    };
    fake.runtime()
}

fn plan(settings: Value) -> Box<dyn Plan<Storage>> {
    let plugin = Storage::plugins()
        .into_iter()
        .find(|plugin| plugin.meta.id == "embedded")
        .unwrap();
    plugin
        .plan(settings)
        .unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
}

pub(crate) fn key(partition: &str, sort: &str) -> Key {
    Key {
        collection: COLLECTION,
        partition: partition.to_owned(),
        sort: sort.to_owned(),
    }
}

pub(crate) fn put(key: Key, body: impl ToString, expect: Expect) -> Write {
    Write::Put {
        key,
        body: body.to_string().into(),
        expires_at: None,
        expect,
    }
}

pub(crate) async fn write(store: &dyn RecordStore, key: Key, body: impl ToString) -> Version {
    let versions = store.commit(&[put(key, body, Expect::Any)]).await.unwrap();
    versions[0].unwrap()
}

/// The body as a number, and the version.
pub(crate) async fn number(store: &dyn RecordStore, key: &Key) -> Option<(u64, Version)> {
    let record = store.get(key).await.unwrap()?;
    Some((record.body.parse().unwrap(), record.version))
}
