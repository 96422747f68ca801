//! The port: records are kept at Acme.

use std::sync::Arc;

use async_trait::async_trait;
use portcullis_ports::storage::{
    Collection, ConnectedStore, Key, Page, Query, Record, RecordStore, Scan, ScanPage, Storage, StoreError,
    Version, Write, check_commit, check_key, check_query, check_scan,
};
use portcullis_ports::{Error, Timestamp};
use serde::Deserialize;
use serde_json::json;

use crate::client::Client;

/// Keeps records at Acme.
struct AcmeStore(Arc<Client>);

/// One record as Acme gives it back.
#[derive(Deserialize)]
struct Kept {
    version: Version,
    /// In milliseconds since 1970.
    expires_at: Option<i64>,
    body: String,
}

pub(crate) fn connected(client: Arc<Client>) -> ConnectedStore {
    let store = Arc::new(AcmeStore(Arc::clone(&client)));
    ConnectedStore {
        records: Arc::clone(&store) as Arc<_>,
        scan: store,
        probe: client,
    }
}

fn unavailable(error: Error) -> StoreError {
    StoreError::Unavailable {
        detail: format!("{error:?}"),
        retry: None,
    }
}

fn not_written(what: &str) -> StoreError {
    StoreError::Refused(format!("{what} is not written yet: providers/acme/src/store.rs"))
}

#[async_trait]
impl RecordStore for AcmeStore {
    async fn get(&self, key: &Key) -> Result<Option<Record>, StoreError> {
        check_key(key)?;
        let question = json!({ "family": key.collection.name, "partition": key.partition, "sort": key.sort });
        let kept: Option<Kept> = self.0.ask("/get", &question).await.map_err(unavailable)?;
        Ok(kept.map(|kept| Record {
            key: key.clone(),
            version: kept.version,
            expires_at: kept.expires_at.map(Timestamp::from_millis),
            body: kept.body.into(),
        }))
    }

    async fn query(&self, query: &Query) -> Result<Page, StoreError> {
        check_query(query)?;
        Err(not_written("query"))
    }

    async fn commit(&self, writes: &[Write]) -> Result<Vec<Option<Version>>, StoreError> {
        check_commit(writes)?;
        Err(not_written("commit"))
    }
}

#[async_trait]
impl Scan for AcmeStore {
    async fn scan(&self, _: &Collection, _: Option<&str>, limit: usize) -> Result<ScanPage, StoreError> {
        check_scan(limit)?;
        Err(not_written("scan"))
    }
}

portcullis_ports::set_up!(Storage, "acme", |_folder| {
    SetUp::new(crate::simulator::settings(), ()).asking(Arc::new(crate::simulator::Simulator))
});
