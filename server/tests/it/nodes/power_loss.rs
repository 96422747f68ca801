//! Either node dies at random, under load: what was acknowledged stays true.
//!
//! Takes some seconds; `PORTCULLIS_SOAK_MINUTES` makes it longer.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::pair::{Pair, Person};
use crate::journey::{PASSWORD, text};

/// How many people use the product at the same time.
const PEOPLE: usize = 6;
/// After a revocation was acknowledged, no node accepts the session from this moment on.
const REVOKED: Duration = Duration::from_secs(1);

/// How long a soak takes, if one was asked for.
#[expect(clippy::disallowed_methods, reason = "a person asks for a longer test")]
pub(super) fn long() -> Option<Duration> {
    let minutes: u64 = std::env::var("PORTCULLIS_SOAK_MINUTES").ok()?.parse().ok()?;
    Some(Duration::from_mins(minutes))
}

fn chance(most: u64) -> u64 {
    getrandom::u64().unwrap() % most
}

/// What the load has shown.
#[derive(Default)]
struct Tally {
    sessions: AtomicUsize,
    revoked: AtomicUsize,
    unanswered: AtomicUsize,
    kills: AtomicUsize,
}

/// An answer that a living node gave; `None` if the node died or its table was busy.
async fn ask(
    pair: &Pair,
    tally: &Tally,
    at: usize,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Value,
) -> Option<(StatusCode, Value)> {
    let answer = pair.door(at).ask(method, path, headers, body).await;
    match answer {
        Ok((StatusCode::SERVICE_UNAVAILABLE, problem)) => {
            assert!(problem["code"].is_string(), "{problem}");
            tally.unanswered.fetch_add(1, Ordering::Relaxed);
            None
        }
        Ok(answer) => Some(answer),
        Err(_) => {
            tally.unanswered.fetch_add(1, Ordering::Relaxed);
            // The place of the dead is taken soon.
            tokio::time::sleep(Duration::from_millis(50)).await;
            None
        }
    }
}

/// Signs in, uses the session everywhere, ends it somewhere, and makes sure that it is over everywhere.
async fn use_it(pair: &Pair, tally: &Tally, email: &str) {
    let asking = async |at, method, path, headers: &[(&str, &str)], body| {
        ask(pair, tally, at, method, path, headers, body).await
    };
    let any = || usize::try_from(chance(2)).unwrap();
    let body = json!({ "email": email, "password": PASSWORD });
    let Some((status, token)) = asking(any(), Method::POST, "/auth/sign-in", &[], body).await else {
        return;
    };
    assert_eq!(
        status,
        StatusCode::OK,
        "an account that was acknowledged is known: {token}"
    );
    let mut person = Person {
        email: email.to_owned(),
        bearer: format!("Bearer {}", text(&token["access_token"])),
        session: String::new(),
    };
    let started = asking(
        any(),
        Method::POST,
        "/ui/session/start",
        &person.first_factor(),
        json!({}),
    )
    .await;
    let Some((status, started)) = started else { return };
    assert_eq!(status, StatusCode::OK, "{started}");
    person.session = text(&started["session_id"]);
    tally.sessions.fetch_add(1, Ordering::Relaxed);
    for at in [0, 1, 0, 1] {
        if let Some((status, me)) = asking(at, Method::GET, "/ui/me", &person.signed_in(), Value::Null).await
        {
            assert_eq!(
                status,
                StatusCode::OK,
                "a session that was acknowledged is accepted: {me}"
            );
        }
    }
    let ended = asking(
        any(),
        Method::POST,
        "/auth/sign-out",
        &person.signed_in(),
        json!({}),
    )
    .await;
    let Some((status, answer)) = ended else {
        // Whether it was done is not known, so that nothing can be said of it.
        return;
    };
    assert_eq!(status, StatusCode::OK, "{answer}");
    let acknowledged = Instant::now();
    tally.revoked.fetch_add(1, Ordering::Relaxed);
    while acknowledged.elapsed() < REVOKED + Duration::from_millis(500) {
        for at in 0..2 {
            let asked = acknowledged.elapsed();
            if let Some((status, me)) =
                asking(at, Method::GET, "/ui/me", &person.signed_in(), Value::Null).await
            {
                assert!(
                    status == StatusCode::UNAUTHORIZED || asked < REVOKED,
                    "{asked:?} after it was ended node {at} accepts the session: {status} {me}"
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_dies_what_was_acknowledged_stays_true() {
    let Some(pair) = Pair::start() else { return };
    let emails: Vec<String> = (0..PEOPLE).map(|at| format!("person{at}@example.com")).collect();
    for email in &emails {
        Person::sign_up(&pair.door(0), email).await;
    }
    let tally = Tally::default();
    let over = AtomicBool::new(false);
    let soak = long().unwrap_or(Duration::from_secs(12));
    let people = emails.iter().map(async |email| {
        while !over.load(Ordering::Relaxed) {
            use_it(&pair, &tally, email).await;
        }
    });
    let killer = async {
        let began = Instant::now();
        while began.elapsed() < soak {
            tokio::time::sleep(Duration::from_millis(800 + chance(2500))).await;
            let at = usize::try_from(chance(2)).unwrap();
            pair.kill(at);
            tally.kills.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(chance(800))).await;
            tokio::task::block_in_place(|| pair.replace(at));
        }
        over.store(true, Ordering::Relaxed);
    };
    tokio::join!(futures_util::future::join_all(people), killer);
    let [sessions, revoked, unanswered, kills] =
        [&tally.sessions, &tally.revoked, &tally.unanswered, &tally.kills]
            .map(|count| count.load(Ordering::Relaxed));
    assert!(
        sessions > PEOPLE && revoked > 0 && kills > 0,
        "{sessions} sessions, {revoked} ended, {kills} kills"
    );
    let survivors = Person::sign_up(&pair.door(1), "last@example.com").await;
    let me = pair.door(0).get("/ui/me", &survivors.signed_in()).await;
    assert_eq!(me["email"], "last@example.com");
    if long().is_some() {
        report(soak, sessions, revoked, unanswered, kills);
    }
}

#[expect(
    clippy::print_stderr,
    reason = "a person asked for a longer test and wants to know what it did"
)]
fn report(soak: Duration, sessions: usize, revoked: usize, unanswered: usize, kills: usize) {
    eprintln!(
        "{soak:?}: {kills} kills, {sessions} sessions, {revoked} ended, {unanswered} requests without an answer"
    );
}
