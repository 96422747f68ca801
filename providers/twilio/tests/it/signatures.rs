//! Signatures made by the vendor's own library, each verified and refused as it says.

use std::collections::BTreeMap;

use portcullis_ports::inbound::WebhookRequest;
use portcullis_ports::notification::Senders;
use portcullis_ports::testkit::{FakeRequest, FakeRuntime};
use portcullis_ports::{Clock, error::Kind};
use portcullis_provider_twilio::simulator;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct File {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    url: String,
    token: String,
    algorithm: String,
    signature: String,
    valid: bool,
    form_body: Option<String>,
    json_body: Option<String>,
    #[serde(rename = "X-Twilio-Webhooks-Signature-Settings")]
    settings: Option<String>,
}

const KEY: &str = "webhooks_sharedkey_01testtesttesttest";

fn cases() -> Vec<Case> {
    let file: File = serde_json::from_str(include_str!("data/signature.json")).unwrap();
    file.cases
}

impl Case {
    fn headers(&self) -> FakeRequest {
        let media_type = match self.json_body {
            Some(_) => "application/json",
            None => "application/x-www-form-urlencoded",
        };
        let headers = FakeRequest::new()
            .header("content-type", media_type)
            .header("x-twilio-signature", &self.signature);
        match &self.settings {
            Some(settings) => headers.header("x-twilio-webhooks-signature-settings", settings),
            None => headers,
        }
    }

    fn settings(&self) -> Value {
        let (token, shared) = match self.settings {
            Some(_) => ("another-token", BTreeMap::from([(KEY, self.token.as_str())])),
            None => (self.token.as_str(), BTreeMap::new()),
        };
        json!({
            "account_sid": simulator::ACCOUNT,
            "auth_token": token,
            "from": simulator::NUMBER,
            "shared_keys": shared,
        })
    }
}

async fn verifies(settings: Value, headers: FakeRequest, url: &str, body: &str) -> bool {
    let runtime = FakeRuntime::default();
    let connected = runtime.connect::<Senders>("twilio", settings).await.unwrap();
    let delivery = WebhookRequest {
        headers: &headers,
        url,
        body: body.as_bytes(),
        received_at: runtime.clock.now(),
        peer: std::net::IpAddr::from([192, 0, 2, 1]),
        token: None,
    };
    match connected.inbound.unwrap().verify(&delivery).await {
        Ok(_) => true,
        Err(error) if error.kind() == Kind::Unauthenticated => false,
        Err(error) => panic!("{error:?}"),
    }
}

impl Case {
    fn body(&self) -> &str {
        self.form_body.as_deref().or(self.json_body.as_deref()).unwrap()
    }

    async fn verifies(&self) -> bool {
        verifies(self.settings(), self.headers(), &self.url, self.body()).await
    }
}

#[tokio::test]
async fn every_verdict_is_that_of_the_vendors_library() {
    let cases = cases();
    assert_eq!(cases.len(), 22);
    for case in &cases {
        assert_eq!(case.verifies().await, case.valid, "{}", case.name);
    }
    assert!(cases.iter().any(|case| case.algorithm == "HMAC_SHA256"));
}

#[tokio::test]
async fn a_shared_key_must_be_known_and_its_algorithm_too() {
    let mut shared = 0;
    for mut case in cases().into_iter().filter(|case| case.settings.is_some()) {
        shared += 1;
        let mut unknown = case.settings();
        unknown["shared_keys"] = json!({});
        unknown["auth_token"] = json!(case.token);
        assert!(
            !verifies(unknown, case.headers(), &case.url, case.body()).await,
            "no shared keys are set up"
        );
        for settings in [
            format!("key={KEY},algorithm=HMAC_MD5"),
            format!("key={KEY}"),
            "algorithm=HMAC_SHA256".to_owned(),
            format!("key={KEY}2,algorithm=HMAC_SHA256"),
            "nonsense".to_owned(),
            String::new(),
        ] {
            case.settings = Some(settings.clone());
            assert!(!case.verifies().await, "{settings}");
        }
        case.settings = Some(format!("algorithm=HMAC_SHA256, version=2, key={KEY}"));
        assert!(case.verifies().await, "order and further settings do not matter");
    }
    assert_eq!(shared, 2);
}

#[tokio::test]
async fn a_body_that_is_no_form_needs_its_digest_in_the_address() {
    let cases = cases();
    let json = cases
        .iter()
        .find(|case| case.name == "JSON body with bodySHA256")
        .unwrap();
    let form = cases.iter().find(|case| case.name == "no parameters").unwrap();
    // The signature covers the address alone; whoever has one must not be able to add a body of another kind.
    let headers = FakeRequest::new()
        .header("content-type", "application/json")
        .header("x-twilio-signature", &form.signature);
    assert!(!verifies(form.settings(), headers, &form.url, "{}").await);
    let headers = FakeRequest::new()
        .header("content-type", "application/x-www-form-urlencoded")
        .header("x-twilio-signature", &json.signature);
    assert!(!verifies(json.settings(), headers, &json.url, "").await);
}

#[tokio::test]
async fn an_unknown_algorithm_is_not_taken_for_the_usual_one() {
    let mut case = cases()
        .into_iter()
        .find(|case| case.name == "status callback, form")
        .unwrap();
    for (settings, verifies) in [
        (format!("key={KEY}"), true),
        (format!("key={KEY},algorithm=HMAC_SHA1"), true),
        (format!("key={KEY},algorithm=HMAC_MD5"), false),
    ] {
        case.settings = Some(settings.clone());
        assert_eq!(case.verifies().await, verifies, "{settings}");
    }
}
