//! Copies one record store into another, in steps that may be repeated, and proves that both hold the same.

mod contents;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join, try_join};
use futures_util::stream::{self, TryStreamExt as _};
use portcullis_ports::storage::{
    Collection, ConnectedStore, Expect, MAX_COMMIT, MAX_WRITES, Record, RecordStore, Scan, ScanPage,
    StoreError, Write,
};
use portcullis_ports::{Clock, Result};
use serde::{Deserialize, Serialize};

use contents::Contents;

/// How many records are read at a time.
const PAGE: usize = 500;
/// How many commits are on their way at a time.
const CONCURRENCY: usize = 8;
/// How often a store that does not answer is asked.
const TRIES: u32 = 7;
/// How long to wait before the second time; each further wait is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// The longest wait, also if the store asks for more.
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// How far the copy of one family of records has come. Survives a restart as JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reached {
    /// How many records the target has taken.
    pub records: u64,
    /// How large their bodies were together, in bytes.
    pub bytes: u64,
    /// Behind which place of the source to go on; `None` for the beginning.
    pub next: Option<String>,
    /// Whether all of it is copied.
    pub complete: bool,
}

/// What two stores hold of one family of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comparison {
    /// How many records the source holds.
    pub source: u64,
    /// How many records the target holds.
    pub target: u64,
    /// Whether they are the same, with the same bodies that expire at the same moments.
    pub same: bool,
}

/// The copy of one store into another. Nobody else may write to either meanwhile.
///
/// Every step may be done again: a put that may or may not have been done is done once more.
pub struct StoreCopy {
    /// Where records come from.
    source: Arc<dyn Scan>,
    /// Where they go.
    target: Arc<dyn RecordStore>,
    /// What is there already.
    target_scan: Arc<dyn Scan>,
    clock: Arc<dyn Clock>,
}

impl StoreCopy {
    /// From one store to another.
    pub fn new(source: &ConnectedStore, target: &ConnectedStore, clock: &Arc<dyn Clock>) -> Self {
        Self {
            source: Arc::clone(&source.scan),
            target: Arc::clone(&target.records),
            target_scan: Arc::clone(&target.scan),
            clock: Arc::clone(clock),
        }
    }

    /// The first of these families of which the target holds something.
    ///
    /// # Errors
    /// Whatever the target answers.
    pub async fn occupied(&self, collections: &[Collection]) -> Result<Option<Collection>> {
        for collection in collections {
            let mut after = None;
            loop {
                let page = self.page(self.target_scan.as_ref(), collection, after.as_deref(), 1);
                let page = page.await?;
                if !page.records.is_empty() {
                    return Ok(Some(*collection));
                }
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(None)
    }

    /// Deletes what the target holds of a family, and says how many records that were.
    ///
    /// # Errors
    /// Whatever the target answers.
    pub async fn clear(&self, collection: &Collection) -> Result<u64> {
        let mut after = None;
        let mut count = 0;
        loop {
            let page = self.page(self.target_scan.as_ref(), collection, after.as_deref(), PAGE);
            let page = page.await?;
            count += page.records.len() as u64;
            let deletes = page.records.into_iter().map(|record| Write::Delete {
                key: record.key,
                expect: Expect::Any,
            });
            self.write(deletes).await?;
            after = page.next;
            if after.is_none() {
                return Ok(count);
            }
        }
    }

    /// Copies what is left of a family. `told` hears how far it has come whenever that may be relied upon; when it
    /// fails, so does the copy.
    ///
    /// # Errors
    /// Whatever the stores or `told` answer. The copy can go on from what `reached` says then.
    pub async fn copy(
        &self,
        collection: &Collection,
        reached: &mut Reached,
        told: &mut (dyn FnMut(&Reached) -> Result<()> + Send),
    ) -> Result<()> {
        if reached.complete {
            return Ok(());
        }
        let source = self.source.as_ref();
        let mut page = self
            .page(source, collection, reached.next.as_deref(), PAGE)
            .await?;
        loop {
            let (records, next) = (page.records, page.next);
            let count = records.len() as u64;
            let bytes: u64 = records.iter().map(|record| record.body.len() as u64).sum();
            let puts = records.into_iter().map(put);
            // The next page is read while this one is written.
            let following = async {
                match next.as_deref() {
                    Some(after) => self.page(source, collection, Some(after), PAGE).await.map(Some),
                    None => Ok(None),
                }
            };
            let (written, following) = join(self.write(puts), following).await;
            written?;
            reached.records += count;
            reached.bytes += bytes;
            reached.complete = next.is_none();
            reached.next = next;
            told(reached)?;
            match following? {
                Some(following) => page = following,
                None => return Ok(()),
            }
        }
    }

    /// Reads a family on both sides and compares all of it. `told` hears how many records were read just now.
    ///
    /// What expires while this runs is left out on both sides.
    ///
    /// # Errors
    /// Whatever the stores answer.
    pub async fn compare(&self, collection: &Collection, told: &(dyn Fn(u64) + Sync)) -> Result<Comparison> {
        let (source, target) = try_join(
            self.contents(self.source.as_ref(), collection, told),
            self.contents(self.target_scan.as_ref(), collection, told),
        )
        .await?;
        let now = self.clock.now();
        let (source, target) = (source.lasting(now), target.lasting(now));
        Ok(Comparison {
            source: source.records(),
            target: target.records(),
            same: source == target,
        })
    }

    async fn contents(
        &self,
        scan: &dyn Scan,
        collection: &Collection,
        told: &(dyn Fn(u64) + Sync),
    ) -> Result<Contents> {
        let mut contents = Contents::default();
        let mut after = None;
        loop {
            let page = self.page(scan, collection, after.as_deref(), PAGE).await?;
            page.records.iter().for_each(|record| contents.add(record));
            told(page.records.len() as u64);
            after = page.next;
            if after.is_none() {
                return Ok(contents);
            }
        }
    }

    async fn page(
        &self,
        scan: &dyn Scan,
        collection: &Collection,
        after: Option<&str>,
        limit: usize,
    ) -> Result<ScanPage> {
        self.patiently(|| scan.scan(collection, after, limit)).await
    }

    /// Does writes to different records in as few commits as the contract allows, several at a time.
    async fn write(&self, writes: impl Iterator<Item = Write>) -> Result<()> {
        let commits = stream::iter(batches(writes).into_iter().map(Ok));
        commits
            .try_for_each_concurrent(CONCURRENCY, |commit| async move {
                self.patiently(|| self.target.commit(&commit)).await?;
                Ok(())
            })
            .await
    }

    /// Asks again while the store does not answer.
    async fn patiently<T, F>(&self, ask: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = std::result::Result<T, StoreError>>,
    {
        let mut wait = FIRST_WAIT;
        for _ in 1..TRIES {
            match ask().await {
                Err(StoreError::Unavailable { retry, .. }) => {
                    self.clock.sleep(retry.unwrap_or(wait).min(LONGEST_WAIT)).await;
                    wait = wait.saturating_mul(2);
                }
                answer => return Ok(answer?),
            }
        }
        Ok(ask().await?)
    }
}

fn put(record: Record) -> Write {
    Write::Put {
        key: record.key,
        body: record.body,
        expires_at: record.expires_at,
        expect: Expect::Any,
    }
}

/// Groups of writes that fit into one commit each.
fn batches(writes: impl Iterator<Item = Write>) -> Vec<Vec<Write>> {
    let mut batches: Vec<Vec<Write>> = Vec::new();
    let mut room = 0;
    for write in writes {
        let size = match &write {
            Write::Put { body, .. } => body.len(),
            Write::Delete { .. } | Write::Check { .. } => 0,
        };
        match batches.last_mut() {
            Some(batch) if batch.len() < MAX_WRITES && size <= room => {
                room -= size;
                batch.push(write);
            }
            _ => {
                room = MAX_COMMIT - size.min(MAX_COMMIT);
                batches.push(vec![write]);
            }
        }
    }
    batches
}
