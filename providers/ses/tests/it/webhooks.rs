//! From a message to what became of it, and what is refused on the way.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::Clock;
use portcullis_ports::http::{HttpClient, HttpRequest, HttpResponse, NoAnswer};
use portcullis_ports::inbound::{Verification, WebhookRequest};
use portcullis_ports::notification::{DeliveryNews, DeliveryState, SuppressionCause};
use portcullis_ports::testkit::{Fault, VendorClient};
use portcullis_provider_ses::simulator::{Notice, SesSimulator, TOPIC};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::simulated_account::{SimulatedAccount, reference};

/// What is heard of a message, in short words.
async fn story(to: &str) -> Vec<String> {
    let simulated = SimulatedAccount::new();
    let connected = simulated.plain().await;
    let message = simulated.message(to);
    reference(connected.sender.send(&message).await);
    let mut story = Vec::new();
    let mut ids = std::collections::BTreeSet::new();
    for notice in simulated.ses.notices() {
        for event in simulated.hear(&connected, &notice).await.unwrap() {
            assert!(ids.insert(event.event().id.clone()), "an id comes twice");
            assert_eq!(
                event.event().at.seconds(),
                simulated.runtime.clock.now().seconds()
            );
            story.push(match &event.event().news {
                DeliveryNews::Report {
                    reference,
                    state,
                    detail,
                } => {
                    assert_eq!(reference, message.id.as_str(), "ours, which the tags repeat");
                    assert!(!detail.contains('@'), "{detail}");
                    format!("{state:?}")
                }
                DeliveryNews::Suppress { to: whom, cause, .. } => {
                    assert_eq!(whom.address(), to);
                    format!("{cause:?}")
                }
                other => panic!("no story has {other:?}"),
            });
        }
    }
    assert_eq!(simulated.asked_of_sns(), 1, "the certificate is fetched once");
    story
}

#[tokio::test]
async fn the_test_addresses_of_the_vendor_tell_their_stories() {
    assert_eq!(story("ada@example.org").await, ["Sent", "Delivered"]);
    assert_eq!(
        story("bounce+1@simulator.amazonses.com").await,
        ["Sent", "Failed", "Bounce"]
    );
    assert_eq!(
        story("suppressionlist@simulator.amazonses.com").await,
        ["Sent", "Failed", "Bounce"]
    );
    assert_eq!(
        story("complaint@simulator.amazonses.com").await,
        ["Sent", "Delivered", "Complaint"]
    );
}

async fn news(event: Value) -> Vec<DeliveryNews> {
    let simulated = SimulatedAccount::new();
    let connected = simulated.plain().await;
    let heard = simulated
        .hear(&connected, &simulated.ses.notice(&event.to_string()))
        .await
        .unwrap();
    heard
        .into_iter()
        .map(|event| event.event().news.clone())
        .collect()
}

fn mail() -> Value {
    json!({ "messageId": "0100018c-test", "timestamp": "2026-09-21T14:13:20.000Z", "source": "a@example.com",
        "destination": ["b@example.com"] })
}

fn failed(news: &[DeliveryNews]) -> bool {
    matches!(news, [DeliveryNews::Report { reference, state: DeliveryState::Failed, .. }] if reference == "0100018c-test")
}

#[tokio::test]
async fn only_a_permanent_bounce_and_a_true_complaint_suppress() {
    let bounce = |kind: &str, sub: &str| {
        json!({ "eventType": "Bounce", "mail": mail(), "bounce": { "bounceType": kind, "bounceSubType": sub,
            "bouncedRecipients": [{ "emailAddress": "B <b@example.com>" }] } })
    };
    assert!(failed(&news(bounce("Transient", "MailboxFull")).await));
    assert!(failed(&news(bounce("Undetermined", "Undetermined")).await));
    let permanent = news(bounce("Permanent", "NoEmail")).await;
    assert!(
        matches!(&permanent[1], DeliveryNews::Suppress { to, cause: SuppressionCause::Bounce, .. }
        if to.address() == "b@example.com")
    );
    let unsubscribed = news(bounce("Permanent", "UnsubscribedRecipient")).await;
    assert!(matches!(
        &unsubscribed[1],
        DeliveryNews::Suppress {
            cause: SuppressionCause::OptOut,
            ..
        }
    ));

    let complaint = |kind: Value| {
        json!({ "notificationType": "Complaint", "mail": mail(), "complaint": {
            "complainedRecipients": [{ "emailAddress": "b@example.com" }], "complaintFeedbackType": kind } })
    };
    assert!(news(complaint(json!("not-spam"))).await.is_empty());
    for kind in [json!("abuse"), json!(null)] {
        assert!(matches!(
            news(complaint(kind)).await.as_slice(),
            [DeliveryNews::Suppress {
                cause: SuppressionCause::Complaint,
                ..
            }]
        ));
    }
}

#[tokio::test]
async fn other_events_fail_a_message_or_say_nothing() {
    let rejected = json!({ "eventType": "Reject", "mail": mail(), "reject": { "reason": "Bad content" } });
    assert!(failed(&news(rejected).await));
    let rendering = json!({ "eventType": "Rendering Failure", "mail": mail(), "failure": {} });
    assert!(failed(&news(rendering).await));
    for kind in ["Open", "Click", "DeliveryDelay", "Subscription", "Something New"] {
        assert!(
            news(json!({ "eventType": kind, "mail": mail() }))
                .await
                .is_empty(),
            "{kind}"
        );
    }
    assert!(
        news(json!({ "notificationType": "AmazonSnsSubscriptionSucceeded" }))
            .await
            .is_empty()
    );
    let simulated = SimulatedAccount::new();
    let connected = simulated.plain().await;
    let greeting = simulated
        .ses
        .notice("Successfully validated SNS topic for Amazon SES event publishing.");
    assert!(simulated.hear(&connected, &greeting).await.unwrap().is_empty());
    for text in [
        "hello",
        "{}",
        "{\"eventType\":\"Bounce\",\"mail\":{\"messageId\":\"x\"}}",
    ] {
        let error = simulated
            .hear(&connected, &simulated.ses.notice(text))
            .await
            .unwrap_err();
        assert_eq!(error.code().name(), "webhook-unreadable", "{text}");
    }
}

#[tokio::test]
async fn a_subscription_is_confirmed_after_it_was_verified_and_only_at_sns() {
    let simulated = SimulatedAccount::new();
    let connected = simulated.plain().await;
    let subscription = simulated.ses.subscription();
    assert!(
        simulated
            .hear(&connected, &subscription)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(simulated.ses.confirmed().len(), 1);

    let forged = subscription.clone().with("Token", "other", false);
    assert_eq!(refused(&simulated, &forged).await, "webhook-not-verified");
    let elsewhere = subscription.clone().with(
        "SubscribeURL",
        "https://evil.example/?Action=ConfirmSubscription",
        true,
    );
    assert_eq!(refused(&simulated, &elsewhere).await, "webhook-unreadable");
    assert!(
        simulated
            .client
            .sent()
            .iter()
            .all(|request| !request.url.contains("evil"))
    );
    assert_eq!(simulated.ses.confirmed().len(), 1);

    let again = simulated.ses.subscription();
    simulated.client.will(Fault::Answers(500, String::new()));
    let error = simulated.hear(&connected, &again).await.unwrap_err();
    assert_eq!(
        error.code().name(),
        "webhook-not-confirmed",
        "SNS will post it again"
    );
    simulated.hear(&connected, &again).await.unwrap();
    assert_eq!(simulated.ses.confirmed().len(), 2);

    let goodbye = subscription.with("Type", "UnsubscribeConfirmation", true);
    assert!(simulated.hear(&connected, &goodbye).await.unwrap().is_empty());
    assert_eq!(simulated.ses.confirmed().len(), 2);
}

/// The code with which a fresh connection refuses a delivery.
async fn refused(simulated: &SimulatedAccount, notice: &Notice) -> &'static str {
    let connected = simulated.plain().await;
    simulated
        .hear(&connected, notice)
        .await
        .unwrap_err()
        .code()
        .name()
}

#[tokio::test]
async fn nothing_is_fetched_before_topic_time_and_host_are_right() {
    let simulated = SimulatedAccount::new();
    let notice = simulated.ses.notice("{\"eventType\":\"Send\"}");
    let none = simulated.connect(json!({ "topics": [] })).await;
    assert!(
        simulated.hear(&none, &notice).await.is_err(),
        "no topics, no webhooks"
    );
    for (field, value) in [
        ("TopicArn", TOPIC.replace("ses-events", "others")),
        ("Type", "Other".to_owned()),
        ("Timestamp", "yesterday".to_owned()),
        ("Timestamp", "2026-09-21T12:00:00.000Z".to_owned()),
        ("Timestamp", "2026-09-22T12:00:00.000Z".to_owned()),
        ("SignatureVersion", "1".to_owned()),
        ("SignatureVersion", "3".to_owned()),
        (
            "SigningCertURL",
            "https://sns.us-east-1.amazonaws.com.evil.example/a.pem".to_owned(),
        ),
        (
            "SigningCertURL",
            "https://sns.us-east-1.amazonaws.com/?Action=GetPublicKey&x=.pem".to_owned(),
        ),
        (
            "SigningCertURL",
            "http://sns.us-east-1.amazonaws.com/a.pem".to_owned(),
        ),
    ] {
        let notice = notice.clone().with(field, value.clone(), true);
        assert_eq!(
            refused(&simulated, &notice).await,
            "webhook-not-verified",
            "{field} {value}"
        );
    }
    let unsigned = notice.clone().with("Signature", "no base64!", false);
    assert_eq!(refused(&simulated, &unsigned).await, "webhook-not-verified");
    assert_eq!(simulated.asked_of_sns(), 0);
}

#[tokio::test]
async fn a_certificate_that_cannot_be_had_is_no_forgery_and_one_that_is_none_is() {
    let simulated = SimulatedAccount::new();
    let notice = simulated
        .ses
        .notice("{\"eventType\":\"Send\",\"mail\":{\"messageId\":\"x\"}}");
    for (fault, code) in [
        (Fault::Refused, "webhook-certificate-unavailable"),
        (Fault::AnswerLost, "webhook-certificate-unavailable"),
        (
            Fault::Answers(503, String::new()),
            "webhook-certificate-unavailable",
        ),
        (Fault::Answers(404, String::new()), "webhook-not-verified"),
        (Fault::Answers(302, String::new()), "webhook-not-verified"),
        (Fault::Garbage, "webhook-not-verified"),
    ] {
        simulated.client.will(fault.clone());
        assert_eq!(refused(&simulated, &notice).await, code, "{fault:?}");
    }
    assert_eq!(
        simulated
            .hear(&simulated.plain().await, &notice)
            .await
            .unwrap()
            .len(),
        1
    );
    simulated.runtime.clock.advance(Duration::from_secs(3700));
    assert_eq!(
        refused(&simulated, &notice).await,
        "webhook-not-verified",
        "too old by now"
    );
}

/// What the log is told about a refusal.
fn why(error: &portcullis_ports::Error) -> String {
    let context: Vec<_> = error
        .context()
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    context.join("; ")
}

/// AWS sets topics up with SHA-1: whoever did not change that is told what to set.
#[tokio::test]
async fn a_topic_that_signs_with_sha1_is_refused_with_what_to_set() {
    let simulated = SimulatedAccount::new();
    for notice in [
        simulated.ses.notice("{\"eventType\":\"Send\"}"),
        simulated.ses.subscription(),
    ] {
        let notice = notice.with("SignatureVersion", "1", true);
        let error = simulated
            .hear(&simulated.plain().await, &notice)
            .await
            .unwrap_err();
        assert_eq!(error.code().name(), "webhook-not-verified");
        let why = why(&error);
        for word in ["SHA-1", "SignatureVersion", "accept_sha1 = true", TOPIC] {
            assert!(why.contains(word), "{word}: {why}");
        }
    }
    assert_eq!(simulated.asked_of_sns(), 0);
}

#[tokio::test]
async fn every_refusal_says_why_and_quotes_nothing() {
    let simulated = SimulatedAccount::new();
    let notice = simulated.ses.notice("{\"eventType\":\"Send\",\"x\":\"hush\"}");
    for (field, value) in [
        ("TopicArn", TOPIC.replace("ses-events", "others")),
        ("Type", "hush".to_owned()),
        ("Timestamp", "hush".to_owned()),
        ("SignatureVersion", "hush".to_owned()),
        ("SigningCertURL", "https://hush.example/a.pem".to_owned()),
        ("Signature", "hush!".to_owned()),
        ("Signature", "aHVzaA==".to_owned()),
    ] {
        let notice = notice.clone().with(field, value, false);
        let error = simulated
            .hear(&simulated.plain().await, &notice)
            .await
            .unwrap_err();
        let why = why(&error);
        assert!(why.len() > 20 && !why.contains("hush"), "{field}: {why}");
    }
}

/// The inventors of addresses are asked for patience, and an address that proved empty is not asked again.
#[tokio::test]
async fn forged_certificate_addresses_are_few_requests_and_keep_the_known_one_usable() {
    let simulated = SimulatedAccount::new();
    let connected = simulated.plain().await;
    let inbound = connected.inbound.as_ref().unwrap();
    let genuine = simulated
        .ses
        .notice("{\"eventType\":\"Send\",\"mail\":{\"messageId\":\"x\"}}");
    let screen = |notice: &Notice| {
        let (headers, body) = (notice.headers(), notice.body());
        let delivery = WebhookRequest {
            headers: &headers,
            url: "",
            body: &body,
            received_at: simulated.runtime.clock.now(),
            peer: std::net::IpAddr::from([192, 0, 2, 1]),
            token: None,
        };
        inbound.screen(&delivery)
    };
    assert_eq!(screen(&genuine).unwrap(), Verification::AsksVendor);
    simulated.hear(&connected, &genuine).await.unwrap();
    assert_eq!(screen(&genuine).unwrap(), Verification::Local);

    let forged = genuine.clone().with(
        "SigningCertURL",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-invented.pem",
        true,
    );
    let asked = simulated.asked_of_sns();
    for _ in 0..5 {
        simulated.client.will(Fault::Answers(404, String::new()));
        let error = simulated.hear(&connected, &forged).await.unwrap_err();
        assert_eq!(error.code().name(), "webhook-not-verified");
    }
    assert_eq!(simulated.asked_of_sns() - asked, 1);
    assert!(screen(&forged).is_err(), "it needs nobody's time any more");
    let long = format!("https://sns.us-east-1.amazonaws.com/{}.pem", "x".repeat(300));
    assert!(screen(&genuine.clone().with("SigningCertURL", long, true)).is_err());
    assert_eq!(screen(&genuine).unwrap(), Verification::Local);
}

/// A proxy that does not let us through says nothing of the certificate: the address is asked again, later and later.
#[tokio::test]
async fn a_refusal_on_the_way_condemns_no_genuine_certificate() {
    let simulated = SimulatedAccount::new();
    let connected = simulated.plain().await;
    let genuine = || {
        simulated
            .ses
            .notice("{\"eventType\":\"Send\",\"mail\":{\"messageId\":\"x\"}}")
    };
    let mut asked = 0;
    for (status, wait) in [(403, 5), (407, 10), (401, 20)] {
        simulated.client.will(Fault::Answers(status, String::new()));
        for _ in 0..3 {
            let error = simulated.hear(&connected, &genuine()).await.unwrap_err();
            assert_eq!(error.code().name(), "webhook-certificate-unavailable", "{status}");
        }
        asked += 1;
        assert_eq!(
            simulated.asked_of_sns(),
            asked,
            "{status}: it is left alone for a while"
        );
        simulated.runtime.clock.advance(Duration::from_secs(wait));
    }
    assert_eq!(simulated.hear(&connected, &genuine()).await.unwrap().len(), 1);
}

/// Lets a request through for every permit.
struct Gated {
    inner: Arc<VendorClient<SesSimulator>>,
    gate: Semaphore,
}

#[async_trait]
impl HttpClient for Gated {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, NoAnswer> {
        if let Ok(permit) = self.gate.acquire().await {
            permit.forget();
        }
        self.inner.send(request).await
    }
}

#[tokio::test]
async fn those_who_wait_for_a_certificate_that_is_absent_do_not_fetch_it_again() {
    let mut simulated = SimulatedAccount::new();
    let gated = Arc::new(Gated {
        inner: Arc::clone(&simulated.client),
        gate: Semaphore::new(0),
    });
    simulated.runtime.http = Arc::clone(&gated) as Arc<_>;
    let connected = simulated.plain().await;
    let notice = simulated
        .ses
        .notice("{\"eventType\":\"Send\",\"mail\":{\"messageId\":\"x\"}}");
    for _ in 0..3 {
        simulated.client.will(Fault::Answers(404, String::new()));
    }
    let hear = || simulated.hear(&connected, &notice);
    let open = async { gated.gate.add_permits(3) };
    let (one, two, three, ()) = tokio::join!(hear(), hear(), hear(), open);
    for heard in [one, two, three] {
        assert_eq!(heard.unwrap_err().code().name(), "webhook-not-verified");
    }
    assert_eq!(simulated.asked_of_sns(), 1);
}
