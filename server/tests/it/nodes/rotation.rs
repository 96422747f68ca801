//! The signing key is rotated and revoked while two nodes run and people use them.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use portcullis_adapter_dynamodb::emulator::{Emulator, Kind};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::pair::Person;
use crate::journey::{PASSWORD, text};
use crate::program::{Door, Launched, PATIENCE, Program, Store, command};

/// What chooses the table that the nodes share.
const SETTINGS: &str = "[store]\nuse = \"chosen\"\n[store.chosen.dynamodb]\n";

/// Runs `portcullis keys …` beside the nodes.
fn keys(folder: &TempDir, store: Store<'_>, arguments: &[&str], code: i32) -> String {
    let place = ["--data", "data", "--config", "cli.toml"];
    let mut command = command(folder, &[&["keys"], arguments, &place].concat());
    store.reach(&mut command);
    let output = command.output().unwrap();
    let said = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (out, err) = (said(&output.stdout), said(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{out}\n{err}");
    out
}

/// The key that signed a token.
fn key_of(bearer: &str) -> String {
    let signed = bearer.strip_prefix("Bearer pct_").unwrap();
    signed
        .split_once('.')
        .map_or_else(|| "1".to_owned(), |(id, _)| id.to_owned())
}

async fn signs_in(door: &Door, email: &str) -> Person {
    let body = json!({ "email": email, "password": PASSWORD });
    let token = door.post("/auth/sign-in", &[], body).await;
    let mut person = Person {
        email: email.to_owned(),
        bearer: format!("Bearer {}", text(&token["access_token"])),
        session: String::new(),
    };
    let started = door
        .post("/ui/session/start", &person.first_factor(), json!({}))
        .await;
    person.session = text(&started["session_id"]);
    person
}

#[tokio::test]
async fn a_rotation_while_two_nodes_run_refuses_nobody_and_a_revocation_refuses_all() {
    let Some(emulator) = Emulator::start(Kind::Dynoxide) else {
        return;
    };
    let store = Store::DynamoDb(emulator.endpoint());
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::write(folder.path().join("cli.toml"), SETTINGS).unwrap();
    let launch = |data: &Path| Program::launch(data, store);
    let [one, other] = [launch(&data), launch(&data)].map(Launched::ready);
    let doors = [one.door(), other.door()];
    let before = Person::sign_up(&doors[0], "ada@example.com").await;

    keys(&folder, store, &["rotate"], 0);
    let rotated = Instant::now();
    // Every answer counts: a token that one node signs is shown to the other at once, and that from before to both.
    let mut newest = [String::from("1"), String::from("1")];
    while newest.iter().any(|key| key == "1") {
        assert!(
            rotated.elapsed() < PATIENCE,
            "a node does not sign with the new key"
        );
        for at in 0..2 {
            let person = signs_in(&doors[at], &before.email).await;
            newest[at] = key_of(&person.bearer);
            for door in [&doors[1 - at], &doors[at]] {
                door.get("/ui/me", &person.signed_in()).await;
                door.get("/ui/me", &before.signed_in()).await;
            }
            doors[1 - at]
                .post("/auth/sign-out", &person.signed_in(), json!({}))
                .await;
        }
    }
    assert!(
        rotated.elapsed() < Duration::from_secs(30),
        "{:?}",
        rotated.elapsed()
    );
    assert_eq!(newest[0], newest[1]);
    let listed = keys(&folder, store, &["list"], 0);
    assert!(
        listed.lines().count() == 2 && listed.contains("needed until"),
        "{listed}"
    );
    let reasons = keys(&folder, store, &["retire", "1"], 1);
    assert!(reasons.contains("access tokens"), "{reasons}");

    keys(&folder, store, &["rotate", "--revoke", "--yes"], 0);
    let revoked = Instant::now();
    for door in &doors {
        loop {
            let headers = before.signed_in();
            let (status, _) = door.call(Method::GET, "/ui/me", &headers, Value::Null).await;
            if status == StatusCode::UNAUTHORIZED {
                break;
            }
            assert!(revoked.elapsed() < Duration::from_secs(2), "the session lives on");
        }
    }
    let after = signs_in(&doors[0], &before.email).await;
    doors[1].get("/ui/me", &after.signed_in()).await;
    for node in [one, other] {
        assert!(node.terminate().success());
    }
}
