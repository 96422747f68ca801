//! Backups while the store is in use, and putting them back.

use std::fs;
use std::path::Path;

use async_trait::async_trait;
use portcullis_ports::storage::{ConnectedStore, Expect, RecordStore, Replaced, RestoreHook};
use portcullis_ports::{Error, Result};
use rusqlite::Connection;

use crate::child::{Child, WRITERS, batch_keys};
use crate::stores::{AsItIs, Place, archive, key, number, open, put, write};

#[tokio::test]
async fn a_backup_beside_a_writing_process_shows_one_moment() {
    let place = Place::new();
    let mut child = Child::start(&place.store());
    let before = child.wait_for_commits(300);
    let report = place.archive().backup(&place.path("copy")).await.unwrap();
    child.wait_for_commits(100);
    child.kill();
    assert_eq!(report.bytes, place.path("copy").metadata().unwrap().len());

    let elsewhere = place.path("elsewhere");
    let restored = archive(&elsewhere)
        .restore(&place.path("copy"), &AsItIs)
        .await
        .unwrap();
    assert_eq!(restored.records, report.records);
    let store = open(&elsewhere).await.unwrap().records;
    for commit in before {
        let [log, _, _] = batch_keys(commit.writer, commit.round);
        let entry = number(&*store, &log).await;
        assert_eq!(entry, Some((commit.round, commit.versions[0])), "{commit:?}");
    }
    for writer in 0..WRITERS {
        let [_, latest, mirror] = batch_keys(writer, 0);
        let round = number(&*store, &latest).await.map(|(round, _)| round);
        assert_eq!(number(&*store, &mirror).await.map(|(round, _)| round), round);
        let next = round.map_or(0, |round| round + 1);
        let [log, _, _] = batch_keys(writer, next);
        assert_eq!(number(&*store, &log).await, None, "a torn batch of {writer}");
    }
}

#[tokio::test]
async fn a_restored_store_is_the_one_that_was_copied() {
    let place = Place::new();
    let copy = place.path("copy");
    let store = place.open().await.records;
    let version = write(&*store, key("p", "one"), 1).await;
    let report = place.archive().backup(&copy).await.unwrap();
    assert_eq!(report.records, 1);
    drop(store);
    let store = place.open().await.records;
    write(&*store, key("p", "two"), 2).await;
    let later = write(&*store, key("p", "one"), 2).await;
    drop(store);

    assert_eq!(place.archive().restore(&copy, &AsItIs).await.unwrap().records, 1);
    let store = place.open().await.records;
    assert_eq!(number(&*store, &key("p", "one")).await, Some((1, version)));
    assert_eq!(number(&*store, &key("p", "two")).await, None);
    // A version that the lost store gave out must not come to mean another state.
    let next = write(&*store, key("p", "one"), 3).await;
    assert!(next > later, "{next:?} after {later:?}");
}

#[tokio::test]
async fn the_old_store_is_kept_with_everything_in_it() {
    let place = Place::new();
    let copy = place.path("copy");
    let store = place.open().await.records;
    place.archive().backup(&copy).await.unwrap();
    write(&*store, key("p", "one"), 1).await;
    drop(store);
    for _ in 0..2 {
        place.archive().restore(&copy, &AsItIs).await.unwrap();
    }
    let kept: Vec<_> = fs::read_dir(place.store())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.display().to_string().contains("before-restore-"))
        .collect();
    assert_eq!(kept.len(), 2);
    let counts: Vec<i64> = kept.iter().map(|path| count(path)).collect();
    assert_eq!(
        counts.iter().sum::<i64>(),
        1,
        "the first had a record, the second had none"
    );
}

fn count(file: &Path) -> i64 {
    let connection = Connection::open(file).unwrap();
    connection
        .query_row("SELECT count(*) FROM records", [], |row| row.get(0))
        .unwrap()
}

#[tokio::test]
async fn a_killed_store_is_kept_with_its_log() {
    let place = Place::new();
    let empty = place.path("empty");
    drop(place.open().await);
    place.archive().backup(&empty).await.unwrap();
    let mut child = Child::start(&place.store());
    let commits = child.wait_for_commits(50).len();
    child.kill();
    place.archive().restore(&empty, &AsItIs).await.unwrap();
    let kept = fs::read_dir(place.store())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.display().to_string().contains("before-restore-"))
        .unwrap();
    assert!(count(&kept) > i64::try_from(commits).unwrap());
    let store = place.open().await.records;
    assert_eq!(number(&*store, &batch_keys(0, 0)[0]).await, None);
}

/// Writes into the copy what it finds in the store that is replaced, and then fails if it is told to.
struct Carry {
    fail: bool,
}

#[async_trait]
impl RestoreHook for Carry {
    async fn prepare(&self, restored: &ConnectedStore, replaced: &Replaced) -> Result<()> {
        let Replaced::Readable(replaced) = replaced else {
            panic!("the store is whole")
        };
        let found = number(&*replaced.records, &key("p", "later")).await.unwrap().0;
        let written = replaced
            .records
            .commit(&[put(key("p", "late"), 3, Expect::Any)])
            .await;
        assert!(written.is_err(), "the store that is replaced is only read");
        write(&*restored.records, key("p", "carried"), found).await;
        if self.fail {
            return Err(Error::internal("the test told it to fail"));
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_copy_is_changed_before_it_is_put_in_its_place_or_not_put_there_at_all() {
    let place = Place::new();
    let copy = place.path("copy");
    let store = place.open().await.records;
    write(&*store, key("p", "one"), 1).await;
    place.archive().backup(&copy).await.unwrap();
    write(&*store, key("p", "later"), 2).await;
    drop(store);
    place
        .archive()
        .restore(&copy, &Carry { fail: true })
        .await
        .unwrap_err();
    let names = || {
        fs::read_dir(place.store())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
    };
    let left: Vec<_> = names()
        .filter(|name| name.to_str().unwrap().contains("restor"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    let store = place.open().await.records;
    assert_eq!(number(&*store, &key("p", "later")).await.unwrap().0, 2);
    assert_eq!(number(&*store, &key("p", "carried")).await, None);
    drop(store);
    let report = place
        .archive()
        .restore(&copy, &Carry { fail: false })
        .await
        .unwrap();
    assert_eq!(report.records, 2);
    let store = place.open().await.records;
    assert_eq!(number(&*store, &key("p", "carried")).await.unwrap().0, 2);
    assert_eq!(number(&*store, &key("p", "later")).await, None);
}

#[tokio::test]
async fn a_store_in_use_is_not_replaced() {
    let place = Place::new();
    let copy = place.path("copy");
    let store = place.open().await.records;
    place.archive().backup(&copy).await.unwrap();
    let refusal = place.archive().restore(&copy, &AsItIs).await.unwrap_err();
    assert!(refusal.detail().contains("in use by process"), "{refusal}");
    write(&*store, key("p", "one"), 1).await;
}

#[tokio::test]
async fn a_damaged_store_can_be_replaced() {
    let place = Place::new();
    let copy = place.path("copy");
    let store = place.open().await.records;
    write(&*store, key("p", "one"), 1).await;
    place.archive().backup(&copy).await.unwrap();
    drop(store);
    fs::write(place.file(), "nothing that a store would hold").unwrap();
    assert!(place.refusal().await.contains("portcullis restore"));
    place.archive().restore(&copy, &AsItIs).await.unwrap();
    let store = place.open().await.records;
    assert_eq!(number(&*store, &key("p", "one")).await.unwrap().0, 1);
}

#[tokio::test]
async fn the_log_of_a_damaged_store_is_kept_and_does_not_mix_with_the_new_one() {
    let place = Place::new();
    let copy = place.path("copy");
    let store = place.open().await.records;
    write(&*store, key("p", "one"), 1).await;
    place.archive().backup(&copy).await.unwrap();
    drop(store);
    let store = place.open().await.records;
    write(&*store, key("p", "one"), 2).await;
    // As after a crash: the log has not been moved into the file, and the file has lost its beginning.
    let log_file = place.store().join("store.db-wal");
    let log = fs::read(&log_file).unwrap();
    drop(store);
    fs::write(place.file(), "nothing that a store would hold").unwrap();
    fs::write(&log_file, &log).unwrap();
    assert!(place.refusal().await.contains("portcullis restore"));
    assert_eq!(
        fs::read(&log_file).unwrap(),
        log,
        "a refused store must stay as it is"
    );

    place.archive().restore(&copy, &AsItIs).await.unwrap();
    let kept = fs::read_dir(place.store())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.display().to_string().ends_with("-wal"))
        .unwrap();
    assert!(kept.display().to_string().contains("before-restore-"));
    assert_eq!(fs::read(kept).unwrap(), log);
    let store = place.open().await.records;
    assert_eq!(number(&*store, &key("p", "one")).await.unwrap().0, 1);
}

#[tokio::test]
async fn a_backup_never_overwrites_a_file() {
    let place = Place::new();
    drop(place.open().await);
    let copy = place.path("copy");
    fs::write(&copy, "precious").unwrap();
    let refusal = place.archive().backup(&copy).await.unwrap_err();
    assert!(refusal.detail().contains("exists already"), "{refusal}");
    assert_eq!(fs::read_to_string(&copy).unwrap(), "precious");
}

#[tokio::test]
async fn a_backup_of_nothing_is_refused() {
    let place = Place::new();
    let refusal = place.archive().backup(&place.path("copy")).await.unwrap_err();
    assert!(refusal.detail().contains("no store in"), "{refusal}");
    assert!(!place.path("copy").exists());
}

#[tokio::test]
async fn a_damaged_or_foreign_copy_is_refused_and_the_store_stays() {
    let place = Place::new();
    let store = place.open().await.records;
    let body = format!("\"{}\"", "x".repeat(3000));
    for n in 0..100 {
        write(&*store, key("p", &n.to_string()), &body).await;
    }
    let good = place.path("good");
    place.archive().backup(&good).await.unwrap();
    drop(store);

    let flipped = place.path("flipped");
    let mut bytes = fs::read(&good).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 64].fill(0xA5);
    fs::write(&flipped, bytes).unwrap();
    let foreign = place.path("foreign");
    let other = Connection::open(&foreign).unwrap();
    other.execute_batch("CREATE TABLE diary (page TEXT)").unwrap();
    drop(other);
    let newer = place.path("newer");
    fs::copy(&good, &newer).unwrap();
    let connection = Connection::open(&newer).unwrap();
    connection.execute_batch("PRAGMA user_version = 7").unwrap();
    drop(connection);
    let text = place.path("text");
    fs::write(&text, "Dear diary").unwrap();

    for wrong in [
        &flipped,
        &foreign,
        &newer,
        &text,
        &place.path("missing"),
        &place.file(),
    ] {
        let refusal = place.archive().restore(wrong, &AsItIs).await.unwrap_err();
        let name = wrong.file_name().unwrap().to_str().unwrap();
        assert!(
            refusal.detail().contains(name) || refusal.detail().contains("store.db.restoring"),
            "{refusal}"
        );
    }
    let left: Vec<_> = fs::read_dir(place.store())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("restor"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
    let store = place.open().await.records;
    assert!(store.get(&key("p", "99")).await.unwrap().is_some());
}

#[tokio::test]
async fn what_a_dead_restore_left_behind_is_cleared_away() {
    let place = Place::new();
    let store = place.open().await.records;
    write(&*store, key("p", "one"), 1).await;
    drop(store);
    let left = place.store().join("store.db.restoring");
    fs::write(&left, "half a copy").unwrap();
    drop(place.open().await);
    assert!(!left.exists());
    fs::create_dir(&left).unwrap();
    fs::write(left.join("store.db"), "half a copy").unwrap();
    let store = place.open().await.records;
    assert!(!left.exists());
    assert_eq!(number(&*store, &key("p", "one")).await.unwrap().0, 1);
    let taken = store.commit(&[put(key("p", "one"), 2, Expect::Absent)]).await;
    assert!(taken.is_err());
}

#[tokio::test]
async fn a_copy_stands_alone_in_one_private_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    let store: std::sync::Arc<dyn RecordStore> = place.open().await.records;
    write(&*store, key("p", "one"), 1).await;
    fs::create_dir(place.path("backups")).unwrap();
    let copy = place.path("backups").join("copy.db");
    place.archive().backup(&copy).await.unwrap();
    let names: Vec<_> = fs::read_dir(place.path("backups"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["copy.db"]);
    assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(count(&copy), 1);
}

#[tokio::test]
async fn a_file_that_an_older_version_made_is_rewritten_without_losing_anything() {
    let place = Place::new();
    let store = place.open().await.records;
    let big = format!("\"{}\"", "x".repeat(50_000));
    for n in 0..40 {
        write(&*store, key("p", &n.to_string()), &big).await;
    }
    write(&*store, key("p", "kept"), 7).await;
    assert!(
        place
            .archive()
            .compact()
            .await
            .unwrap_err()
            .detail()
            .contains("in use by process")
    );
    drop(store);
    let file = Connection::open(place.file()).unwrap();
    file.execute_batch("PRAGMA auto_vacuum = NONE; VACUUM; DELETE FROM records WHERE sort <> 'kept'")
        .unwrap();
    file.close().unwrap();
    let report = place.archive().compact().await.unwrap();
    assert!(report.before > 2_000_000 && report.after < 100_000, "{report:?}");
    assert_eq!(place.file().metadata().unwrap().len(), report.after);
    let file = Connection::open(place.file()).unwrap();
    let mode: i64 = file
        .query_row("PRAGMA auto_vacuum", [], |row| row.get(0))
        .unwrap();
    assert_eq!(mode, 2, "from now on it gives space back by itself");
    drop(file);
    let store = place.open().await.records;
    assert_eq!(number(&*store, &key("p", "kept")).await.unwrap().0, 7);
}

#[tokio::test]
async fn where_no_store_is_none_is_compacted() {
    let place = Place::new();
    let refusal = place.archive().compact().await.unwrap_err();
    assert!(refusal.detail().contains("There is no store"), "{refusal}");
    assert!(!place.file().exists());
}
