//! What happens when the disk is full, the file is locked and the writer has died.

use std::sync::Arc;
use std::time::Duration;

use portcullis_ports::Kind;
use portcullis_ports::probe::Probe as _;
use portcullis_ports::storage::{Collection, Expect, Key, RecordStore as _, StoreError, Write};
use portcullis_ports::testkit::FakeClock;
use rusqlite::Connection;

use super::{EmbeddedStore, Tuning};
use crate::folder::Folder;
use crate::schema;

const TUNING: Tuning = Tuning {
    cache: 1 << 20,
    readers: 2,
    queue: 100,
};

fn key(sort: usize) -> Key {
    Key {
        collection: Collection {
            name: "things",
            table: "things",
            variable: "THINGS_TABLE",
        },
        partition: "p".to_owned(),
        sort: format!("{sort:06}"),
    }
}

fn put(sort: usize) -> Write {
    Write::Put {
        key: key(sort),
        body: format!("\"{}\"", "x".repeat(2000)).into(),
        expires_at: None,
        expect: Expect::Absent,
    }
}

#[tokio::test]
async fn a_full_disk_stops_commits_until_there_is_room_again() {
    let home = tempfile::tempdir().unwrap();
    let folder = Folder::new(home.path().join("store"));
    let lock = folder.take().unwrap();
    folder.touch_database().unwrap();
    let connection = schema::open_writer(&folder.database()).unwrap();
    // The engine meets this limit in the way in which it meets the end of a disk.
    connection.execute_batch("PRAGMA max_page_count = 100").unwrap();
    let clock = Arc::new(FakeClock::default());
    let store = EmbeddedStore::run(&folder, TUNING, clock, Some((connection, Some(lock)))).unwrap();
    let mut stored = 0;
    let full = loop {
        match store.commit(&[put(stored)]).await {
            Ok(_) => stored += 1,
            Err(error) => break error,
        }
    };
    let StoreError::Unavailable { detail, retry } = full else {
        panic!("{full:?}");
    };
    assert!(detail.contains("free some space") && retry.is_some(), "{detail}");
    // The process goes on: what is there can be read, and the probe tells what is wrong.
    assert!(store.get(&key(stored - 1)).await.unwrap().is_some());
    assert!(store.get(&key(stored)).await.unwrap().is_none());
    let refused = store.check().await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Unavailable);
    let why = std::error::Error::source(&refused).unwrap().to_string();
    assert!(why.contains("free some space"), "{why}");

    let gone = |sort| Write::Delete {
        key: key(sort),
        expect: Expect::Present,
    };
    let room: Vec<Write> = (0..10).map(gone).collect();
    store.commit(&room).await.unwrap();
    store.commit(&[put(stored)]).await.unwrap();
    assert!(store.get(&key(stored)).await.unwrap().is_some());
    store.check().await.unwrap();
}

#[tokio::test]
async fn the_probe_finds_out_by_itself_that_the_store_can_write_again() {
    let home = tempfile::tempdir().unwrap();
    let folder = Folder::new(home.path().join("store"));
    let lock = folder.take().unwrap();
    folder.touch_database().unwrap();
    let connection = schema::open_writer(&folder.database()).unwrap();
    connection.busy_timeout(Duration::ZERO).unwrap();
    let clock = Arc::new(FakeClock::default());
    let store = EmbeddedStore::run(&folder, TUNING, clock, Some((connection, Some(lock)))).unwrap();
    let shell = Connection::open(folder.database()).unwrap();
    shell.execute_batch("BEGIN IMMEDIATE").unwrap();
    // As long as no commit has failed nothing is written, so nothing is noticed.
    store.check().await.unwrap();
    store.commit(&[put(1)]).await.unwrap_err();
    assert_eq!(store.check().await.unwrap_err().kind(), Kind::Unavailable);
    shell.execute_batch("ROLLBACK").unwrap();
    store.check().await.unwrap();
    // What it wrote to find out is gone again.
    let count: i64 = shell
        .query_row("SELECT count(*) FROM records", [], |row| row.get(0))
        .unwrap();
    assert_eq!(count, 0);
}

#[tokio::test]
async fn a_program_that_locks_the_file_holds_up_commits_only_as_long_as_it_does() {
    let home = tempfile::tempdir().unwrap();
    let folder = Folder::new(home.path().join("store"));
    let lock = folder.take().unwrap();
    folder.touch_database().unwrap();
    let connection = schema::open_writer(&folder.database()).unwrap();
    connection.busy_timeout(Duration::ZERO).unwrap();
    let clock = Arc::new(FakeClock::default());
    let store = EmbeddedStore::run(&folder, TUNING, clock, Some((connection, Some(lock)))).unwrap();
    let shell = Connection::open(folder.database()).unwrap();
    shell.execute_batch("BEGIN IMMEDIATE").unwrap();
    let locked = store.commit(&[put(1)]).await;
    let Err(StoreError::Unavailable { detail, .. }) = locked else {
        panic!("{locked:?}");
    };
    assert!(detail.contains("another program"), "{detail}");
    assert!(store.get(&key(1)).await.unwrap().is_none());
    shell.execute_batch("ROLLBACK").unwrap();
    store.commit(&[put(1)]).await.unwrap();
}

#[tokio::test]
async fn a_batch_is_not_decided_by_what_another_program_has_made_untrue() {
    let home = tempfile::tempdir().unwrap();
    let folder = Folder::new(home.path().join("store"));
    let store = EmbeddedStore::open(&folder, TUNING, Arc::new(FakeClock::default())).unwrap();
    store.commit(&[put(1)]).await.unwrap();
    assert!(store.get(&key(1)).await.unwrap().is_some());
    let shell = Connection::open(folder.database()).unwrap();
    shell.execute_batch("DELETE FROM records").unwrap();
    let remove = |sort| Write::Delete {
        key: key(sort),
        expect: Expect::Present,
    };
    let batch = [put(2), remove(1)];
    let outcome = store.commit(&batch).await;
    assert!(matches!(outcome, Err(StoreError::Corrupt(_))), "{outcome:?}");
    assert!(store.get(&key(2)).await.unwrap().is_none());
    let outcome = store.commit(&batch).await;
    assert!(
        matches!(&outcome, Err(StoreError::Conflict(failed)) if failed == &[1]),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_dead_writer_is_told_to_callers_and_to_the_probe() {
    let home = tempfile::tempdir().unwrap();
    let folder = Folder::new(home.path().join("store"));
    let store = EmbeddedStore::open(&folder, TUNING, Arc::new(FakeClock::default())).unwrap();
    store.commit(&[put(1)]).await.unwrap();
    store.shared.queue.abandon();
    let dead = store.commit(&[put(2)]).await;
    assert!(matches!(dead, Err(StoreError::Unavailable { .. })), "{dead:?}");
    assert!(store.check().await.is_err());
    assert!(store.get(&key(1)).await.unwrap().is_some());
}
