//! What may be used once is used once, whichever node is asked, and what is counted is counted together.

use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::pair::{Pair, Person, counter};
use crate::journey::{text, totp};
use crate::program::{Door, PATIENCE};

/// The same request at both nodes at the same moment.
async fn at_both(
    doors: &[Door; 2],
    path: &str,
    who: &Person,
    bodies: [Value; 2],
) -> [(StatusCode, Value); 2] {
    let [one, other] = bodies;
    let headers = who.first_factor();
    let (a, b) = tokio::join!(
        doors[0].call(Method::POST, path, &headers, one),
        doors[1].call(Method::POST, path, &headers, other)
    );
    [a, b]
}

#[tokio::test]
async fn a_recovery_code_works_at_one_node_only() {
    let Some(pair) = Pair::start() else { return };
    let doors = pair.doors();
    let ada = Person::sign_up(&doors[0], "ada@example.com").await;
    let (_, codes) = ada.enrol(&doors[1]).await;
    for code in &codes {
        let challenges = [ada.challenge(&doors[0]).await, ada.challenge(&doors[1]).await];
        let bodies = challenges.map(|id| json!({ "challenge_id": id, "recovery_code": code }));
        let answers = at_both(&doors, "/ui/mfa/recovery/totp", &ada, bodies).await;
        let passed = answers
            .iter()
            .filter(|(status, _)| *status == StatusCode::OK)
            .count();
        assert_eq!(passed, 1, "{answers:?}");
    }
    assert_eq!(ada.live_sessions(&doors[0]).await, 1 + codes.len());
}

#[tokio::test]
async fn a_step_of_an_authenticator_works_at_one_node_only() {
    let Some(pair) = Pair::start() else { return };
    let doors = pair.doors();
    let ada = Person::sign_up(&doors[0], "ada@example.com").await;
    let (secret, _) = ada.enrol(&doors[0]).await;
    // The step to come is accepted as well, so that there are two to try.
    let mut passed = 0;
    for steps in [0, 1] {
        let code = totp(&secret, steps);
        let challenges = [ada.challenge(&doors[0]).await, ada.challenge(&doors[1]).await];
        let bodies = challenges.map(|id| json!({ "challenge_id": id, "totp_code": code }));
        let answers = at_both(&doors, "/ui/mfa/totp/verify", &ada, bodies).await;
        let fine = answers
            .iter()
            .filter(|(status, _)| *status == StatusCode::OK)
            .count();
        assert!(fine <= 1, "{answers:?}");
        passed += fine;
    }
    assert!(passed >= 1, "no code was accepted at all");
    assert_eq!(ada.live_sessions(&doors[0]).await, 1 + passed);
}

#[tokio::test]
async fn a_challenge_makes_one_session_whoever_is_asked_for_it() {
    let Some(pair) = Pair::start() else { return };
    let doors = pair.doors();
    let ada = Person::sign_up(&doors[0], "ada@example.com").await;
    let (_, codes) = ada.enrol(&doors[0]).await;
    for code in codes.iter().take(5) {
        let challenge = ada.challenge(&doors[0]).await;
        let body = json!({ "challenge_id": challenge, "recovery_code": code });
        let before = ada.live_sessions(&doors[1]).await;
        let first = at_both(&doors, "/ui/mfa/recovery/totp", &ada, [body.clone(), body]).await;
        assert!(
            first.iter().any(|(status, _)| *status == StatusCode::OK),
            "{first:?}"
        );
        let body = json!({ "challenge_id": challenge });
        let again = at_both(&doors, "/ui/session/finalize", &ada, [body.clone(), body]).await;
        let ids: Vec<String> = again
            .iter()
            .map(|(_, answer)| text(&answer["session_id"]))
            .collect();
        assert_eq!(ids[0], ids[1], "one challenge, one session");
        assert_eq!(ada.live_sessions(&doors[1]).await, before + 1);
    }
}

#[tokio::test]
async fn wrong_answers_are_counted_together() {
    let Some(pair) = Pair::start() else { return };
    let doors = pair.doors();
    let ada = Person::sign_up(&doors[0], "ada@example.com").await;
    let body = || json!({ "email": ada.email, "password": "not-my-password" });
    let mut wrong = 0;
    for attempt in 0..40 {
        let (status, answer) = doors[attempt % 2]
            .call(Method::POST, "/auth/sign-in", &[], body())
            .await;
        match status {
            StatusCode::UNAUTHORIZED => wrong += 1,
            StatusCode::TOO_MANY_REQUESTS => break,
            _ => panic!("{status} {answer}"),
        }
    }
    assert_eq!(
        wrong, 8,
        "the limit of one account and network holds for all nodes together"
    );
}

#[tokio::test]
async fn a_message_is_sent_once_while_both_nodes_live() {
    let Some(pair) = Pair::start() else { return };
    let doors = pair.doors();
    let people = (0..30).map(|at| {
        let door = doors[at % 2].clone();
        async move {
            let email = format!("person{at}@example.com");
            Person::sign_up(&door, &email).await;
            email
        }
    });
    let emails = futures_util::future::join_all(people).await;
    let began = Instant::now();
    for email in &emails {
        while doors[0].messages(email).await.is_empty() {
            assert!(began.elapsed() < PATIENCE, "no message to {email}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    let sent = async |door| counter(door, "portcullis_messages_total").await;
    let total = sent(&doors[0]).await + sent(&doors[1]).await;
    assert!((total - 30.0).abs() < 0.5, "30 messages were sent {total} times");
}
