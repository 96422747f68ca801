//! The table stands still for a while: both nodes say so, stay alive, and lose nothing.

use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::pair::{Pair, Person};
use super::power_loss::long;

/// Memory is trusted for less than this.
const TRUSTED: Duration = Duration::from_secs(1);

/// That a node cannot answer is no fault of the caller, and has a name.
fn says_so((status, answer): &(StatusCode, Value)) {
    assert_eq!(*status, StatusCode::SERVICE_UNAVAILABLE, "{answer}");
    assert!(answer["code"].is_string(), "{answer}");
}

#[tokio::test]
async fn while_the_table_stands_still_both_nodes_say_so_and_lose_nothing() {
    let Some(pair) = Pair::start() else { return };
    let doors = pair.doors();
    let mut people = Vec::new();
    for at in 0..4 {
        people.push(Person::sign_up(&doors[at % 2], &format!("person{at}@example.com")).await);
    }
    pair.pause();
    let began = Instant::now();
    let outage = if long().is_some() {
        Duration::from_secs(30)
    } else {
        Duration::from_secs(6)
    };
    let mut refused = 0;
    while began.elapsed() < outage {
        let before = began.elapsed();
        let asked = people.iter().enumerate().map(|(at, person)| {
            let door = doors[at % 2].clone();
            async move {
                let headers = person.signed_in();
                let read = door.call(Method::GET, "/ui/me", &headers, Value::Null).await;
                let write = door
                    .call(
                        Method::POST,
                        "/ui/session/start",
                        &person.first_factor(),
                        json!({}),
                    )
                    .await;
                let alive = door
                    .client
                    .get(format!("{}/healthz", door.url))
                    .send()
                    .await
                    .unwrap();
                assert!(alive.status().is_success());
                [read, write]
            }
        });
        for [read, write] in futures_util::future::join_all(asked).await {
            // What is remembered may be answered for as long as it may be trusted.
            if read.0 != StatusCode::OK || before >= TRUSTED {
                says_so(&read);
                refused += 1;
            }
            says_so(&write);
        }
    }
    assert!(refused > 0, "no question was refused");
    pair.go_on();
    let back = Instant::now();
    for (at, person) in people.iter().enumerate() {
        loop {
            let (status, answer) = doors[(at + 1) % 2]
                .call(Method::GET, "/ui/me", &person.signed_in(), Value::Null)
                .await;
            if status == StatusCode::OK {
                assert_eq!(answer["email"], person.email.as_str());
                break;
            }
            assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{answer}");
            assert!(back.elapsed() < Duration::from_secs(20), "it does not recover");
        }
    }
    assert!(pair.is_alive(0) && pair.is_alive(1));
}
