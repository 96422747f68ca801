//! Two running nodes on one emulated table, and people who use them.

use std::fs;
use std::sync::{Mutex, PoisonError};

use portcullis_adapter_dynamodb::emulator::{Emulator, Kind};
use reqwest::{Method, StatusCode};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::journey::{PASSWORD, text};
use crate::program::{Door, Program, Store};

/// Budgets that do not run out, a lease that does soon, and a hash that costs little.
const SETTINGS: &str = r#"
[budgets]
sign_in_per_source = { most = 1000000, window = "1h" }
sign_up_per_source = { most = 1000000, window = "1h" }

[outbox]
lease = "3s"
timeout = "2s"

[passwords]
use = "cheap"

[passwords.cheap.argon2id]
memory = "64KiB"
iterations = 1
"#;

/// Two nodes.
pub(super) struct Pair {
    emulator: Emulator,
    data: TempDir,
    nodes: Mutex<[Option<Program>; 2]>,
    doors: Mutex<[Door; 2]>,
}

impl Pair {
    /// `None` if the emulator is not installed.
    pub(super) fn start() -> Option<Self> {
        let emulator = Emulator::start(Kind::Dynoxide)?;
        let data = TempDir::new().unwrap();
        fs::write(data.path().join("portcullis.toml"), SETTINGS).unwrap();
        let store = Store::DynamoDb(emulator.endpoint());
        let launched = [(); 2].map(|()| Program::launch(data.path(), store));
        let nodes = launched.map(crate::program::Launched::ready);
        let doors = [nodes[0].door(), nodes[1].door()];
        Some(Self {
            emulator,
            data,
            nodes: Mutex::new(nodes.map(Some)),
            doors: Mutex::new(doors),
        })
    }

    /// The way to one of them, as it runs now or ran last.
    pub(super) fn door(&self, at: usize) -> Door {
        self.doors.lock().unwrap_or_else(PoisonError::into_inner)[at % 2].clone()
    }

    pub(super) fn doors(&self) -> [Door; 2] {
        [self.door(0), self.door(1)]
    }

    /// As if somebody pulled the plug.
    pub(super) fn kill(&self, at: usize) {
        let killed = self.nodes.lock().unwrap_or_else(PoisonError::into_inner)[at].take();
        killed.unwrap().kill();
    }

    /// Another program takes the place of one that was killed.
    pub(super) fn replace(&self, at: usize) {
        let program = Program::start(self.data.path(), Store::DynamoDb(self.emulator.endpoint()));
        self.doors.lock().unwrap_or_else(PoisonError::into_inner)[at] = program.door();
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)[at] = Some(program);
    }

    /// Whether a node's process still runs.
    pub(super) fn is_alive(&self, at: usize) -> bool {
        let mut nodes = self.nodes.lock().unwrap_or_else(PoisonError::into_inner);
        nodes[at].as_mut().is_some_and(Program::is_alive)
    }

    /// The table stands still: it takes connections and answers nothing.
    pub(super) fn pause(&self) {
        self.signal(Signal::STOP);
    }

    pub(super) fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.emulator.id()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
    }
}

/// Somebody with an account, and perhaps a session.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) email: String,
    pub(crate) bearer: String,
    pub(crate) session: String,
}

impl Person {
    pub(crate) async fn sign_up(door: &Door, email: &str) -> Self {
        let body = json!({ "email": email, "password": PASSWORD });
        let token = door.post("/auth/sign-up", &[], body).await;
        let mut person = Self {
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

    pub(crate) fn first_factor(&self) -> [(&str, &str); 1] {
        [("authorization", &self.bearer)]
    }

    pub(crate) fn signed_in(&self) -> [(&str, &str); 2] {
        [("authorization", &self.bearer), ("x-session-id", &self.session)]
    }

    /// Enrols an authenticator app; gives its secret and the recovery codes.
    pub(crate) async fn enrol(&self, door: &Door) -> (String, Vec<String>) {
        let path = "/ui/mfa/totp/devices/begin";
        let begun = door.post(path, &self.signed_in(), json!({})).await;
        let secret = text(&begun["secret"]);
        let confirm =
            || json!({ "device_id": begun["device_id"], "totp_code": crate::journey::totp(&secret, -1) });
        let path = "/ui/mfa/totp/devices/confirm";
        let (status, mut confirmed) = door.call(Method::POST, path, &self.signed_in(), confirm()).await;
        // A step may just have ended.
        if status != StatusCode::OK {
            confirmed = door.post(path, &self.signed_in(), confirm()).await;
        }
        let codes = confirmed["recovery_codes"].as_array().unwrap();
        (secret, codes.iter().map(text).collect())
    }

    /// A challenge that waits for the second factor.
    pub(crate) async fn challenge(&self, door: &Door) -> String {
        let started = door
            .post("/ui/session/start", &self.first_factor(), json!({}))
            .await;
        text(&started["challenge_id"])
    }

    /// How many sessions the account has that are not ended.
    pub(crate) async fn live_sessions(&self, door: &Door) -> usize {
        let listed = door.get("/ui/sessions", &self.signed_in()).await;
        let sessions = listed["sessions"].as_array().unwrap();
        sessions
            .iter()
            .filter(|session| session["revoked"] == Value::Bool(false))
            .count()
    }
}

/// The sum of a counter over all its labels, as a node reports it.
pub(super) async fn counter(door: &Door, name: &str) -> f64 {
    let response = door
        .client
        .get(format!("{}/metrics", door.url))
        .send()
        .await
        .unwrap();
    let page = response.text().await.unwrap();
    let lines = page.lines().filter(|line| line.starts_with(name));
    lines
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
        .sum()
}
