//! The stores that schedules are played on.

use std::sync::Arc;

use portcullis_adapter_dynamodb::emulator::{Emulator, Kind};
use portcullis_ports::Timestamp;
use portcullis_ports::storage::{ConnectedStore, Storage};
use portcullis_ports::testkit::{FakeClock, FakeRuntime, MemoryStore};
use serde_json::json;
use tempfile::TempDir;

/// A store with nothing in it.
pub(super) struct Place {
    pub(super) connected: ConnectedStore,
    pub(super) clock: Arc<FakeClock>,
    /// What has to live as long.
    _folder: Option<TempDir>,
    _emulator: Option<Emulator>,
}

impl Place {
    pub(super) fn in_memory() -> Self {
        let clock = Arc::new(FakeClock::default());
        let store = Arc::new(MemoryStore::new(clock.clone()));
        Self {
            connected: store.into(),
            clock,
            _folder: None,
            _emulator: None,
        }
    }

    pub(super) async fn embedded() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = json!({ "folder": folder.path().join("store") });
        Self {
            _folder: Some(folder),
            ..Self::connected("embedded", settings, FakeRuntime::default()).await
        }
    }

    /// `None` where the emulator is not installed.
    pub(super) async fn dynamodb() -> Option<Self> {
        let emulator = Emulator::start(Kind::Dynoxide)?;
        let settings = json!({ "endpoint": emulator.endpoint(), "create_missing": true });
        // In the future, so that the emulator removes nothing that is visible by this clock.
        let runtime = FakeRuntime {
            clock: Arc::new(FakeClock::at(Timestamp::from_seconds(4_000_000_000))),
            ..FakeRuntime::default()
        };
        Some(Self {
            _emulator: Some(emulator),
            ..Self::connected("dynamodb", settings, runtime).await
        })
    }

    async fn connected(plugin: &str, settings: serde_json::Value, runtime: FakeRuntime) -> Self {
        Self {
            connected: runtime.connect::<Storage>(plugin, settings).await.unwrap(),
            clock: runtime.clock,
            _folder: None,
            _emulator: None,
        }
    }
}
