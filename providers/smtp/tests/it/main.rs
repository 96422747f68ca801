//! The sender against a real conversation: what arrives, and what every kind of failure means.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod authority;

use std::sync::Arc;
use std::time::Duration;

use authority::Authority;

use portcullis_ports::Retry;
use portcullis_ports::contact::{EmailAddress, PhoneNumber};
use portcullis_ports::id::MessageId;
use portcullis_ports::notification::{ConnectedSender, Destination, Message, Receipt, Senders};
use portcullis_ports::outcome::{Outcome, Reason};
use portcullis_ports::plugin::Port;
use portcullis_ports::testkit::FakeRuntime;
use portcullis_provider_smtp as _;
use portcullis_provider_smtp::simulator::{Conduct, Moment, Offer, SmtpSimulator};
use serde_json::{Value, json};

struct Here {
    simulator: SmtpSimulator,
    authority: String,
    runtime: FakeRuntime,
}

impl Here {
    async fn new(offer: Offer) -> Self {
        let authority = Authority::new();
        Self {
            authority: authority.pem.clone(),
            simulator: SmtpSimulator::start(offer, Some(Arc::new(authority)))
                .await
                .unwrap(),
            runtime: FakeRuntime::default(),
        }
    }

    async fn plain() -> Self {
        Self::new(Offer::default()).await
    }

    async fn connect(&self, more: Value) -> ConnectedSender {
        let mut settings = self.simulator.settings();
        for (name, value) in more.as_object().unwrap() {
            settings[name] = value.clone();
        }
        self.runtime.connect::<Senders>("smtp", settings).await.unwrap()
    }

    fn message(&self, to: &str) -> Message {
        Message {
            id: MessageId::random(&*self.runtime.entropy).unwrap(),
            to: Destination::Email(EmailAddress::parse(to).unwrap()),
            subject: "Your code".to_owned(),
            text: ".hidden dot\n123456 Ä".to_owned(),
            html: Some("<p>123456</p>".to_owned()),
            code: Some("123456".to_owned()),
        }
    }

    async fn send(&self, connected: &ConnectedSender) -> Outcome<Receipt> {
        connected.sender.send(&self.message("ada@example.org")).await
    }

    /// The outcome when the server misbehaves, then that the next message goes through as if nothing had been.
    async fn meets(&self, at: Moment, conduct: Conduct) -> Outcome<Receipt> {
        let connected = self.connect(json!({ "timeout": "1s" })).await;
        self.simulator.will(at, conduct);
        let outcome = self.send(&connected).await;
        let next = self.send(&connected).await;
        assert!(matches!(next, Outcome::Done(_)), "{next:?}");
        outcome
    }

    async fn replies(&self, at: Moment, line: &str) -> Outcome<Receipt> {
        self.meets(at, Conduct::Says(line.to_owned())).await
    }
}

fn not_sent(outcome: Outcome<Receipt>) -> Reason {
    match outcome {
        Outcome::NotSent(reason) if matches!(reason.retry, Retry::Later(_)) => reason,
        other => panic!("not sent and worth another try was expected, not {other:?}"),
    }
}

fn declined(outcome: Outcome<Receipt>) -> String {
    match outcome {
        Outcome::Declined(reason) => {
            assert!(!reason.detail.contains('@'), "{}", reason.detail);
            reason.code
        }
        other => panic!("declined was expected, not {other:?}"),
    }
}

#[tokio::test]
async fn a_message_arrives_whole_and_its_id_is_the_reference() {
    let here = Here::plain().await;
    let connected = here.connect(json!({ "reply_to": "help@example.com" })).await;
    let message = here.message("ada@example.org");
    let Outcome::Done(receipt) = connected.sender.send(&message).await else {
        panic!("it is not accepted");
    };
    assert_eq!(receipt.reference, format!("{}@example.com", message.id));
    let accepted = here.simulator.accepted();
    let [mail] = accepted.as_slice() else {
        panic!("{accepted:?}");
    };
    assert_eq!(
        (mail.from.as_str(), mail.to.as_slice()),
        ("no-reply@example.com", ["ada@example.org".to_owned()].as_slice())
    );
    for part in [
        format!("Message-ID: <{}>\r\n", receipt.reference).as_str(),
        "From: Example <no-reply@example.com>\r\n",
        "Reply-To: help@example.com\r\n",
        ".hidden dot\r\n123456 =C3=84",
        "<p>123456</p>",
    ] {
        assert!(mail.mail.contains(part), "{part:?} is not in {}", mail.mail);
    }
}

#[tokio::test]
async fn neither_subject_nor_text_can_add_a_header_or_a_recipient() {
    let here = Here::plain().await;
    let connected = here.connect(json!({})).await;
    let mut message = here.message("ada@example.org");
    message.subject = "Code\r\nBcc: eve@example.net\r\n\r\nHi".to_owned();
    message.text = "hello\r\n.\r\nMAIL FROM:<eve@example.net>\r\n.\nend".to_owned();
    message.html = None;
    assert!(matches!(connected.sender.send(&message).await, Outcome::Done(_)));
    let accepted = here.simulator.accepted();
    assert_eq!(accepted.len(), 1);
    assert_eq!(accepted[0].to, ["ada@example.org"]);
    let (head, body) = accepted[0].mail.split_once("\r\n\r\n").unwrap();
    assert!(!head.to_lowercase().contains("\nbcc"), "{head}");
    assert!(
        body.contains("MAIL FROM:<eve@example.net>") && body.contains("end"),
        "{body}"
    );
}

#[tokio::test]
async fn a_text_message_is_refused_for_good() {
    let here = Here::plain().await;
    let connected = here.connect(json!({})).await;
    let mut message = here.message("ada@example.org");
    message.to = Destination::Sms(PhoneNumber::parse("+15005550006").unwrap());
    assert_eq!(
        declined(connected.sender.send(&message).await),
        "channel-not-served"
    );
    assert_eq!(here.simulator.conversations(), 0);
}

#[tokio::test]
async fn a_refusal_for_good_says_whether_address_sender_or_message_is_at_fault() {
    let here = Here::plain().await;
    for (at, line, code) in [
        (
            Moment::Recipient,
            "550 5.1.1 <ada@example.org>: no such user",
            "address-rejected",
        ),
        (Moment::Recipient, "550 no such user", "address-rejected"),
        (Moment::Recipient, "551 user not local", "address-rejected"),
        (
            Moment::Recipient,
            "553 mailbox name not allowed",
            "address-rejected",
        ),
        (
            Moment::Recipient,
            "550 5.2.1 mailbox disabled",
            "address-rejected",
        ),
        (Moment::Recipient, "552 5.2.2 mailbox full", "mailbox-full"),
        (
            Moment::Recipient,
            "550 5.7.1 relaying denied",
            "refused-by-policy",
        ),
        (Moment::Recipient, "554 no", "message-rejected"),
        (Moment::Sender, "550 5.1.8 bad sender", "sender-rejected"),
        (Moment::Sender, "553 not yours", "sender-rejected"),
        (Moment::Data, "554 5.5.1 no valid recipients", "message-rejected"),
        (Moment::Content, "552 5.3.4 too large", "message-too-large"),
        (Moment::Content, "550 5.7.1 looks like spam", "refused-by-policy"),
        (Moment::Content, "554 transaction failed", "message-rejected"),
    ] {
        assert_eq!(declined(here.replies(at, line).await), code, "{line}");
    }
}

#[tokio::test]
async fn a_refusal_that_passes_is_tried_again() {
    let here = Here::plain().await;
    for at in [
        Moment::Hello,
        Moment::Sender,
        Moment::Recipient,
        Moment::Data,
        Moment::Content,
    ] {
        let reason = not_sent(here.replies(at, "421 4.3.2 shutting down").await);
        let code = if at == Moment::Hello {
            "smtp-refused"
        } else {
            "smtp-try-later"
        };
        assert_eq!(reason.code, code, "{at:?}");
    }
    let greylisted = not_sent(here.replies(Moment::Recipient, "451 4.7.1 greylisted").await);
    assert_eq!(greylisted.retry, Retry::Later(Duration::from_mins(1)));
    let refused = not_sent(here.replies(Moment::Greeting, "554 go away").await);
    assert_eq!(refused.code, "smtp-refused");
}

#[tokio::test]
async fn what_breaks_before_the_message_was_handed_over_did_not_send_it() {
    let here = Here::plain().await;
    for at in [
        Moment::Greeting,
        Moment::Hello,
        Moment::Sender,
        Moment::Recipient,
        Moment::Data,
    ] {
        for conduct in [
            Conduct::Closes,
            Conduct::LosesAnswer,
            Conduct::Says("\u{7f}garbage".to_owned()),
            Conduct::Hangs,
        ] {
            let before = here.simulator.accepted().len();
            let reason = not_sent(here.meets(at, conduct.clone()).await);
            assert_eq!(reason.code, "smtp-unreachable", "{at:?} {conduct:?}");
            assert_eq!(
                here.simulator.accepted().len(),
                before + 1,
                "only the second one arrived"
            );
        }
    }
}

#[tokio::test]
async fn what_breaks_after_the_message_was_handed_over_is_unknown() {
    let here = Here::plain().await;
    for (conduct, arrives) in [
        (Conduct::LosesAnswer, true),
        (Conduct::Closes, false),
        (Conduct::Hangs, false),
        (Conduct::Says("garbage".to_owned()), false),
        (Conduct::Says("354 go ahead".to_owned()), false),
    ] {
        let before = here.simulator.accepted().len();
        let outcome = here.meets(Moment::Content, conduct.clone()).await;
        let Outcome::Unknown(reference) = outcome else {
            panic!("{conduct:?} gives {outcome:?}");
        };
        assert!(reference.as_str().ends_with("@example.com"));
        let arrived = here.simulator.accepted().len() - before;
        assert_eq!(arrived, 1 + usize::from(arrives), "{conduct:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_tried_again_and_the_probe_says_so() {
    let here = Here::plain().await;
    let connected = here.connect(json!({})).await;
    let message = here.message("ada@example.org");
    here.simulator.stop().await;
    assert_eq!(
        not_sent(connected.sender.send(&message).await).code,
        "smtp-unreachable"
    );
    let error = connected.probe.check().await.unwrap_err();
    assert_eq!(error.code().name(), "smtp-server");
    assert!(error.detail().contains("cannot be reached"), "{error}");
}

#[tokio::test]
async fn connections_are_kept_and_a_dead_one_is_replaced_unnoticed() {
    let here = Here::plain().await;
    let connected = here.connect(json!({})).await;
    for _ in 0..3 {
        assert!(matches!(here.send(&connected).await, Outcome::Done(_)));
    }
    assert_eq!(here.simulator.conversations(), 1);
    here.runtime.clock.advance(Duration::from_secs(31));
    assert!(matches!(here.send(&connected).await, Outcome::Done(_)));
    assert_eq!(
        here.simulator.conversations(),
        2,
        "an old connection is not used again"
    );
    here.simulator.will(Moment::Noop, Conduct::Closes);
    assert!(matches!(here.send(&connected).await, Outcome::Done(_)));
    assert_eq!(here.simulator.conversations(), 3);
}

#[tokio::test]
async fn no_more_connections_than_allowed_are_open_at_once() {
    let here = Here::plain().await;
    let connected = here.connect(json!({ "connections": 2 })).await;
    let (a, b, c, d) = tokio::join!(
        here.send(&connected),
        here.send(&connected),
        here.send(&connected),
        here.send(&connected)
    );
    for outcome in [a, b, c, d] {
        assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
    }
    assert!(here.simulator.conversations() <= 2);
}

fn guarded(tls: bool, mechanisms: &'static str) -> Offer {
    Offer {
        starttls: !tls,
        tls,
        credentials: Some(("portcullis".to_owned(), "s3cret".to_owned())),
        mechanisms,
    }
}

/// Settings for an encrypted connection to a server whose certificate is trusted.
fn encrypted(here: &Here, folder: &tempfile::TempDir, encryption: &str) -> Value {
    let authority = folder.path().join("authority.pem");
    std::fs::write(&authority, &here.authority).unwrap();
    json!({
        "server": "localhost", "encryption": encryption, "trusted_ca": authority,
        "username": "portcullis", "password": "s3cret", "timeout": "2s",
    })
}

#[tokio::test]
async fn a_message_goes_encrypted_and_signed_in_by_either_way() {
    let folder = tempfile::tempdir().unwrap();
    for (tls, encryption) in [(false, "starttls"), (true, "tls")] {
        for mechanisms in ["PLAIN", "LOGIN", "PLAIN LOGIN"] {
            let here = Here::new(guarded(tls, mechanisms)).await;
            let connected = here.connect(encrypted(&here, &folder, encryption)).await;
            let outcome = here.send(&connected).await;
            assert!(
                matches!(outcome, Outcome::Done(_)),
                "{encryption} {mechanisms}: {outcome:?}"
            );
            let accepted = here.simulator.accepted();
            assert!(accepted[0].encrypted);
            assert_eq!(accepted[0].user.as_deref(), Some("portcullis"));
            let line = connected.probe.check().await.unwrap();
            assert!(
                line.contains("answers as simulator, encrypted") && line.ends_with(", signed in"),
                "{line}"
            );
        }
    }
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_gets_no_message_and_no_password() {
    let folder = tempfile::tempdir().unwrap();
    let other = Authority::new();
    for (tls, encryption) in [(false, "starttls"), (true, "tls")] {
        let here = Here::new(guarded(tls, "PLAIN")).await;
        let mut settings = encrypted(&here, &folder, encryption);
        std::fs::write(folder.path().join("authority.pem"), &other.pem).unwrap();
        let connected = here.connect(settings.clone()).await;
        let reason = not_sent(here.send(&connected).await);
        assert_eq!(reason.code, "smtp-unreachable");
        assert!(reason.detail.contains("certificate"), "{}", reason.detail);
        settings["trusted_ca"] = Value::Null;
        let connected = here.connect(settings).await;
        assert_eq!(not_sent(here.send(&connected).await).code, "smtp-unreachable");
        assert!(here.simulator.accepted().is_empty());
    }
}

#[tokio::test]
async fn a_server_without_starttls_gets_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let here = Here::plain().await;
    let connected = here.connect(encrypted(&here, &folder, "starttls")).await;
    let reason = not_sent(here.send(&connected).await);
    assert_eq!(reason.code, "smtp-encryption");
    assert!(here.simulator.accepted().is_empty());
}

#[tokio::test]
async fn a_reply_slipped_in_before_the_encryption_is_never_taken_for_acceptance() {
    let folder = tempfile::tempdir().unwrap();
    let here = Here::new(guarded(false, "PLAIN")).await;
    let connected = here.connect(encrypted(&here, &folder, "starttls")).await;
    let slipped_in = "220 go ahead\r\n250-slipped in\r\n250 AUTH PLAIN";
    here.simulator
        .will(Moment::Encrypt, Conduct::Says(slipped_in.to_owned()));
    assert_eq!(not_sent(here.send(&connected).await).code, "smtp-unreachable");
    assert!(here.simulator.accepted().is_empty());
    here.simulator.will(Moment::Encrypt, Conduct::Closes);
    assert_eq!(not_sent(here.send(&connected).await).code, "smtp-unreachable");
    assert!(matches!(here.send(&connected).await, Outcome::Done(_)));
}

#[tokio::test]
async fn a_wrong_password_is_a_matter_of_configuration_and_is_shown_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let here = Here::new(guarded(false, "PLAIN LOGIN")).await;
    let mut settings = encrypted(&here, &folder, "starttls");
    settings["password"] = json!("wr0ng");
    let connected = here.connect(settings.clone()).await;
    let reason = not_sent(here.send(&connected).await);
    assert_eq!(reason.code, "smtp-sign-in");
    assert!(!reason.detail.contains("wr0ng"));
    let error = connected.probe.check().await.unwrap_err();
    assert!(error.detail().contains("username and password"), "{error}");

    settings["username"] = Value::Null;
    settings["password"] = Value::Null;
    let nobody = here.connect(settings).await;
    assert_eq!(not_sent(here.send(&nobody).await).code, "smtp-sign-in");
    assert!(here.simulator.accepted().is_empty());
}

#[tokio::test]
async fn a_server_that_offers_no_way_to_sign_in_is_a_matter_of_configuration() {
    let here = Here::plain().await;
    let connected = here
        .connect(json!({ "username": "portcullis", "password": "s3cret" }))
        .await;
    assert_eq!(not_sent(here.send(&connected).await).code, "smtp-sign-in");
}

#[test]
fn every_mistake_in_the_settings_is_named_at_once() {
    let plugins = Senders::plugins();
    let plugin = plugins.iter().find(|plugin| plugin.meta.id == "smtp").unwrap();
    let fields = |settings: Value| -> Vec<String> {
        let mistakes = plugin.plan(settings).err().unwrap_or_default();
        mistakes.into_iter().map(|mistake| mistake.field).collect()
    };
    let good = json!({ "server": "smtp.example.com", "from": "A <a@example.com>" });
    assert_eq!(fields(good.clone()), Vec::<String>::new());
    let all_wrong = json!({
        "server": "smtp.example.com:25", "port": 0, "encryption": "none", "username": "u", "from": "nobody",
        "hello_name": "a b", "timeout": "0s", "connections": 0,
    });
    assert_eq!(
        fields(all_wrong),
        [
            "server",
            "port",
            "encryption",
            "username",
            "password",
            "hello_name",
            "timeout",
            "connections",
            "from"
        ]
    );
    for (field, value) in [
        ("from", json!("A\r\nBcc: e@example.net <a@example.com>")),
        ("from", json!("a@localhost")),
        ("from", json!("a@example.com, b@example.com")),
        ("reply_to", json!("nobody")),
        ("encryption", json!("ssl")),
        ("server", json!("")),
        ("username", json!("u")),
        ("password", json!("p")),
    ] {
        let mut settings = good.clone();
        settings[field] = value.clone();
        assert!(!fields(settings).is_empty(), "{field} = {value}");
    }
    let mut relay = good;
    relay["encryption"] = json!("none");
    relay["allow_plain"] = json!(true);
    assert_eq!(fields(relay), Vec::<String>::new());
}

#[tokio::test]
async fn certificates_that_cannot_be_read_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("empty.pem");
    std::fs::write(&file, "nothing").unwrap();
    for path in [file, folder.path().join("absent.pem")] {
        let settings = json!({ "server": "localhost", "from": "a@example.com", "trusted_ca": path });
        let connected = FakeRuntime::default().connect::<Senders>("smtp", settings).await;
        let error = connected.err().unwrap();
        assert_eq!(error.code().name(), "smtp-trusted-ca");
        assert!(error.detail().contains(path.to_str().unwrap()), "{error}");
    }
}
