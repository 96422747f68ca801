//! Connected stores, and short words for records.

use std::sync::Arc;
use std::time::Duration;

use portcullis_adapter_dynamodb::emulator::{Emulator, Kind};
use portcullis_ports::plugin::{Plan, Port as _};
use portcullis_ports::storage::{
    Collection, ConnectedStore, Expect, Key, RecordStore, Storage, Tables, Version, Write,
};
use portcullis_ports::testkit::{FakeClock, FakeRuntime};
use portcullis_ports::{Result, Timestamp};
use serde_json::{Value, json};

pub(crate) const THINGS: Collection = Collection {
    name: "things",
    table: "things",
    variable: "THINGS_TABLE",
};

/// Where a test runs: an emulator, and the clock of its stores.
pub(crate) struct Place {
    emulator: Emulator,
    pub(crate) runtime: FakeRuntime,
}

impl Place {
    /// `None` if the emulator is not installed.
    pub(crate) fn new(kind: Kind) -> Option<Self> {
        Some(Self {
            emulator: Emulator::start(kind)?,
            runtime: runtime(),
        })
    }

    pub(crate) fn endpoint(&self) -> &str {
        self.emulator.endpoint()
    }

    pub(crate) fn clock(&self) -> Arc<FakeClock> {
        Arc::clone(&self.runtime.clock)
    }

    /// A store with its tables.
    pub(crate) async fn open(&self) -> ConnectedStore {
        self.open_at(self.endpoint(), json!({})).await
    }

    /// A store with its tables that is reached by another address, with more settings.
    pub(crate) async fn open_at(&self, endpoint: &str, more: Value) -> ConnectedStore {
        let mut settings = json!({ "endpoint": endpoint, "create_missing": true });
        extend(&mut settings, more);
        connect(&self.runtime, settings).await.unwrap()
    }

    /// The tool for the tables that these settings name.
    pub(crate) fn tables(&self, more: Value) -> Arc<dyn Tables> {
        let mut settings = json!({ "endpoint": self.endpoint() });
        extend(&mut settings, more);
        plan(settings)
            .offline(&self.runtime.runtime())
            .and_then(|tools| tools.tables)
            .unwrap()
    }
}

/// A clock that begins in the future, so that no emulator removes what is visible by this clock.
pub(crate) fn runtime() -> FakeRuntime {
    let begin = Timestamp::from_seconds(4_000_000_000);
    FakeRuntime {
        clock: Arc::new(FakeClock::at(begin)),
        ..FakeRuntime::default()
    }
}

fn extend(settings: &mut Value, more: Value) {
    if let (Value::Object(settings), Value::Object(more)) = (settings, more) {
        settings.extend(more);
    }
}

pub(crate) async fn connect(runtime: &FakeRuntime, settings: Value) -> Result<ConnectedStore> {
    plan(settings).connect(&runtime.runtime()).await
}

pub(crate) fn plan(settings: Value) -> Box<dyn Plan<Storage>> {
    let plugin = Storage::plugins()
        .into_iter()
        .find(|plugin| plugin.meta.id == "dynamodb")
        .unwrap();
    plugin
        .plan(settings)
        .unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
}

pub(crate) fn key(partition: &str, sort: &str) -> Key {
    Key {
        collection: THINGS,
        partition: partition.to_owned(),
        sort: sort.to_owned(),
    }
}

pub(crate) fn put(key: &Key, body: impl ToString, expect: Expect) -> Write {
    Write::Put {
        key: key.clone(),
        body: body.to_string().into(),
        expires_at: None,
        expect,
    }
}

pub(crate) fn delete(key: &Key, expect: Expect) -> Write {
    Write::Delete {
        key: key.clone(),
        expect,
    }
}

pub(crate) async fn body(store: &dyn RecordStore, key: &Key) -> Option<(String, Version)> {
    let record = store.get(key).await.unwrap()?;
    Some((record.body.to_string(), record.version))
}

/// Settings that make a store give up soon.
pub(crate) fn impatient() -> Value {
    json!({ "timeout": "1s", "deadline": "1s" })
}

pub(crate) const SOON: Duration = Duration::from_millis(1500);
