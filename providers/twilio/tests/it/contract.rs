//! What we send and what the simulator answers, held against the vendor's own documents.
//!
//! Where the documents come from and under which licence stands in `contract/LICENCES.md`.

use portcullis_ports::http::{HttpMethod, HttpRequest, HttpResponse};
use portcullis_ports::testkit::Vendor;
use portcullis_ports::testkit::contract::Contract;
use portcullis_provider_twilio::simulator::{self, Callback};
use serde_json::{Value, json};

use crate::simulated_account::{SimulatedAccount, WEBHOOK, reference};

const TO: &str = "+15017122661";

const MESSAGES: &str = "/2010-04-01/Accounts/{AccountSid}/Messages.json";
const MESSAGE: &str = "/2010-04-01/Accounts/{AccountSid}/Messages/{Sid}.json";
const SERVICE: &str = "/v2/Services/{Sid}";
const VERIFICATIONS: &str = "/v2/Services/{ServiceSid}/Verifications";
const VERIFICATION: &str = "/v2/Services/{ServiceSid}/Verifications/{Sid}";
const CHECK: &str = "/v2/Services/{ServiceSid}/VerificationCheck";

/// Asks the simulator as the client would.
fn ask(simulated: &SimulatedAccount, method: HttpMethod, path: &str, form: &[(&str, &str)]) -> HttpResponse {
    let authorization = simulated.client.sent()[0]
        .headers
        .iter()
        .find(|(name, _)| name == "authorization")
        .unwrap()
        .1
        .clone();
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    let request = HttpRequest::new(method, format!("https://api.twilio.com{path}"))
        .header("authorization", authorization)
        .body("application/x-www-form-urlencoded", body);
    simulated.twilio.answer(&request)
}

#[tokio::test]
async fn messages_are_as_the_vendor_documents_them() {
    let contract = Contract::new(include_str!("contract/twilio_messages.json"));
    let simulated = SimulatedAccount::new();
    let by_number = simulated.plain().await.sender;
    let by_service = simulated
        .connect(json!({ "messaging_service_sid": simulator::MESSAGING_SERVICE }))
        .await
        .sender;
    let sid = reference(by_number.send(&simulated.text(TO)).await);
    reference(by_service.send(&simulated.code(TO, "123456")).await);
    for request in simulated.client.sent() {
        contract.accepts_form(MESSAGES, &request.body);
        contract.accepts_answer("post", MESSAGES, &simulated.twilio.answer(&request));
    }
    let account = format!("/2010-04-01/Accounts/{}", simulator::ACCOUNT);
    simulated.twilio.report(&sid, "undelivered", Some(30003)).unwrap();
    let one = ask(
        &simulated,
        HttpMethod::Get,
        &format!("{account}/Messages/{sid}.json"),
        &[],
    );
    assert_eq!(one.status, 200);
    contract.accepts_answer("get", MESSAGE, &one);
    let all = ask(
        &simulated,
        HttpMethod::Get,
        &format!("{account}/Messages.json?To=%2B15017122661&PageSize=2"),
        &[],
    );
    assert_eq!(all.status, 200);
    contract.accepts_answer("get", MESSAGES, &all);
    let refused = ask(
        &simulated,
        HttpMethod::Post,
        &format!("{account}/Messages.json"),
        &[("To", TO)],
    );
    assert_eq!(refused.status, 400);
    contract.accepts_answer("post", MESSAGES, &refused);
}

#[tokio::test]
async fn verifications_are_as_the_vendor_documents_them() {
    let contract = Contract::new(include_str!("contract/twilio_verify.json"));
    let simulated = SimulatedAccount::new();
    let connected = simulated.with_verify().await;
    for code in ["123456", "234567"] {
        reference(connected.sender.send(&simulated.code(TO, code)).await);
    }
    let mut seen = 0;
    for request in simulated.client.sent() {
        let path = if request.url.ends_with("/Verifications") {
            VERIFICATIONS
        } else {
            VERIFICATION
        };
        contract.accepts_form(path, &request.body);
        contract.accepts_answer("post", path, &simulated.twilio.answer(&request));
        seen += 1;
    }
    assert_eq!(seen, 4, "created, created again, canceled, created");
    let service = format!("/v2/Services/{}", simulator::VERIFY_SERVICE);
    contract.accepts_answer("get", SERVICE, &ask(&simulated, HttpMethod::Get, &service, &[]));
    let pending = simulated
        .twilio
        .verifications()
        .into_iter()
        .rfind(|known| known.status == "pending")
        .unwrap();
    let path = format!("{service}/Verifications/{}", pending.sid);
    let one = ask(&simulated, HttpMethod::Get, &path, &[]);
    assert_eq!(one.status, 200);
    contract.accepts_answer("get", VERIFICATION, &one);
    let check = |code: &str| {
        let form = [("VerificationSid", pending.sid.as_str()), ("Code", code)];
        contract.accepts_form(
            CHECK,
            form_urlencoded::Serializer::new(String::new())
                .extend_pairs(form)
                .finish()
                .as_bytes(),
        );
        let answer = ask(
            &simulated,
            HttpMethod::Post,
            &format!("{service}/VerificationCheck"),
            &form,
        );
        contract.accepts_answer("post", CHECK, &answer);
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        body["status"].as_str().map(str::to_owned).unwrap_or_default()
    };
    assert_eq!(check("000000"), "pending");
    assert_eq!(check(&pending.code), "approved");
    let again = ask(
        &simulated,
        HttpMethod::Post,
        &format!("{service}/VerificationCheck"),
        &[("To", "+15017122669")],
    );
    assert_eq!(again.status, 404);
    contract.accepts_answer("post", CHECK, &again);
}

#[tokio::test]
async fn callbacks_are_as_the_vendor_documents_them() {
    let contract = Contract::new(include_str!("contract/twilio_webhooks.json"));
    let simulated = SimulatedAccount::new();
    let sender = simulated.plain().await.sender;
    let sid = reference(sender.send(&simulated.text(TO)).await);
    let report: Callback = simulated.twilio.report(&sid, "failed", Some(30005)).unwrap();
    contract.accepts_form("/x-webhook/twilio-status", &report.body);
    let incoming = simulated.twilio.incoming(WEBHOOK, TO, "Stop", Some("STOP"));
    contract.accepts_form("/x-webhook/twilio-inbound", &incoming.body);
}
