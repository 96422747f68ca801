//! What stays when a store is closed and opened again.

use std::collections::HashSet;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use futures_util::FutureExt as _;
use portcullis_ports::Timestamp;
use portcullis_ports::storage::{Direction, Expect, Query, Range, Write};
use rusqlite::Connection;

use crate::stores::{COLLECTION, Place, key, number, put, write};

#[tokio::test]
async fn everything_is_there_again_after_reopening() {
    let place = Place::new();
    let store = place.open().await.records;
    let end = Timestamp::from_seconds(2_000_000_000);
    let writes: Vec<Write> = (0..50)
        .map(|n| Write::Put {
            key: key("p", &format!("{n:03}")),
            body: format!("{{\"n\":{n}}}").into(),
            expires_at: (n % 2 == 0).then_some(end),
            expect: Expect::Absent,
        })
        .collect();
    store.commit(&writes).await.unwrap();
    let all = Query {
        collection: COLLECTION,
        partition: "p".to_owned(),
        range: Range::All,
        direction: Direction::Descending,
        limit: 100,
        after: None,
    };
    let before = store.query(&all).await.unwrap();
    assert_eq!(before.records.len(), 50);
    drop(store);
    let store = place.open().await.records;
    assert_eq!(store.query(&all).await.unwrap(), before);
    for record in before.records {
        assert_eq!(store.get(&record.key).await.unwrap(), Some(record));
    }
}

#[tokio::test]
async fn versions_do_not_return_after_reopening_on_a_clock_that_stands_still() {
    let place = Place::new();
    let mut seen = HashSet::new();
    for _ in 0..4 {
        let store = place.open().await.records;
        for _ in 0..3 {
            assert!(seen.insert(write(&*store, key("p", "one"), 1).await));
            let gone = Write::Delete {
                key: key("p", "one"),
                expect: Expect::Present,
            };
            store.commit(&[gone]).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_commit_whose_caller_goes_away_is_done_all_the_same() {
    let place = Place::new();
    let store = place.open().await.records;
    let abandoned = store
        .commit(&[put(key("p", "abandoned"), 1, Expect::Any)])
        .now_or_never();
    assert!(abandoned.is_none(), "the commit must still be on its way");
    write(&*store, key("p", "next"), 2).await;
    assert!(number(&*store, &key("p", "abandoned")).await.is_some());
}

#[tokio::test]
async fn what_was_asked_for_before_the_end_is_done() {
    let place = Place::new();
    let store = place.open().await.records;
    for n in 0..20 {
        let going = store
            .commit(&[put(key("p", &n.to_string()), n, Expect::Any)])
            .now_or_never();
        assert!(going.is_none());
    }
    drop(store);
    let store = place.open().await.records;
    for n in 0..20 {
        assert!(number(&*store, &key("p", &n.to_string())).await.is_some());
    }
}

#[tokio::test]
async fn only_the_owner_can_look_into_folder_and_files() {
    let place = Place::new();
    let store = place.open().await.records;
    write(&*store, key("p", "one"), 1).await;
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&place.store()), 0o700);
    for entry in std::fs::read_dir(place.store()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[tokio::test]
async fn an_operator_can_read_the_records_with_other_tools() {
    let place = Place::new();
    let store = place.open().await.records;
    write(&*store, key("p", "one"), "{\"name\":\"Ada\"}").await;
    let shell = Connection::open(place.file()).unwrap();
    let name: String = shell
        .query_row(
            "SELECT body ->> '$.name' FROM records WHERE collection = 'things'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(name, "Ada");
}

#[tokio::test]
async fn the_probe_tells_where_the_store_is() {
    let place = Place::new();
    let connected = place.open().await;
    let line = connected.probe.check().await.unwrap();
    assert!(line.contains(&place.file().display().to_string()), "{line}");
}

#[tokio::test]
async fn an_expired_record_does_not_come_back_when_the_store_is_opened_later() {
    let place = Place::new();
    let store = place.open().await.records;
    let passing = Write::Put {
        key: key("p", "passing"),
        body: "1".into(),
        expires_at: Some(portcullis_ports::Clock::now(&*place.clock) + Duration::from_mins(1)),
        expect: Expect::Any,
    };
    store.commit(&[passing]).await.unwrap();
    drop(store);
    place.clock.advance(Duration::from_mins(2));
    let settings = serde_json::json!({ "folder": place.store() });
    let store = place.open_with(settings).await.records;
    assert_eq!(store.get(&key("p", "passing")).await.unwrap(), None);
}
