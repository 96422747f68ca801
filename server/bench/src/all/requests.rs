//! Requests per second: bare poem, the health check, the session check and a sign-in whose hash costs nothing.

use std::fs;

use super::Extent;
use super::product::{Ask, Hash, fill, load, start, start_bare};
use crate::Result;
use crate::http::Connection;
use crate::load::{Measured, Varied};
use crate::people::{Person, credentials, email, make_key};
use crate::process::{Cores, Server};
use crate::report::{Goal, Judged, Line};
use crate::samples::{median, median_ratio};

/// The measurements of one question, round by round.
#[derive(Default)]
pub(super) struct Rounds(Vec<Measured>);

impl Rounds {
    pub(super) fn push(&mut self, measured: Measured) {
        self.0.push(measured);
    }

    pub(super) fn rates(&self) -> Vec<f64> {
        self.0.iter().map(|round| round.per_second).collect()
    }

    fn middle(&self, of: impl Fn(&Measured) -> f64) -> f64 {
        median(&self.0.iter().map(of).collect::<Vec<_>>())
    }

    /// Rate and latencies in words; a generator at its limit is named, because then it was measured too.
    pub(super) fn words(&self) -> String {
        let busy = self.middle(|round| round.generator_load);
        let warning = if busy > 0.9 {
            " (generator at its limit)"
        } else {
            ""
        };
        format!(
            "{:.0}/s, p50 {:.2} ms, p99 {:.2} ms{warning}",
            median(&self.rates()),
            self.middle(|round| round.p50_micros) / 1000.0,
            self.middle(|round| round.p99_micros) / 1000.0,
        )
    }
}

pub(super) fn measure(extent: &Extent) -> Result<Vec<Line>> {
    let (server_core, generator_core) = Cores::two()?;
    let bare = start_bare(extent, &server_core)?;
    let product = start(extent, "requests", &server_core, Hash::Cheap)?;
    let sessions = fill(extent, &product, extent.few)?;
    let sign_ins = extent.folder.join("sign-ins.jsonl");
    fs::write(&sign_ins, sign_up(&product, "cheap", 64)?)?;
    let keys = extent.folder.join("keys.jsonl");
    fs::write(&keys, make_keys(&product, 40, 25)?)?;
    let entitlements = |vary| Ask {
        vary: Some(vary),
        ..Ask::get("/api/billing/entitlements")
    };
    let sign_in = Ask {
        method: "POST",
        path: "/auth/sign-in",
        vary: Some(&sign_ins),
        connections: 32,
    };
    let asks = [
        ("bare poem, a constant text", &bare, Ask::get("/")),
        ("GET /healthz", &product, Ask::get("/healthz")),
        (
            "session check, GET /ui/me",
            &product,
            Ask::session_check(&sessions),
        ),
        ("sign-in with the cheapest hash", &product, sign_in),
        (
            "entitlements, by a session",
            &product,
            entitlements(sessions.as_path()),
        ),
        (
            "entitlements, by an API key",
            &product,
            entitlements(keys.as_path()),
        ),
    ];
    let mut rounds: [Rounds; 6] = Default::default();
    for _ in 0..extent.rounds {
        for ((_, server, ask), rounds) in asks.iter().zip(&mut rounds) {
            rounds.push(load(extent, &generator_core, &server.url, ask)?);
        }
    }
    let share =
        |index: usize, yardstick: usize| median_ratio(&rounds[index].rates(), &rounds[yardstick].rates());
    let line = |(index, (what, ..)): (usize, &(&str, _, _))| Line {
        what: (*what).to_owned(),
        measured: rounds[index].words(),
        judged: match index {
            0 => None,
            // Beside the one before it, which asks for the same by a session.
            5 => Some((Judged::Share("a session"), share(5, 4))),
            _ => Some((Judged::Share("bare poem"), share(index, 0))),
        },
        goal: match index {
            2 => Some(Goal::AtLeast(0.6)),
            5 => Some(Goal::AtLeast(0.9)),
            _ => None,
        },
    };
    Ok(asks.iter().enumerate().map(line).collect())
}

/// Makes accounts with keys and returns the keys, one a line, as `load --vary` takes them.
fn make_keys(server: &Server, accounts: usize, each: usize) -> Result<String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut connection = Connection::open(server.url.address, 0).await?;
        let mut lines = String::new();
        for account in 0..accounts {
            let person = Person::sign_up(&mut connection, &server.url, &email("keys", account)).await?;
            let session = person.start_session(&mut connection, &server.url).await?;
            for _ in 0..each {
                let key = Varied {
                    headers: vec![make_key(&mut connection, &server.url, &session).await?],
                    body: String::new(),
                };
                lines.push_str(&serde_json::to_string(&key)?);
                lines.push('\n');
            }
        }
        Ok(lines)
    })
}

/// Makes accounts and returns their sign-ins, one a line, as `load --vary` takes them.
pub(super) fn sign_up(server: &Server, group: &str, accounts: usize) -> Result<String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut connection = Connection::open(server.url.address, 0).await?;
        let mut lines = String::new();
        for account in 0..accounts {
            let email = email(group, account);
            Person::sign_up(&mut connection, &server.url, &email).await?;
            let sign_in = Varied {
                headers: Vec::new(),
                body: credentials(&email),
            };
            lines.push_str(&serde_json::to_string(&sign_in)?);
            lines.push('\n');
        }
        Ok(lines)
    })
}
