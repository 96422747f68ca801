//! The table stands still for a while: both nodes say so, stay alive, and lose nothing.

use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::pair::{Pair, Person};
use super::plug::long;

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
    while began.elapsed() < outage {
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
        for (status, answer) in futures_util::future::join_all(asked).await.into_iter().flatten() {
            // What is remembered may be answered for as long as it may be trusted, which is less than a second.
            let early = status == StatusCode::OK && began.elapsed() < Duration::from_secs(12);
            assert!(
                early || status == StatusCode::SERVICE_UNAVAILABLE,
                "{status} {answer}"
            );
            assert!(early || answer["code"].is_string(), "{answer}");
        }
    }
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
