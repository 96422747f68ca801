//! What we send and what the simulator answers and posts, held against the vendor's own documents.
//!
//! Where the documents come from and under which licence stands in `contract/LICENCES.md`.

use portcullis_ports::http::{HttpMethod, HttpRequest};
use portcullis_ports::testkit::Vendor as _;
use portcullis_ports::testkit::contract::Contract;
use serde_json::{Value, json};

use crate::simulated_account::{SimulatedAccount, reference};

const SEND: &str = "/v2/email/outbound-emails";
const ACCOUNT: &str = "/v2/email/account";

#[tokio::test]
async fn requests_and_answers_are_as_the_vendor_documents_them() {
    let contract = Contract::new(include_str!("contract/ses.json"));
    let simulated = SimulatedAccount::new();
    let connected = simulated.connect(json!({ "reply_to": "help@example.com" })).await;
    reference(connected.sender.send(&simulated.message("ada@example.org")).await);
    connected.probe.check().await.unwrap();
    let requests: Vec<HttpRequest> = simulated.client.sent();
    assert_eq!(requests.len(), 2);
    let (send, account) = (&requests[0], &requests[1]);
    assert_eq!((send.method, account.method), (HttpMethod::Post, HttpMethod::Get));
    assert!(send.url.ends_with(SEND) && account.url.ends_with(ACCOUNT));
    contract.accepts_json(SEND, "application/json", &send.body);
    let known = contract.properties("SendEmailRequest");
    let body: Value = serde_json::from_slice(&send.body).unwrap();
    for name in body.as_object().unwrap().keys() {
        assert!(known.contains(&name.as_str()), "{name} is not in the document");
    }
    contract.accepts_answer("post", SEND, &simulated.ses.answer(send));
    contract.accepts_answer("get", ACCOUNT, &simulated.ses.answer(account));
    simulated.ses.set_account(|account| account.production = false);
    contract.accepts_answer("post", SEND, &simulated.ses.answer(send));
    simulated.ses.set_account(|account| account.sending = false);
    let paused = simulated.ses.answer(send);
    assert_eq!(paused.status, 400);
    contract.accepts_answer("post", SEND, &paused);
}

#[tokio::test]
async fn what_is_posted_is_as_the_vendor_documents_it() {
    let contract = Contract::new(include_str!("contract/ses_events.json"));
    let simulated = SimulatedAccount::new();
    let connected = simulated.plain().await;
    for to in [
        "ada@example.org",
        "bounce@simulator.amazonses.com",
        "complaint@simulator.amazonses.com",
    ] {
        reference(connected.sender.send(&simulated.message(to)).await);
    }
    let notices = simulated.ses.notices();
    assert_eq!(notices.len(), 7);
    for notice in notices {
        contract.accepts_json("/x-webhook/ses-sns", "text/plain", &notice.body());
        let event = notice.envelope()["Message"].as_str().unwrap();
        contract.accepts_json("/x-webhook/ses-event", "application/json", event.as_bytes());
    }
    contract.accepts_json(
        "/x-webhook/ses-sns",
        "text/plain",
        &simulated.ses.subscription().body(),
    );
}
