//! `portcullis store copy` and `portcullis tables`, as an operator runs them.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use portcullis_adapter_dynamodb::emulator::{Emulator, Kind};
use portcullis_core::collections;
use portcullis_ports::Clock as _;
use portcullis_ports::storage::{ConnectedStore, Expect, Key, Write};
use portcullis_server::compose::connect_one;
use portcullis_server::system::{SystemClock, runtime};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{PATIENCE, command, ends};
use crate::setup::{says, with_file};

const RECORDS: usize = 5_000;
const PROGRESS: &str = "store-copy-old-to-new.json";

/// A folder with a configuration that knows two stores.
pub(crate) struct Place {
    folder: TempDir,
    old: String,
    new: String,
}

impl Place {
    /// Two embedded stores.
    fn embedded() -> Self {
        Self::between(
            "[store.old.embedded]\nfolder = \"FOLDER/old\"\n",
            "[store.new.embedded]\nfolder = \"FOLDER/new\"\n",
        )
    }

    /// Two stores; `FOLDER` in their settings is replaced by the folder.
    pub(crate) fn between(old: &str, new: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().to_str().unwrap().to_owned();
        let place = Self {
            folder,
            old: old.replace("FOLDER", &path),
            new: new.replace("FOLDER", &path),
        };
        fs::write(place.path("portcullis.toml"), place.text()).unwrap();
        place
    }

    fn text(&self) -> String {
        format!("{}{}", self.old, self.new)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the program to its end, which must be this one.
    pub(crate) fn ends(&self, arguments: &[&str], code: i32) -> (String, String) {
        ends(&self.folder, arguments, code)
    }

    pub(crate) fn copies(&self, more: &[&str], code: i32) -> (String, String) {
        self.ends(
            &[&["store", "copy", "--from", "old", "--to", "new"], more].concat(),
            code,
        )
    }

    /// One of the two stores, connected by this process.
    async fn store(&self, name: &str) -> ConnectedStore {
        let loaded = with_file(&self.text()).stores(&[name]).loaded();
        let planned = loaded.plan_stores(&[name]);
        let Ok([store]) = planned.map(|planned| <[_; 1]>::try_from(planned).ok().unwrap()) else {
            panic!("{name} has mistakes");
        };
        connect_one(store.selected, &runtime().unwrap(), PATIENCE)
            .await
            .unwrap_or_else(|why| panic!("{why}"))
            .connected
    }

    /// Records of all families; every fourth expires in a day, every tenth very soon.
    pub(crate) async fn fill(&self, records: usize) {
        let store = self.store("old").await;
        let families = collections();
        let now = SystemClock.now();
        let write = |number: usize| {
            let expiry = match number {
                number if number % 10 == 0 => Some(Duration::from_millis(1)),
                number if number % 4 == 0 => Some(Duration::from_hours(24)),
                _ => None,
            };
            Write::Put {
                key: Key {
                    collection: families[number % families.len()],
                    partition: format!("partition-{}", number % 13),
                    sort: format!("{number:08}"),
                },
                body: json!({ "number": number, "text": "x".repeat(number % 900) })
                    .to_string()
                    .into(),
                expires_at: expiry.map(|span| now + span),
                expect: Expect::Absent,
            }
        };
        let numbers: Vec<usize> = (0..records).collect();
        for batch in numbers.chunks(100) {
            let writes: Vec<Write> = batch.iter().map(|number| write(*number)).collect();
            store.records.commit(&writes).await.unwrap();
        }
    }

    /// Every tenth record has expired before anything is copied.
    pub(crate) fn expected(records: usize) -> String {
        let left = records - records.div_ceil(10);
        format!("Copied {},{:03} records", left / 1000, left % 1000)
    }

    fn progress(&self) -> Value {
        serde_json::from_str(&fs::read_to_string(self.path(PROGRESS)).unwrap()).unwrap()
    }
}

#[tokio::test]
async fn everything_is_copied_and_compared() {
    let place = Place::embedded();
    place.fill(RECORDS).await;
    let (out, err) = place.copies(&[], 0);
    says(
        &out,
        &[
            &Place::expected(RECORDS),
            "from store.old (embedded) to store.new (embedded)",
            &format!("all {} families are the same", collections().len()),
        ],
    );
    says(&err, &["sessions", "records", "/s"]);
    assert!(!place.path(PROGRESS).exists());

    let store = place.store("new").await;
    let key = |number: usize| Key {
        collection: collections()[number % collections().len()],
        partition: format!("partition-{}", number % 13),
        sort: format!("{number:08}"),
    };
    let kept = store.records.get(&key(4)).await.unwrap().unwrap();
    let left = kept.expires_at.unwrap().since(SystemClock.now());
    assert!(
        left > Duration::from_hours(23) && left <= Duration::from_hours(24),
        "{left:?}"
    );
    assert_eq!(store.records.get(&key(10)).await.unwrap(), None);
    let plain = store.records.get(&key(7)).await.unwrap().unwrap();
    assert_eq!(&*plain.body, r#"{"number":7,"text":"xxxxxxx"}"#);
}

#[tokio::test]
async fn a_target_that_holds_something_is_only_overwritten_on_demand() {
    let place = Place::embedded();
    place.fill(300).await;
    place.copies(&[], 0);
    let (_, err) = place.copies(&[], 64);
    says(&err, &["store.new (embedded) is not empty", "--overwrite"]);
    let (out, err) = place.copies(&["--overwrite"], 0);
    says(&out, &["Copied 270 records"]);
    says(&err, &["deleted"]);
}

/// Begins a copy and tells it to stop when it has written down how far it came; `false` if it was faster.
fn interrupt(place: &Place) -> bool {
    let mut child = command(&place.folder, &["store", "copy", "--from", "old", "--to", "new"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let started = Instant::now();
    while !place.path(PROGRESS).exists() && child.try_wait().unwrap().is_none() {
        assert!(started.elapsed() < PATIENCE, "the copy does not begin");
        std::thread::yield_now();
    }
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let Output { status, stderr, .. } = child.wait_with_output().unwrap();
    let said = String::from_utf8(stderr).unwrap();
    if status.success() {
        return false;
    }
    assert_eq!(status.code(), Some(130), "{said}");
    says(&said, &["Interrupted", PROGRESS, "--resume"]);
    true
}

#[tokio::test]
async fn an_interrupted_copy_is_continued_and_proven() {
    let place = Place::embedded();
    place.fill(RECORDS).await;
    while !interrupt(&place) {
        fs::remove_dir_all(place.path("new")).unwrap();
    }
    says(&place.copies(&[], 64).1, &[PROGRESS, "--resume", "--overwrite"]);
    let (out, _) = place.copies(&["--resume"], 0);
    says(&out, &[&Place::expected(RECORDS), "are the same"]);
    says(
        &place.copies(&["--resume"], 64).1,
        &["there is no", "leave --resume out"],
    );
}

#[tokio::test]
async fn what_an_earlier_copy_reached_is_forgotten_before_the_target_is_emptied() {
    const REACHED: u64 = 4_711_000;
    let place = Place::embedded();
    place.fill(RECORDS).await;
    place.copies(&[], 0);
    let sides = |name: &str| json!({ "name": name, "settings": [] });
    let families = json!({ "totp": { "records": REACHED, "bytes": 0, "next": null, "complete": true } });
    let left = json!({ "source": sides("old"), "target": sides("new"), "families": families });
    fs::write(place.path(PROGRESS), left.to_string()).unwrap();
    let overwrite = ["store", "copy", "--from", "old", "--to", "new", "--overwrite"];
    let mut child = command(&place.folder, &overwrite)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    let first = said.find(|line| line.as_ref().unwrap().contains("deleted"));
    assert!(first.is_some(), "nothing was deleted");
    let now = fs::read_to_string(place.path(PROGRESS)).unwrap_or_default();
    assert!(!now.contains(&REACHED.to_string()), "{now}");
    said.for_each(drop);
    assert!(child.wait().unwrap().success());
}

#[tokio::test]
async fn a_copy_that_is_not_whole_is_told_and_not_believed() {
    let place = Place::embedded();
    place.fill(RECORDS).await;
    while !interrupt(&place) {
        fs::remove_dir_all(place.path("new")).unwrap();
    }
    let mut progress = place.progress();
    for family in collections() {
        progress["families"][family.name] =
            json!({ "records": 0, "bytes": 0, "next": null, "complete": true });
    }
    fs::write(place.path(PROGRESS), progress.to_string()).unwrap();
    let (out, err) = place.copies(&["--resume"], 1);
    says(&out, &["DIFFERENT", "records at the source", "--overwrite"]);
    says(&err, &["copied before"]);
    assert!(place.path(PROGRESS).exists());

    fs::write(
        place.path("portcullis.toml"),
        place.text().replace("/old\"", "/older\""),
    )
    .unwrap();
    let (_, err) = place.copies(&["--resume"], 64);
    says(
        &err,
        &[
            "other stores",
            "- store.old.embedded.folder",
            "+ store.old.embedded.folder",
        ],
    );
}

#[test]
fn a_copy_needs_two_stores_that_are_configured() {
    let place = Place::embedded();
    let ends =
        |from: &str, to: &str, code: i32| place.ends(&["store", "copy", "--from", from, "--to", to], code).1;
    says(&ends("old", "old", 64), &["cannot be copied into itself"]);
    says(
        &ends("old", "nwe", 78),
        &["--to: store.nwe", "Did you mean `new`?"],
    );
    assert!(!place.path("old").exists() && !place.path("new").exists());
    says(
        &place.copies(&["--resume", "--overwrite"], 64).1,
        &["--overwrite"],
    );
}

#[test]
fn a_store_without_tables_says_so() {
    let place = Place::embedded();
    for command in ["create", "check", "policy", "delete"] {
        let (out, err) = place.ends(&["tables", command, "--store", "old"], 64);
        assert_eq!(out, "");
        says(&err, &["store.old (embedded) keeps no tables", "dynamodb"]);
    }
    says(
        &place.ends(&["tables", "check"], 78).1,
        &["No record store is selected"],
    );
    says(
        &place.ends(&["tables", "check", "--store", "x"], 78).1,
        &["--store: store.x"],
    );
}

/// The settings of a store in an emulator, with one family apart.
fn in_tables(instance: &str, emulator: &Emulator) -> String {
    let endpoint = emulator.endpoint();
    format!(
        "[store.{instance}.dynamodb]\nendpoint = \"{endpoint}\"\ntable = \"gate\"\ntables = {{ totp = \"gate_totp\" }}\n"
    )
}

#[test]
fn tables_are_created_checked_and_deleted() {
    let Some(emulator) = Emulator::start(Kind::Dynoxide) else {
        return;
    };
    let place = Place::between("", &in_tables("new", &emulator));
    let tables = |arguments: &[&str], code| {
        place
            .ends(&[&["tables"], arguments, &["--store", "new"]].concat(), code)
            .0
    };
    says(
        &tables(&["check"], 1),
        &["MISSING    gate\n", "MISSING    gate_totp\n"],
    );
    says(
        &tables(&["create"], 0),
        &["created    gate\n", "created    gate_totp\n"],
    );
    says(&tables(&["create"], 0), &["ready      gate\n"]);
    let report: Value = serde_json::from_str(&tables(&["check", "--json"], 0)).unwrap();
    assert_eq!(report["ok"], true, "{report}");
    assert_eq!(report["tables"].as_array().unwrap().len(), 2);
    let policy: Value = serde_json::from_str(&tables(&["policy"], 0)).unwrap();
    assert!(policy["Statement"].is_array(), "{policy}");
    tables(&["delete"], 64);
    says(
        &tables(&["delete", "--yes"], 0),
        &["deleted    gate\n", "deleted    gate_totp\n"],
    );
    tables(&["check"], 1);
}

#[tokio::test]
async fn records_go_to_tables_and_come_back() {
    let Some(emulator) = Emulator::start(Kind::Dynoxide) else {
        return;
    };
    let there = Place::between(
        "[store.old.embedded]\nfolder = \"FOLDER/old\"\n",
        &in_tables("new", &emulator),
    );
    there.fill(RECORDS).await;
    says(&there.copies(&[], 69).1, &["gate", "portcullis tables create"]);
    there.ends(&["tables", "create", "--store", "new"], 0);
    while !interrupt(&there) {
        there.ends(&["tables", "delete", "--store", "new", "--yes"], 0);
        there.ends(&["tables", "create", "--store", "new"], 0);
    }
    says(
        &there.copies(&["--resume"], 0).0,
        &[
            &Place::expected(RECORDS),
            "to store.new (dynamodb)",
            "are the same",
        ],
    );
    let back = Place::between(
        &in_tables("old", &emulator),
        "[store.new.embedded]\nfolder = \"FOLDER/new\"\n",
    );
    says(
        &back.copies(&[], 0).0,
        &[&Place::expected(RECORDS), "are the same"],
    );
}
