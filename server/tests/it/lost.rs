//! The whole program beside keys that were used, when its store is gone or its disk is full.

use std::fs::{self, OpenOptions};
use std::process::Command;
use std::time::Instant;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{PATIENCE, Program, Store, ends};

const DEV: [&str; 5] = ["dev", "--listen", "127.0.0.1:0", "--data", "data"];

async fn used(folder: &TempDir) {
    let program = Program::start(&folder.path().join("data"), Store::Embedded);
    let person = json!({ "email": "ada@example.com", "password": "plum-kettle-orbit" });
    program.post("/auth/sign-up", &[], person).await;
    assert!(program.terminate().success());
}

#[tokio::test]
async fn a_store_that_was_emptied_is_not_taken_for_a_new_one() {
    let folder = tempfile::tempdir().unwrap();
    used(&folder).await;
    let file = folder.path().join("data/store/store.db");
    OpenOptions::new()
        .write(true)
        .open(&file)
        .unwrap()
        .set_len(0)
        .unwrap();
    let refused = ends(&folder, &DEV, 69).1;
    assert!(refused.contains("missing or empty"), "{refused}");
    let doctor = ends(&folder, &["doctor", "--data", "data"], 69).0;
    assert!(doctor.contains("missing or empty"), "{doctor}");
}

#[tokio::test]
async fn a_folder_that_was_deleted_beside_its_keys_is_not_taken_for_a_first_start() {
    let folder = tempfile::tempdir().unwrap();
    used(&folder).await;
    fs::remove_dir_all(folder.path().join("data/store")).unwrap();
    for _ in 0..2 {
        let refused = ends(&folder, &DEV, 69).1;
        assert!(
            refused.contains("keys.toml.stores") && refused.contains("restore"),
            "{refused}"
        );
    }
    let doctor = ends(&folder, &["doctor", "--data", "data"], 69).0;
    assert!(doctor.contains("keys.toml.stores"), "{doctor}");
    assert!(!doctor.contains("the keys fit"), "{doctor}");
    // The way out that the message names.
    fs::remove_file(folder.path().join("data/secrets/keys.toml.stores")).unwrap();
    used(&folder).await;
}

#[tokio::test]
async fn the_doctor_points_out_a_store_that_holds_nothing_yet() {
    let folder = tempfile::tempdir().unwrap();
    used(&folder).await;
    // The doctor tries to listen, and others may listen at the usual port.
    let settings = "[server]\nlisten = \"127.0.0.1:0\"\n";
    fs::write(folder.path().join("portcullis.toml"), settings).unwrap();
    let said = ends(&folder, &["doctor", "--data", "data"], 0).0;
    assert!(!said.contains("is empty"), "{said}");
    fs::remove_dir_all(folder.path().join("data/store")).unwrap();
    let said = ends(&folder, &["doctor", "--data", "data"], 69).0;
    assert!(
        said.contains("FAILED   starts") && said.contains("cannot start"),
        "{said}"
    );
    fs::remove_file(folder.path().join("data/secrets/keys.toml.stores")).unwrap();
    let said = ends(&folder, &["doctor", "--data", "data"], 0).0;
    assert!(said.contains("store.dev (embedded) is empty"), "{said}");
}

/// A small disk of its own; taken away at the end.
struct SmallDisk(TempDir);

impl SmallDisk {
    /// `None` where nobody may mount.
    fn new() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"])
            .arg(folder.path())
            .output();
        mounted
            .is_ok_and(|done| done.status.success())
            .then(|| Self(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let done = Command::new("umount").arg("-l").arg(self.0.path()).status();
        assert!(done.is_ok_and(|status| status.success()));
    }
}

#[tokio::test]
async fn a_full_disk_takes_the_service_out_of_rotation_until_there_is_space() {
    let Some(disk) = SmallDisk::new() else {
        eprintln!("skipped: nobody may mount a file system here");
        return;
    };
    let program = Program::start(&disk.0.path().join("data"), Store::Embedded);
    let ready = async || program.call(Method::GET, "/readyz", &[], Value::Null).await;
    // An answer of the probes counts for a second.
    let until = async |wanted: StatusCode| {
        let begun = Instant::now();
        loop {
            let (status, body) = ready().await;
            if status == wanted {
                return body;
            }
            assert!(begun.elapsed() < PATIENCE, "{status} all the time: {body}");
            tokio::task::yield_now().await;
        }
    };
    assert_eq!(ready().await.0, StatusCode::OK);
    let filler = disk.0.path().join("filler");
    // Ends when nothing fits any more.
    fs::write(&filler, vec![0; 4 << 20]).unwrap_err();
    // Also while nobody wants anything written.
    let body = until(StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(body["failing"], json!(["store.dev (embedded)"]));
    let mut refused = 0;
    for n in 0..40 {
        let person = json!({ "email": format!("p{n}@example.com"), "password": "plum-kettle-orbit" });
        let (status, _) = program.call(Method::POST, "/auth/sign-up", &[], person).await;
        refused += u32::from(status == StatusCode::SERVICE_UNAVAILABLE);
    }
    assert!(refused > 0);
    assert_eq!(ready().await.0, StatusCode::SERVICE_UNAVAILABLE);
    fs::remove_file(&filler).unwrap();
    until(StatusCode::OK).await;
    let person = json!({ "email": "later@example.com", "password": "plum-kettle-orbit" });
    program.post("/auth/sign-up", &[], person).await;
}
