//! Whether the tables can be read at this moment and, after a commit has failed, written.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use portcullis_ports::probe::Probe;
use portcullis_ports::storage::{STORE_UNAVAILABLE, StoreError, Write};
use portcullis_ports::{Error, Result};

use crate::item::{self, Item};
use crate::store::{DynamoStore, NO_RECORD, no_judgement};

/// The item that is written to find out; no family has such a key.
const TRIAL: &str = "probe-write";
/// It goes away by itself after this time.
const KEPT: Duration = Duration::from_hours(24);

/// The tables that refused the last commit.
#[derive(Debug, Default)]
pub(crate) struct FailingTables(Mutex<BTreeSet<String>>);

impl FailingTables {
    /// Keeps in mind how a commit to these tables went. A conflict is an answer like any other.
    pub(crate) fn note<'t, T>(
        &self,
        tables: impl Iterator<Item = &'t str>,
        outcome: &std::result::Result<T, StoreError>,
    ) {
        match outcome {
            Ok(_) | Err(StoreError::Conflict(_)) => {
                let mut refusing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                if !refusing.is_empty() {
                    for table in tables {
                        refusing.remove(table);
                    }
                }
            }
            Err(StoreError::Unavailable { .. }) => {
                let mut refusing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                refusing.extend(tables.map(str::to_owned));
            }
            // A defect of the caller or of one record.
            Err(StoreError::Refused(_) | StoreError::Corrupt(_)) => {}
        }
    }

    fn refusing(&self) -> Vec<String> {
        let refusing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        refusing.iter().cloned().collect()
    }
}

#[async_trait]
impl Probe for DynamoStore {
    async fn check(&self) -> Result<String> {
        let failed = |table: &str, what: &str, error: StoreError| -> Error {
            let detail = format!("The table {table:?} {what}: {error}.");
            STORE_UNAVAILABLE
                .error()
                .with_context("table", detail)
                .with_source(error)
        };
        let tables = self.names.all();
        for table in &tables {
            self.knock(table)
                .await
                .map_err(|(_, error)| failed(table, "does not answer", error))?;
        }
        for table in self.trouble.refusing() {
            let written = self.try_writing(&table).await;
            self.trouble.note([table.as_str()].into_iter(), &written);
            written.map_err(|error| failed(&table, "takes no writes", error))?;
        }
        let names = tables.into_iter().collect::<Vec<_>>().join(", ");
        Ok(format!("DynamoDB answers for {names}"))
    }
}

impl DynamoStore {
    /// The tables of these writes.
    pub(crate) fn tables_of<'a>(&'a self, writes: &'a [Write]) -> impl Iterator<Item = &'a str> {
        writes.iter().map(|write| self.names.of(&write.key().collection))
    }

    /// Replaces the same small item each time.
    async fn try_writing(&self, table: &str) -> std::result::Result<(), StoreError> {
        let mut trial: Item = item::raw_key(NO_RECORD.to_owned(), TRIAL.to_owned());
        let end = (self.clock.now() + KEPT).seconds();
        trial.insert(self.ttl_attribute.clone(), AttributeValue::N(end.to_string()));
        let request = || {
            self.calls
                .client
                .put_item()
                .table_name(table)
                .set_item(Some(trial.clone()))
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
        };
        let written = self.calls.until_answered(&mut self.retry_budget(), request).await;
        written.map(drop).map_err(no_judgement)
    }
}
