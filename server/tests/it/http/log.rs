//! The log: one line per request that changes something or fails, and nothing in it that is nobody's business.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use super::deployment::{Deployment, PASSWORD};

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Kept {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Kept {
    /// The lines about requests, by their route.
    fn requests(&self, route: &str) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let lines = text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines
            .filter(|line| line["message"] == "request" && line["route"] == route)
            .collect()
    }
}

#[tokio::test]
async fn a_request_is_told_by_its_route_and_never_by_what_it_carries() {
    let kept = Kept::default();
    let log = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_max_level(tracing::Level::DEBUG);
    // Of a single subscriber, tracing remembers what the thread of another test, which has none, says of a line; of two
    // it asks both.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    // Everything runs on this thread, so that the log of other tests goes elsewhere.
    let _guard = tracing::subscriber::set_default(log.with_writer(kept.clone()).finish());
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let body = json!({ "email": "ada@example.com", "password": "a-wrong-password" });
    let refused = deployment
        .post("/auth/sign-in?secret=in-the-address")
        .json(body)
        .send()
        .await;
    deployment.get("/ui/me").by(&ada).ok().await;
    deployment.get("/some/where/private").send().await;
    let device = "dev_01h2xcejqtf2nbrexx3vqjhp41";
    deployment
        .post(&format!("/ui/mfa/totp/devices/{device}/remove"))
        .by(&ada)
        .send()
        .await;

    let [line] = kept.requests("/auth/sign-in").try_into().unwrap();
    assert_eq!(
        (&line["level"], &line["method"], &line["status"]),
        (&json!("INFO"), &json!("POST"), &json!(401))
    );
    assert_eq!(line["request_id"], refused.header("x-request-id"));
    assert!(line["ms"].is_f64(), "{line}");
    assert_eq!(kept.requests("/ui/me")[0]["level"], "DEBUG", "reading is no news");
    assert_eq!(kept.requests("unmatched")[0]["level"], "INFO");
    assert_eq!(kept.requests("/ui/mfa/totp/devices/{device_id}/remove").len(), 1);
    let whole = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    let token = ada.bearer.strip_prefix("Bearer ").unwrap();
    for secret in [
        "in-the-address",
        "a-wrong-password",
        PASSWORD,
        token,
        &ada.session,
        "ada@example.com",
        "private",
        device,
    ] {
        assert!(!whole.contains(secret), "{secret} is in the log");
    }
}

#[tokio::test]
async fn every_refused_webhook_says_why_and_never_what_was_in_it() {
    let kept = Kept::default();
    let log = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_max_level(tracing::Level::WARN);
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let _guard = tracing::subscriber::set_default(log.with_writer(kept.clone()).finish());
    let deployment = Deployment::start().await;
    let main = "/webhooks/senders/main";
    let posted = [
        (main, "forged", "hush".to_owned(), "webhook-not-verified"),
        (main, "genuine", "hush".to_owned(), "webhook-unreadable"),
        (main, "genuine", "hush".repeat(100_000), "body-too-large"),
        (
            "/webhooks/senders/hush",
            "genuine",
            "hush".to_owned(),
            "not-found",
        ),
    ];
    for (path, proof, body, _) in &posted {
        let call = deployment.post(path).header("x-vendor-proof", proof);
        call.body("text/plain", body.clone()).send().await;
    }
    let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|line: &Value| line["message"] == "a webhook was refused")
        .collect();
    let codes: Vec<_> = lines.iter().map(|line| line["code"].as_str().unwrap()).collect();
    assert_eq!(codes, posted.map(|(.., code)| code));
    for line in &lines {
        assert!(line["why"].as_str().unwrap().len() > 10, "{line}");
        assert!(!line.to_string().contains("hush"), "{line}");
    }
    for _ in 0..200 {
        deployment
            .post(main)
            .header("x-vendor-proof", "forged")
            .send()
            .await;
    }
    let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    let lines = text.lines().filter(|line| line.contains("a webhook was refused"));
    assert!(lines.count() < 50, "a flood of forgeries is no flood of lines");
}
