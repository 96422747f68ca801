//! What a store holds of one family of records, as sums that do not depend on the order of reading.

use std::collections::BTreeMap;

use portcullis_ports::Timestamp;
use portcullis_ports::storage::Record;
use sha2::{Digest as _, Sha256};

/// One minute in milliseconds.
const MINUTE: i64 = 60_000;
/// Stands for the minute of records that never expire.
const NEVER: i64 = i64::MAX;

/// Sums by the minute in which records expire, so that those that expire between two readings can be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Contents(BTreeMap<i64, Sum>);

/// Equal sums mean equal records: each adds the hash of all that it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sum {
    records: u64,
    hashes: [u64; 4],
}

impl Contents {
    /// Counts a record in.
    pub(super) fn add(&mut self, record: &Record) {
        let minute = record.expires_at.map_or(NEVER, minute);
        let sum = self.0.entry(minute).or_default();
        sum.records += 1;
        let hash = hash(record);
        let (parts, _) = hash.as_chunks::<8>();
        for (lane, part) in sum.hashes.iter_mut().zip(parts) {
            *lane = lane.wrapping_add(u64::from_be_bytes(*part));
        }
    }

    /// Without what has expired by the end of this minute.
    pub(super) fn lasting(mut self, now: Timestamp) -> Self {
        self.0.retain(|expiry, _| *expiry > minute(now));
        self
    }

    /// How many records were counted in.
    pub(super) fn records(&self) -> u64 {
        self.0.values().map(|sum| sum.records).sum()
    }
}

fn minute(at: Timestamp) -> i64 {
    at.millis().div_euclid(MINUTE)
}

fn hash(record: &Record) -> [u8; 32] {
    let mut hash = Sha256::new();
    for text in [&record.key.partition, &record.key.sort] {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    let expiry = record.expires_at.map_or(NEVER, Timestamp::millis);
    hash.update(expiry.to_be_bytes());
    hash.update(record.body.as_bytes());
    hash.finalize().into()
}
