//! Whether the store can read and write at this moment.

use std::sync::PoisonError;

use async_trait::async_trait;
use portcullis_ports::probe::Probe;
use portcullis_ports::storage::{
    Collection, Expect, Key, RecordStore as _, STORE_UNAVAILABLE, StoreError, Write,
};
use portcullis_ports::{Error, Result};

use super::{EmbeddedStore, stopped};
use crate::{free_space, schema};

/// No use case has records of this family.
const PROBE: Collection = Collection {
    name: "store-probe",
    table: "store-probe",
    variable: "STORE_PROBE_TABLE",
};
/// More than a sign-in writes: space for less is no space.
const TRIAL: usize = 64 << 10;

#[async_trait]
impl Probe for EmbeddedStore {
    /// Reads from the file, and asks the file system for its free space. Only after a commit has failed something is
    /// written, because without traffic nothing else would show that it works again.
    async fn check(&self) -> Result<String> {
        let failed = |error: StoreError| STORE_UNAVAILABLE.error().with_source(error);
        if !self.shared.queue.is_open() {
            return Err(Error::from(stopped()));
        }
        self.readers
            .read(schema::reserved)
            .await
            .map_err(|failure| failed(failure.into()))?;
        if let Some(why) =
            free_space::shortage(&self.shared.file).unwrap_or_else(|error| Some(error.to_string()))
        {
            return Err(failed(StoreError::Unavailable {
                detail: why,
                retry: None,
            }));
        }
        if self.trouble().is_some() {
            self.try_writing().await.map_err(failed)?;
        }
        Ok(format!(
            "{} is open; {} commits wait",
            self.shared.file.display(),
            self.shared.queue.len()
        ))
    }
}

impl EmbeddedStore {
    /// Why the last group of commits failed, if it did.
    fn trouble(&self) -> Option<String> {
        let trouble = self.shared.trouble.lock();
        trouble.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Writes a record and removes it again, through the writer like any other commit.
    async fn try_writing(&self) -> std::result::Result<(), StoreError> {
        let key = Key {
            collection: PROBE,
            partition: "probe".to_owned(),
            sort: "trial".to_owned(),
        };
        let put = Write::Put {
            key: key.clone(),
            body: format!("\"{}\"", "x".repeat(TRIAL)).into(),
            // Expired from birth: if the removal fails, nobody sees it and the writer removes it later.
            expires_at: Some(self.clock.now()),
            expect: Expect::Any,
        };
        self.commit(&[put]).await?;
        let expect = Expect::Any;
        self.commit(&[Write::Delete { key, expect }]).await?;
        Ok(())
    }
}
