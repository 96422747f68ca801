//! Argon2id against hashes of the reference implementation, odd stored hashes and its own limits.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use portcullis_adapter_argon2id as _;
use portcullis_ports::error::Kind;
use portcullis_ports::passwords::{ConnectedPasswords, PasswordCheck, PasswordHash, Passwords};
use portcullis_ports::plugin::Port;
use portcullis_ports::testkit::FakeRuntime;
use portcullis_ports::{Result, Secret};
use serde_json::{Value, json};

/// Made by the reference implementation in C (argon2-cffi 25.1).
const REFERENCE: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$gYJZtjEAJqjg26xdLmknq8/bB7MiWPrE9hsYuA+SkIU";
/// As above, with other parameters and a shorter output.
const ODD_REFERENCE: &str =
    "$argon2id$v=19$m=64,t=3,p=2$ZGVmZ2hpamtsbW5vcHFycw$vhftzJ6svmkce+3D0hiLQngqGZNE9nZK";

async fn connect(settings: Value) -> ConnectedPasswords {
    let runtime = FakeRuntime::default();
    runtime.connect::<Passwords>("argon2id", settings).await.unwrap()
}

async fn verify(passwords: &ConnectedPasswords, password: &str, hash: &str) -> Result<PasswordCheck> {
    let hash = PasswordHash(hash.to_owned());
    passwords.hasher.verify(&Secret::new(password), &hash).await
}

#[tokio::test]
async fn a_hash_of_the_reference_implementation_matches() {
    let passwords = connect(json!({})).await;
    let password = "correct horse battery staple";
    assert_eq!(
        verify(&passwords, password, REFERENCE).await.unwrap(),
        PasswordCheck::Match
    );
    assert_eq!(
        verify(&passwords, "wrong", REFERENCE).await.unwrap(),
        PasswordCheck::Mismatch
    );
    assert_eq!(
        verify(&passwords, "pässwörd ☂", ODD_REFERENCE).await.unwrap(),
        PasswordCheck::MatchOutdated
    );
}

#[tokio::test]
async fn the_configured_parameters_stand_in_the_hash() {
    let passwords = connect(json!({ "memory": "64KiB", "iterations": 3, "parallelism": 2 })).await;
    let hash = passwords.hasher.hash(&Secret::new("x")).await.unwrap();
    assert!(hash.0.starts_with("$argon2id$v=19$m=64,t=3,p=2$"), "{hash:?}");
}

#[tokio::test]
async fn each_changed_parameter_makes_a_hash_outdated() {
    let passwords = connect(json!({ "memory": 64, "iterations": 2, "parallelism": 1 })).await;
    for other in [
        json!({ "memory": 128 }),
        json!({ "memory": 64, "iterations": 1 }),
        json!({ "memory": 64, "parallelism": 2 }),
    ] {
        let hash = connect(other).await.hasher.hash(&Secret::new("x")).await.unwrap();
        assert_eq!(
            verify(&passwords, "x", &hash.0).await.unwrap(),
            PasswordCheck::MatchOutdated
        );
    }
}

#[tokio::test]
async fn absurd_and_foreign_hashes_are_refused_at_once() {
    let passwords = connect(json!({ "memory": 64 })).await;
    let cut = REFERENCE.rsplit_once('$').unwrap().0;
    for wrong in [
        REFERENCE.replace("m=19456", "m=4294967295"),
        REFERENCE.replace("m=19456", "m=2000000"),
        REFERENCE.replace("m=19456", "m=1"),
        REFERENCE.replace("t=2", "t=4000000000"),
        REFERENCE.replace("t=2", "t=0"),
        REFERENCE.replace("p=1", "p=16777215"),
        REFERENCE.replace("p=1", "p=0"),
        REFERENCE.replace("m=19456,t=2", "m=1048576,t=64"),
        REFERENCE.replace("m=19456,", ""),
        REFERENCE.replace("p=1", "p=1,keyid=AAAA"),
        REFERENCE.replace("argon2id", "argon2i"),
        REFERENCE.replace("v=19", "v=16"),
        REFERENCE.replace("$v=19", ""),
        format!("{cut}$gYJZtjEAJqjg26w"),
        cut.to_owned(),
    ] {
        let error = verify(&passwords, "x", &wrong).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Internal, "{wrong}");
        let shown = format!("{error:?}");
        assert!(!shown.contains("gYJZ") && !shown.contains("AAEC"), "{shown}");
    }
}

#[tokio::test]
async fn a_hash_with_a_larger_memory_than_configured_is_checked_alone() {
    let passwords = connect(json!({ "memory": 64, "concurrent": 4 })).await;
    let password = "correct horse battery staple";
    assert_eq!(
        verify(&passwords, password, REFERENCE).await.unwrap(),
        PasswordCheck::MatchOutdated
    );
}

#[tokio::test]
async fn nobody_waits_where_waiting_is_forbidden() {
    let passwords = connect(json!({ "memory": 64, "concurrent": 1, "waiting": 0 })).await;
    assert!(passwords.hasher.hash(&Secret::new("x")).await.is_ok());
    assert!(
        passwords
            .probe
            .check()
            .await
            .unwrap()
            .ends_with("at most 1 hashes run or wait")
    );
}

#[test]
fn all_mistakes_are_named_at_once() {
    let plugin = Passwords::plugins()[0];
    let mistakes = |settings: Value| -> Vec<String> {
        let found = plugin.plan(settings).err().unwrap_or_default();
        found.into_iter().map(|mistake| mistake.field).collect()
    };
    assert!(mistakes(json!({})).is_empty());
    assert_eq!(
        mistakes(
            json!({ "memory": 7, "iterations": 0, "parallelism": 0, "concurrent": 0, "waiting": 100_001 })
        ),
        ["memory", "iterations", "parallelism", "concurrent", "waiting"]
    );
    for wrong in [json!("much"), json!(-1), json!(1.5), json!(true), json!("19MB")] {
        assert_eq!(mistakes(json!({ "memory": wrong })), ["memory"], "{wrong}");
    }
}
