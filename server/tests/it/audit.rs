//! `portcullis audit`, as an operator runs it beside a service that was stopped.

use portcullis_core::audit::Entry;
use portcullis_ports::storage::{Collection, Expect, Key, ScanPage, Write};
use portcullis_server::compose::connect_one;
use portcullis_server::system::runtime;
use serde_json::json;
use tempfile::TempDir;

use crate::program::{PATIENCE, Program, Store, ends};
use crate::setup::with_file;

const AUDIT: Collection = Collection {
    name: "audit",
    table: "audit",
    variable: "AUDIT_TABLE_NAME",
};

/// A data folder in which two people have signed up and one has mistyped the password.
async fn used() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(&folder.path().join("data"), Store::Embedded);
    for name in ["ada", "bob"] {
        let person = json!({ "email": format!("{name}@example.com"), "password": "plum-kettle-orbit" });
        program.post("/auth/sign-up", &[], person.clone()).await;
        program.post("/auth/sign-in", &[], person).await;
    }
    let wrong = json!({ "email": "ada@example.com", "password": "plum-kettle-orbits" });
    program.refused("/auth/sign-in", &[], wrong).await;
    assert!(program.terminate().success());
    folder
}

/// Removes the oldest entry of some history behind the back of the program.
async fn tamper(folder: &TempDir) -> Entry {
    let at = folder.path().join("data/store");
    let text = format!("[store.dev.embedded]\nfolder = \"{}\"\n", at.display());
    let loaded = with_file(&text).stores(&["dev"]).loaded();
    let Ok(mut planned) = loaded.plan_stores(&["dev"]) else {
        panic!("the settings have mistakes");
    };
    let store = connect_one(planned.remove(0).selected, &runtime().unwrap(), PATIENCE)
        .await
        .unwrap_or_else(|why| panic!("{why}"));
    let ScanPage { records, .. } = store.scan.scan(&AUDIT, None, 1000).await.unwrap();
    let first = records
        .into_iter()
        .find(|record| record.key.sort == "entry#000000000001")
        .unwrap();
    let key: Key = first.key;
    let expect = Expect::Present;
    store
        .records
        .commit(&[Write::Delete { key, expect }])
        .await
        .unwrap();
    serde_json::from_str(&first.body).unwrap()
}

#[tokio::test]
async fn histories_are_proven_and_pruned_and_proven_again() {
    let folder = used().await;
    let verify = ["audit", "verify", "--data", "data"];
    let said = ends(&folder, &verify, 0).0;
    assert!(
        said.starts_with("2 histories with ") && said.contains("all intact"),
        "{said}"
    );
    assert!(said.contains(", 0 more were pruned"), "{said}");
    let prune = ["audit", "prune", "--data", "data"];
    // Nothing is that old yet.
    let said = ends(&folder, &[&prune[..], &["--dry-run"]].concat(), 0).0;
    assert!(said.starts_with("2 histories: 0 entries"), "{said}");
    let all = [&prune[..], &["--older-than", "0s"]].concat();
    // Nobody is there who could be asked.
    ends(&folder, &all, 64);
    let would = ends(&folder, &[&all[..], &["--dry-run"]].concat(), 0).0;
    assert!(
        !would.contains(" 0 entries") && would.contains("would be removed"),
        "{would}"
    );
    let done = ends(&folder, &[&all[..], &["--yes"]].concat(), 0).0;
    assert_eq!(done.split(" from").next(), would.split(" from").next());
    let said = ends(&folder, &verify, 0).0;
    assert!(
        said.starts_with("2 histories with 0 entries") && said.contains("all intact"),
        "{said}"
    );
}

#[tokio::test]
async fn a_history_that_was_tampered_with_is_named() {
    let folder = used().await;
    let entry = tamper(&folder).await;
    let subject = entry.subject.as_str();
    let said = ends(&folder, &["audit", "verify", "--data", "data"], 1).0;
    assert!(said.contains(&format!("{subject}: BROKEN at entry 1")), "{said}");
    assert!(said.contains("1 broken"), "{said}");
    let one = ["audit", "verify", "--data", "data", "--account", subject];
    assert!(ends(&folder, &one, 1).0.contains("BROKEN"));
    let prune = ["audit", "prune", "--data", "data", "--older-than", "0s", "--yes"];
    let said = ends(&folder, &prune, 1).0;
    assert!(said.contains(&format!("{subject}: left alone")), "{said}");
    assert!(ends(&folder, &one, 1).0.contains("BROKEN"));
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, says) in [
        (&["prune", "--older-than", "soon", "--yes"][..], "--older-than"),
        (&["prune", "--before", "2999-01-01", "--yes"], "future"),
        (&["prune", "--before", "yesterday", "--yes"], "2026-01-01"),
        (&["verify", "--account", ""], "--account"),
    ] {
        let said = ends(&folder, &[&["audit"], arguments].concat(), 64).1;
        assert!(said.contains(says), "{said}");
    }
}
