//! The whole product as its users meet it: the real program, its mailbox, a crash, a stop.

use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use portcullis_adapter_dynamodb::emulator::{Emulator, Kind};
use portcullis_ports::Clock as _;
use portcullis_server::egress::tls;
use portcullis_server::system::SystemClock;
use reqwest::{Method, StatusCode};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::authenticator;

pub(crate) const PASSWORD: &str = "plum-kettle-orbit";
pub(crate) const EMAIL: &str = "ada@example.com";
const PHONE: &str = "+15005550006";
const PRIVATE: &str = "private@example.com";

/// How long anything may take before the journey is given up.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// Where a journey keeps its records.
pub(crate) struct Backing {
    options: Vec<&'static str>,
    environment: Vec<(&'static str, String)>,
    /// Held, or it would end.
    _emulator: Option<Emulator>,
}

impl Backing {
    /// In the data folder.
    fn embedded() -> Self {
        Self {
            options: Vec::new(),
            environment: Vec::new(),
            _emulator: None,
        }
    }

    /// In what the variables of AWS point at: an emulator. `None`, with a note, where there is none.
    pub(crate) fn dynamodb() -> Option<Self> {
        let emulator = Emulator::start(Kind::Dynoxide)?;
        let environment = vec![
            ("AWS_ENDPOINT_URL_DYNAMODB", emulator.endpoint().to_owned()),
            ("AWS_REGION", "eu-central-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ];
        Some(Self {
            options: vec!["--store", "dynamodb"],
            environment,
            _emulator: Some(emulator),
        })
    }
}

/// `portcullis dev`, running; it does not outlive the test.
pub(crate) struct Program {
    child: Child,
    /// Held open, or the program could not say what it has to say.
    _lines: Lines<BufReader<ChildStdout>>,
    url: String,
    client: reqwest::Client,
}

/// A program that is starting.
pub(crate) struct Launched(Child);

impl Launched {
    /// Waits until it says where it listens.
    pub(crate) fn ready(self) -> Program {
        let mut child = self.0;
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines
            .by_ref()
            .map_while(Result::ok)
            .find(|line| line.contains("ready at"));
        let url = ready.and_then(|line| Some(line.split_once("http://")?.1.trim().to_owned()));
        let url = format!(
            "http://{}",
            url.unwrap_or_else(|| panic!("the program ended before it was ready"))
        );
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls().unwrap())
            .timeout(PATIENCE)
            .build()
            .unwrap();
        Program {
            child,
            _lines: lines,
            url,
            client,
        }
    }
}

impl Program {
    pub(crate) fn start(data: &Path, backing: &Backing) -> Self {
        Self::launch(data, backing).ready()
    }

    /// Starts it without waiting until it is ready.
    pub(crate) fn launch(data: &Path, backing: &Backing) -> Launched {
        let child = Command::new(env!("CARGO_BIN_EXE_portcullis"))
            .args(["dev", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(&backing.options)
            .env_clear()
            .envs(backing.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Launched(child)
    }

    /// As a crash would.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// As a supervisor would.
    pub(crate) fn terminate(mut self) -> ExitStatus {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        self.child.wait().unwrap()
    }

    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Value,
    ) -> (StatusCode, Value) {
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !body.is_null() {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Value {
        let (status, answer) = self.call(Method::GET, path, headers, Value::Null).await;
        assert!(status.is_success(), "GET {path}: {status} {answer}");
        answer
    }

    pub(crate) async fn post(&self, path: &str, headers: &[(&str, &str)], body: Value) -> Value {
        let (status, answer) = self.call(Method::POST, path, headers, body).await;
        assert!(status.is_success(), "POST {path}: {status} {answer}");
        answer
    }

    pub(crate) async fn refused(&self, path: &str, headers: &[(&str, &str)], body: Value) -> String {
        let (status, answer) = self.call(Method::POST, path, headers, body).await;
        assert!(status.is_client_error(), "POST {path}: {status} {answer}");
        answer["code"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn messages(&self, to: &str) -> Vec<Value> {
        let url =
            reqwest::Url::parse_with_params(&format!("{}/dev/mailbox", self.url), [("to", to)]).unwrap();
        let answer: Value = self.client.get(url).send().await.unwrap().json().await.unwrap();
        answer["messages"].as_array().unwrap().clone()
    }

    /// The code in the message that arrives after the first `known`.
    pub(crate) async fn code(&self, to: &str, known: usize) -> String {
        let started = Instant::now();
        loop {
            let messages = self.messages(to).await;
            if messages.len() > known {
                let text = messages[0]["text"].as_str().unwrap();
                let mut words = text.split(|c: char| !c.is_ascii_digit());
                return words
                    .find(|word| word.len() == 6)
                    .unwrap_or_else(|| panic!("no code in {text}"))
                    .to_owned();
            }
            assert!(started.elapsed() < PATIENCE, "no message to {to}");
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            self.child.kill().unwrap();
            self.child.wait().unwrap();
        }
    }
}

/// What the authenticator app shows, showed a step ago, or will show a step later.
pub(crate) fn totp(secret: &str, steps: i64) -> String {
    let seconds = SystemClock.now().seconds() + 30 * steps;
    authenticator::code(secret, u64::try_from(seconds).unwrap())
}

pub(crate) fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("text instead of {value}"))
        .to_owned()
}

/// Ada, and what she holds.
struct Ada {
    bearer: String,
    session: String,
    totp_secret: String,
}

impl Ada {
    fn signed_in(&self) -> [(&str, &str); 2] {
        [("authorization", &self.bearer), ("x-session-id", &self.session)]
    }

    fn first_factor(&self) -> [(&str, &str); 1] {
        [("authorization", &self.bearer)]
    }

    async fn sign_up(program: &Program) -> Self {
        let body = json!({ "email": EMAIL, "password": PASSWORD, "display_name": "Ada" });
        let token = program.post("/auth/sign-up", &[], body).await;
        let bearer = format!("Bearer {}", text(&token["access_token"]));
        let code = program.code(EMAIL, 0).await;
        program
            .post("/auth/verify-email", &[], json!({ "email": EMAIL, "code": code }))
            .await;
        let headers = [("authorization", bearer.as_str())];
        let started = program.post("/ui/session/start", &headers, Value::Null).await;
        assert_eq!(started["auth_required"], false, "{started}");
        Self {
            session: text(&started["session_id"]),
            bearer,
            totp_secret: String::new(),
        }
    }

    /// Enrols all three kinds of factors; gives the recovery codes of each.
    async fn enrol(&mut self, program: &Program) -> [Vec<String>; 3] {
        let codes = |answer: &Value| {
            answer["recovery_codes"]
                .as_array()
                .unwrap()
                .iter()
                .map(text)
                .collect::<Vec<_>>()
        };
        let begun = program
            .post(
                "/ui/mfa/totp/devices/begin",
                &self.signed_in(),
                json!({ "label": "Phone" }),
            )
            .await;
        self.totp_secret = text(&begun["secret"]);
        // The step before this one: the ones to come are needed later. A step may just end, so there are two tries.
        let confirm = || json!({ "device_id": begun["device_id"], "totp_code": totp(&self.totp_secret, -1) });
        let path = "/ui/mfa/totp/devices/confirm";
        let (status, mut confirmed) = program
            .call(Method::POST, path, &self.signed_in(), confirm())
            .await;
        if status != StatusCode::OK {
            confirmed = program.post(path, &self.signed_in(), confirm()).await;
        }
        let mut sets = vec![codes(&confirmed)];
        for (kind, field, address) in [("sms", "phone_e164", PHONE), ("email", "email", PRIVATE)] {
            let path = |step: &str| format!("/ui/mfa/{kind}/devices/{step}");
            let known = program.messages(address).await.len();
            let begun = program
                .post(&path("begin"), &self.signed_in(), json!({ field: address }))
                .await;
            let code = program.code(address, known).await;
            let body = json!({ "challenge_id": begun["challenge_id"], "code": code });
            sets.push(codes(
                &program.post(&path("confirm"), &self.signed_in(), body).await,
            ));
        }
        sets.try_into().unwrap()
    }

    /// The password again, and the challenge that follows.
    async fn sign_in(&mut self, program: &Program, transport: &str) -> String {
        let token = program
            .post(
                "/auth/sign-in",
                &[],
                json!({ "email": EMAIL, "password": PASSWORD }),
            )
            .await;
        self.bearer = format!("Bearer {}", text(&token["access_token"]));
        let body = json!({ "transport": transport });
        let started = program
            .post("/ui/session/start", &self.first_factor(), body)
            .await;
        assert_eq!(
            started["required_factors"],
            json!(["totp", "sms", "email"]),
            "{started}"
        );
        text(&started["challenge_id"])
    }

    /// Proves all three factors with their devices.
    async fn prove(&mut self, program: &Program, challenge: &str) {
        let verify = || json!({ "challenge_id": challenge, "totp_code": totp(&self.totp_secret, 0) });
        let path = "/ui/mfa/totp/verify";
        let (status, _) = program
            .call(Method::POST, path, &self.first_factor(), verify())
            .await;
        if status != StatusCode::OK {
            program.post(path, &self.first_factor(), verify()).await;
        }
        let mut session = Value::Null;
        for (kind, address) in [("sms", PHONE), ("email", PRIVATE)] {
            assert_eq!(session, Value::Null, "a session before everything is proven");
            let known = program.messages(address).await.len();
            let path = format!("/ui/mfa/{kind}/begin");
            program
                .post(&path, &self.first_factor(), json!({ "challenge_id": challenge }))
                .await;
            let body = json!({ "challenge_id": challenge, "code": program.code(address, known).await });
            let passed = program
                .post(&format!("/ui/mfa/{kind}/verify"), &self.first_factor(), body)
                .await;
            session = passed["session_id"].clone();
        }
        self.session = text(&session);
    }
}

#[tokio::test]
async fn from_sign_up_through_a_crash_to_an_orderly_stop() {
    journey(&Backing::embedded()).await;
}

#[tokio::test]
async fn the_same_journey_with_records_in_tables_of_a_vendor() {
    if let Some(backing) = Backing::dynamodb() {
        journey(&backing).await;
    }
}

async fn journey(backing: &Backing) {
    let data = TempDir::new().unwrap();
    let program = Program::start(data.path(), backing);
    let mut ada = Ada::sign_up(&program).await;
    let me = program.get("/ui/me", &ada.signed_in()).await;
    assert_eq!(
        (&me["email"], &me["email_verified"]),
        (&json!(EMAIL), &json!(true))
    );
    let [totp_codes, sms_codes, email_codes] = ada.enrol(&program).await;

    let first = ada.session.clone();
    let challenge = ada.sign_in(&program, "header").await;
    ada.prove(&program, &challenge).await;
    let listed = program.get("/ui/sessions", &ada.signed_in()).await;
    let sessions = listed["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 2, "{listed}");
    let other = sessions
        .iter()
        .find(|session| session["is_current"] == false)
        .unwrap();
    program
        .post(
            "/ui/sessions/revoke",
            &ada.signed_in(),
            json!({ "session_id": other["session_id"] }),
        )
        .await;
    let headers = [
        ("authorization", ada.bearer.as_str()),
        ("x-session-id", first.as_str()),
    ];
    assert_eq!(
        program.refused("/auth/sign-out", &headers, json!({})).await,
        "session-ended"
    );

    let started = program
        .post("/ui/step-up/start", &ada.signed_in(), json!({}))
        .await;
    let body = json!({ "challenge_id": started["challenge_id"], "totp_code": totp(&ada.totp_secret, 1) });
    let passed = program.post("/ui/mfa/totp/verify", &ada.signed_in(), body).await;
    assert!(passed["step_up_until"].is_i64(), "{passed}");

    program.kill();
    let program = Program::start(data.path(), backing);
    let me = program.get("/ui/me", &ada.signed_in()).await;
    assert_eq!(
        me["factors"],
        json!(["totp", "sms", "email"]),
        "what was acknowledged survived: {me}"
    );
    assert_eq!(
        program.refused("/auth/sign-out", &headers, json!({})).await,
        "session-ended"
    );

    let challenge = ada.sign_in(&program, "cookie").await;
    let recover = |factor: &str, code: &str| {
        (
            format!("/ui/mfa/recovery/{factor}"),
            json!({ "challenge_id": challenge, "recovery_code": code }),
        )
    };
    for (factor, codes) in [
        ("totp", &totp_codes),
        ("sms", &sms_codes),
        ("email", &email_codes),
    ] {
        let (path, body) = recover(factor, &codes[0]);
        let passed = program.post(&path, &ada.first_factor(), body).await;
        assert_eq!(passed["session_id"].is_string(), factor == "email", "{passed}");
    }
    let challenge = ada.sign_in(&program, "header").await;
    let body = json!({ "challenge_id": challenge, "recovery_code": totp_codes[0] });
    assert_eq!(
        program
            .refused("/ui/mfa/recovery/totp", &ada.first_factor(), body)
            .await,
        "wrong-code"
    );

    let status = program.terminate();
    assert!(status.success(), "{status}");
}
