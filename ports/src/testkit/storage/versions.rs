//! Cases: the versions of the states of a record.

use std::collections::HashSet;
use std::time::Duration;

use super::subject::{PasswordCheck, StoreSubject, check, delete, ensure, expiring, put, same};
use crate::storage::{Expect, Version};

/// The answer of a commit holds one entry per write, and the versions in it are those that are read.
pub async fn a_commit_returns_the_versions_that_are_read(subject: &StoreSubject) -> PasswordCheck {
    let key = |sort: &str| subject.key("returned-versions", sort);
    subject.put(&key("checked"), "1").await?;
    subject.put(&key("deleted"), "1").await?;
    let answer = subject
        .store
        .commit(&[
            put(&key("a"), "1", Expect::Any),
            check(&key("checked"), Expect::Present),
            put(&key("b"), "1", Expect::Absent),
            delete(&key("deleted"), Expect::Any),
        ])
        .await?;
    let a = subject.existing(&key("a")).await?.version;
    let b = subject.existing(&key("b")).await?.version;
    same(&answer, &vec![Some(a), None, Some(b), None], "the answer")?;
    let listed = subject.pages(&subject.all_of("returned-versions")).await?;
    let listed: Vec<Version> = listed
        .iter()
        .filter(|record| record.key.sort != "checked")
        .map(|record| record.version)
        .collect();
    same(&listed, &vec![a, b], "the listed versions")
}

/// Even a put of the same body makes a new state.
pub async fn every_put_changes_the_version(subject: &StoreSubject) -> PasswordCheck {
    let key = subject.key("changing-versions", "one");
    let mut seen = HashSet::new();
    for _ in 0..5 {
        let version = subject.put(&key, "1").await?;
        ensure(seen.insert(version), "a put kept the version")?;
    }
    Ok(())
}

/// A record that was deleted and created again has a version it never had.
pub async fn a_version_never_returns_after_a_delete(subject: &StoreSubject) -> PasswordCheck {
    let key = subject.key("versions-after-delete", "one");
    let mut seen = HashSet::new();
    for _ in 0..5 {
        let version = subject.commit_one(put(&key, "1", Expect::Absent)).await?;
        ensure(seen.insert(version), "a version returned after a delete")?;
        subject
            .store
            .commit(&[delete(&key, Expect::Version(version))])
            .await?;
    }
    Ok(())
}

/// A record that expired and was created again has a version it never had.
pub async fn a_version_never_returns_after_expiry(subject: &StoreSubject) -> PasswordCheck {
    let key = subject.key("versions-after-expiry", "one");
    let past = subject.now() - Duration::from_mins(1);
    let mut seen = HashSet::new();
    for _ in 0..5 {
        let write = expiring(put(&key, "1", Expect::Absent), past);
        let version = subject.commit_one(write).await?;
        ensure(seen.insert(version), "a version returned after expiry")?;
    }
    Ok(())
}
