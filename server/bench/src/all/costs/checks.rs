//! Session checks: the same question, put in the patterns that make it cheap or dear.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};

use super::member::Proof;
use super::units::{Meter, Row, Span};
use crate::Result;
use crate::http::{Connection, Url};

/// How the name of every session check begins.
pub(super) const CHECK: &str = "session check";

/// How sessions are checked: by which route, how many in turn, at which pace.
pub(super) struct Pattern {
    what: &'static str,
    method: &'static str,
    path: &'static str,
    sessions: usize,
    every: Duration,
}

impl Pattern {
    const fn me(what: &'static str, sessions: usize, every: Duration) -> Self {
        Self {
            what,
            method: "GET",
            path: "/ui/me",
            sessions,
            every,
        }
    }

    /// The one route that asks for a session and reads nothing of its own.
    const fn plain(what: &'static str, sessions: usize, every: Duration) -> Self {
        Self {
            what,
            method: "POST",
            path: "/auth/refresh",
            sessions,
            every,
        }
    }

    fn request(&self, url: &Url, proof: &Proof) -> Vec<u8> {
        // Behind the access token stands the session; a refresh takes no access token.
        let proof = if self.method == "POST" {
            proof.get(1..).unwrap_or_default()
        } else {
            proof
        };
        url.at(self.path).request(self.method, proof, "")
    }
}

/// All that are counted.
pub(super) const PATTERNS: [Pattern; 5] = [
    Pattern::me(
        "session check, `/ui/me`: one session, 10 a second",
        1,
        Duration::from_millis(100),
    ),
    Pattern::me(
        "session check, `/ui/me`: 100 sessions, 100 a second",
        100,
        Duration::from_millis(10),
    ),
    Pattern::me(
        "session check, `/ui/me`: one session, every 5 s",
        1,
        Duration::from_secs(5),
    ),
    Pattern::plain(
        "session check alone: one session, 10 a second",
        1,
        Duration::from_millis(100),
    ),
    Pattern::plain(
        "session check alone: one session, every 5 s",
        1,
        Duration::from_secs(5),
    ),
];

/// Checks sessions in turn, at an even pace, for the length of the window.
pub(super) async fn check(
    meter: &mut Meter,
    url: &Url,
    pattern: &Pattern,
    sessions: &[&Proof],
    window: Duration,
) -> Result<Row> {
    let mut connection = Connection::open(url.address, 900).await?;
    let requests: Vec<Vec<u8>> = sessions
        .iter()
        .take(pattern.sessions)
        .map(|proof| pattern.request(url, proof))
        .collect();
    let mut beat = interval(pattern.every);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let before = meter.look().await?;
    let began = Instant::now();
    let mut times = 0;
    for request in requests.iter().cycle() {
        beat.tick().await;
        if began.elapsed() >= window {
            break;
        }
        let (status, body) = connection.exchange(request).await?;
        if status != 200 {
            return Err(format!("{}: {status}: {}", pattern.what, String::from_utf8_lossy(body)).into());
        }
        times += 1;
    }
    Ok(Row {
        what: pattern.what,
        times,
        span: Span::between(&before, &meter.look().await?),
    })
}
