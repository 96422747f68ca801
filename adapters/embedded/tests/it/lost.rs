//! A store that was here and is here no more, which must not be taken for a first start.

use std::fs::{self, OpenOptions};

use portcullis_ports::storage::STORE_LOST;

use crate::stores::{AsItIs, Place, key, number, open, write};

/// A store that was closed in order.
async fn used(place: &Place) {
    let store = place.open().await.records;
    for n in 0..50 {
        write(&*store, key("p", &n.to_string()), n).await;
    }
}

async fn refused_as_lost(place: &Place) -> String {
    let error = open(&place.store()).await.err().unwrap();
    assert_eq!(error.code(), STORE_LOST, "{}", error.detail());
    let said = error.detail().to_owned();
    for part in [
        place.file().display().to_string().as_str(),
        "portcullis restore",
        "begin anew",
    ] {
        assert!(said.contains(part), "{said}");
    }
    said
}

#[tokio::test]
async fn a_first_start_works_in_an_empty_folder_and_in_none() {
    let place = Place::new();
    used(&place).await;
    let other = Place::new();
    fs::create_dir(other.store()).unwrap();
    used(&other).await;
    // The very first start can die right after it has made the file.
    let third = Place::new();
    fs::create_dir(third.store()).unwrap();
    fs::write(third.file(), "").unwrap();
    used(&third).await;
}

#[tokio::test]
async fn a_file_that_was_cut_anywhere_is_refused() {
    let place = Place::new();
    used(&place).await;
    let whole = fs::read(place.file()).unwrap();
    for length in [
        0,
        1,
        15,
        16,
        50,
        99,
        100,
        512,
        4095,
        4096,
        4097,
        8192,
        whole.len() / 2,
    ] {
        let place = Place::new();
        used(&place).await;
        let file = OpenOptions::new().write(true).open(place.file()).unwrap();
        file.set_len(length as u64).unwrap();
        let Err(error) = open(&place.store()).await else {
            panic!("cut to {length} bytes it is opened");
        };
        let code = error.code().name();
        assert!(
            code == "store-lost" || (length > 0 && code == "store-damaged"),
            "cut to {length} bytes: {code}"
        );
        assert_eq!(
            place.file().metadata().unwrap().len(),
            length as u64,
            "it was left alone"
        );
        // Every time, not only the first.
        assert!(open(&place.store()).await.is_err());
    }
}

#[tokio::test]
async fn a_file_that_is_gone_is_refused_until_the_operator_begins_anew() {
    let place = Place::new();
    used(&place).await;
    fs::remove_file(place.file()).unwrap();
    let said = refused_as_lost(&place).await;
    let marker = place.store().join("store.initialised");
    assert!(said.contains(&marker.display().to_string()), "{said}");
    assert!(!place.file().exists(), "nothing was created in its place");
    fs::remove_file(marker).unwrap();
    let store = place.open().await.records;
    assert_eq!(number(&*store, &key("p", "1")).await, None);
}

#[tokio::test]
async fn an_empty_database_of_the_engine_is_no_first_start_either() {
    let place = Place::new();
    used(&place).await;
    fs::remove_file(place.file()).unwrap();
    let blank = rusqlite::Connection::open(place.file()).unwrap();
    blank.execute_batch("VACUUM").unwrap();
    blank.execute_batch("CREATE TABLE t (a); DROP TABLE t").unwrap();
    drop(blank);
    assert!(place.file().metadata().unwrap().len() > 0);
    refused_as_lost(&place).await;
}

#[tokio::test]
async fn a_log_without_its_file_is_a_store_that_was_lost() {
    let place = Place::new();
    used(&place).await;
    // As a version that kept no marker has left it.
    fs::remove_file(place.store().join("store.initialised")).unwrap();
    fs::remove_file(place.file()).unwrap();
    let log = place.store().join("store.db-wal");
    fs::write(&log, [7; 4096]).unwrap();
    let said = refused_as_lost(&place).await;
    assert!(said.contains(&log.display().to_string()), "{said}");
}

#[tokio::test]
async fn a_backup_takes_the_place_of_a_lost_store() {
    for cut in [true, false] {
        let place = Place::new();
        used(&place).await;
        let copy = place.path("copy.db");
        place.archive().backup(&copy).await.unwrap();
        if cut {
            OpenOptions::new()
                .write(true)
                .open(place.file())
                .unwrap()
                .set_len(0)
                .unwrap();
        } else {
            fs::remove_file(place.file()).unwrap();
        }
        refused_as_lost(&place).await;
        place.archive().restore(&copy, &AsItIs).await.unwrap();
        let store = place.open().await.records;
        assert_eq!(number(&*store, &key("p", "7")).await.unwrap().0, 7);
    }
}

#[tokio::test]
async fn a_store_of_an_older_version_is_marked_when_it_is_opened() {
    let place = Place::new();
    used(&place).await;
    fs::remove_file(place.store().join("store.initialised")).unwrap();
    used(&place).await;
    fs::remove_file(place.file()).unwrap();
    refused_as_lost(&place).await;
}
