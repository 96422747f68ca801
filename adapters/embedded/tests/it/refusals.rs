//! Folders and files that cannot be used, and what the operator is told.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use portcullis_ports::storage::{Direction, Expect, Query, Range, StoreError, Write};
use portcullis_ports::testkit::skipped;
use rusqlite::Connection;

use crate::child::Child;
use crate::stores::{COLLECTION, Place, key, open, put, write};

#[tokio::test]
async fn a_second_store_on_the_folder_is_refused_and_told_who_has_it() {
    let place = Place::new();
    let first = place.open().await;
    let refusal = place.refusal().await;
    let folder = place.store().display().to_string();
    let us = format!("process {}", std::process::id());
    assert!(refusal.contains(&folder) && refusal.contains(&us), "{refusal}");
    drop(first);
    place.open().await;
}

#[tokio::test]
async fn a_second_process_on_the_folder_is_refused_and_told_who_has_it() {
    let place = Place::new();
    let mut child = Child::start(&place.store());
    child.wait_for_commits(1);
    let refusal = place.refusal().await;
    let other = format!("process {}", child.id());
    assert!(refusal.contains(&other), "{refusal}");
    child.kill();
    place.open().await;
}

#[tokio::test]
async fn a_file_in_place_of_the_folder_is_refused() {
    let place = Place::new();
    fs::write(place.store(), "").unwrap();
    let refusal = place.refusal().await;
    assert!(refusal.contains("is a file"), "{refusal}");
}

#[tokio::test]
async fn a_folder_without_permission_is_refused() {
    let place = Place::new();
    let closed = place.path("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, Permissions::from_mode(0o000)).unwrap();
    if rustix::process::geteuid().is_root() {
        // Nothing is forbidden to root, so another user has to try.
        let Some(answer) = Child::open_as_nobody(&closed) else {
            skipped(
                "a folder without permission",
                "the tests run as root, and their program cannot be run by another user here",
            );
            return;
        };
        assert!(answer.contains("the right to read, write and search"), "{answer}");
    } else {
        let refusal = open(&closed).await.err().unwrap().detail().to_owned();
        assert!(
            refusal.contains("the right to read, write and search"),
            "{refusal}"
        );
    }
}

#[tokio::test]
async fn a_file_that_is_no_store_is_refused_and_left_alone() {
    let place = Place::new();
    fs::create_dir(place.store()).unwrap();
    fs::write(
        place.file(),
        "Dear diary, today I called my file store.db.".repeat(100),
    )
    .unwrap();
    let before = fs::read(place.file()).unwrap();
    let refusal = place.refusal().await;
    assert!(names_file_and_way_out(&refusal, &place.file()), "{refusal}");
    assert_eq!(fs::read(place.file()).unwrap(), before);
}

#[tokio::test]
async fn a_database_of_another_program_is_refused_and_left_alone() {
    let place = Place::new();
    fs::create_dir(place.store()).unwrap();
    let other = Connection::open(place.file()).unwrap();
    other.execute_batch("CREATE TABLE diary (page TEXT)").unwrap();
    drop(other);
    let before = fs::read(place.file()).unwrap();
    let refusal = place.refusal().await;
    assert!(refusal.contains("not a store of Portcullis"), "{refusal}");
    assert_eq!(fs::read(place.file()).unwrap(), before);
}

#[tokio::test]
async fn a_store_of_a_newer_version_is_refused() {
    let place = Place::new();
    drop(place.open().await);
    let file = Connection::open(place.file()).unwrap();
    file.execute_batch("PRAGMA user_version = 7").unwrap();
    drop(file);
    let refusal = place.refusal().await;
    assert!(refusal.contains("newer") && refusal.contains('7'), "{refusal}");
}

#[tokio::test]
async fn a_file_that_was_cut_short_is_refused_at_once() {
    let place = Place::new();
    filled(&place).await;
    let file = OpenOptions::new().write(true).open(place.file()).unwrap();
    let length = file.metadata().unwrap().len();
    file.set_len(length / 2).unwrap();
    let refusal = place.refusal().await;
    assert!(names_file_and_way_out(&refusal, &place.file()), "{refusal}");
}

#[tokio::test]
async fn a_file_that_was_overwritten_is_refused_at_once() {
    let place = Place::new();
    filled(&place).await;
    overwrite(&place.file(), 0, &vec![0xA5; 64 * 1024]);
    let refusal = place.refusal().await;
    assert!(names_file_and_way_out(&refusal, &place.file()), "{refusal}");
}

#[tokio::test]
async fn a_file_that_ends_in_nothing_is_refused_at_once() {
    let place = Place::new();
    filled(&place).await;
    let length = place.file().metadata().unwrap().len();
    overwrite(&place.file(), length - 32 * 1024, &vec![0; 32 * 1024]);
    let refusal = place.refusal().await;
    assert!(names_file_and_way_out(&refusal, &place.file()), "{refusal}");
}

#[tokio::test]
async fn damage_in_the_middle_is_told_to_those_who_read_it() {
    let place = Place::new();
    filled(&place).await;
    let length = place.file().metadata().unwrap().len();
    // Neither the beginning, with the layout, nor the edges of the trees.
    overwrite(&place.file(), length / 3, &vec![0xA5; 32 * 1024]);
    let store = open(&place.store()).await.unwrap().records;
    let mut query = Query {
        collection: COLLECTION,
        partition: "p".to_owned(),
        range: Range::All,
        direction: Direction::Ascending,
        limit: 100,
        after: None,
    };
    let outcome = loop {
        match store.query(&query).await {
            Ok(page) if page.next.is_some() => query.after = page.next,
            other => break other,
        }
    };
    let Err(StoreError::Corrupt(what)) = outcome else {
        panic!("{outcome:?}");
    };
    assert!(names_file_and_way_out(&what, &place.file()), "{what}");
}

async fn filled(place: &Place) {
    let store = place.open().await.records;
    let body = format!("\"{}\"", "x".repeat(500));
    for chunk in 0..20 {
        let writes: Vec<Write> = (0..100)
            .map(|n| put(key("p", &format!("{chunk:02}{n:02}")), &body, Expect::Any))
            .collect();
        store.commit(&writes).await.unwrap();
    }
    write(&*store, key("q", "last"), 1).await;
}

fn overwrite(file: &Path, at: u64, bytes: &[u8]) {
    let mut file = OpenOptions::new().write(true).open(file).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(bytes).unwrap();
}

fn names_file_and_way_out(text: &str, file: &Path) -> bool {
    text.contains(&file.display().to_string()) && text.contains("portcullis restore")
}
