//! A record store made up for the tests: it keeps its records in memory and has tables, or says so and has none.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::plugin::{ConfigError, Maturity, Meta, Plan, Plugin, Runtime, Settings};
use portcullis_ports::storage::{
    Collection, ConnectedStore, Storage, StorageCapability, StoreTools, TableReport, Tables,
};
use portcullis_ports::testkit::MemoryStore;
use schemars::JsonSchema;
use serde::Deserialize;

/// Settings of the fake store.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FakeStoreSettings {
    /// Families with a table of their own.
    #[serde(default)]
    #[schemars(extend("x-by-collection" = true))]
    tables: BTreeMap<String, String>,
    /// Whether missing tables are made at start.
    #[serde(default)]
    #[schemars(extend("x-development" = true))]
    create_missing: bool,
    /// Whether it has what it says it has.
    #[serde(default = "yes")]
    honest: bool,
}

fn yes() -> bool {
    true
}

impl Settings<Storage> for FakeStoreSettings {
    type Plan = FakeStorePlan;

    fn plan(self) -> std::result::Result<FakeStorePlan, Vec<ConfigError>> {
        let narrow = self.tables.iter().filter(|(_, table)| table.len() < 3);
        let mistakes: Vec<ConfigError> = narrow
            .map(|(family, _)| ConfigError::at(format!("tables.{family}"), "the label is too short"))
            .collect();
        if mistakes.is_empty() {
            Ok(FakeStorePlan {
                honest: self.honest,
                creates_tables: self.create_missing,
            })
        } else {
            Err(mistakes)
        }
    }
}

pub(crate) struct FakeStorePlan {
    honest: bool,
    creates_tables: bool,
}

#[async_trait]
impl Plan<Storage> for FakeStorePlan {
    async fn connect(self: Box<Self>, runtime: &Runtime) -> Result<ConnectedStore> {
        let store = Arc::new(MemoryStore::new(Arc::clone(&runtime.clock)));
        Ok(ConnectedStore {
            records: Arc::clone(&store) as Arc<_>,
            scan: Arc::clone(&store) as Arc<_>,
            probe: store,
        })
    }

    fn offline(&self, _: &Runtime) -> Option<StoreTools> {
        let tables = MadeUpTables(self.creates_tables);
        self.honest.then(|| StoreTools {
            archive: None,
            tables: Some(Arc::new(tables)),
        })
    }
}

/// There is nothing to be done about tables in memory.
struct MadeUpTables(bool);

#[async_trait]
impl Tables for MadeUpTables {
    async fn create(&self, _: &[Collection]) -> Result<Vec<TableReport>> {
        Ok(Vec::new())
    }

    async fn check(&self, _: &[Collection]) -> Result<Vec<TableReport>> {
        Ok(Vec::new())
    }

    async fn delete(&self, _: &[Collection]) -> Result<Vec<TableReport>> {
        Ok(Vec::new())
    }

    fn policy(&self, _: &[Collection]) -> String {
        format!("{{ \"creates_tables\": {} }}", self.0)
    }
}

inventory::submit! {
    Plugin::<Storage>::new::<FakeStoreSettings>(
        Meta {
            id: "fake_store",
            title: "FakeStore",
            summary: "Has tables in tests.",
            docs: "# FakeStore\n\nIn tests.",
            maturity: Maturity::Beta,
        },
        &[StorageCapability::Shared, StorageCapability::Tables],
    )
}
