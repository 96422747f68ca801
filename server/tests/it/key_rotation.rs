//! Signing keys as an operator handles them with the program, which may be killed at any moment.

use std::time::Instant;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::journey::{EMAIL, PASSWORD, text};
use crate::program::{Program, Store, command, ends};
use crate::setup::says;

const LIST: [&str; 4] = ["keys", "list", "--data", "data"];
const ROTATE: [&str; 4] = ["keys", "rotate", "--data", "data"];

fn start(folder: &TempDir) -> Program {
    Program::start(&folder.path().join("data"), Store::Embedded)
}

/// A deployment in which somebody has just signed up.
async fn used(folder: &TempDir) -> String {
    let program = start(folder);
    let body = json!({ "email": EMAIL, "password": PASSWORD });
    let token = program.post("/auth/sign-up", &[], body).await;
    assert!(program.terminate().success());
    format!("Bearer {}", text(&token["access_token"]))
}

async fn accepts(program: &Program, bearer: &str) -> StatusCode {
    let headers = [("authorization", bearer)];
    let started = program.call(Method::POST, "/ui/session/start", &headers, Value::Null);
    started.await.0
}

fn keys(folder: &TempDir) -> Vec<String> {
    let (listed, _) = ends(folder, &LIST, 0);
    listed.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_rotation_that_is_killed_leaves_the_old_keys_or_the_new_ones() {
    let folder = TempDir::new().unwrap();
    let bearer = used(&folder).await;
    let begun = Instant::now();
    ends(&folder, &ROTATE, 0);
    let takes = begun.elapsed();
    let mut known = keys(&folder).len();
    assert_eq!(known, 2);
    let mut cut = 0;
    for step in 1..=10 {
        let mut rotating = command(&folder, &ROTATE).spawn().unwrap();
        tokio::time::sleep(takes * step / 10).await;
        cut += usize::from(rotating.try_wait().unwrap().is_none());
        rotating.kill().unwrap();
        rotating.wait().unwrap();
        let found = keys(&folder).len();
        assert!((known..=known + 1).contains(&found), "{known} keys, then {found}");
        known = found;
    }
    assert!(cut > 0, "none was cut short");
    let program = start(&folder);
    assert_eq!(accepts(&program, &bearer).await, StatusCode::OK);
    assert!(program.terminate().success());
}

#[tokio::test]
async fn a_key_that_leaked_is_revoked_and_given_up_in_two_commands() {
    let folder = TempDir::new().unwrap();
    let bearer = used(&folder).await;
    ends(&folder, &ROTATE, 0);
    let (reasons, _) = ends(&folder, &["keys", "retire", "1", "--data", "data"], 1);
    says(
        &reasons,
        &["1 is needed until", "access tokens", "CSRF tokens in open pages"],
    );
    says(
        &ends(&folder, &["keys", "rotate", "--revoke", "--data", "data"], 64).1,
        &["--yes"],
    );
    let (out, _) = ends(
        &folder,
        &["keys", "rotate", "--revoke", "--yes", "--data", "data"],
        0,
    );
    says(
        &out,
        &["signs. What the former ones signed is refused", "keys retire ID"],
    );
    let listed = keys(&folder);
    assert_eq!(listed.len(), 3);
    says(&listed[0], &["1 ", "revoked; histories are verified with it"]);
    let program = start(&folder);
    assert_eq!(accepts(&program, &bearer).await, StatusCode::UNAUTHORIZED);
    let body = json!({ "email": EMAIL, "password": PASSWORD });
    let token = program.post("/auth/sign-in", &[], body).await;
    let newest = listed[2].split(' ').next().unwrap();
    assert!(text(&token["access_token"]).starts_with(&format!("pct_{newest}.")));
    assert!(program.terminate().success());
    says(
        &ends(&folder, &["keys", "retire", "1", "--data", "data"], 1).0,
        &["a node may still sign with it"],
    );
    says(
        &ends(&folder, &["keys", "retire", newest, "--data", "data"], 64).1,
        &["the key that signs"],
    );
    says(
        &ends(&folder, &["keys", "retire", "none", "--data", "data"], 64).1,
        &["there is no signing key none"],
    );
    ends(&folder, &["audit", "verify", "--data", "data"], 0);
}

#[tokio::test]
async fn a_key_that_leaked_stays_revoked_when_an_older_backup_is_restored() {
    let folder = TempDir::new().unwrap();
    let bearer = used(&folder).await;
    ends(&folder, &["backup", "--data", "data", "--to", "old.db"], 0);
    ends(
        &folder,
        &["keys", "rotate", "--revoke", "--yes", "--data", "data"],
        0,
    );
    ends(&folder, &["keys", "reencrypt", "--all", "--data", "data"], 0);
    let restore = ["restore", "--data", "data", "--from", "old.db", "--yes"];
    let (out, _) = ends(&folder, &restore, 0);
    says(&out, &["are as they were in the store that was replaced"]);
    let listed = keys(&folder);
    says(&listed[0], &["1 ", "revoked"]);
    assert_eq!(listed.len(), 2, "{listed:?}");
    let program = start(&folder);
    assert_eq!(accepts(&program, &bearer).await, StatusCode::UNAUTHORIZED);
    assert!(program.terminate().success());
    // Where the store in use is left out, the operator is told.
    let (out, _) = ends(&folder, &[&restore[..], &["--ignore-current"]].concat(), 0);
    says(&out, &["it signs again", "keys rotate --revoke"]);
}
