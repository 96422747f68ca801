//! Cases: what a query selects, and in which order.

use std::time::Duration;

use super::subject::{COLLECTIONS, PasswordCheck, StoreSubject, expiring, put, same};
use crate::storage::{Direction, Expect, Key, Query, Range, Record, Write};

/// Sort keys in the order of their bytes, which is neither that of a language nor that of UTF-16.
const ORDERED: [&str; 14] = [
    " ",
    "!",
    "0",
    "10",
    "9",
    "A",
    "Z",
    "a",
    "a\u{1}",
    "aa",
    "z",
    "é",
    "\u{FFFD}",
    "\u{1D11E}",
];

async fn fill(subject: &StoreSubject, case: &str, sorts: &[&str]) -> PasswordCheck {
    // Written backwards, so that the order of writing cannot pass for the order of keys.
    let writes: Vec<Write> = sorts
        .iter()
        .rev()
        .map(|sort| put(&subject.key(case, sort), "1", Expect::Any))
        .collect();
    subject.store.commit(&writes).await?;
    Ok(())
}

fn owned(sorts: &[&str]) -> Vec<String> {
    sorts.iter().map(|sort| (*sort).to_owned()).collect()
}

/// Both directions follow the bytes of the sort key.
pub async fn sort_keys_are_ordered_by_their_bytes(subject: &StoreSubject) -> PasswordCheck {
    let case = "order";
    fill(subject, case, &ORDERED).await?;
    let mut wanted = owned(&ORDERED);
    let mut query = subject.all_of(case);
    same(&subject.sorts(&query).await?, &wanted, "ascending")?;
    query.direction = Direction::Descending;
    wanted.reverse();
    same(&subject.sorts(&query).await?, &wanted, "descending")
}

/// A prefix is text, not a pattern, and its last character may be the last there is.
pub async fn a_prefix_selects_what_begins_with_it(subject: &StoreSubject) -> PasswordCheck {
    let case = "prefix";
    let sorts = [
        "A",
        "Ab",
        "a",
        "a%",
        "a%b",
        "a_",
        "aa",
        "ab",
        "ab\u{10FFFF}",
        "ab\u{10FFFF}c",
        "ac",
        "b",
        "é",
        "éa",
        "\u{D7FF}x",
        "\u{E000}x",
        "\u{10FFFF}",
        "\u{10FFFF}\u{10FFFF}",
    ];
    fill(subject, case, &sorts).await?;
    for prefix in [
        "A",
        "a",
        "a%",
        "a_",
        "ab",
        "ab\u{10FFFF}",
        "é",
        "\u{D7FF}",
        "\u{10FFFF}",
        "b",
        "nothing",
    ] {
        for direction in [Direction::Ascending, Direction::Descending] {
            let query = Query {
                range: Range::Prefix(prefix.to_owned()),
                direction,
                ..subject.all_of(case)
            };
            let mut wanted: Vec<String> = owned(&sorts);
            wanted.retain(|sort| sort.starts_with(prefix));
            wanted.sort();
            if direction == Direction::Descending {
                wanted.reverse();
            }
            same(
                &subject.sorts(&query).await?,
                &wanted,
                &format!("the prefix {prefix:?}, {direction:?}"),
            )?;
        }
    }
    Ok(())
}

/// Between includes both ends, which need not exist.
pub async fn a_range_includes_both_of_its_ends(subject: &StoreSubject) -> PasswordCheck {
    let case = "between";
    let sorts = ["a", "b", "b1", "c", "d", "é"];
    fill(subject, case, &sorts).await?;
    let ranges: [(&str, &str, &[&str]); 7] = [
        ("b", "c", &["b", "b1", "c"]),
        ("b", "b", &["b"]),
        ("b0", "c9", &["b1", "c"]),
        ("", "a", &["a"]),
        ("d", "\u{10FFFF}", &["d", "é"]),
        ("e", "f", &[]),
        ("0", "zz", &["a", "b", "b1", "c", "d"]),
    ];
    for (from, to, wanted) in ranges {
        let mut query = Query {
            range: Range::Between(from.to_owned(), to.to_owned()),
            ..subject.all_of(case)
        };
        let what = format!("from {from:?} to {to:?}");
        let mut wanted = owned(wanted);
        same(&subject.sorts(&query).await?, &wanted, &what)?;
        query.direction = Direction::Descending;
        wanted.reverse();
        same(
            &subject.sorts(&query).await?,
            &wanted,
            &format!("{what}, descending"),
        )?;
    }
    Ok(())
}

/// Partitions that begin alike and the same partition of another collection stay out.
pub async fn a_query_sees_its_own_partition_only(subject: &StoreSubject) -> PasswordCheck {
    let mine = subject.key("own", "mine");
    let longer = subject.key("own/er", "theirs");
    let shorter = subject.key("ow", "theirs");
    let right = Key {
        collection: COLLECTIONS[1],
        sort: "theirs".to_owned(),
        ..mine.clone()
    };
    let writes: Vec<Write> = [&mine, &longer, &shorter, &right]
        .iter()
        .map(|key| put(key, "1", Expect::Any))
        .collect();
    subject.store.commit(&writes).await?;
    let query = subject.all_of("own");
    same(
        &subject.sorts(&query).await?,
        &owned(&["mine"]),
        "the left collection",
    )?;
    let query = Query {
        collection: COLLECTIONS[1],
        ..query
    };
    same(
        &subject.sorts(&query).await?,
        &owned(&["theirs"]),
        "the right collection",
    )?;
    let query = subject.all_of("own-empty");
    same(&subject.sorts(&query).await?, &Vec::new(), "an empty partition")
}

/// A listed record is the same as one that is read by its name.
pub async fn a_query_returns_whole_records(subject: &StoreSubject) -> PasswordCheck {
    let case = "whole";
    let plain = subject.key(case, "plain");
    let passing = subject.key(case, "passing");
    let end = subject.now() + Duration::from_hours(1);
    subject
        .store
        .commit(&[
            put(&plain, "{\"n\":1}", Expect::Any),
            expiring(put(&passing, "{\"n\":2}", Expect::Any), end),
        ])
        .await?;
    let wanted: Vec<Record> = vec![subject.existing(&passing).await?, subject.existing(&plain).await?];
    same(&subject.pages(&subject.all_of(case)).await?, &wanted, "the page")
}
