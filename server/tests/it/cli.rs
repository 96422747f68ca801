//! The program itself: what it prints, where, and with which exit code it ends.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};

use portcullis_server::reference::default_file;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::fake_senders::real_plugins;
use crate::program::{NO_DELAY, command, ends};
use crate::setup::{ENOUGH, says};

fn folder() -> TempDir {
    TempDir::new().unwrap()
}

/// A program that runs; dropping it ends it.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl Running {
    fn start(folder: &TempDir, arguments: &[&str]) -> (Self, String) {
        let mut child = command(folder, arguments)
            .env(NO_DELAY.0, NO_DELAY.1)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let running = Self(child);
        let mut said = String::new();
        let last = if arguments.contains(&"serve") {
            "is ready at"
        } else {
            "Ctrl-C"
        };
        while !said.contains(last) {
            assert_ne!(
                out.read_line(&mut said).unwrap(),
                0,
                "it ended after saying: {said}"
            );
        }
        (running, said)
    }

    fn signal(&self, signal: Signal) {
        let id = Pid::from_raw(self.0.id().try_into().unwrap()).unwrap();
        kill_process(id, signal).unwrap();
    }

    fn stop(mut self) -> (Option<i32>, String) {
        self.signal(Signal::TERM);
        let mut log = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        (self.0.wait().unwrap().code(), log)
    }
}

#[test]
fn help_is_a_success_and_nonsense_is_wrong_usage() {
    let folder = folder();
    says(
        &ends(&folder, &["--help"], 0).0,
        &["First steps:", "portcullis dev", "Exit codes: 64"],
    );
    says(
        &ends(&folder, &["dev", "--help"], 0).0,
        &["Examples:", "--expose"],
    );
    says(&ends(&folder, &["--version"], 0).0, &["portcullis "]);
    says(&ends(&folder, &["servo"], 64).1, &["servo"]);
    says(
        &ends(&folder, &["dev", "--listen", "everywhere"], 64).1,
        &["--listen"],
    );
}

#[test]
fn mistakes_in_the_configuration_end_with_78() {
    let folder = folder();
    let (out, err) = ends(&folder, &["serve"], 78);
    assert_eq!(out, "");
    says(
        &err,
        &["not set: store.use", "not set: server.public_url", "3 mistakes"],
    );
    ends(&folder, &["config", "check"], 78);
    ends(&folder, &["config", "show", "--config", "nowhere.toml"], 78);
}

#[test]
fn a_good_configuration_is_checked_without_touching_anything() {
    let folder = folder();
    let file = folder.path().join("portcullis.toml");
    std::fs::write(&file, ENOUGH).unwrap();
    says(
        &ends(&folder, &["config", "check"], 0).0,
        &["portcullis.toml and the environment are in order."],
    );
    says(
        &ends(&folder, &["config", "show"], 0).0,
        &["[keys.main.keyfile]", "# portcullis.toml:3"],
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn the_default_file_is_printed() {
    // That the committed file is this one is shown where it is generated.
    assert!(ends(&folder(), &["config", "default"], 0).0 == default_file(&real_plugins()));
}

#[test]
fn the_schema_is_json_and_knows_plugins() {
    let schema: Value = serde_json::from_str(&ends(&folder(), &["config", "schema"], 0).0).unwrap();
    let embedded = "/properties/store/additionalProperties/properties/embedded/properties/folder";
    assert!(schema.pointer(embedded).is_some());
}

#[test]
fn the_document_of_the_api_is_printed_as_json_and_as_yaml() {
    let folder = folder();
    let document: Value = serde_json::from_str(&ends(&folder, &["openapi"], 0).0).unwrap();
    assert!(document["paths"]["/auth/sign-in"].is_object(), "{document}");
    let yaml: Value = serde_json::from_str(&ends(&folder, &["openapi", "--yaml"], 0).0).unwrap();
    assert_eq!(yaml, document, "JSON is YAML");
}

#[test]
fn plugins_are_listed_for_people_and_for_programs() {
    let folder = folder();
    says(
        &ends(&folder, &["providers"], 0).0,
        &["SELECTED AS", "argon2id  Argon2id", "development only"],
    );
    let list: Value = serde_json::from_str(&ends(&folder, &["providers", "--json"], 0).0).unwrap();
    let hasher = list
        .as_array()
        .unwrap()
        .iter()
        .find(|plugin| plugin["id"] == "argon2id")
        .unwrap();
    assert_eq!(hasher["selected_as"], serde_json::json!(["main"]));
    std::fs::write(folder.path().join("portcullis.toml"), "nonsense").unwrap();
    says(&ends(&folder, &["providers"], 0).1, &["not valid TOML"]);
}

#[test]
fn keys_are_created_once_and_rotated() {
    let folder = folder();
    says(
        &ends(&folder, &["keys", "create", "--file", "k.toml"], 0).0,
        &["[keys.main.keyfile]", "Keep a copy"],
    );
    says(
        &ends(&folder, &["keys", "create", "--file", "k.toml"], 1).1,
        &["k.toml"],
    );
    says(
        &ends(&folder, &["keys", "rotate", "--file", "k.toml"], 0).0,
        &["Added a key"],
    );
    ends(&folder, &["keys", "rotate", "--file", "missing.toml"], 1);
}

#[test]
fn development_stays_on_this_machine_unless_it_is_told_otherwise() {
    let folder = folder();
    says(
        &ends(&folder, &["dev", "--listen", "0.0.0.0:0"], 64).1,
        &["--expose"],
    );
    assert!(!folder.path().join("portcullis-data").exists());
}

#[test]
fn an_address_that_is_taken_ends_with_69() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    says(
        &ends(&folder(), &["dev", "--listen", &address], 69).1,
        &[&address, "another program listens there"],
    );
}

#[test]
fn a_plugin_that_does_not_connect_ends_with_69() {
    let folder = folder();
    std::fs::write(
        folder.path().join("portcullis.toml"),
        ENOUGH.replace("/data", "./data"),
    )
    .unwrap();
    says(
        &ends(&folder, &["serve"], 69).1,
        &["keys.main (keyfile) did not connect: there is no /keys.toml"],
    );
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// What `doctor --live` says about a data folder that nobody uses.
fn uses_everything_once(folder: &TempDir) {
    let live = ["doctor", "--live", "--data", "portcullis-data"];
    for (to, channel) in [("ada@example.com", "a***@example.com"), ("+15005550006", "06")] {
        says(
            &ends(folder, &[&live[..], &["--send-to", to]].concat(), 0).0,
            &[
                "ok       live        store.dev (embedded): wrote, read and deleted a record of each of",
                "ok       live        keys.dev (keyfile): sealed and opened a secret",
                "ok       live        senders.dev (mailbox): sent to",
                channel,
                "the vendor calls it",
            ],
        );
    }
    says(
        &ends(folder, &["doctor", "--send-to", "x@example.com"], 64).1,
        &["--live"],
    );
    says(
        &ends(folder, &[&live[..], &["--send-to", "0900123"]].concat(), 64).1,
        &["--send-to: ", "country code"],
    );
}

#[test]
fn development_runs_from_nothing_says_where_and_stops_when_told() {
    let folder = folder();
    let (running, said) = Running::start(
        &folder,
        &["dev", "--listen", "127.0.0.1:0", "--identity", "header"],
    );
    says(
        &said,
        &[
            "is ready at http://127.0.0.1:",
            "Control panel",
            "/docs",
            "/dev/inbox",
            "portcullis-data",
        ],
    );
    let address = said
        .split("http://")
        .nth(1)
        .unwrap()
        .split_whitespace()
        .next()
        .unwrap();
    assert!(!address.ends_with(":0"), "{said}");
    TcpStream::connect(address).unwrap();
    let data = folder.path().join("portcullis-data");
    assert_eq!(mode(&data), 0o700);
    assert_eq!(mode(&data.join("secrets")), 0o700);
    assert_eq!(mode(&data.join("secrets/keys.toml")), 0o600);
    let (code, log) = running.stop();
    assert_eq!(code, Some(0), "{log}");

    // A second start finds everything in place; doctor, backup and restore know the folder.
    let (running, _) = Running::start(&folder, &["dev", "--listen", "127.0.0.1:0"]);
    running.stop();
    let report = ends(&folder, &["doctor", "--json", "--data", "portcullis-data"], 0).0;
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["ok"], true, "{report}");
    let checks = report["checks"].as_array().unwrap();
    for check in [
        "linked",
        "configured",
        "connects",
        "healthy",
        "clock",
        "senders",
        "advice",
    ] {
        assert!(
            checks.iter().any(|finding| finding["check"] == check),
            "{check}: {report}"
        );
    }
    uses_everything_once(&folder);

    let (out, err) = ends(
        &folder,
        &["backup", "--data", "portcullis-data", "--to", "copy.db"],
        0,
    );
    says(&out, &["records", "copy.db"]);
    says(&err, &["key file is not in the copy"]);
    says(
        &ends(
            &folder,
            &["restore", "--data", "portcullis-data", "--from", "copy.db"],
            64,
        )
        .1,
        &["--yes"],
    );
    says(
        &ends(
            &folder,
            &[
                "restore",
                "--data",
                "portcullis-data",
                "--from",
                "copy.db",
                "--yes",
            ],
            0,
        )
        .0,
        &["Restored"],
    );
    says(
        &ends(&folder, &["backup", "--data", "elsewhere", "--to", "c.db"], 64).1,
        &["no data folder elsewhere"],
    );
}

#[test]
fn the_doctor_tells_mistakes_and_what_does_not_answer_apart() {
    let folder = folder();
    says(
        &ends(&folder, &["doctor"], 78).0,
        &[
            "FAILED   configured",
            "No record store is selected",
            "cannot start",
        ],
    );
    std::fs::write(
        folder.path().join("portcullis.toml"),
        ENOUGH.replace("/data", "./data"),
    )
    .unwrap();
    says(
        &ends(&folder, &["doctor"], 69).0,
        &["FAILED   connects", "ok       connects    store.main (embedded)"],
    );
}

/// What doctor finds and what ends serve.
fn doctor_and_serve_say(folder: &TempDir, settings: &str, part: &str) {
    std::fs::write(folder.path().join("portcullis.toml"), settings).unwrap();
    says(
        &ends(folder, &["doctor"], 69).0,
        &["FAILED   starts", part, "cannot start"],
    );
    says(&ends(folder, &["serve"], 69).1, &[part]);
}

#[test]
fn what_ends_a_start_is_found_by_the_doctor() {
    let folder = folder();
    let settings = |listen: &str, keys: &str| {
        let plugins = ENOUGH.replace("/data", "./data").replace("/keys.toml", keys);
        format!("server.listen = \"{listen}\"\n{plugins}")
    };
    for keys in ["a.toml", "b.toml"] {
        ends(&folder, &["keys", "create", "--file", keys], 0);
    }
    // An address that no machine has (RFC 5737), and one that somebody has.
    doctor_and_serve_say(
        &folder,
        &settings("192.0.2.1:8080", "a.toml"),
        "cannot listen on 192.0.2.1:8080",
    );
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    doctor_and_serve_say(
        &folder,
        &settings(&address, "a.toml"),
        "another program listens there",
    );

    let good = settings("127.0.0.1:0", "a.toml");
    std::fs::write(folder.path().join("portcullis.toml"), good).unwrap();
    says(
        &ends(&folder, &["doctor"], 0).0,
        &["the keys fit the store", "The service can start;"],
    );
    let (running, _) = Running::start(&folder, &["serve"]);
    running.stop();
    // Keys of another store.
    doctor_and_serve_say(&folder, &settings("127.0.0.1:0", "b.toml"), "key");
}

#[test]
fn a_hang_up_ends_nothing_and_says_so() {
    let folder = folder();
    let (running, said) = Running::start(&folder, &["dev", "--listen", "127.0.0.1:0"]);
    let address = said
        .split("http://")
        .nth(1)
        .unwrap()
        .split_whitespace()
        .next()
        .unwrap();
    running.signal(Signal::HUP);
    running.signal(Signal::HUP);
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let (code, log) = running.stop();
    assert_eq!(code, Some(0), "{log}");
    says(&log, &["SIGHUP changes nothing", "told to stop"]);
}

#[test]
fn an_operator_looks_at_messages_while_the_service_rests() {
    let folder = folder();
    let data = ["--data", "portcullis-data"];
    let ask = |command: &[&str], code| ends(&folder, &[command, &data].concat(), code);
    let (running, _) = Running::start(&folder, &["dev", "--listen", "127.0.0.1:0"]);
    says(
        &ask(&["outbox", "dead"], 69).1,
        &["in use by process", "Stop that process"],
    );
    running.stop();
    says(&ask(&["outbox", "dead"], 0).0, &["Nothing was given up."]);
    says(&ask(&["outbox", "spend"], 0).0, &["no limit is set"]);
    says(&ask(&["tasks", "dead"], 0).0, &["Nothing was given up."]);
    says(
        &ask(&["tasks", "replay", "sender-events", "1"], 1).1,
        &["no such task"],
    );
    says(&ask(&["inbox", "list"], 0).0, &["No event is in such a state."]);
    says(&ask(&["inbox", "list", "--state", "lost"], 64).1, &["foreign"]);
    for command in ["show", "replay"] {
        let event = ask(&["inbox", command, "senders.main", "evt_1"], 1);
        says(&event.1, &["No such event was delivered"]);
    }
    says(
        &ask(&["inbox", "show", "main", "evt_1"], 64).1,
        &["main names no plugin", "such as senders.main"],
    );
    let nobody = "msg_01h2xcejqtf2nbrexx3vqjhp41";
    says(&ask(&["outbox", "show", nobody], 1).1, &["no such"]);
    says(&ask(&["outbox", "replay", nobody], 1).1, &["no such"]);
    says(
        &ask(&["outbox", "show", "five"], 64).1,
        &["five names no message"],
    );
    says(
        &ask(&["suppressions", "list"], 0).0,
        &["No address and no number"],
    );
    let find = ask(&["suppressions", "find", "ada@example.com"], 0).0;
    says(&find, &["not refused"]);
    says(
        &ask(&["suppressions", "lift", "+15005550006"], 1).1,
        &["not refused"],
    );
    says(
        &ask(&["suppressions", "find", "five"], 64).1,
        &["neither an e-mail address"],
    );
}
