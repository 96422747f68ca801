//! One record of every family is written, read and deleted: a table without a permission is found.

use std::time::Duration;

use super::{FAILED, SelfTest};
use crate::error::{Error, Result};
use crate::id::random;
use crate::storage::{Direction, Expect, Key, Query, Range, RecordStore, StoreError, Version, Write};

/// What is left behind by an interruption goes away by itself after this time.
const SCRATCH: Duration = Duration::from_mins(10);
/// No use case reads this partition.
const PARTITION: &str = "portcullis-doctor";

pub(crate) async fn round_trip(records: &dyn RecordStore, with: &SelfTest<'_>) -> Result<String> {
    let sort = random("scratch", with.entropy)?;
    let expires_at = Some(with.clock.now() + SCRATCH);
    let key = |collection: &_| Key {
        collection: *collection,
        partition: PARTITION.to_owned(),
        sort: sort.clone(),
    };
    let keys: Vec<Key> = with.collections.iter().map(key).collect();
    let put = |key: &Key| Write::Put {
        key: key.clone(),
        body: "{}".into(),
        expires_at,
        expect: Expect::Absent,
    };
    let delete = |key: &Key| Write::Delete {
        key: key.clone(),
        expect: Expect::Present,
    };
    let puts: Vec<Write> = keys.iter().map(put).collect();
    let versions = records.commit(&puts).await.map_err(failed("cannot write"))?;
    let read = read_back(records, &keys, &versions).await;
    let deletes: Vec<Write> = keys.iter().map(delete).collect();
    // Also after a reading that failed: nothing is left behind.
    records.commit(&deletes).await.map_err(failed("cannot delete"))?;
    read?;
    Ok(format!(
        "wrote, read and deleted a record of each of {} families in one commit",
        keys.len()
    ))
}

async fn read_back(records: &dyn RecordStore, keys: &[Key], versions: &[Option<Version>]) -> Result<()> {
    for (key, version) in keys.iter().zip(versions) {
        let got = records.get(key).await.map_err(failed("cannot read"))?;
        let query = Query {
            collection: key.collection,
            partition: key.partition.clone(),
            range: Range::Prefix(key.sort.clone()),
            direction: Direction::Ascending,
            limit: 1,
            after: None,
        };
        let page = records.query(&query).await.map_err(failed("cannot query"))?;
        if got.as_ref().map(|record| record.version) != *version || page.records.first() != got.as_ref() {
            return Err(FAILED.with_detail(format!(
                "what was written to `{}` did not come back",
                key.collection.name
            )));
        }
    }
    Ok(())
}

fn failed(what: &'static str) -> impl Fn(StoreError) -> Error {
    move |error| FAILED.with_detail(format!("{what}: {error}"))
}
