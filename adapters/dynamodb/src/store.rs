//! The record store: one client, and which family lives in which table.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use portcullis_ports::clock::Clock;
use portcullis_ports::plugin::Runtime;
use portcullis_ports::storage::{
    Collection, Key, Page, Query, Record, RecordStore, Scan, ScanPage, StoreError, Version, Write,
    check_commit, check_key, check_query, check_scan,
};
use portcullis_ports::{Error, Result, Timestamp};

use crate::calls::Calls;
use crate::client;
use crate::config::{DynamodbPlan, TableNames};
use crate::failure::{Miss, STORE_ACCESS, STORE_TABLE};
use crate::item::{self, Item};
use crate::meters::{Meters, Outcome};
use crate::probe::FailingTables;
use crate::retry_budget::RetryBudget;
use crate::tables::DynamoTables;

/// As the service says that there is no such table.
const NO_TABLE: &str = "ResourceNotFoundException";
/// A key that no record has: the name of every family ends in `#`.
pub(crate) const NO_RECORD: &str = "probe";

/// A connected store.
pub(crate) struct DynamoStore {
    pub(crate) calls: Calls,
    pub(crate) names: TableNames,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ttl_attribute: String,
    pub(crate) trouble: FailingTables,
    timeout: Duration,
    deadline: Duration,
}

impl DynamoStore {
    /// Connects, and makes sure that every table that is named in the settings answers.
    pub(crate) async fn connect(plan: DynamodbPlan, runtime: &Runtime) -> Result<Self> {
        let tables = plan
            .create_missing
            .then(|| DynamoTables::new(plan.clone(), Arc::clone(&runtime.entropy)));
        let store = Self {
            calls: Calls {
                client: client::open(&plan.access).await?,
                entropy: Arc::clone(&runtime.entropy),
                meters: Meters::new(),
            },
            names: plan.names,
            clock: Arc::clone(&runtime.clock),
            ttl_attribute: plan.ttl_attribute,
            trouble: FailingTables::default(),
            timeout: plan.access.timeout,
            deadline: plan.access.deadline,
        };
        // Before anything is created: whoever does not answer is not waited for as a new table is.
        let missing = store.knock_at_all(tables.is_some()).await?;
        if let (true, Some(tables)) = (missing, tables) {
            tables.create_named(store.names.all()).await?;
            store.knock_at_all(false).await?;
        }
        Ok(store)
    }

    /// Makes sure that every table can be read. Gives whether one is missing, if that may be.
    async fn knock_at_all(&self, may_be_missing: bool) -> Result<bool> {
        let mut missing = false;
        for table in self.names.all() {
            match self.knock(table).await {
                Ok(()) => {}
                Err((code, _)) if may_be_missing && code == NO_TABLE => missing = true,
                Err(miss) => return Err(at_start(table, miss)),
            }
        }
        Ok(missing)
    }

    /// The time for one read or commit.
    pub(crate) fn retry_budget(&self) -> RetryBudget {
        RetryBudget::new(self.deadline, self.timeout)
    }

    async fn read(&self, table: &str, key: &Item) -> std::result::Result<Option<Item>, (String, StoreError)> {
        let request = || {
            self.calls
                .client
                .get_item()
                .table_name(table)
                .set_key(Some(key.clone()))
                .consistent_read(true)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
        };
        match self.calls.until_answered(&mut self.retry_budget(), request).await {
            Ok(answer) => Ok(answer.item),
            Err(Miss::Never { code, error }) => Err((code, error)),
            Err(miss) => Err((String::new(), no_judgement(miss))),
        }
    }

    /// Reads a record that is not there: it needs the network, the credentials, the permission and the table.
    pub(crate) async fn knock(&self, table: &str) -> std::result::Result<(), (String, StoreError)> {
        let key = item::raw_key(NO_RECORD.to_owned(), NO_RECORD.to_owned());
        self.read(table, &key).await.map(drop)
    }
}

/// The error of a call that has no expectations to be judged.
pub(crate) fn no_judgement<E: std::error::Error>(miss: Miss<E>) -> StoreError {
    match miss {
        Miss::Never { error, .. } => error,
        Miss::Judged(error) => StoreError::Refused(format!("an unexpected answer: {error}")),
        Miss::Again { why, .. } => crate::failure::gave_up(why),
    }
}

/// What the operator is told when a table does not answer at start-up.
fn at_start(table: &str, (code, error): (String, StoreError)) -> Error {
    let (what, says) = match code.as_str() {
        NO_TABLE => (
            STORE_TABLE,
            format!(
                "There is no table {table:?} in this region and account. Create it with `portcullis tables \
                 create`, or correct `table` and `region` in the settings of the store."
            ),
        ),
        "ValidationException" => (
            STORE_TABLE,
            format!(
                "The table {table:?} does not have the keys of the store. `portcullis tables check` says more; \
                 name another table in the settings of the store."
            ),
        ),
        "" => (
            STORE_ACCESS,
            format!(
                "DynamoDB does not answer: {error}. Its address is `endpoint` in the settings of the store, the variable \
                 AWS_ENDPOINT_URL_DYNAMODB, or that of the region; correct it, or start what should listen there."
            ),
        ),
        _ => (
            STORE_ACCESS,
            format!("The table {table:?} cannot be read: {error}. `portcullis tables check` says more."),
        ),
    };
    what.with_detail(says).with_source(error)
}

#[async_trait]
impl RecordStore for DynamoStore {
    async fn get(&self, key: &Key) -> std::result::Result<Option<Record>, StoreError> {
        check_key(key)?;
        let found = self.read(self.names.of(&key.collection), &item::key(key)?).await;
        let Some(item) = found.map_err(|(_, error)| error)? else {
            return Ok(None);
        };
        let record = item::decode(key.collection, item)?;
        Ok(visible(&record, self.clock.now()).then_some(record))
    }

    async fn query(&self, query: &Query) -> std::result::Result<Page, StoreError> {
        check_query(query)?;
        self.page(query).await
    }

    async fn commit(&self, writes: &[Write]) -> std::result::Result<Vec<Option<Version>>, StoreError> {
        check_commit(writes)?;
        let begun = Instant::now();
        let done = self.write(writes).await;
        let outcome = match &done {
            Ok(_) => Outcome::Done,
            Err(StoreError::Conflict(_)) => Outcome::Conflict,
            Err(_) => Outcome::Failed,
        };
        self.calls.meters.commit(outcome, begun.elapsed());
        self.trouble.note(self.tables_of(writes), &done);
        done
    }
}

fn visible(record: &Record, now: Timestamp) -> bool {
    record.expires_at.is_none_or(|end| now < end)
}

#[async_trait]
impl Scan for DynamoStore {
    async fn scan(
        &self,
        collection: &Collection,
        after: Option<&str>,
        limit: usize,
    ) -> std::result::Result<ScanPage, StoreError> {
        check_scan(limit)?;
        self.whole(collection, after, limit).await
    }
}
