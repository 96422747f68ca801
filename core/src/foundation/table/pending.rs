//! Reading records as they will be once a commit is done that is still being made.

use portcullis_ports::storage::{Expect, Version, Write};
use portcullis_ports::{Error, Result};

use super::super::stored::{Stored, decode_body, unreadable};
use super::{Batch, Slot, Table};

impl<T: Stored> Table<T> {
    /// The record of that key, or `empty`, as it will be once `batch` is done: a commit is made of what several areas add to it, who may change the
    /// same record one after another.
    pub(crate) async fn slot_in(
        &self,
        batch: &Batch,
        partition: &str,
        sort: &str,
        empty: impl FnOnce() -> T,
    ) -> Result<Slot<T>> {
        let (value, expect) = match batch.pending::<T>(partition, sort) {
            Some(Write::Put {
                key, body, expect, ..
            }) => {
                let value = decode_body(body).map_err(|why| unreadable(key, &why))?;
                (value, *expect)
            }
            Some(Write::Delete { expect, .. }) => (empty(), *expect),
            Some(Write::Check { .. }) | None => return self.slot(partition, sort, empty).await,
        };
        let version = version_of::<T>(expect)?;
        Ok(Slot { value, version })
    }

    /// The record as it will be once `batch` is done, if there is one then.
    pub(crate) async fn found_in(
        &self,
        batch: &Batch,
        partition: &str,
        sort: &str,
    ) -> Result<Option<Slot<T>>> {
        let (value, expect) = match batch.pending::<T>(partition, sort) {
            Some(Write::Put {
                key, body, expect, ..
            }) => {
                let value = decode_body(body).map_err(|why| unreadable(key, &why))?;
                (value, *expect)
            }
            Some(Write::Delete { .. }) => return Ok(None),
            Some(Write::Check { .. }) | None => {
                let found = self.find(partition, sort).await?;
                return Ok(found.map(|found| Slot {
                    value: found.value,
                    version: Some(found.version),
                }));
            }
        };
        let version = version_of::<T>(expect)?;
        Ok(Some(Slot { value, version }))
    }
}

/// The version by which a pending write of a record goes.
fn version_of<T: Stored>(expect: Expect) -> Result<Option<Version>> {
    match expect {
        Expect::Absent => Ok(None),
        Expect::Version(version) => Ok(Some(version)),
        Expect::Any | Expect::Present => Err(Error::internal(format!(
            "a commit changes a record of {} that it writes unread as well",
            T::COLLECTION.name
        ))),
    }
}
