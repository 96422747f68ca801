//! Machines without credentials or without a region.
//!
//! A process of its own connects, because only there the environment can be chosen.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::proxy::{Fault, Proxy};
use crate::stores::{connect, runtime};

const STARTED: &str = "credentials::connects_with_nothing_but_its_environment";

/// Started by the tests below, with another environment.
#[tokio::test]
#[ignore = "a part of other tests"]
async fn connects_with_nothing_but_its_environment() {
    let error = connect(&runtime(), json!({})).await.err().unwrap();
    println!("said: {} {}", error.code().name(), error.detail());
}

/// What connecting says with this environment, and how long it takes.
async fn said(environment: &[(&str, &str)]) -> (String, Duration) {
    let begun = Instant::now();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([STARTED, "--exact", "--ignored", "--nocapture"])
        .env_clear()
        .env("HOME", "/nonexistent")
        .envs(environment.iter().copied());
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .unwrap()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.contains("said: store-access"),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    (text, begun.elapsed())
}

#[tokio::test]
async fn without_credentials_the_operator_is_told_what_to_set() {
    let (text, _) = said(&[
        ("AWS_REGION", "eu-central-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ])
    .await;
    assert!(
        text.contains("AWS_ACCESS_KEY_ID") && text.contains("AWS_PROFILE"),
        "{text}"
    );
}

#[tokio::test]
async fn without_a_region_the_operator_is_told_what_to_set() {
    let (text, _) = said(&[("AWS_EC2_METADATA_DISABLED", "true")]).await;
    assert!(text.contains("AWS_REGION"), "{text}");
}

#[tokio::test]
async fn where_nobody_answers_for_credentials_the_search_ends() {
    let proxy = Proxy::alone(|_, _| Fault::Silence).await;
    let environment = [
        ("AWS_REGION", "eu-central-1"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", proxy.endpoint()),
    ];
    let (text, took) = said(&environment).await;
    assert!(text.contains("AWS_ACCESS_KEY_ID"), "{text}");
    assert!(took < Duration::from_secs(20), "{took:?}");
    assert!(!proxy.seen().is_empty(), "nobody was asked");
}
