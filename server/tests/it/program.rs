//! The real program as a process: on which store, started, asked, killed, stopped.

use std::io::{BufRead, BufReader, Lines};
use std::ops::Deref;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use portcullis_server::egress::tls;
use reqwest::{Method, StatusCode};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// How long anything may take before it is given up.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// The program with these arguments in a folder, without an environment.
pub(crate) fn command(folder: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command
        .current_dir(folder.path())
        .args(arguments)
        .env_clear()
        .stdin(Stdio::null());
    command
}

/// Whoever stops the program in a test has nobody who would have to notice.
pub(crate) const NO_DELAY: (&str, &str) = ("PORTCULLIS_SERVER__SHUTDOWN_DELAY", "0s");

/// Runs the program to its end, which must be this one; gives what it printed and what it complained of.
pub(crate) fn ends(folder: &TempDir, arguments: &[&str], code: i32) -> (String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command(folder, arguments).output().unwrap();
    let (out, err) = (
        String::from_utf8(stdout).unwrap(),
        String::from_utf8(stderr).unwrap(),
    );
    assert_eq!(status.code(), Some(code), "{arguments:?}\n{out}\n{err}");
    (out, err)
}

/// Where a program keeps its records.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Store<'a> {
    /// In its data folder.
    Embedded,
    /// At this address.
    DynamoDb(&'a str),
}

impl Store<'_> {
    fn choose(self, command: &mut Command) {
        if let Self::DynamoDb(_) = self {
            command.args(["--store", "dynamodb"]);
        }
        self.reach(command);
    }

    /// Says where it is to a program that chooses it in its settings.
    pub(crate) fn reach(self, command: &mut Command) {
        match self {
            Self::Embedded => {}
            Self::DynamoDb(endpoint) => {
                command
                    .env("AWS_ENDPOINT_URL_DYNAMODB", endpoint)
                    .env("AWS_REGION", "eu-central-1")
                    .env("AWS_ACCESS_KEY_ID", "local")
                    .env("AWS_SECRET_ACCESS_KEY", "local");
            }
        }
    }
}

/// `portcullis dev`, on its way.
pub(crate) struct Launched(Child);

impl Launched {
    pub(crate) fn ready(mut self) -> Program {
        let mut lines = BufReader::new(self.0.stdout.take().unwrap()).lines();
        let ready = lines
            .by_ref()
            .map_while(Result::ok)
            .find(|line| line.contains("ready at"));
        let address = ready.and_then(|line| Some(line.split_once("http://")?.1.trim().to_owned()));
        let address = address.unwrap_or_else(|| panic!("the program ended before it was ready"));
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls().unwrap())
            .timeout(PATIENCE)
            .build()
            .unwrap();
        Program {
            child: self.0,
            lines,
            door: Door {
                url: format!("http://{address}"),
                client,
            },
        }
    }
}

/// `portcullis dev`, running; it does not outlive the test.
pub(crate) struct Program {
    child: Child,
    /// Held open, or the program could not say what it has to say.
    lines: Lines<BufReader<ChildStdout>>,
    door: Door,
}

impl Deref for Program {
    type Target = Door;

    fn deref(&self) -> &Door {
        &self.door
    }
}

impl Program {
    /// Starts it and waits until it is ready.
    pub(crate) fn start(data: &Path, store: Store<'_>) -> Self {
        Self::launch(data, store).ready()
    }

    /// Starts it with more options and waits until it is ready.
    pub(crate) fn start_with(data: &Path, store: Store<'_>, options: &[&str]) -> Self {
        Self::launch_with(data, store, options).ready()
    }

    /// The rest of its first screen.
    pub(crate) fn screen(&mut self) -> String {
        let lines = self.lines.by_ref().map_while(Result::ok);
        let lines: Vec<String> = lines
            .take_while(|line| !line.starts_with("For development only"))
            .collect();
        lines.join("\n")
    }

    /// Starts it and does not wait. Settings in `portcullis.toml` in the data folder are taken.
    pub(crate) fn launch(data: &Path, store: Store<'_>) -> Launched {
        Self::launch_with(data, store, &[])
    }

    fn launch_with(data: &Path, store: Store<'_>, options: &[&str]) -> Launched {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
        command
            .args(["dev", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(options)
            .env_clear()
            .env(NO_DELAY.0, NO_DELAY.1);
        let settings = data.join("portcullis.toml");
        if settings.exists() {
            command.arg("--config").arg(settings);
        }
        store.choose(&mut command);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        Launched(command.spawn().unwrap())
    }

    /// As a crash would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// As a supervisor would.
    pub(crate) fn terminate(mut self) -> ExitStatus {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        self.child.wait().unwrap()
    }

    /// The number of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether its process still runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// The way to it, for tasks of their own.
    pub(crate) fn door(&self) -> Door {
        self.door.clone()
    }
}

/// The way to a running program.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) url: String,
    pub(crate) client: reqwest::Client,
}

impl Door {
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Value,
    ) -> (StatusCode, Value) {
        self.ask(method, path, headers, body).await.unwrap()
    }

    /// The same where the program may be gone.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Value,
    ) -> reqwest::Result<(StatusCode, Value)> {
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !body.is_null() {
            request = request.json(&body);
        }
        let response = request.send().await?;
        Ok((response.status(), response.json().await?))
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
