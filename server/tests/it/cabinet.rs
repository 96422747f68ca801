//! A record store made up for the tests: it keeps its records in memory and has tables, or says so and has none.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::plugin::{Maturity, Meta, Mistake, Plan, Plugin, Runtime, Settings};
use portcullis_ports::storage::{
    Collection, ConnectedStore, Storage, StorageCapability, StoreTools, TableReport, Tables,
};
use portcullis_ports::testkit::MemoryStore;
use schemars::JsonSchema;
use serde::Deserialize;

/// Settings of the cabinet.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CabinetSettings {
    /// Families with a drawer of their own.
    #[serde(default)]
    #[schemars(extend("x-by-collection" = true))]
    tables: BTreeMap<String, String>,
    /// Whether missing drawers are made at start.
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

impl Settings<Storage> for CabinetSettings {
    type Plan = CabinetPlan;

    fn plan(self) -> std::result::Result<CabinetPlan, Vec<Mistake>> {
        let narrow = self.tables.iter().filter(|(_, drawer)| drawer.len() < 3);
        let mistakes: Vec<Mistake> = narrow
            .map(|(family, _)| Mistake::at(format!("tables.{family}"), "the label is too short"))
            .collect();
        if mistakes.is_empty() {
            Ok(CabinetPlan {
                honest: self.honest,
                makes_drawers: self.create_missing,
            })
        } else {
            Err(mistakes)
        }
    }
}

pub(crate) struct CabinetPlan {
    honest: bool,
    makes_drawers: bool,
}

#[async_trait]
impl Plan<Storage> for CabinetPlan {
    async fn connect(self: Box<Self>, runtime: &Runtime) -> Result<ConnectedStore> {
        let store = Arc::new(MemoryStore::new(Arc::clone(&runtime.clock)));
        Ok(ConnectedStore {
            records: Arc::clone(&store) as Arc<_>,
            scan: Arc::clone(&store) as Arc<_>,
            probe: store,
        })
    }

    fn offline(&self, _: &Runtime) -> Option<StoreTools> {
        let drawers = Drawers(self.makes_drawers);
        self.honest.then(|| StoreTools {
            archive: None,
            tables: Some(Arc::new(drawers)),
        })
    }
}

/// There is nothing to be done about drawers in memory.
struct Drawers(bool);

#[async_trait]
impl Tables for Drawers {
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
        format!("{{ \"makes_drawers\": {} }}", self.0)
    }
}

inventory::submit! {
    Plugin::<Storage>::new::<CabinetSettings>(
        Meta {
            id: "cabinet",
            title: "Cabinet",
            summary: "Has drawers in tests.",
            docs: "# Cabinet\n\nIn tests.",
            maturity: Maturity::Beta,
        },
        &[StorageCapability::Shared, StorageCapability::Tables],
    )
}
