//! Cases: text is kept as it is, in keys and in bodies.

use super::subject::{COLLECTIONS, PasswordCheck, StoreSubject, put, same};
use crate::storage::{Expect, Key, Query, Range, Write};

/// Text that breaks careless quoting, splitting, patterns and encodings.
const AWKWARD: [&str; 22] = [
    "'",
    "\"",
    "`",
    "''; DROP TABLE records; --",
    "\\",
    "\\n",
    "%",
    "_",
    "*",
    "?1",
    "#",
    "/",
    "a/b#c:d|e",
    " leading and trailing ",
    "tab\tline\nreturn\r",
    "\u{1}\u{1F}\u{7F}",
    "naïve café",
    "Ελληνικά עברית العربية 中文",
    "👩‍👩‍👧‍👦🏳️‍🌈",
    "\u{202E}right to left",
    "\u{FEFF}mark",
    "{\"json\":[null,true]}",
];

/// Partitions and sort keys may be any text; both reading and listing find them.
pub async fn special_characters_survive_in_keys(subject: &StoreSubject) -> PasswordCheck {
    for text in AWKWARD {
        let key = Key {
            collection: COLLECTIONS[0],
            partition: subject.partition(text),
            sort: text.to_owned(),
        };
        subject.commit_one(put(&key, "1", Expect::Absent)).await?;
        same(&subject.existing(&key).await?.key, &key, "read")?;
        for range in [
            Range::All,
            Range::Prefix(text.to_owned()),
            Range::Between(text.to_owned(), text.to_owned()),
        ] {
            let query = Query {
                range,
                ..subject.all_of(text)
            };
            same(&subject.sorts(&query).await?, &vec![text.to_owned()], "listed")?;
        }
    }
    Ok(())
}

/// No folding of case, no trimming, no normal forms, no joining of partition and sort.
pub async fn keys_that_look_alike_stay_apart(subject: &StoreSubject) -> PasswordCheck {
    let case = "alike";
    let sorts = [
        "straße", "strasse", "STRASSE", "é", "e\u{301}", "a", "a ", " a", "A", "а", "1", "01", "1.0",
    ];
    let mut keys: Vec<Key> = sorts.iter().map(|sort| subject.key(case, sort)).collect();
    // Joined with the usual separators, these pairs would be one key.
    for separator in ["/", "#", ":", "|", "\u{1}"] {
        keys.push(subject.key(&format!("{case}{separator}x"), "y"));
        keys.push(subject.key(case, &format!("x{separator}y")));
    }
    for (n, key) in keys.iter().enumerate() {
        subject
            .commit_one(put(key, &n.to_string(), Expect::Absent))
            .await?;
    }
    for (n, key) in keys.iter().enumerate() {
        same(&subject.body(key).await?, &Some(n.to_string()), &key.to_string())?;
    }
    Ok(())
}

/// The body is not parsed and written anew: spaces, number formats, escapes and order stay.
pub async fn a_body_comes_back_character_by_character(subject: &StoreSubject) -> PasswordCheck {
    let case = "bodies";
    let mut bodies: Vec<String> = [
        "{ \"b\" : 1.0 , \"a\" : 1e3, \"a\":2 }\n",
        "12345678901234567890123456789",
        "-0.0",
        "\"\\u00e9 \\/ \\ud83d\\ude00\"",
        "[]",
        "null",
        "\"\"",
    ]
    .iter()
    .map(|body| (*body).to_owned())
    .collect();
    bodies.extend(
        AWKWARD
            .iter()
            .map(|text| serde_json::Value::from(*text).to_string()),
    );
    let writes: Vec<Write> = bodies
        .iter()
        .enumerate()
        .map(|(n, body)| put(&subject.key(case, &format!("{n:03}")), body, Expect::Any))
        .collect();
    subject.store.commit(&writes).await?;
    for (n, body) in bodies.iter().enumerate() {
        let key = subject.key(case, &format!("{n:03}"));
        same(&subject.body(&key).await?.as_ref(), &Some(body), "read")?;
    }
    let listed: Vec<String> = subject
        .pages(&subject.all_of(case))
        .await?
        .into_iter()
        .map(|record| record.body.to_string())
        .collect();
    same(&listed, &bodies, "listed")
}
