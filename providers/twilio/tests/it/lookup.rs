//! Messages whose answer was lost: what Twilio's list of messages says of them, and when it says nothing.

use std::time::Duration;

use portcullis_ports::Clock;
use portcullis_ports::contact::PhoneNumber;
use portcullis_ports::error::Retry;
use portcullis_ports::notification::{ConnectedSender, Destination, Message, Receipt, Sought};
use portcullis_ports::outcome::{Outcome, Reference, Resolution};
use portcullis_ports::testkit::Fault;
use serde_json::json;

use crate::simulated_account::{SimulatedAccount, reference, unknown};

const TO: &str = "+15017122661";

/// Sends a message whose answer is lost, and gives what is sought of it.
async fn lost(simulated: &SimulatedAccount, connected: &ConnectedSender, message: &Message) -> Reference {
    simulated.client.will(Fault::AnswerLost);
    unknown(connected.sender.send(message).await)
}

async fn look_up(
    simulated: &SimulatedAccount,
    connected: &ConnectedSender,
    message: &Message,
    reference: &Reference,
) -> Resolution<Receipt> {
    let sought = Sought {
        message,
        reference,
        since: simulated.runtime.clock.now(),
    };
    connected.lookup.as_ref().unwrap().lookup(&sought).await
}

fn found(sid: &str) -> Resolution<Receipt> {
    Resolution::Found(Outcome::Done(Receipt {
        reference: sid.to_owned(),
    }))
}

fn retry(resolution: Resolution<Receipt>) -> Retry {
    match resolution {
        Resolution::CannotTell(reason) => reason.retry,
        other => panic!("it can be told: {other:?}"),
    }
}

fn in_ascii(message: Message) -> Message {
    let text = "Somebody signed in.".to_owned();
    Message { text, ..message }
}

#[tokio::test]
async fn a_message_whose_answer_was_lost_is_found_by_its_text() {
    let simulated = SimulatedAccount::new();
    for connected in [
        simulated.plain().await,
        simulated
            .connect(
                json!({ "messaging_service_sid": portcullis_provider_twilio::simulator::MESSAGING_SERVICE }),
            )
            .await,
    ] {
        let message = simulated.text(TO);
        let ours = lost(&simulated, &connected, &message).await;
        let sid = simulated.twilio.messages().last().unwrap().sid.clone();
        assert_eq!(
            look_up(&simulated, &connected, &message, &ours).await,
            found(&sid)
        );
        simulated.runtime.clock.advance(Duration::from_mins(5));
    }
    let requests = simulated.client.sent();
    let list = &requests.last().unwrap().url;
    assert!(
        list.ends_with("/Messages.json?To=%2B15017122661&PageSize=50"),
        "{list}"
    );
}

#[tokio::test]
async fn what_twilio_never_had_is_absent() {
    let simulated = SimulatedAccount::new();
    let connected = simulated.plain().await;
    let message = simulated.text(TO);
    let ours = Reference::Ours(message.id.to_string());
    assert_eq!(
        look_up(&simulated, &connected, &message, &ours).await,
        Resolution::Absent
    );
    // The same text, but long before; and another text in signs that nothing changes.
    reference(connected.sender.send(&message).await);
    simulated.runtime.clock.advance(Duration::from_mins(2));
    assert_eq!(
        look_up(&simulated, &connected, &message, &ours).await,
        Resolution::Absent
    );
    reference(connected.sender.send(&message).await);
    assert_eq!(
        look_up(&simulated, &connected, &in_ascii(message), &ours).await,
        Resolution::Absent
    );
}

#[tokio::test]
async fn a_code_tells_its_message_from_every_other() {
    let simulated = SimulatedAccount::new();
    let connected = simulated.plain().await;
    let message = Message {
        text: "123456 ist Ihr Code für die Anmeldung.".to_owned(),
        ..simulated.code(TO, "123456")
    };
    let other = Message {
        text: "654321 ist Ihr Code für die Anmeldung.".to_owned(),
        ..simulated.code(TO, "654321")
    };
    reference(connected.sender.send(&other).await);
    let ours = Reference::Ours(message.id.to_string());
    assert_eq!(
        look_up(&simulated, &connected, &message, &ours).await,
        Resolution::Absent
    );
}

#[tokio::test]
async fn another_text_that_may_be_this_one_leaves_it_open() {
    let simulated = SimulatedAccount::new();
    let connected = simulated.plain().await;
    reference(connected.sender.send(&in_ascii(simulated.text(TO))).await);
    let message = simulated.text(TO);
    let ours = Reference::Ours(message.id.to_string());
    let resolution = look_up(&simulated, &connected, &message, &ours).await;
    assert_eq!(retry(resolution), Retry::Never);
    // To somebody else it says nothing.
    let elsewhere = simulated.text("+15017122662");
    assert_eq!(
        look_up(&simulated, &connected, &elsewhere, &ours).await,
        Resolution::Absent
    );
}

#[tokio::test]
async fn a_number_with_more_messages_than_a_page_leaves_it_open() {
    let simulated = SimulatedAccount::new();
    let connected = simulated.plain().await;
    for _ in 0..51 {
        reference(connected.sender.send(&in_ascii(simulated.text(TO))).await);
    }
    let message = simulated.code(TO, "123456");
    let ours = Reference::Ours(message.id.to_string());
    let resolution = look_up(&simulated, &connected, &message, &ours).await;
    assert_eq!(retry(resolution), Retry::Never);
    simulated.runtime.clock.advance(Duration::from_mins(2));
    reference(connected.sender.send(&in_ascii(simulated.text(TO))).await);
    assert_eq!(
        look_up(&simulated, &connected, &message, &ours).await,
        Resolution::Absent,
        "the page reaches back beyond the moment of sending"
    );
}

#[tokio::test]
async fn a_message_with_a_name_is_read_by_it() {
    let simulated = SimulatedAccount::new();
    let connected = simulated.plain().await;
    let message = simulated.text(TO);
    let sid = reference(connected.sender.send(&message).await);
    let theirs = Reference::Theirs(sid.clone());
    assert_eq!(
        look_up(&simulated, &connected, &message, &theirs).await,
        found(&sid)
    );
    simulated.twilio.report(&sid, "failed", Some(30005)).unwrap();
    for reference in [theirs, Reference::Ours(message.id.to_string())] {
        let resolution = look_up(&simulated, &connected, &message, &reference).await;
        assert!(
            matches!(&resolution, Resolution::Found(Outcome::Declined(reason)) if reason.detail.contains("30005")),
            "{resolution:?}"
        );
    }
}

#[tokio::test]
async fn what_verify_sent_cannot_be_told() {
    let simulated = SimulatedAccount::new();
    let connected = simulated.with_verify().await;
    let message = simulated.code(TO, "123456");
    let ours = lost(&simulated, &connected, &message).await;
    let theirs = Reference::Theirs("VE00000000000000000000000000000001".to_owned());
    let asked = simulated.client.sent().len();
    for reference in [ours, theirs] {
        let resolution = look_up(&simulated, &connected, &message, &reference).await;
        assert_eq!(retry(resolution), Retry::Never);
    }
    assert_eq!(simulated.client.sent().len(), asked, "nobody is asked in vain");
    // Other texts do not go through Verify.
    let message = simulated.text(TO);
    let ours = lost(&simulated, &connected, &message).await;
    let sid = simulated.twilio.messages()[0].sid.clone();
    assert_eq!(
        look_up(&simulated, &connected, &message, &ours).await,
        found(&sid)
    );
}

#[tokio::test]
async fn no_answer_and_nonsense_are_no_absence() {
    let simulated = SimulatedAccount::new();
    let connected = simulated.plain().await;
    let message = simulated.text(TO);
    let sid = reference(connected.sender.send(&message).await);
    let answers = |status: u16, text: &str| Fault::Answers(status, text.to_owned());
    for reference in [Reference::Ours(message.id.to_string()), Reference::Theirs(sid)] {
        for fault in [
            Fault::Refused,
            Fault::AnswerLost,
            Fault::Garbage,
            answers(200, "{}"),
            answers(200, r#"{"messages":[{}]}"#),
            answers(401, ""),
            answers(429, ""),
            answers(500, ""),
        ] {
            simulated.client.will(fault.clone());
            let resolution = look_up(&simulated, &connected, &message, &reference).await;
            assert!(matches!(retry(resolution), Retry::Later(_)), "{fault:?}");
        }
    }
}

#[tokio::test]
async fn texts_of_trial_accounts_have_a_sentence_in_front() {
    let simulated = SimulatedAccount::new();
    let connected = simulated.plain().await;
    let message = simulated.text(TO);
    let text = format!("Sent from your Twilio trial account - {}", message.text);
    let sent = Message {
        text,
        to: Destination::Sms(PhoneNumber::parse(TO).unwrap()),
        ..simulated.text(TO)
    };
    let sid = reference(connected.sender.send(&sent).await);
    let ours = Reference::Ours(message.id.to_string());
    assert_eq!(
        look_up(&simulated, &connected, &message, &ours).await,
        found(&sid)
    );
}

#[tokio::test]
async fn an_account_that_redacts_texts_leaves_it_open() {
    let simulated = SimulatedAccount::new();
    let connected = simulated.plain().await;
    let redacted = Message {
        text: "******".to_owned(),
        ..simulated.text(TO)
    };
    reference(connected.sender.send(&redacted).await);
    for message in [simulated.code(TO, "123456"), in_ascii(simulated.text(TO))] {
        let ours = Reference::Ours(message.id.to_string());
        let resolution = look_up(&simulated, &connected, &message, &ours).await;
        assert_eq!(retry(resolution), Retry::Never);
    }
}
