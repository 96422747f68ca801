//! Cases: several writes in one commit are done together or not at all.

use super::subject::{
    COLLECTIONS, PasswordCheck, StoreSubject, check, conflicts, delete, ensure, put, refused, same,
};
use crate::storage::{Expect, Key, MAX_WRITES, Write};

/// One batch writes, deletes and checks in several collections and partitions.
pub async fn a_batch_reaches_every_collection(subject: &StoreSubject) -> PasswordCheck {
    let left = subject.key("collections", "same");
    let right = Key {
        collection: COLLECTIONS[1],
        ..left.clone()
    };
    let elsewhere = subject.key("collections-elsewhere", "same");
    subject.put(&elsewhere, "\"old\"").await?;
    subject
        .store
        .commit(&[
            put(&left, "\"left\"", Expect::Absent),
            put(&right, "\"right\"", Expect::Absent),
            delete(&elsewhere, Expect::Present),
        ])
        .await?;
    same(&subject.body(&left).await?, &Some("\"left\"".to_owned()), "left")?;
    same(
        &subject.body(&right).await?,
        &Some("\"right\"".to_owned()),
        "right",
    )?;
    same(&subject.body(&elsewhere).await?, &None, "elsewhere")
}

/// Writes before and after a failed expectation are not done.
pub async fn a_batch_with_one_failed_expectation_writes_nothing(subject: &StoreSubject) -> PasswordCheck {
    let key = |sort: &str| subject.key("failed-batch", sort);
    let taken = subject.put(&key("taken"), "1").await?;
    let kept = subject.put(&key("kept"), "1").await?;
    let writes = [
        put(&key("before"), "2", Expect::Absent),
        delete(&key("kept"), Expect::Version(kept)),
        put(&key("taken"), "2", Expect::Absent),
        put(&key("after"), "2", Expect::Any),
    ];
    conflicts(subject.store.commit(&writes).await, &[2], "the third write")?;
    let found: Vec<_> = subject
        .pages(&subject.all_of("failed-batch"))
        .await?
        .into_iter()
        .map(|record| (record.key.sort, record.version))
        .collect();
    let wanted = vec![("kept".to_owned(), kept), ("taken".to_owned(), taken)];
    same(&found, &wanted, "the partition")
}

/// A failed check holds back the whole batch, also its other collections.
pub async fn a_batch_whose_check_fails_writes_nothing(subject: &StoreSubject) -> PasswordCheck {
    let guard = subject.key("failed-check", "guard");
    let left = subject.key("failed-check", "record");
    let right = Key {
        collection: COLLECTIONS[1],
        ..left.clone()
    };
    let writes = [
        put(&left, "1", Expect::Any),
        put(&right, "1", Expect::Any),
        check(&guard, Expect::Present),
    ];
    conflicts(subject.store.commit(&writes).await, &[2], "the check")?;
    same(&subject.body(&left).await?, &None, "left")?;
    same(&subject.body(&right).await?, &None, "right")?;
    subject.put(&guard, "1").await?;
    subject.store.commit(&writes).await?;
    same(
        &subject.body(&right).await?,
        &Some("1".to_owned()),
        "with the guard",
    )
}

/// An empty batch and one write too many are refused; the largest batch is done.
pub async fn a_batch_holds_one_to_a_hundred_writes(subject: &StoreSubject) -> PasswordCheck {
    let batch = |n: usize| -> Vec<Write> {
        (0..n)
            .map(|i| {
                put(
                    &subject.key("batch-size", &format!("{i:03}")),
                    "1",
                    Expect::Absent,
                )
            })
            .collect()
    };
    refused(subject.store.commit(&[]).await, "no writes")?;
    refused(subject.store.commit(&batch(MAX_WRITES + 1)).await, "101 writes")?;
    same(
        &subject.sorts(&subject.all_of("batch-size")).await?.len(),
        &0,
        "after refusals",
    )?;
    let versions = subject.store.commit(&batch(MAX_WRITES)).await?;
    ensure(
        versions.len() == MAX_WRITES && versions.iter().all(Option::is_some),
        "the answer must hold a version for every put",
    )?;
    same(
        &subject.sorts(&subject.all_of("batch-size")).await?.len(),
        &MAX_WRITES,
        "records",
    )
}

/// A key may appear once in a batch, whatever the steps are.
pub async fn two_writes_to_one_key_are_refused(subject: &StoreSubject) -> PasswordCheck {
    let key = subject.key("twice", "one");
    let pairs = [
        [put(&key, "1", Expect::Any), put(&key, "2", Expect::Any)],
        [put(&key, "1", Expect::Any), delete(&key, Expect::Any)],
        [check(&key, Expect::Absent), put(&key, "1", Expect::Any)],
    ];
    for pair in pairs {
        refused(subject.store.commit(&pair).await, "two writes to one key")?;
    }
    same(&subject.body(&key).await?, &None, "the record")
}
