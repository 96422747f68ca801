//! The product's embedded store, behind its port.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use portcullis_ports::storage::{Collection, ConnectedStore, Expect, Key, Storage, Write};
use serde_json::json;

use super::Durable;
use crate::Result;
use crate::plugins::connect;

const COLLECTION: Collection = Collection {
    name: "bench",
    table: "bench",
    variable: "BENCH_TABLE",
};

pub(super) struct Store(ConnectedStore);

impl Store {
    pub(super) async fn open(folder: &Path) -> Result<Self> {
        Ok(Self(
            connect::<Storage>("embedded", json!({ "folder": folder })).await?,
        ))
    }
}

#[async_trait]
impl Durable for Store {
    async fn commit(&self, writer: usize, number: u32, body: &Arc<str>) -> Result<()> {
        let key = Key {
            collection: COLLECTION,
            partition: format!("writer-{writer}"),
            sort: format!("{number:010}"),
        };
        let put = Write::Put {
            key,
            body: Arc::clone(body),
            expires_at: None,
            expect: Expect::Absent,
        };
        self.0.records.commit(&[put]).await?;
        Ok(())
    }
}
