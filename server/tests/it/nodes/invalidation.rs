//! What one node does, the other knows.

use std::time::Instant;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use portcullis_adapter_dynamodb::emulator::{Emulator, Kind};

use crate::journey::{EMAIL, PASSWORD, text, totp};
use crate::program::{Launched, PATIENCE, Program, Store};

#[tokio::test]
async fn what_one_node_does_the_other_knows() {
    let Some(emulator) = Emulator::start(Kind::Dynoxide) else {
        return;
    };
    let store = Store::DynamoDb(emulator.endpoint());
    let data = TempDir::new().unwrap();
    // At the same moment, with nothing there yet: one makes the keys, the tables and the root secret, both use them.
    let launched = [(); 2].map(|()| Program::launch(data.path(), store));
    let [one, other] = launched.map(Launched::ready);

    let body = json!({ "email": EMAIL, "password": PASSWORD, "display_name": "Ada" });
    let token = one.post("/auth/sign-up", &[], body).await;
    let bearer = format!("Bearer {}", text(&token["access_token"]));
    let first = [("authorization", bearer.as_str())];
    let code = other.code(EMAIL, 0).await;
    let body = json!({ "email": EMAIL, "code": code });
    other.post("/auth/verify-email", &[], body).await;
    let started = other.post("/ui/session/start", &first, Value::Null).await;
    let session = text(&started["session_id"]);
    let signed_in = [
        ("authorization", bearer.as_str()),
        ("x-session-id", session.as_str()),
    ];
    for node in [&one, &other] {
        let me = node.get("/ui/me", &signed_in).await;
        assert_eq!(me["email_verified"], true, "{me}");
    }

    // A secret that one node sealed is opened by the other.
    let begun = one
        .post(
            "/ui/mfa/totp/devices/begin",
            &signed_in,
            json!({ "label": "Phone" }),
        )
        .await;
    let secret = text(&begun["secret"]);
    let path = "/ui/mfa/totp/devices/confirm";
    let confirm = || json!({ "device_id": begun["device_id"], "totp_code": totp(&secret, 0) });
    let (status, mut confirmed) = other.call(Method::POST, path, &signed_in, confirm()).await;
    if status != StatusCode::OK {
        confirmed = other.post(path, &signed_in, confirm()).await;
    }
    assert!(confirmed["recovery_codes"].is_array(), "{confirmed}");

    // What one node ends is over at the other, however soon it is asked.
    one.post("/auth/sign-out", &signed_in, json!({})).await;
    let ended = Instant::now();
    loop {
        let (status, _) = other.call(Method::GET, "/ui/me", &signed_in, Value::Null).await;
        if status == StatusCode::UNAUTHORIZED {
            break;
        }
        assert!(
            ended.elapsed() < PATIENCE,
            "the session lives on at the other node"
        );
    }
    assert!(ended.elapsed().as_secs() < 2, "{:?}", ended.elapsed());
    for node in [one, other] {
        assert!(node.terminate().success());
    }
}
