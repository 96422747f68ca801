//! `portcullis operators`: with the service stopped, and beside one that runs on a shared store.

use std::fs;
use std::time::{Duration, Instant};

use portcullis_adapter_dynamodb::emulator::{Emulator, Kind};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{PATIENCE, Program, Store, ends};

const PERSON: &str = r#"{ "email": "ada@example.com", "password": "plum-kettle-orbit" }"#;

fn start(folder: &TempDir) -> Program {
    Program::start(&folder.path().join("data"), Store::Embedded)
}

/// Somebody new: the cookie of their session, and their subject.
async fn person(program: &Program) -> (String, String) {
    let person: Value = serde_json::from_str(PERSON).unwrap();
    let token = program.post("/auth/sign-up", &[], person).await;
    let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
    let headers = [("authorization", bearer.as_str())];
    let started = program.post("/ui/session/start", &headers, Value::Null).await;
    let subject = token["user_sub"].as_str().unwrap().to_owned();
    (
        format!("portcullis={}", started["session_id"].as_str().unwrap()),
        subject,
    )
}

/// How whoever has this session is refused as an operator.
async fn refusal(program: &Program, cookie: &str) -> String {
    let headers = [("cookie", cookie)];
    let asked = program.call(Method::GET, "/api/operator/me", &headers, Value::Null);
    let (status, problem) = asked.await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{problem}");
    problem["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_role_is_granted_listed_and_revoked_while_the_service_is_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let program = start(&folder);
    let (cookie, subject) = person(&program).await;
    assert_eq!(refusal(&program, &cookie).await, "not-an-operator");
    assert!(program.terminate().success());

    let run = |arguments: &[&str], code| {
        ends(
            &folder,
            &[&["operators"], arguments, &["--data", "data"]].concat(),
            code,
        )
    };
    assert_eq!(run(&["list"], 0).0, "Nobody is an operator.\n");
    let (_, unproven) = run(&["grant", "ada@example.com", "admin"], 1);
    assert!(unproven.contains("its owner must confirm it first"), "{unproven}");
    let (_, unknown) = run(&["grant", "eve@example.com", "admin"], 1);
    assert!(
        unknown.contains("No account has this e-mail address"),
        "{unknown}"
    );
    let (out, _) = run(&["grant", &subject, "support"], 0);
    assert!(
        out.contains(&format!("{subject} is an operator: support.")),
        "{out}"
    );
    assert!(out.contains("No second factor is enrolled"), "{out}");
    let (listed, _) = run(&["list"], 0);
    for part in [subject.as_str(), "support", "ada@example.com", "no second factor"] {
        assert!(listed.contains(part), "{listed}");
    }
    for wrong in [&["grant", &subject, "king"][..], &["grant", "two words", "admin"]] {
        let (_, usage) = run(wrong, 64);
        assert!(usage.contains("expected"), "{usage}");
    }

    let program = start(&folder);
    assert_eq!(refusal(&program, &cookie).await, "operator-factor-required");
    assert!(program.terminate().success());
    // By the address, too: whoever claims it loses a role and gains none.
    let (out, _) = run(&["revoke", "ada@example.com"], 0);
    assert_eq!(out, format!("{subject} is no operator any more.\n"));
    let (_, again) = run(&["revoke", &subject], 1);
    assert!(again.contains("is no operator"), "{again}");
    let (out, _) = ends(&folder, &["audit", "verify", "--data", "data"], 0);
    assert!(out.contains("all intact"), "{out}");
}

#[tokio::test]
async fn a_running_node_learns_of_a_grant_and_a_revocation_within_a_second() {
    let Some(emulator) = Emulator::start(Kind::Dynoxide) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("data")).unwrap();
    let endpoint = emulator.endpoint();
    let settings = json!({ "endpoint": endpoint, "table": "gate" });
    let settings = format!(
        "[store]\nuse = \"main\"\n[store.main.dynamodb]\nendpoint = {}\ntable = {}\ncreate_missing = true\n",
        settings["endpoint"], settings["table"]
    );
    fs::write(folder.path().join("data/portcullis.toml"), settings).unwrap();
    let program = start(&folder);
    let (cookie, subject) = person(&program).await;
    let run = |arguments: &[&str]| {
        let settings = ["--config", "data/portcullis.toml", "--data", "data"];
        ends(&folder, &[&["operators"], arguments, &settings].concat(), 0)
    };
    for (arguments, expected) in [
        (
            &["grant", subject.as_str(), "viewer"][..],
            "operator-factor-required",
        ),
        (&["revoke", subject.as_str()], "not-an-operator"),
    ] {
        assert_ne!(refusal(&program, &cookie).await, expected);
        run(arguments);
        let done = Instant::now();
        while refusal(&program, &cookie).await != expected {
            assert!(done.elapsed() < PATIENCE, "the node never learns of it");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let took = done.elapsed();
        assert!(took < Duration::from_millis(1500), "{expected}: {took:?}");
    }
}
