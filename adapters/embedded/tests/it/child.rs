//! A process of its own that uses a store: this test binary, started again for one ignored test.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command, Stdio};
use std::sync::Arc;

use portcullis_ports::storage::{Expect, Key, RecordStore, Version};

use crate::stores::{key, number, open, put};

/// Tells the child which folder to use.
const FOLDER: &str = "PORTCULLIS_CRASH_FOLDER";
/// How many writers the child runs at the same time.
pub(crate) const WRITERS: u64 = 16;
const NOBODY: u32 = 65_534;

/// One commit that the child was told is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Acknowledged {
    pub(crate) writer: u64,
    pub(crate) round: u64,
    pub(crate) versions: [Version; 3],
}

/// The three records of one batch: a new one for every round, and two that are overwritten.
pub(crate) fn batch_keys(writer: u64, round: u64) -> [Key; 3] {
    [
        key(&format!("log-{writer}"), &format!("{round:08}")),
        key(&format!("latest-{writer}"), "round"),
        key(&format!("mirror-{writer}"), "round"),
    ]
}

/// A child that commits until it is killed.
pub(crate) struct Child {
    process: std::process::Child,
    output: BufReader<ChildStdout>,
}

impl Child {
    pub(crate) fn start(folder: &Path) -> Self {
        let mut process = command("child::writes_until_it_is_killed", folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        Self { process, output }
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Reads what it acknowledges until that many commits came.
    pub(crate) fn wait_for_commits(&mut self, count: usize) -> Vec<Acknowledged> {
        let mut seen = Vec::with_capacity(count);
        while seen.len() < count {
            let mut line = String::new();
            assert!(
                self.output.read_line(&mut line).unwrap() > 0,
                "the child ended by itself"
            );
            seen.extend(acknowledged(&line));
        }
        seen
    }

    /// Ends it without warning, and returns what it still had acknowledged.
    pub(crate) fn kill(mut self) -> Vec<Acknowledged> {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        // The last line may be cut.
        self.output
            .lines()
            .map_while(Result::ok)
            .filter_map(|line| acknowledged(&line))
            .collect()
    }

    /// Lets another user try to open a store; `None` where no other user can run this program.
    pub(crate) fn open_as_nobody(folder: &Path) -> Option<String> {
        let output = command("child::says_why_it_cannot_open", folder)
            .uid(NOBODY)
            .gid(NOBODY)
            .output()
            .ok()?;
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

fn command(test: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .stderr(Stdio::null());
    command
}

fn acknowledged(line: &str) -> Option<Acknowledged> {
    let mut words = line
        .trim_end()
        .strip_prefix("ack ")?
        .strip_suffix(" end")?
        .split(' ');
    let mut next = || words.next()?.parse().ok();
    Some(Acknowledged {
        writer: next()?,
        round: next()?,
        versions: [Version(next()?), Version(next()?), Version(next()?)],
    })
}

fn folder() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by other tests as a process of its own"]
async fn writes_until_it_is_killed() {
    let Some(folder) = folder() else {
        return;
    };
    let store = open(&folder).await.unwrap().records;
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| tokio::spawn(write_for_ever(store.clone(), writer)))
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
}

async fn write_for_ever(store: Arc<dyn RecordStore>, writer: u64) {
    let [_, latest, _] = batch_keys(writer, 0);
    let mut before = number(&*store, &latest).await;
    loop {
        let round = before.map_or(0, |(round, _)| round + 1);
        let [log, latest, mirror] = batch_keys(writer, round);
        let expect = before.map_or(Expect::Absent, |(_, version)| Expect::Version(version));
        let versions = store
            .commit(&[
                put(log, round, Expect::Absent),
                put(latest, round, expect),
                put(mirror, round, Expect::Any),
            ])
            .await
            .unwrap();
        let versions: Vec<u64> = versions.into_iter().flatten().map(|version| version.0).collect();
        let [a, b, c] = versions[..] else {
            panic!("three puts must return three versions");
        };
        before = Some((round, Version(b)));
        // One call, so that lines of several writers do not mix.
        let line = format!("ack {writer} {round} {a} {b} {c} end\n");
        std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
    }
}

#[tokio::test]
#[ignore = "started by other tests as a process of its own"]
async fn says_why_it_cannot_open() {
    let Some(folder) = folder() else {
        return;
    };
    let answer = match open(&folder).await {
        Ok(_) => "opened".to_owned(),
        Err(error) => error.detail().to_owned(),
    };
    std::io::stdout().lock().write_all(answer.as_bytes()).unwrap();
}
