//! Codes through Verify: our code is the one that is sent, and the last one sent is the one that counts.

use std::time::Duration;

use portcullis_ports::Retry;
use portcullis_ports::outcome::Reference;
use portcullis_ports::testkit::Fault;
use portcullis_provider_twilio::simulator;
use serde_json::json;

use crate::simulated_account::{SimulatedAccount, declined, not_sent, reference, unknown};

const TO: &str = "+15017122661";

#[tokio::test]
async fn a_code_goes_through_verify_and_the_rest_does_not() {
    let simulated = SimulatedAccount::new();
    let sender = simulated.with_verify().await.sender;
    let sid = reference(sender.send(&simulated.code(TO, "123456")).await);
    reference(sender.send(&simulated.text(TO)).await);
    let verifications = simulated.twilio.verifications();
    assert_eq!(verifications.len(), 1);
    assert_eq!(
        (verifications[0].sid.as_str(), verifications[0].code.as_str()),
        (sid.as_str(), "123456")
    );
    assert_eq!(verifications[0].channel, "sms");
    assert_eq!(simulated.twilio.messages().len(), 1);
}

#[tokio::test]
async fn a_code_that_verify_does_not_take_goes_as_a_plain_message() {
    let simulated = SimulatedAccount::new();
    let sender = simulated.with_verify().await.sender;
    for code in ["123", "12345678901", "12-34", "ä234"] {
        reference(sender.send(&simulated.code(TO, code)).await);
    }
    assert!(simulated.twilio.verifications().is_empty());
    assert_eq!(simulated.twilio.messages().len(), 4);
}

#[tokio::test]
async fn without_a_number_of_ours_only_codes_are_sent() {
    let simulated = SimulatedAccount::new();
    let sender = simulated
        .connect(json!({ "verify_service_sid": simulator::VERIFY_SERVICE }))
        .await
        .sender;
    reference(sender.send(&simulated.code(TO, "123456")).await);
    for message in [simulated.text(TO), simulated.code(TO, "123")] {
        assert_eq!(declined(sender.send(&message).await).code, "no-sending-number");
    }
    assert_eq!(simulated.client.sent().len(), 1);
}

#[tokio::test]
async fn a_second_code_is_not_replaced_by_the_pending_one() {
    let simulated = SimulatedAccount::new();
    let sender = simulated.with_verify().await.sender;
    reference(sender.send(&simulated.code(TO, "111111")).await);
    let second = reference(sender.send(&simulated.code(TO, "222222")).await);
    let verifications = simulated.twilio.verifications();
    assert_eq!(verifications.len(), 2);
    assert_eq!(verifications[0].status, "canceled");
    assert_eq!(
        (verifications[1].sid.as_str(), verifications[1].code.as_str()),
        (second.as_str(), "222222")
    );
    let third = reference(sender.send(&simulated.code("+15017122662", "333333")).await);
    assert_eq!(simulated.twilio.verifications()[2].sid, third);
}

#[tokio::test]
async fn an_older_code_that_cannot_be_replaced_is_not_taken_for_ours() {
    let simulated = SimulatedAccount::new();
    let sender = simulated.with_verify().await.sender;
    reference(sender.send(&simulated.code(TO, "111111")).await);
    let reused = r#"{"sid":"VE00000000000000000000000000000001","send_code_attempts":[{},{}]}"#;
    let answers = |status: u16, text: &str| Fault::Answers(status, text.to_owned());

    simulated.client.will(answers(201, reused));
    simulated.client.will(answers(200, "{}"));
    simulated.client.will(answers(201, reused));
    assert_eq!(
        declined(sender.send(&simulated.code(TO, "222222")).await).code,
        "older-code-sent"
    );

    simulated.client.will(answers(201, reused));
    simulated.client.will(Fault::AnswerLost);
    assert_eq!(
        unknown(sender.send(&simulated.code(TO, "333333")).await),
        Reference::Theirs("VE00000000000000000000000000000001".to_owned())
    );
}

#[tokio::test]
async fn refusals_of_verify_have_their_meaning() {
    let simulated = SimulatedAccount::new();
    let sender = simulated.with_verify().await.sender;
    for (to, word) in [
        ("+15005550001", "address-rejected"),
        ("+15005550003", "country-not-enabled"),
        ("+15005550009", "address-rejected"),
    ] {
        assert_eq!(
            declined(sender.send(&simulated.code(to, "123456")).await).code,
            word
        );
    }
    simulated.twilio.allow_custom_codes(false);
    let reason = not_sent(sender.send(&simulated.code(TO, "123456")).await);
    assert_eq!(
        (reason.code.as_str(), reason.retry),
        ("sender-misconfigured", Retry::Never)
    );
    assert!(reason.detail.contains("custom codes"));
}

#[tokio::test]
async fn too_many_codes_wait_until_the_verification_is_over() {
    let simulated = SimulatedAccount::new();
    let sender = simulated.with_verify().await.sender;
    simulated
        .client
        .will(Fault::Answers(429, r#"{"code":60203}"#.to_owned()));
    let reason = not_sent(sender.send(&simulated.code(TO, "123456")).await);
    assert_eq!(reason.code, "too-many-codes");
    assert_eq!(reason.retry, Retry::Later(Duration::from_mins(10)));
}

#[tokio::test]
async fn lost_and_meaningless_answers_of_verify_are_unknown_and_not_repeated() {
    let simulated = SimulatedAccount::new();
    let sender = simulated.with_verify().await.sender;
    for fault in [
        Fault::AnswerLost,
        Fault::Garbage,
        Fault::Answers(500, String::new()),
    ] {
        let before = simulated.client.sent().len();
        simulated.client.will(fault);
        unknown(sender.send(&simulated.code(TO, "123456")).await);
        assert_eq!(simulated.client.sent().len(), before + 1);
        simulated.runtime.clock.advance(Duration::from_secs(601));
    }
}
