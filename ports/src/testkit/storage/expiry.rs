//! Cases: a record is invisible from its moment on, whether or not the engine has removed it.

use std::time::Duration;

use super::subject::{PasswordCheck, StoreSubject, check, conflicts, delete, ensure, expiring, put, same};
use crate::storage::{Expect, Key};

const LONG: Duration = Duration::from_hours(1);

/// Reads do not find it; one whose moment lies ahead is found with that moment.
pub async fn an_expired_record_is_not_read(subject: &StoreSubject) -> PasswordCheck {
    let key = subject.key("expired-get", "one");
    subject.put_until(&key, "1", subject.now() - LONG).await?;
    same(&subject.body(&key).await?, &None, "long expired")?;
    subject.put_until(&key, "1", subject.now()).await?;
    same(&subject.body(&key).await?, &None, "expired at this very moment")?;
    let end = subject.now() + LONG;
    subject.put_until(&key, "1", end).await?;
    let record = subject.existing(&key).await?;
    same(&record.expires_at, &Some(end), "the moment")
}

/// Queries skip it, and their cursors pass over it.
pub async fn an_expired_record_is_not_listed(subject: &StoreSubject) -> PasswordCheck {
    let case = "expired-query";
    let key = |sort: &str| subject.key(case, sort);
    for sort in ["a", "c", "e"] {
        subject.put_until(&key(sort), "1", subject.now() - LONG).await?;
    }
    for sort in ["b", "d"] {
        subject.put_until(&key(sort), "1", subject.now() + LONG).await?;
    }
    let wanted = vec!["b".to_owned(), "d".to_owned()];
    let mut query = subject.all_of(case);
    same(&subject.sorts(&query).await?, &wanted, "in one page")?;
    query.limit = 1;
    same(&subject.sorts(&query).await?, &wanted, "one by one")
}

/// Expectations treat it as if it were not there.
pub async fn an_expired_record_counts_as_absent(subject: &StoreSubject) -> PasswordCheck {
    let key = subject.key("expired-expectations", "one");
    let past = subject.now() - LONG;
    let version = subject.put_until(&key, "1", past).await?;
    let store = &subject.store;
    store.commit(&[check(&key, Expect::Absent)]).await?;
    for expect in [Expect::Present, Expect::Version(version)] {
        for write in [check(&key, expect), delete(&key, expect), put(&key, "2", expect)] {
            let what = format!("{write:?} of an expired record");
            conflicts(store.commit(&[write]).await, &[0], &what)?;
        }
        // The same inside a batch, where a store may decide in another way.
        let other = subject.key("expired-expectations", "other");
        let batch = [put(&other, "2", Expect::Any), put(&key, "2", expect)];
        conflicts(store.commit(&batch).await, &[1], "an expired record in a batch")?;
    }
    store.commit(&[delete(&key, Expect::Absent)]).await?;
    same(&subject.body(&key).await?, &None, "the record")
}

/// `Absent` creates over it, alone and in a batch.
pub async fn an_expired_record_can_be_created_again(subject: &StoreSubject) -> PasswordCheck {
    let case = "expired-again";
    let past = subject.now() - LONG;
    let keys: Vec<Key> = ["a", "b", "c"]
        .iter()
        .map(|sort| subject.key(case, sort))
        .collect();
    for key in &keys {
        subject.put_until(key, "1", past).await?;
    }
    subject.commit_one(put(&keys[0], "2", Expect::Absent)).await?;
    let batch = [
        put(&keys[1], "2", Expect::Absent),
        expiring(put(&keys[2], "2", Expect::Absent), subject.now() + LONG),
    ];
    subject.store.commit(&batch).await?;
    for key in &keys {
        same(&subject.body(key).await?, &Some("2".to_owned()), &key.sort)?;
        let again = subject.store.commit(&[put(key, "3", Expect::Absent)]).await;
        conflicts(again, &[0], "creating what is alive again")?;
    }
    Ok(())
}

/// Every put sets the moment anew; without one the record stays.
pub async fn an_expiry_can_be_moved_and_lifted(subject: &StoreSubject) -> PasswordCheck {
    let key = subject.key("expiry-moved", "one");
    let near = subject.now() + LONG;
    let far = near + LONG;
    subject.put_until(&key, "1", near).await?;
    subject.put_until(&key, "2", far).await?;
    same(&subject.existing(&key).await?.expires_at, &Some(far), "moved")?;
    subject.put(&key, "3").await?;
    same(&subject.existing(&key).await?.expires_at, &None, "lifted")
}

/// On a clock that can be moved: visible until the moment, gone at it, for reads, queries and expectations.
pub async fn a_record_disappears_when_its_moment_comes(subject: &StoreSubject) -> PasswordCheck {
    let case = "expiry-comes";
    let key = subject.key(case, "one");
    let moment = Duration::from_millis(1);
    let version = subject
        .put_until(&key, "1", subject.now() + LONG + moment)
        .await?;
    if !subject.advance(LONG) {
        return Ok(());
    }
    same(&subject.body(&key).await?, &Some("1".to_owned()), "just before")?;
    same(
        &subject.pages(&subject.all_of(case)).await?.len(),
        &1,
        "listed just before",
    )?;
    subject.advance(moment);
    same(&subject.body(&key).await?, &None, "at the moment")?;
    same(
        &subject.pages(&subject.all_of(case)).await?.len(),
        &0,
        "listed at the moment",
    )?;
    let late = [put(&key, "2", Expect::Version(version))];
    conflicts(subject.store.commit(&late).await, &[0], "its old version")?;
    let again = subject.commit_one(put(&key, "2", Expect::Absent)).await?;
    ensure(again != version, "the version returned")
}
