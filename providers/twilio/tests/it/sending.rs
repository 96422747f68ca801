//! Plain messages: what is sent, what each refusal means, and what happens when answers are lost.

use std::time::Duration;

use portcullis_ports::Retry;
use portcullis_ports::outcome::Reference;
use portcullis_ports::testkit::Fault;
use portcullis_provider_twilio::simulator;
use serde_json::json;

use crate::simulated_account::{SimulatedAccount, WEBHOOK, declined, not_sent, reference, unknown};

const TO: &str = "+15017122661";

#[tokio::test]
async fn a_message_is_sent_with_everything_that_belongs_to_it() {
    let simulated = SimulatedAccount::new();
    let sender = simulated.plain().await.sender;
    let message = simulated.text(TO);
    let sid = reference(sender.send(&message).await);
    let sent = simulated.twilio.messages();
    assert_eq!(sent.len(), 1);
    assert_eq!((sent[0].sid.as_str(), sent[0].to.as_str()), (sid.as_str(), TO));
    assert_eq!(sent[0].from.as_deref(), Some(simulator::NUMBER));
    assert_eq!(sent[0].body, "Somebody signed in. Ä ☂ & more");
    let callback = format!("{WEBHOOK}?message={}", message.id);
    assert_eq!(sent[0].status_callback, Some(callback));
    assert_eq!(sent[0].validity, None);
}

#[tokio::test]
async fn a_messaging_service_chooses_the_number() {
    let simulated = SimulatedAccount::new();
    let sender = simulated
        .connect(json!({ "messaging_service_sid": simulator::MESSAGING_SERVICE }))
        .await
        .sender;
    reference(sender.send(&simulated.text(TO)).await);
    let sent = simulated.twilio.messages();
    assert_eq!(
        sent[0].messaging_service.as_deref(),
        Some(simulator::MESSAGING_SERVICE)
    );
    assert_eq!(sent[0].from, None);
}

#[tokio::test]
async fn a_code_does_not_wait_in_the_queue_until_it_is_of_no_use() {
    let simulated = SimulatedAccount::new();
    let settings = json!({ "from": simulator::NUMBER, "validity": "90s" });
    let sender = simulated.connect(settings).await.sender;
    reference(sender.send(&simulated.code(TO, "123456")).await);
    assert_eq!(simulated.twilio.messages()[0].validity, Some(90));
}

#[tokio::test]
async fn without_a_public_address_no_reports_are_asked_for() {
    let mut simulated = SimulatedAccount::new();
    simulated.runtime.webhook = None;
    let sender = simulated.plain().await.sender;
    reference(sender.send(&simulated.text(TO)).await);
    assert_eq!(simulated.twilio.messages()[0].status_callback, None);
}

#[tokio::test]
async fn requests_are_authenticated_by_the_api_key_where_there_is_one() {
    let simulated = SimulatedAccount::new();
    let sid = "SK00000000000000000000000000000001";
    simulated.twilio.add_api_key(sid, "key-secret");
    let settings = json!({ "from": simulator::NUMBER, "api_key_sid": sid, "api_key_secret": "key-secret" });
    let sender = simulated.connect(settings).await.sender;
    reference(sender.send(&simulated.text(TO)).await);
    let wrong = json!({ "from": simulator::NUMBER, "api_key_sid": sid, "api_key_secret": "other" });
    let sender = simulated.connect(wrong).await.sender;
    let reason = not_sent(sender.send(&simulated.text(TO)).await);
    assert_eq!(reason.code, "credentials-rejected");
    assert!(
        reason.outage && reason.retry != Retry::Never,
        "nothing is given up while credentials are wrong"
    );
}

#[tokio::test]
async fn every_request_is_bounded_and_goes_to_the_account() {
    let simulated = SimulatedAccount::new();
    let settings = json!({ "from": simulator::NUMBER, "timeout": "7s", "endpoint": "http://127.0.0.1:1/" });
    let sender = simulated.connect(settings).await.sender;
    reference(sender.send(&simulated.text(TO)).await);
    let request = &simulated.client.sent()[0];
    assert_eq!(request.limit, Duration::from_secs(7));
    let path = "2010-04-01/Accounts/AC00000000000000000000000000000001/Messages.json";
    assert_eq!(request.url, format!("http://127.0.0.1:1/{path}"));
}

#[tokio::test]
async fn refusals_of_a_recipient_are_final_and_name_no_number() {
    let simulated = SimulatedAccount::new();
    let sender = simulated.plain().await.sender;
    for (to, word) in [
        ("+15005550001", "address-rejected"),
        ("+15005550002", "not-reachable"),
        ("+15005550003", "country-not-enabled"),
        ("+15005550004", "opted-out"),
        ("+15005550009", "not-reachable"),
    ] {
        let reason = declined(sender.send(&simulated.text(to)).await);
        assert_eq!((reason.code.as_str(), reason.retry), (word, Retry::Never), "{to}");
        assert!(!reason.detail.contains("555"), "{}", reason.detail);
    }
    assert!(simulated.twilio.messages().is_empty());
}

#[tokio::test]
async fn a_wrong_sender_is_our_fault_and_a_full_queue_passes() {
    let simulated = SimulatedAccount::new();
    for (from, word, retry) in [
        ("+15005550001", "sender-misconfigured", Retry::Never),
        ("+15005550007", "sender-misconfigured", Retry::Never),
        ("+15005550008", "queue-full", Retry::Later(Duration::from_mins(1))),
    ] {
        let sender = simulated.connect(json!({ "from": from })).await.sender;
        let reason = not_sent(sender.send(&simulated.text(TO)).await);
        assert_eq!((reason.code.as_str(), reason.retry), (word, retry), "{from}");
    }
}

#[tokio::test]
async fn an_empty_text_is_refused_for_good() {
    let simulated = SimulatedAccount::new();
    let sender = simulated.plain().await.sender;
    let mut message = simulated.text(TO);
    message.text.clear();
    assert_eq!(declined(sender.send(&message).await).code, "text-rejected");
}

#[tokio::test]
async fn an_e_mail_never_leaves_the_house() {
    let simulated = SimulatedAccount::new();
    let sender = simulated.plain().await.sender;
    assert_eq!(
        declined(sender.send(&simulated.email()).await).code,
        "channel-not-served"
    );
    assert!(simulated.client.sent().is_empty());
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_nothing_is_repeated() {
    let simulated = SimulatedAccount::new();
    let sender = simulated.plain().await.sender;
    simulated.client.will(Fault::AnswerLost);
    let message = simulated.text(TO);
    assert_eq!(
        unknown(sender.send(&message).await),
        Reference::Ours(message.id.to_string())
    );
    assert_eq!(simulated.client.sent().len(), 1);
    assert_eq!(simulated.twilio.messages().len(), 1);
}

#[tokio::test]
async fn a_refused_connection_was_certainly_not_sent() {
    let simulated = SimulatedAccount::new();
    let sender = simulated.plain().await.sender;
    simulated.client.will(Fault::Refused);
    let reason = not_sent(sender.send(&simulated.text(TO)).await);
    assert!(matches!(reason.retry, Retry::Later(_)));
    assert_eq!(simulated.client.sent().len(), 1);
    assert!(simulated.twilio.messages().is_empty());
}

#[tokio::test]
async fn answers_that_prove_nothing_are_unknown() {
    let simulated = SimulatedAccount::new();
    let sender = simulated.plain().await.sender;
    let answers = |status: u16, text: &str| Fault::Answers(status, text.to_owned());
    for fault in [
        Fault::Garbage,
        answers(201, ""),
        answers(201, "{}"),
        answers(201, r#"{"sid":"SM1"}"#),
        answers(201, r#"{"sid":["SM"]}"#),
        answers(302, ""),
        answers(408, "{}"),
        answers(500, r#"{"code":20500}"#),
        answers(503, r#"{"code":21211}"#),
        answers(599, "<html>"),
    ] {
        simulated.client.will(fault.clone());
        let before = simulated.client.sent().len();
        unknown(sender.send(&simulated.text(TO)).await);
        assert_eq!(simulated.client.sent().len(), before + 1, "{fault:?}");
    }
}

#[tokio::test]
async fn refusals_without_a_known_code_follow_the_status() {
    let simulated = SimulatedAccount::new();
    let sender = simulated.plain().await.sender;
    for (status, text, word, passes) in [
        (400, r#"{"code":21999,"message":"news"}"#, "refused", false),
        (400, "<html>", "refused", false),
        (401, "", "credentials-rejected", true),
        (403, r#"{"code":null}"#, "credentials-rejected", true),
        (403, r#"{"code":20403}"#, "not-permitted", true),
        (404, "", "sender-misconfigured", false),
        (429, "", "too-busy", true),
        (429, r#"{"code":20429}"#, "too-busy", true),
        (403, r#"{"code":60410}"#, "prefix-blocked", false),
    ] {
        simulated.client.will(Fault::Answers(status, text.to_owned()));
        let outcome = sender.send(&simulated.text(TO)).await;
        let reason = match (status, word) {
            (400, _) | (_, "prefix-blocked") => declined(outcome),
            _ => not_sent(outcome),
        };
        assert_eq!(reason.code, word, "{status} {text}");
        assert_eq!(matches!(reason.retry, Retry::Later(_)), passes, "{status} {text}");
        assert!(!reason.detail.contains("news"));
    }
}

#[tokio::test]
async fn a_message_that_failed_at_once_is_not_reported_as_sent() {
    let simulated = SimulatedAccount::new();
    let sender = simulated.plain().await.sender;
    let text = r#"{"sid":"SM00000000000000000000000000000009","status":"failed","error_code":30034}"#;
    simulated.client.will(Fault::Answers(201, text.to_owned()));
    let reason = declined(sender.send(&simulated.text(TO)).await);
    assert!(reason.detail.contains("30034"), "{}", reason.detail);
}
