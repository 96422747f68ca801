//! The vendor's own verdicts about signatures, and that no altered byte is ever believed.

use std::sync::Arc;

use portcullis_ports::http::{HttpRequest, HttpResponse};
use portcullis_ports::inbound::{Proof, WebhookRequest};
use portcullis_ports::notification::Senders;
use portcullis_ports::testkit::{FakeRequest, FakeRuntime, Vendor, VendorClient, delivery as kept};
use portcullis_ports::{Clock as _, Timestamp};
use portcullis_provider_ses::simulator;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::simulated_account::SimulatedAccount;

const VECTORS: &str = include_str!("data/sns_signature.json");

/// Answers with the certificate of the vectors, wherever it is asked for.
struct OneCertificate(String);

impl Vendor for OneCertificate {
    fn answer(&self, _: &HttpRequest) -> HttpResponse {
        HttpResponse {
            status: 200,
            headers: Vec::new(),
            body: self.0.clone().into_bytes(),
        }
    }
}

async fn believed(message: &Value, accept_sha1: bool, received_at: Timestamp) -> bool {
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    let vendor = Arc::new(OneCertificate(
        vectors["certificate"].as_str().unwrap().to_owned(),
    ));
    let client = Arc::new(VendorClient::new(vendor));
    let runtime = FakeRuntime {
        http: Arc::clone(&client) as Arc<_>,
        ..FakeRuntime::default()
    };
    let mut settings = simulator::settings();
    settings["accept_sha1"] = json!(accept_sha1);
    let connected = runtime.connect::<Senders>("ses", settings).await.unwrap();
    let body = message.to_string().into_bytes();
    let delivery = WebhookRequest {
        headers: &FakeRequest::new(),
        url: "",
        body: &body,
        received_at,
        peer: std::net::IpAddr::from([192, 0, 2, 1]),
        token: None,
    };
    let verdict = connected.inbound.unwrap().verify(&delivery).await;
    for request in client.sent() {
        assert_eq!(request.url, vectors["signing_cert_url"].as_str().unwrap());
    }
    match verdict {
        Ok(proof) => {
            assert_eq!(proof, Proof::SignedWithTime);
            true
        }
        Err(error) => {
            assert_eq!(error.code().name(), "webhook-not-verified", "{error:?}");
            false
        }
    }
}

/// When the vectors were signed.
fn then() -> Timestamp {
    Timestamp::from_seconds(1_790_000_010)
}

#[tokio::test]
async fn the_verdicts_are_those_of_the_vendor() {
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 13);
    for case in cases {
        let (name, message, valid) = (&case["name"], &case["message"], case["valid"] == true);
        assert_eq!(believed(message, true, then()).await, valid, "{name}");
        let modern = valid && message["SignatureVersion"] == "2";
        assert_eq!(
            believed(message, false, then()).await,
            modern,
            "{name}, SHA-1 refused"
        );
    }
}

#[tokio::test]
async fn an_old_delivery_and_one_of_an_expired_certificate_are_refused() {
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    let message = &vectors["cases"][1]["message"];
    assert!(believed(message, false, then()).await);
    for seconds in [-400, 3601, 800_000_000] {
        let at = Timestamp::from_seconds(then().seconds() + seconds);
        assert!(!believed(message, false, at).await, "{seconds} s later");
    }
}

fn executor() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_altered_byte_is_believed(at in 0_usize..1_000_000, mask in 1_u8..=255) {
        executor().block_on(async {
            let simulated = SimulatedAccount::new();
            let connected = simulated.plain().await;
            let notice = simulated.ses.notice("{\"eventType\":\"Send\"}");
            let original = notice.body();
            let mut body = original.clone();
            let at = at % body.len();
            body[at] ^= mask;
            let headers = notice.headers();
            let delivery = WebhookRequest { headers: &headers, url: "", body: &body, received_at: simulated.runtime.clock.now(), peer: std::net::IpAddr::from([192, 0, 2, 1]), token: None };
            let verdict = connected.inbound.unwrap().verify(&delivery).await;
            // What nobody signs and nobody reads may change: the address for unsubscribing.
            let same = |bytes: &[u8]| -> Option<Value> {
                let mut value: Value = serde_json::from_slice(bytes).ok()?;
                let read = ["Type", "MessageId", "TopicArn", "Message", "Timestamp", "SignatureVersion",
                    "SigningCertURL", "Signature"];
                value.as_object_mut()?.retain(|name, _| read.contains(&name.as_str()));
                Some(value)
            };
            assert_eq!(verdict.is_ok(), same(&body) == same(&original), "byte {at} ^ {mask}");
        });
    }

    #[test]
    fn no_body_makes_it_panic(body in prop::collection::vec(any::<u8>(), 0..200), text in "\\PC{0,80}") {
        executor().block_on(async {
            let simulated = SimulatedAccount::new();
            let connected = simulated.plain().await;
            let inbound = connected.inbound.as_ref().unwrap();
            let delivery = WebhookRequest {
                headers: &FakeRequest::new(), url: "", body: &body, received_at: simulated.runtime.clock.now(), peer: std::net::IpAddr::from([192, 0, 2, 1]), token: None };
            assert!(inbound.verify(&delivery).await.is_err());
            assert!(inbound.split(&kept("", "", &body)).is_err());
            // Signed, so that the event is read at all.
            let heard = simulated.hear(&connected, &simulated.ses.notice(&text)).await;
            assert!(heard.is_err());
        });
    }
}
