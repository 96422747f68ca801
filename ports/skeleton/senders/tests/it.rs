//! Acme from outside: the suite of the port, and what happens when answers are lost.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use portcullis_ports::contact::PhoneNumber;
use portcullis_ports::id::MessageId;
use portcullis_ports::notification::{Destination, Message, Senders};
use portcullis_ports::outcome::Outcome;
use portcullis_ports::plugin::Port;
use portcullis_ports::testkit::{FakeRuntime, Fault, VendorClient, json, suite};
use portcullis_provider_acme::simulator::{self, Simulator};

fn text(runtime: &FakeRuntime) -> Message {
    Message {
        id: MessageId::random(&*runtime.entropy).unwrap(),
        to: Destination::Sms(PhoneNumber::parse("+15005550006").unwrap()),
        subject: String::new(),
        text: "Somebody signed in.".to_owned(),
        html: None,
        code: None,
    }
}

#[tokio::test]
async fn it_keeps_the_promises_of_the_port() {
    suite::every_plugin_conforms().await;
}

#[tokio::test]
async fn what_cannot_be_known_is_unknown_and_never_repeated() {
    for fault in [
        Fault::AnswerLost,
        Fault::Garbage,
        Fault::Answers(500, String::new()),
    ] {
        let acme = Arc::new(Simulator::default());
        let client = Arc::new(VendorClient::new(Arc::clone(&acme)));
        let runtime = FakeRuntime {
            http: Arc::clone(&client) as Arc<_>,
            ..FakeRuntime::default()
        };
        let connected = runtime.connect::<Senders>("acme", simulator::settings()).await.unwrap();
        client.will(fault.clone());
        let outcome = connected.sender.send(&text(&runtime)).await;
        assert!(matches!(outcome, Outcome::Unknown(_)), "{fault:?}: {outcome:?}");
        assert_eq!(client.sent().len(), 1);
        assert!(acme.messages().len() <= 1);
    }
}

#[test]
fn all_mistakes_are_named_at_once() {
    let wrong = json!({ "api_key": "", "timeout": "2m", "endpoint": "acme" });
    let mistakes = Senders::plugins()[0].plan(wrong).err().unwrap();
    let fields: Vec<&str> = mistakes.iter().map(|mistake| mistake.field.as_str()).collect();
    assert_eq!(fields, ["api_key", "timeout", "endpoint"]);
}
