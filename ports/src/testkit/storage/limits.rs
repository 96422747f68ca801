//! Cases: the limits of the contract, reached and exceeded.

use super::subject::{COLLECTIONS, PasswordCheck, StoreSubject, check, ensure, put, refused, same};
use crate::storage::{
    Direction, Expect, Key, MAX_BODY, MAX_COMMIT, MAX_PAGE, MAX_PARTITION, MAX_SORT, Query, Range, Write,
};

/// JSON text of exactly so many bytes.
fn text(bytes: usize) -> String {
    format!("\"{}\"", "x".repeat(bytes.saturating_sub(2)))
}

/// The largest body is kept, one byte more is refused.
pub async fn a_body_reaches_its_limit_and_not_beyond(subject: &StoreSubject) -> PasswordCheck {
    let key = subject.key("body-limit", "one");
    let largest = text(MAX_BODY);
    subject.put(&key, &largest).await?;
    ensure(
        subject.body(&key).await?.as_deref() == Some(largest.as_str()),
        "the largest body came back changed",
    )?;
    let beyond = [put(&key, &text(MAX_BODY + 1), Expect::Any)];
    refused(subject.store.commit(&beyond).await, "a body of one byte more")?;
    // Bytes count, not characters.
    let wide = format!("\"{}\"", "é".repeat(MAX_BODY / 2));
    refused(
        subject.store.commit(&[put(&key, &wide, Expect::Any)]).await,
        "too many bytes in fewer characters",
    )?;
    ensure(
        subject.body(&key).await?.as_deref() == Some(largest.as_str()),
        "a refused put changed the record",
    )
}

/// The largest sum of bodies is kept, one byte more is refused.
pub async fn a_commit_reaches_its_limit_and_not_beyond(subject: &StoreSubject) -> PasswordCheck {
    let batch = |total: usize| -> Vec<Write> {
        let mut left = total;
        let mut writes = Vec::new();
        while left > 0 {
            let bytes = left.min(MAX_BODY);
            let key = subject.key("commit-limit", &format!("{:03}", writes.len()));
            writes.push(put(&key, &text(bytes), Expect::Any));
            left -= bytes;
        }
        writes
    };
    refused(
        subject.store.commit(&batch(MAX_COMMIT + 1)).await,
        "a commit of one byte more",
    )?;
    let largest = batch(MAX_COMMIT);
    subject.store.commit(&largest).await?;
    let kept: usize = subject
        .pages(&subject.all_of("commit-limit"))
        .await?
        .iter()
        .map(|record| record.body.len())
        .sum();
    same(&kept, &MAX_COMMIT, "bytes kept")
}

/// Empty and too long names are refused in reads and writes; the longest ones work.
pub async fn a_key_reaches_its_limits_and_not_beyond(subject: &StoreSubject) -> PasswordCheck {
    let run = subject.partition("key-limits");
    let pad = |bytes: usize| format!("{run}{}", "p".repeat(bytes.saturating_sub(run.len())));
    let key = |partition: String, sort: String| Key {
        collection: COLLECTIONS[0],
        partition,
        sort,
    };
    let longest = key(pad(MAX_PARTITION), "s".repeat(MAX_SORT));
    subject.put(&longest, "1").await?;
    same(
        &subject.body(&longest).await?,
        &Some("1".to_owned()),
        "the longest key",
    )?;
    let query = Query {
        partition: longest.partition.clone(),
        ..subject.all_of("key-limits")
    };
    same(
        &subject.sorts(&query).await?,
        &vec![longest.sort.clone()],
        "its listing",
    )?;
    let wrong = [
        ("an empty partition", key(String::new(), "s".to_owned())),
        ("an empty sort", key(run.clone(), String::new())),
        ("a long partition", key(pad(MAX_PARTITION + 1), "s".to_owned())),
        ("a long sort", key(run.clone(), "s".repeat(MAX_SORT + 1))),
        (
            "a sort of too many bytes in fewer characters",
            key(run, "é".repeat(MAX_SORT / 2 + 1)),
        ),
    ];
    for (what, key) in wrong {
        refused(subject.store.get(&key).await, what)?;
        refused(subject.store.commit(&[put(&key, "1", Expect::Any)]).await, what)?;
    }
    Ok(())
}

/// A check without an expectation is a defect of the caller.
pub async fn a_check_that_expects_nothing_is_refused(subject: &StoreSubject) -> PasswordCheck {
    let key = subject.key("empty-check", "one");
    refused(
        subject.store.commit(&[check(&key, Expect::Any)]).await,
        "a check of anything",
    )
}

/// Limits, prefixes, ranges and partitions of queries are checked.
pub async fn a_query_that_breaks_the_rules_is_refused(subject: &StoreSubject) -> PasswordCheck {
    let good = subject.all_of("query-limits");
    let reversed = Range::Between("b".to_owned(), "a".to_owned());
    let wrong = [
        (
            "a limit of none",
            Query {
                limit: 0,
                ..good.clone()
            },
        ),
        (
            "a limit of too many",
            Query {
                limit: MAX_PAGE + 1,
                ..good.clone()
            },
        ),
        (
            "an empty prefix",
            Query {
                range: Range::Prefix(String::new()),
                ..good.clone()
            },
        ),
        (
            "a reversed range",
            Query {
                range: reversed,
                ..good.clone()
            },
        ),
        (
            "an empty partition",
            Query {
                partition: String::new(),
                ..good.clone()
            },
        ),
        (
            "a long partition",
            Query {
                partition: "p".repeat(MAX_PARTITION + 1),
                ..good.clone()
            },
        ),
    ];
    for (what, query) in wrong {
        refused(subject.store.query(&query).await, what)?;
    }
    for direction in [Direction::Ascending, Direction::Descending] {
        let query = Query {
            limit: MAX_PAGE,
            direction,
            ..good.clone()
        };
        same(
            &subject.store.query(&query).await?.next,
            &None,
            "the largest limit",
        )?;
    }
    Ok(())
}
