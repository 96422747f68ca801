//! The tables themselves: created, checked and deleted by an operator's tool.

mod facts;
mod policy;
mod setup;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::clock::Entropy;
use portcullis_ports::storage::{Collection, TableReport, Tables};

use crate::calls::Calls;
use crate::client;
use crate::config::DynamodbPlan;
use crate::meters::Meters;
use crate::retry_budget::RetryBudget;

/// Calls about tables are slower than calls about items, and an operator is more patient than a user.
const TIMEOUT: Duration = Duration::from_secs(10);
const DEADLINE: Duration = Duration::from_secs(30);

/// The tables that a plan names.
pub(crate) struct DynamoTables {
    plan: DynamodbPlan,
    entropy: Arc<dyn Entropy>,
}

/// A tool at work: a client, and what a table must be like.
pub(crate) struct Workbench {
    calls: Calls,
    ttl_attribute: String,
}

impl Workbench {
    fn retry_budget() -> RetryBudget {
        RetryBudget::new(DEADLINE, TIMEOUT)
    }
}

impl DynamoTables {
    pub(crate) fn new(plan: DynamodbPlan, entropy: Arc<dyn Entropy>) -> Self {
        Self { plan, entropy }
    }

    async fn open(&self) -> Result<Workbench> {
        Ok(Workbench {
            calls: Calls {
                client: client::open(&self.plan.access).await?,
                entropy: Arc::clone(&self.entropy),
                meters: Meters::new(),
            },
            ttl_attribute: self.plan.ttl_attribute.clone(),
        })
    }

    /// Creates and mends these tables.
    pub(crate) async fn create_named(&self, tables: BTreeSet<&str>) -> Result<Vec<TableReport>> {
        let workbench = self.open().await?;
        let mut reports = Vec::with_capacity(tables.len());
        for table in tables {
            reports.push(workbench.create(table).await?);
        }
        Ok(reports)
    }
}

#[async_trait]
impl Tables for DynamoTables {
    async fn create(&self, collections: &[Collection]) -> Result<Vec<TableReport>> {
        self.create_named(self.plan.names.of_all(collections)).await
    }

    async fn check(&self, collections: &[Collection]) -> Result<Vec<TableReport>> {
        let workbench = self.open().await?;
        let mut reports = Vec::new();
        for table in self.plan.names.of_all(collections) {
            reports.push(workbench.check(table).await?);
        }
        Ok(reports)
    }

    async fn delete(&self, collections: &[Collection]) -> Result<Vec<TableReport>> {
        let workbench = self.open().await?;
        let mut reports = Vec::new();
        for table in self.plan.names.of_all(collections) {
            reports.push(workbench.delete(table).await?);
        }
        Ok(reports)
    }

    fn policy(&self, collections: &[Collection]) -> String {
        let tables = self.plan.names.of_all(collections);
        policy::print(
            self.plan.access.region.as_deref(),
            &tables,
            self.plan.create_missing,
        )
    }
}
