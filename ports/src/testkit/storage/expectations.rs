//! Cases: what a single write may expect, and what happens when it does not hold.

use super::subject::{PasswordCheck, StoreSubject, check, conflicts, delete, ensure, put, same};
use crate::storage::{Expect, Version};

/// `Absent` creates, and never replaces.
pub async fn a_record_is_created_once(subject: &StoreSubject) -> PasswordCheck {
    let key = subject.key("created-once", "one");
    subject.commit_one(put(&key, "1", Expect::Absent)).await?;
    let again = subject.store.commit(&[put(&key, "2", Expect::Absent)]).await;
    conflicts(again, &[0], "creating it again")?;
    same(&subject.body(&key).await?, &Some("1".to_owned()), "the record")
}

/// `Any` creates what is absent and replaces what is there.
pub async fn a_put_that_expects_nothing_creates_and_replaces(subject: &StoreSubject) -> PasswordCheck {
    let key = subject.key("expects-nothing", "one");
    subject.put(&key, "1").await?;
    same(&subject.body(&key).await?, &Some("1".to_owned()), "created")?;
    subject.put(&key, "2").await?;
    same(&subject.body(&key).await?, &Some("2".to_owned()), "replaced")
}

/// `Present` replaces, and never creates.
pub async fn a_put_that_expects_presence_only_replaces(subject: &StoreSubject) -> PasswordCheck {
    let key = subject.key("expects-presence", "one");
    let early = subject.store.commit(&[put(&key, "0", Expect::Present)]).await;
    conflicts(early, &[0], "replacing what is absent")?;
    same(&subject.body(&key).await?, &None, "nothing was created")?;
    subject.put(&key, "1").await?;
    subject.commit_one(put(&key, "2", Expect::Present)).await?;
    same(&subject.body(&key).await?, &Some("2".to_owned()), "replaced")
}

/// A put with the current version wins, with any other it loses.
pub async fn a_stale_version_is_refused(subject: &StoreSubject) -> PasswordCheck {
    let key = subject.key("stale-version", "one");
    let first = subject.put(&key, "1").await?;
    let second = subject.commit_one(put(&key, "2", Expect::Version(first))).await?;
    let stale = subject
        .store
        .commit(&[put(&key, "3", Expect::Version(first))])
        .await;
    conflicts(stale, &[0], "the stale version")?;
    let never = Expect::Version(Version(second.0.wrapping_add(1_000_000)));
    conflicts(
        subject.store.commit(&[put(&key, "3", never)]).await,
        &[0],
        "a version that never was",
    )?;
    let missing = subject.key("stale-version", "missing");
    conflicts(
        subject
            .store
            .commit(&[put(&missing, "3", Expect::Version(second))])
            .await,
        &[0],
        "a version of an absent record",
    )?;
    let record = subject.existing(&key).await?;
    same(&record.body.to_string(), &"2".to_owned(), "the body")?;
    same(&record.version, &second, "the version")
}

/// A delete removes when its expectation holds, and only then.
pub async fn a_delete_obeys_its_expectation(subject: &StoreSubject) -> PasswordCheck {
    let key = subject.key("delete", "one");
    let store = &subject.store;
    for (expect, what) in [
        (Expect::Present, "present"),
        (Expect::Version(Version(1)), "a version"),
    ] {
        let outcome = store.commit(&[delete(&key, expect)]).await;
        conflicts(
            outcome,
            &[0],
            &format!("deleting an absent record that must be {what}"),
        )?;
    }
    let first = subject.put(&key, "1").await?;
    let second = subject.put(&key, "2").await?;
    for (expect, what) in [(Expect::Absent, "absent"), (Expect::Version(first), "stale")] {
        let outcome = store.commit(&[delete(&key, expect)]).await;
        conflicts(outcome, &[0], &format!("deleting with an expectation of {what}"))?;
    }
    same(&subject.body(&key).await?, &Some("2".to_owned()), "still there")?;
    for expect in [Expect::Version(second), Expect::Present, Expect::Any] {
        subject.put(&key, "3").await?;
        let expect = match expect {
            Expect::Version(_) => Expect::Version(subject.existing(&key).await?.version),
            other => other,
        };
        same(
            &store.commit(&[delete(&key, expect)]).await?,
            &vec![None],
            "the answer",
        )?;
        same(
            &subject.body(&key).await?,
            &None,
            &format!("deleted with {expect:?}"),
        )?;
    }
    Ok(())
}

/// A delete without a record behind it is no error.
pub async fn deleting_what_is_not_there_is_fine(subject: &StoreSubject) -> PasswordCheck {
    let key = subject.key("delete-nothing", "one");
    for expect in [Expect::Any, Expect::Absent] {
        let answer = subject.store.commit(&[delete(&key, expect)]).await?;
        same(&answer, &vec![None], &format!("deleting with {expect:?}"))?;
    }
    Ok(())
}

/// A check lets the commit pass or fail, and leaves the record as it is.
pub async fn a_check_obeys_its_expectation_and_changes_nothing(subject: &StoreSubject) -> PasswordCheck {
    let key = subject.key("check", "one");
    let store = &subject.store;
    same(
        &store.commit(&[check(&key, Expect::Absent)]).await?,
        &vec![None],
        "absent",
    )?;
    conflicts(
        store.commit(&[check(&key, Expect::Present)]).await,
        &[0],
        "not present",
    )?;
    conflicts(
        store.commit(&[check(&key, Expect::Version(Version(1)))]).await,
        &[0],
        "no version",
    )?;
    let old = subject.put(&key, "1").await?;
    let version = subject.put(&key, "2").await?;
    for expect in [Expect::Present, Expect::Version(version)] {
        same(
            &store.commit(&[check(&key, expect)]).await?,
            &vec![None],
            "a check that holds",
        )?;
    }
    for expect in [Expect::Absent, Expect::Version(old)] {
        let outcome = store.commit(&[check(&key, expect)]).await;
        conflicts(outcome, &[0], &format!("a check of {expect:?}"))?;
    }
    let record = subject.existing(&key).await?;
    same(&record.version, &version, "the version after checks")?;
    ensure(&*record.body == "2", "a check changed the body")
}

/// The positions of a conflict are all that failed, and no others, in ascending order.
pub async fn a_conflict_names_exactly_the_failed_writes(subject: &StoreSubject) -> PasswordCheck {
    let key = |sort: &str| subject.key("positions", sort);
    let there = subject.put(&key("there"), "1").await?;
    let other = subject.put(&key("other"), "1").await?;
    let stale = Expect::Version(Version(there.0.wrapping_add(1_000_000)));
    let writes = [
        put(&key("new"), "x", Expect::Absent),
        put(&key("there"), "x", Expect::Absent),
        check(&key("other"), Expect::Version(other)),
        check(&key("missing"), Expect::Present),
        delete(&key("also-missing"), Expect::Any),
        delete(&key("third-missing"), Expect::Version(there)),
    ];
    conflicts(subject.store.commit(&writes).await, &[1, 3, 5], "three of six")?;
    same(&subject.body(&key("new")).await?, &None, "nothing was written")?;
    let writes = [
        put(&key("there"), "x", stale),
        put(&key("new"), "x", Expect::Absent),
    ];
    conflicts(subject.store.commit(&writes).await, &[0], "the first of two")?;
    same(
        &subject.body(&key("new")).await?,
        &None,
        "still nothing was written",
    )
}
