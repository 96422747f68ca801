//! Webhooks: reports and wishes become events, everything else is refused or left alone.

use portcullis_ports::Clock;
use portcullis_ports::contact::PhoneNumber;
use portcullis_ports::error::Kind;
use portcullis_ports::inbound::Proof;
use portcullis_ports::notification::{DeliveryNews, DeliveryState, Destination, SuppressionCause};
use portcullis_ports::outcome::Reference;
use portcullis_ports::testkit::Fault;
use portcullis_provider_twilio::simulator::Callback;
use serde_json::json;

use crate::simulated_account::{SimulatedAccount, WEBHOOK, reference, unknown};

const TO: &str = "+15017122661";

fn number(text: &str) -> Destination {
    Destination::Sms(PhoneNumber::parse(text).unwrap())
}

#[tokio::test]
async fn the_way_of_a_message_is_reported() {
    let simulated = SimulatedAccount::new();
    let connected = simulated.plain().await;
    let message = simulated.text(TO);
    let ours = message.id.to_string();
    let sid = reference(connected.sender.send(&message).await);
    for (status, state) in [
        ("queued", None),
        ("sending", None),
        ("sent", Some(DeliveryState::Sent)),
        ("delivered", Some(DeliveryState::Delivered)),
        ("read", Some(DeliveryState::Delivered)),
        ("canceled", Some(DeliveryState::Failed)),
        ("something_new", None),
    ] {
        let callback = simulated.twilio.report(&sid, status, None).unwrap();
        let events = simulated.receive(&connected, &callback).await.unwrap();
        let found = events.first().map(|event| match &event.event().news {
            DeliveryNews::Report { reference, state, .. } => (reference.clone(), *state),
            other => panic!("{other:?}"),
        });
        assert_eq!(found, state.map(|state| (ours.clone(), state)), "{status}");
        if let Some(event) = events.first() {
            assert_eq!(event.event().id, format!("{sid}:{status}"));
            assert_eq!(
                (event.proof(), event.event().at),
                (Proof::Signed, simulated.runtime.clock.now())
            );
        }
    }
}

#[tokio::test]
async fn a_report_names_the_message_also_if_the_answer_was_lost() {
    let simulated = SimulatedAccount::new();
    let connected = simulated.plain().await;
    simulated.client.will(Fault::AnswerLost);
    let message = simulated.text(TO);
    let outcome = connected.sender.send(&message).await;
    let ours = message.id.to_string();
    assert_eq!(unknown(outcome), Reference::Ours(ours.clone()));
    let sid = simulated.twilio.messages()[0].sid.clone();
    let callback = simulated.twilio.report(&sid, "delivered", None).unwrap();
    let events = simulated.receive(&connected, &callback).await.unwrap();
    let news = &events[0].event().news;
    assert!(
        matches!(news, DeliveryNews::Report { reference, .. } if *reference == ours),
        "{news:?}"
    );
}

#[tokio::test]
async fn a_report_that_comes_twice_has_one_name() {
    let simulated = SimulatedAccount::new();
    let connected = simulated.plain().await;
    let sid = reference(connected.sender.send(&simulated.text(TO)).await);
    let callback = simulated.twilio.report(&sid, "delivered", None).unwrap();
    let first = simulated.receive(&connected, &callback).await.unwrap();
    assert_eq!(first, simulated.receive(&connected, &callback).await.unwrap());
}

#[tokio::test]
async fn only_what_is_certain_keeps_us_from_writing_again() {
    let simulated = SimulatedAccount::new();
    let connected = simulated.plain().await;
    for (code, cause) in [
        (Some(30005), Some(SuppressionCause::Bounce)),
        (Some(30006), Some(SuppressionCause::Bounce)),
        (Some(21610), Some(SuppressionCause::OptOut)),
        (Some(30003), None),
        (Some(30004), None),
        (Some(30007), None),
        (Some(39999), None),
        (None, None),
    ] {
        let sid = reference(connected.sender.send(&simulated.text(TO)).await);
        let callback = simulated.twilio.report(&sid, "undelivered", code).unwrap();
        let events = simulated.receive(&connected, &callback).await.unwrap();
        let DeliveryNews::Report {
            state: DeliveryState::Failed,
            detail,
            ..
        } = &events[0].event().news
        else {
            panic!("{code:?}: {events:?}");
        };
        assert!(
            code.is_none_or(|code| detail.contains(&code.to_string())),
            "{detail}"
        );
        let suppressed = events.get(1).map(|event| match &event.event().news {
            DeliveryNews::Suppress { to, cause, detail } if *to == number(TO) && !detail.is_empty() => *cause,
            other => panic!("{other:?}"),
        });
        assert_eq!(suppressed, cause, "{code:?}");
        assert!(events.len() < 2 || events[0].event().id != events[1].event().id);
    }
}

#[tokio::test]
async fn recipients_can_leave_and_come_back() {
    let simulated = SimulatedAccount::new();
    let connected = simulated.plain().await;
    let news = async |body: &str, wish: Option<&str>| {
        let callback = simulated.twilio.incoming(WEBHOOK, TO, body, wish);
        let events = simulated.receive(&connected, &callback).await.unwrap();
        events
            .into_iter()
            .map(|event| event.event().news.clone())
            .collect::<Vec<_>>()
    };
    let left = news("Stop", Some("STOP")).await;
    assert!(
        matches!(&left[..], [DeliveryNews::Suppress { to, cause: SuppressionCause::OptOut, .. }] if *to == number(TO))
    );
    assert_eq!(
        news("start", Some("START")).await,
        [DeliveryNews::Welcome { to: number(TO) }]
    );
    assert_eq!(news("help", Some("HELP")).await, []);
    assert_eq!(news("STOP sending me nonsense", None).await, []);
}

#[tokio::test]
async fn deliveries_that_are_not_from_twilio_are_refused() {
    let simulated = SimulatedAccount::new();
    let connected = simulated.plain().await;
    let good = simulated.twilio.incoming(WEBHOOK, TO, "Stop", Some("STOP"));
    let without = Callback {
        headers: good.headers[..1].to_vec(),
        ..good.clone()
    };
    let mut forged = good.clone();
    forged.body.extend(b"&X=1");
    let elsewhere = Callback {
        url: format!("{WEBHOOK}2"),
        ..good.clone()
    };
    let mut odd = good.clone();
    odd.headers[1].1 = "not base64".to_owned();
    for wrong in [without, forged, elsewhere, odd] {
        let error = simulated.receive(&connected, &wrong).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.code().name()),
            (Kind::Unauthenticated, "webhook-not-verified")
        );
    }
    assert_eq!(simulated.receive(&connected, &good).await.unwrap().len(), 1);
}

#[tokio::test]
async fn both_tokens_hold_while_they_are_rotated() {
    let simulated = SimulatedAccount::new();
    let callback = simulated.twilio.incoming(WEBHOOK, TO, "Stop", Some("STOP"));
    let rotated = json!({
        "from": "+15005550006",
        "auth_token": "fedcba9876543210fedcba9876543210",
        "secondary_auth_token": portcullis_provider_twilio::simulator::AUTH_TOKEN,
    });
    let during = simulated.connect(rotated.clone()).await;
    assert!(simulated.receive(&during, &callback).await.is_ok());
    let mut after = rotated;
    after.as_object_mut().unwrap().remove("secondary_auth_token");
    let after = simulated.connect(after).await;
    assert!(simulated.receive(&after, &callback).await.is_err());
}

/// What is genuine and concerns nothing that is served here is taken, or Twilio would report it as our failure.
#[tokio::test]
async fn a_signed_delivery_about_something_else_is_left_alone() {
    let simulated = SimulatedAccount::new();
    let connected = simulated.plain().await;
    for from in ["whatsapp:+15017122661", "messenger:1234", "12345", "Example"] {
        for wish in ["STOP", "START"] {
            let callback = simulated.twilio.incoming(WEBHOOK, from, "words", Some(wish));
            let events = simulated.receive(&connected, &callback).await.unwrap();
            let [event] = &events[..] else {
                panic!("{from} {wish}: {events:?}")
            };
            let DeliveryNews::Unsupported { what } = event.event().news else {
                panic!("{from} {wish}: {event:?}")
            };
            assert!(!what.contains("+1501"), "{what}");
        }
    }
    let other = json!({ "from": "+15005550006", "account_sid": "AC00000000000000000000000000000002" });
    let other = simulated.connect(other).await;
    let callback = simulated.twilio.incoming(WEBHOOK, TO, "Stop", Some("STOP"));
    let events = simulated.receive(&other, &callback).await.unwrap();
    assert!(matches!(events[0].event().news, DeliveryNews::Unsupported { .. }));
}

#[tokio::test]
async fn every_refusal_says_why_and_quotes_nothing() {
    let simulated = SimulatedAccount::new();
    let connected = simulated.plain().await;
    let good = simulated.twilio.incoming(WEBHOOK, TO, "hush", Some("STOP"));
    let without = Callback {
        headers: good.headers[..1].to_vec(),
        ..good.clone()
    };
    let elsewhere = Callback {
        url: format!("{WEBHOOK}?hush"),
        ..good.clone()
    };
    let mut key = good.clone();
    key.headers.push((
        "x-twilio-webhooks-signature-settings".to_owned(),
        "key=hush".to_owned(),
    ));
    let mut media = good.clone();
    media.headers[0].1 = "text/plain".to_owned();
    for (wrong, word) in [
        (without, "X-Twilio-Signature"),
        (elsewhere, "server.public_url"),
        (key, "shared_keys"),
        (media, "digest"),
    ] {
        let error = simulated.receive(&connected, &wrong).await.unwrap_err();
        assert_eq!(error.code().name(), "webhook-not-verified");
        let (_, why) = &error.context()[0];
        assert!(why.contains(word) && !why.contains("hush"), "{why}");
    }
}
