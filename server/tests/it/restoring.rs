//! Backups that are restored, as an operator does it, and what that means for whoever was signed in.

use std::fs;
use std::time::{Duration, Instant};

use portcullis_adapter_dynamodb::emulator::{Emulator, Kind};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{PATIENCE, Program, Store, ends};

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "plum-kettle-orbit";
const NEW_PASSWORD: &str = "walnut-ferry-lantern";

/// A session in a browser, with the token that began it.
struct SignedIn {
    bearer: String,
    cookie: String,
}

fn start(folder: &TempDir) -> Program {
    Program::start(&folder.path().join("data"), Store::Embedded)
}

async fn session(program: &Program, token: &Value) -> SignedIn {
    let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
    let headers = [("authorization", bearer.as_str())];
    let started = program.post("/ui/session/start", &headers, Value::Null).await;
    let id = started["session_id"].as_str().unwrap();
    SignedIn {
        cookie: format!("portcullis={id}"),
        bearer,
    }
}

async fn sign_in(program: &Program, password: &str) -> (StatusCode, Value) {
    let person = json!({ "email": EMAIL, "password": password });
    program.call(Method::POST, "/auth/sign-in", &[], person).await
}

/// Why a browser with this session is refused.
async fn why(program: &Program, who: &SignedIn) -> String {
    let headers = [("cookie", who.cookie.as_str())];
    let (status, problem) = program.call(Method::GET, "/ui/me", &headers, Value::Null).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::UNAUTHORIZED, &json!("session-ended")),
        "{problem}"
    );
    problem["reason"].as_str().unwrap().to_owned()
}

/// Neither the session nor its token is good for anything.
async fn has_ended(program: &Program, who: &SignedIn, reason: &str) {
    assert_eq!(why(program, who).await, reason);
    let headers = [("authorization", who.bearer.as_str())];
    let refused = program.refused("/ui/session/start", &headers, Value::Null).await;
    assert_eq!(refused, "unauthenticated");
}

#[tokio::test]
async fn a_restored_backup_brings_back_no_session_and_no_former_password() {
    let folder = tempfile::tempdir().unwrap();
    let program = start(&folder);
    let person = json!({ "email": EMAIL, "password": PASSWORD });
    let here = session(&program, &program.post("/auth/sign-up", &[], person).await).await;
    ends(&folder, &["backup", "--data", "data", "--to", "copy.db"], 0);
    let me = program.get("/ui/me", &[("cookie", &here.cookie)]).await;
    let headers = [
        ("cookie", here.cookie.as_str()),
        ("x-csrf-token", me["csrf_token"].as_str().unwrap()),
    ];
    let change = json!({ "current_password": PASSWORD, "new_password": NEW_PASSWORD });
    program.post("/auth/password/change", &headers, change).await;
    program.post("/auth/sign-out", &headers, Value::Null).await;
    assert!(program.terminate().success());

    let restore = ["restore", "--data", "data", "--from", "copy.db", "--yes"];
    let (out, _) = ends(&folder, &restore, 0);
    assert!(
        out.contains("are as they were in the store that was replaced"),
        "{out}"
    );
    let program = start(&folder);
    has_ended(&program, &here, "backup_restored").await;
    assert_eq!(sign_in(&program, PASSWORD).await.0, StatusCode::UNAUTHORIZED);
    let (status, token) = sign_in(&program, NEW_PASSWORD).await;
    assert_eq!(status, StatusCode::OK, "{token}");
    let again = session(&program, &token).await;
    program.get("/ui/me", &[("cookie", &again.cookie)]).await;
    assert!(program.terminate().success());

    // The same where the operator wants nothing of the current store, and where it is broken.
    let (out, _) = ends(&folder, &[&restore[..], &["--ignore-current"]].concat(), 0);
    assert!(
        out.contains("--ignore-current was given") && out.contains("recovery code"),
        "{out}"
    );
    fs::write(
        folder.path().join("data/store/store.db"),
        "nothing that a store would hold",
    )
    .unwrap();
    let (out, _) = ends(&folder, &restore, 0);
    assert!(out.contains("cannot be read"), "{out}");
    let nothing = ["restore", "--data", "data", "--from", "nothing.db", "--yes"];
    fs::write(folder.path().join("nothing.db"), "no backup").unwrap();
    let (_, refused) = ends(&folder, &nothing, 1);
    assert!(refused.contains("--ignore-current"), "{refused}");
    let program = start(&folder);
    has_ended(&program, &here, "backup_restored").await;
    let (status, token) = sign_in(&program, PASSWORD).await;
    assert_eq!(status, StatusCode::OK, "{token}");
    session(&program, &token).await;
}

#[tokio::test]
async fn a_store_that_was_copied_by_hand_is_marked_and_everybody_signs_in_again() {
    let folder = tempfile::tempdir().unwrap();
    let program = start(&folder);
    let person = json!({ "email": EMAIL, "password": PASSWORD });
    let here = session(&program, &program.post("/auth/sign-up", &[], person).await).await;
    assert!(program.terminate().success());
    let (file, kept) = (
        folder.path().join("data/store/store.db"),
        folder.path().join("kept.db"),
    );
    fs::copy(&file, &kept).unwrap();
    let program = start(&folder);
    let me = program.get("/ui/me", &[("cookie", &here.cookie)]).await;
    let headers = [
        ("cookie", here.cookie.as_str()),
        ("x-csrf-token", me["csrf_token"].as_str().unwrap()),
    ];
    program.post("/auth/sign-out", &headers, Value::Null).await;
    assert_eq!(why(&program, &here).await, "signed_out");
    let mark = ["store", "mark-restored", "--data", "data"];
    let (_, refused) = ends(&folder, &[&mark[..], &["--yes"]].concat(), 69);
    assert!(refused.contains("in use by process"), "{refused}");
    assert!(program.terminate().success());

    fs::copy(&kept, &file).unwrap();
    let (_, refused) = ends(&folder, &mark, 64);
    assert!(refused.contains("--yes"), "{refused}");
    let (out, _) = ends(&folder, &[&mark[..], &["--yes"]].concat(), 0);
    assert!(
        out.contains("has ended") && out.contains("recovery code"),
        "{out}"
    );
    let program = start(&folder);
    has_ended(&program, &here, "backup_restored").await;
    let (_, token) = sign_in(&program, PASSWORD).await;
    let here = session(&program, &token).await;
    program.get("/ui/me", &[("cookie", &here.cookie)]).await;
    assert!(program.terminate().success());

    let (out, _) = ends(&folder, &["sessions", "end-all", "--data", "data", "--yes"], 0);
    assert!(out.contains("Ended every session"), "{out}");
    let program = start(&folder);
    has_ended(&program, &here, "all_ended").await;
    let (status, _) = sign_in(&program, PASSWORD).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn tables_that_were_restored_are_marked_while_a_node_runs() {
    let Some(emulator) = Emulator::start(Kind::Dynoxide) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("data")).unwrap();
    let endpoint = emulator.endpoint();
    let settings = format!(
        "[store]\nuse = \"main\"\n[store.main.dynamodb]\nendpoint = \"{endpoint}\"\ntable = \"gate\"\ncreate_missing = true\n"
    );
    fs::write(folder.path().join("data/portcullis.toml"), settings).unwrap();
    let program = start(&folder);
    let person = json!({ "email": EMAIL, "password": PASSWORD });
    let here = session(&program, &program.post("/auth/sign-up", &[], person).await).await;
    program.get("/ui/me", &[("cookie", &here.cookie)]).await;
    let mark = [
        "store",
        "mark-restored",
        "--config",
        "data/portcullis.toml",
        "--data",
        "data",
        "--yes",
    ];
    let (out, _) = ends(&folder, &mark, 0);
    assert!(out.contains("has ended"), "{out}");
    let ended = Instant::now();
    while program
        .call(Method::GET, "/ui/me", &[("cookie", &here.cookie)], Value::Null)
        .await
        .0
        == StatusCode::OK
    {
        assert!(ended.elapsed() < PATIENCE, "the node never learns of it");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    has_ended(&program, &here, "backup_restored").await;
    let (status, token) = sign_in(&program, PASSWORD).await;
    assert_eq!(status, StatusCode::OK, "{token}");
    let again = session(&program, &token).await;
    program.get("/ui/me", &[("cookie", &again.cookie)]).await;
}
