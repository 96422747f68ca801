//! Reading a whole family.

use std::collections::BTreeMap;
use std::time::Duration;

use super::subject::{COLLECTIONS, Failure, PasswordCheck, StoreSubject, ensure, refused, same};
use crate::storage::Version;

impl StoreSubject {
    /// How often each record of a case was seen by a scan of everything, in pages of `limit`.
    async fn scanned(&self, case: &str, limit: usize) -> Result<BTreeMap<String, (usize, Version)>, Failure> {
        let partition = self.partition(case);
        let mut seen = BTreeMap::new();
        let mut after: Option<String> = None;
        // A store that others use as well may be large, but a scan that never ends must not hang the suite.
        for _ in 0..100_000 {
            let page = self.scan.scan(&COLLECTIONS[0], after.as_deref(), limit).await?;
            ensure(
                page.records.len() <= limit,
                "a page of a scan is longer than its limit",
            )?;
            for record in page.records {
                same(
                    &record.key.collection,
                    &COLLECTIONS[0],
                    "the family of a scanned record",
                )?;
                if record.key.partition.starts_with(&partition) {
                    let name = format!("{}/{}", record.key.partition, record.key.sort);
                    seen.entry(name).or_insert((0, record.version)).0 += 1;
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(seen),
            }
        }
        Err(Failure::new("the cursors of a scan never come to an end"))
    }
}

/// Records of several partitions are each seen once, with the version that a look-up finds.
pub async fn a_scan_visits_every_record_of_its_family_once(subject: &StoreSubject) -> PasswordCheck {
    const CASE: &str = "scan";
    let mut expected = BTreeMap::new();
    for partition in ["", "/b", "/c"] {
        for sort in ["1", "2", "3"] {
            let mut key = subject.key(CASE, sort);
            key.partition.push_str(partition);
            let version = subject.put(&key, "{}").await?;
            expected.insert(format!("{}/{sort}", key.partition), (1, version));
        }
    }
    for limit in [2, 1000] {
        let seen = subject.scanned(CASE, limit).await?;
        same(&seen, &expected, "the records that a scan sees")?;
    }
    Ok(())
}

/// An expired record is not seen.
pub async fn a_scan_shows_nothing_that_expired(subject: &StoreSubject) -> PasswordCheck {
    const CASE: &str = "scan-expired";
    let now = subject.now();
    let kept = subject.key(CASE, "kept");
    subject
        .put_until(&kept, "{}", now + Duration::from_hours(1))
        .await?;
    let past = subject.key(CASE, "past");
    subject
        .put_until(&past, "{}", now - Duration::from_secs(5))
        .await?;
    let seen: Vec<String> = subject.scanned(CASE, 1000).await?.into_keys().collect();
    same(
        &seen,
        &vec![format!("{}/kept", kept.partition)],
        "what a scan sees",
    )
}

/// Limits and cursors are checked.
pub async fn a_scan_that_breaks_the_rules_is_refused(subject: &StoreSubject) -> PasswordCheck {
    for limit in [0, 1001] {
        let page = subject.scan.scan(&COLLECTIONS[0], None, limit).await;
        refused(page, "a scan with a wrong limit")?;
    }
    let page = subject.scan.scan(&COLLECTIONS[0], Some("nonsense"), 10).await;
    refused(page, "a scan with a cursor that is none")
}
