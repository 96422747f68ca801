//! Signatures, judged as the vendor's own library judges them.

use std::sync::Arc;

use async_trait::async_trait;
use portcullis_ports::Timestamp;
use portcullis_ports::http::{HttpClient, HttpRequest, HttpResponse, NoAnswer};
use portcullis_ports::inbound::{self, Proof, WebhookRequest};
use portcullis_ports::payments::{ConnectedPayments, Payments};
use portcullis_ports::testkit::{FakeRequest, FakeRuntime};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::account::{Account, done, with};

/// Gives one certificate, and knows nothing else.
struct OneCertificate(String);

#[async_trait]
impl HttpClient for OneCertificate {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, NoAnswer> {
        let found = request.url.contains("/certs/");
        Ok(HttpResponse {
            status: if found { 200 } else { 401 },
            headers: Vec::new(),
            body: if found {
                self.0.clone().into_bytes()
            } else {
                Vec::new()
            },
        })
    }
}

async fn judged(connected: &ConnectedPayments, case: &Value, at: Timestamp) -> Option<Proof> {
    let text = |name: &str| case[name].as_str().unwrap();
    let headers = FakeRequest::new()
        .header("paypal-transmission-id", text("transmission_id"))
        .header("paypal-transmission-time", text("transmission_time"))
        .header("paypal-transmission-sig", text("transmission_sig"))
        .header("paypal-cert-url", text("cert_url"))
        .header("paypal-auth-algo", text("auth_algo"));
    let request = WebhookRequest {
        headers: &headers,
        url: "https://gate.example.com/webhooks/payments/main",
        body: text("body").as_bytes(),
        received_at: at,
        peer: std::net::IpAddr::from([192, 0, 2, 1]),
        token: None,
    };
    let verified = inbound::verify(&**connected.inbound.as_ref().unwrap(), &request).await;
    verified.ok().map(|kept| kept.proof())
}

#[tokio::test]
async fn they_are_judged_as_the_vendors_library_does() {
    let vectors: Value = serde_json::from_str(include_str!("data/webhook_signature.json")).unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    for case in cases {
        let chain = format!(
            "{}\n{}",
            case["certificate"].as_str().unwrap(),
            vectors["trusted_intermediate"].as_str().unwrap()
        );
        let runtime = FakeRuntime {
            http: Arc::new(OneCertificate(chain)),
            ..FakeRuntime::default()
        };
        let settings =
            with(json!({ "webhook_roots": vectors["trusted_root"], "webhook_id": case["webhook_id"] }));
        let connected = runtime.connect::<Payments>("paypal", settings).await.unwrap();
        // 2026-09-21T14:13:25Z
        let at = Timestamp::from_seconds(1_790_000_005);
        let expected = case["valid"].as_bool().unwrap().then_some(Proof::SignedWithTime);
        assert_eq!(judged(&connected, case, at).await, expected, "{}", case["name"]);
        let late = Timestamp::from_seconds(1_790_000_000 + 3_601);
        assert_eq!(
            judged(&connected, case, late).await,
            None,
            "{}: an hour later",
            case["name"]
        );
    }
    assert_eq!(cases.len(), 12);
}

proptest! {
    #[test]
    fn no_other_body_and_no_other_header_is_believed(at: usize, bit in 0u8..8, header in 0usize..5, other in "[ -~]{0,60}") {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let account = Account::new().await;
            done(account.charge(&account.stored(portcullis_provider_paypal::simulator::Behaviour::Account)).await);
            let genuine = account.vendor.deliver().remove(0);
            prop_assert!(account.receive(&genuine).await.is_ok());
            let mut altered = genuine.clone();
            let at = at % altered.body.len();
            altered.body[at] ^= 1 << bit;
            prop_assert!(account.receive(&altered).await.is_err());
            let mut altered = genuine.clone();
            let (_, value) = &mut altered.headers[header + 1];
            if *value != other {
                *value = other;
                prop_assert!(account.receive(&altered).await.is_err());
            }
            Ok(())
        })?;
    }
}
