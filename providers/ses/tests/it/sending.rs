//! What is sent, and what every refusal and silence means.

use portcullis_ports::Retry;
use portcullis_ports::contact::PhoneNumber;
use portcullis_ports::notification::{Destination, Receipt};
use portcullis_ports::outcome::{Outcome, Reason};
use portcullis_ports::testkit::Fault;
use serde_json::json;

use crate::simulated_account::{SimulatedAccount, reference};

const TO: &str = "ada@example.org";

fn not_sent(outcome: Outcome<Receipt>) -> Reason {
    match outcome {
        Outcome::NotSent(reason) => reason,
        other => panic!("not sent was expected, not {other:?}"),
    }
}

#[tokio::test]
async fn a_message_goes_to_one_recipient_with_text_page_and_our_id() {
    let simulated = SimulatedAccount::new();
    let sender = simulated
        .connect(json!({ "reply_to": "help@example.com" }))
        .await
        .sender;
    let mut message = simulated.message(TO);
    message.subject = "Your code\r\nBcc: eve@example.net".to_owned();
    let name = reference(sender.send(&message).await);
    let sent = simulated.ses.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].id, name);
    assert_eq!(
        sent[0].request,
        json!({
            "FromEmailAddress": "\"Example\" <no-reply@example.com>",
            "Destination": { "ToAddresses": [TO] },
            "ReplyToAddresses": ["help@example.com"],
            "Content": { "Simple": {
                "Subject": { "Data": "Your code Bcc: eve@example.net", "Charset": "UTF-8" },
                "Body": {
                    "Text": { "Data": "123456 Ä", "Charset": "UTF-8" },
                    "Html": { "Data": "<p>123456</p>", "Charset": "UTF-8" },
                },
            }},
            "ConfigurationSetName": "portcullis",
            "EmailTags": [{ "Name": "portcullis_message", "Value": message.id.as_str() }],
        })
    );
}

#[tokio::test]
async fn a_text_message_is_refused_for_good() {
    let simulated = SimulatedAccount::new();
    let mut message = simulated.message(TO);
    message.to = Destination::Sms(PhoneNumber::parse("+15005550006").unwrap());
    let outcome = simulated.plain().await.sender.send(&message).await;
    assert!(matches!(outcome, Outcome::Declined(_)), "{outcome:?}");
    assert!(simulated.client.sent().is_empty());
}

/// Status, name and sentence; outcome and code.
const REFUSALS: &[(u16, &str, &str, &str, &str)] = &[
    (
        429,
        "TooManyRequestsException",
        "Maximum sending rate exceeded.",
        "not_sent",
        "ses-rate",
    ),
    (
        429,
        "TooManyRequestsException",
        "Daily message quota exceeded.",
        "not_sent",
        "ses-daily-quota",
    ),
    (
        400,
        "ThrottlingException",
        "Rate exceeded",
        "not_sent",
        "ses-rate",
    ),
    (400, "LimitExceededException", "x", "not_sent", "ses-quota"),
    (
        400,
        "MessageRejected",
        "Email address is not verified: ada@example.org",
        "declined",
        "ses-not-verified",
    ),
    (
        400,
        "MessageRejected",
        "Contains a virus",
        "declined",
        "message-rejected",
    ),
    (
        400,
        "BadRequestException",
        "Missing final '@domain'",
        "declined",
        "message-rejected",
    ),
    (
        400,
        "MailFromDomainNotVerifiedException",
        "x",
        "not_sent",
        "ses-mail-from",
    ),
    (
        400,
        "AccountSuspendedException",
        "x",
        "not_sent",
        "ses-account-suspended",
    ),
    (
        400,
        "SendingPausedException",
        "x",
        "not_sent",
        "ses-sending-paused",
    ),
    (404, "NotFoundException", "x", "not_sent", "ses-not-found"),
    (
        403,
        "AccessDeniedException",
        "User x is not authorized",
        "not_sent",
        "ses-access",
    ),
    (403, "SignatureDoesNotMatch", "x", "not_sent", "ses-access"),
    (403, "Anything", "x", "not_sent", "ses-access"),
    (
        500,
        "ConcurrentModificationException",
        "x",
        "not_sent",
        "ses-unavailable",
    ),
    (500, "InternalFailure", "x", "not_sent", "ses-unavailable"),
    (503, "ServiceUnavailable", "x", "not_sent", "ses-unavailable"),
    (418, "Teapot", "x", "not_sent", "ses-refused"),
    (502, "", "x", "unknown", ""),
    (500, "Anything", "x", "unknown", ""),
];

#[tokio::test]
async fn every_refusal_has_its_outcome_and_is_sent_once() {
    let simulated = SimulatedAccount::new();
    let sender = simulated.plain().await.sender;
    for &(status, name, message, word, code) in REFUSALS {
        simulated.ses.refuse(Some((status, name, message)));
        let before = simulated.client.sent().len();
        let outcome = sender.send(&simulated.message(TO)).await;
        assert_eq!(
            simulated.client.sent().len(),
            before + 1,
            "{name} is not repeated"
        );
        assert_eq!(outcome.as_str(), word, "{name} {message}");
        if let Outcome::NotSent(reason) | Outcome::Declined(reason) = outcome {
            assert_eq!(reason.code, code, "{name} {message}");
            assert!(!reason.detail.contains("ada@"), "{}", reason.detail);
            // What is wrong with the account or its set-up passes, however long that takes: no message is given up for it.
            assert_eq!(reason.retry == Retry::Never, word == "declined", "{name}");
            let of_account = [
                "AccountSuspendedException",
                "SendingPausedException",
                "AccessDeniedException",
            ];
            assert!(reason.outage || !of_account.contains(&name), "{name}");
        }
    }
}

#[tokio::test]
async fn a_silence_after_sending_is_unknown_and_one_before_is_not_sent() {
    let simulated = SimulatedAccount::new();
    let sender = simulated.plain().await.sender;
    simulated.client.will(Fault::Refused);
    assert_eq!(
        not_sent(sender.send(&simulated.message(TO)).await).code,
        "ses-unreachable"
    );
    for fault in [
        Fault::AnswerLost,
        Fault::Garbage,
        Fault::Answers(200, "{}".to_owned()),
        Fault::Answers(502, "<html>bad gateway</html>".to_owned()),
    ] {
        simulated.client.will(fault.clone());
        let message = simulated.message(TO);
        let outcome = sender.send(&message).await;
        let Outcome::Unknown(reference) = outcome else {
            panic!("{fault:?} gives {outcome:?}");
        };
        assert_eq!(reference.as_str(), message.id.as_str());
    }
    assert_eq!(simulated.client.sent().len(), 5, "nothing was repeated");
    assert_eq!(
        simulated.ses.sent().len(),
        2,
        "the lost one and the garbled one arrived"
    );
    reference(sender.send(&simulated.message(TO)).await);
}

#[tokio::test]
async fn the_sandbox_refuses_recipients_that_nobody_verified() {
    let simulated = SimulatedAccount::new();
    let sender = simulated.plain().await.sender;
    simulated.ses.set_account(|account| account.production = false);
    let Outcome::Declined(reason) = sender.send(&simulated.message(TO)).await else {
        panic!("it is not declined");
    };
    assert_eq!(reason.code, "ses-not-verified");
    reference(
        sender
            .send(&simulated.message("success@simulator.amazonses.com"))
            .await,
    );
}

#[tokio::test]
async fn the_probe_says_how_the_account_stands() {
    let simulated = SimulatedAccount::new();
    let connected = simulated.plain().await;
    let line = connected.probe.check().await.unwrap();
    assert_eq!(
        line,
        "us-east-1: 0 of 50000 messages sent in 24 hours, at most 14 a second"
    );

    simulated.ses.set_account(|account| {
        account.production = false;
        account.enforcement = "PROBATION";
        account.quota = -1.0;
    });
    let silent = simulated.connect(json!({ "topics": [] })).await;
    let line = silent.probe.check().await.unwrap();
    for part in [
        "without a limit",
        "SANDBOX",
        "UNDER REVIEW",
        "set configuration_set and topics",
    ] {
        assert!(line.contains(part), "{line}");
    }

    simulated.ses.set_account(|account| account.sending = false);
    let error = connected.probe.check().await.unwrap_err();
    assert!(
        error.code().name() == "ses-stopped" && error.detail().contains("paused"),
        "{error}"
    );
    simulated
        .ses
        .set_account(|account| account.enforcement = "SHUTDOWN");
    let error = connected.probe.check().await.unwrap_err();
    assert!(error.detail().contains("shut down"), "{error}");

    simulated.ses.refuse(Some((403, "AccessDeniedException", "x")));
    let line = connected.probe.check().await.unwrap();
    assert!(line.contains("allow ses:GetAccount"), "{line}");
    simulated
        .ses
        .refuse(Some((403, "UnrecognizedClientException", "x")));
    let error = connected.probe.check().await.unwrap_err();
    assert!(error.detail().contains("credentials are not accepted"), "{error}");
    simulated.client.will(Fault::Refused);
    let error = connected.probe.check().await.unwrap_err();
    assert!(error.detail().contains("cannot be reached"), "{error}");
}
