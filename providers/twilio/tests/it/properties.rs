//! Whatever arrives: nothing panics, nothing altered is believed.

use std::sync::Arc;

use futures_util::FutureExt;
use portcullis_ports::Clock;
use portcullis_ports::inbound::WebhookRequest;
use portcullis_ports::notification::{ConnectedSender, Senders};
use portcullis_ports::outcome::Outcome;
use portcullis_ports::plugin::Port;
use portcullis_ports::testkit::{FakeRequest, Fault, delivery as kept};
use portcullis_provider_twilio::simulator::Callback;
use proptest::prelude::*;
use serde_json::json;

use crate::simulated_account::{SimulatedAccount, WEBHOOK};

/// Waits for work that never has to wait.
fn now<T>(work: impl Future<Output = T>) -> T {
    work.now_or_never().unwrap()
}

fn headers(pairs: &[(String, String)]) -> FakeRequest {
    pairs.iter().fold(FakeRequest::new(), |headers, (name, value)| {
        headers.header(name, value)
    })
}

fn is_verified(simulated: &SimulatedAccount, connected: &ConnectedSender, callback: &Callback) -> bool {
    let headers = headers(&callback.headers);
    let delivery = WebhookRequest {
        headers: &headers,
        url: &callback.url,
        body: &callback.body,
        received_at: simulated.runtime.clock.now(),
        peer: std::net::IpAddr::from([192, 0, 2, 1]),
        token: None,
    };
    now(connected.inbound.as_ref().unwrap().verify(&delivery)).is_ok()
}

fn pairs(body: &[u8]) -> Vec<(String, String)> {
    let mut pairs: Vec<_> = form_urlencoded::parse(body).into_owned().collect();
    pairs.sort();
    pairs.dedup();
    pairs
}

/// Names and values without anything between, as they are signed.
fn signed_text(body: &[u8]) -> String {
    pairs(body)
        .into_iter()
        .map(|(name, value)| name + &value)
        .collect()
}

proptest! {
    #[test]
    fn any_body_is_taken_apart_or_refused(
        body in prop::collection::vec(any::<u8>(), 0..200),
        media_type in prop_oneof![Just("application/json"), Just("application/x-www-form-urlencoded"), Just("")],
    ) {
        let simulated = SimulatedAccount::new();
        let connected = now(simulated.plain());
        let headers = FakeRequest::new().header("content-type", media_type).header("x-twilio-signature", "AAAA");
        let delivery = WebhookRequest { headers: &headers, url: WEBHOOK, body: &body, received_at: simulated.runtime.clock.now(), peer: std::net::IpAddr::from([192, 0, 2, 1]), token: None };
        let inbound = connected.inbound.unwrap();
        prop_assert!(now(inbound.verify(&delivery)).is_err());
        drop(inbound.split(&kept(media_type, "", &body)));
    }

    #[test]
    fn any_form_of_known_names_is_taken_apart_or_refused(
        fields in prop::collection::vec(
            (
                prop_oneof![
                    Just("AccountSid"), Just("MessageSid"), Just("SmsSid"), Just("MessageStatus"), Just("ErrorCode"),
                    Just("OptOutType"), Just("From"), Just("To"),
                ],
                prop_oneof![
                    Just("AC00000000000000000000000000000001".to_owned()),
                    Just("SM00000000000000000000000000000001".to_owned()),
                    Just("failed".to_owned()), Just("STOP".to_owned()), Just("30005".to_owned()),
                    Just("+15017122661".to_owned()), ".{0,12}",
                ],
            ),
            0..10,
        ),
    ) {
        let simulated = SimulatedAccount::new();
        let connected = now(simulated.plain());
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
        let form = kept("application/x-www-form-urlencoded", "", body.as_bytes());
        drop(connected.inbound.unwrap().split(&form));
    }

    #[test]
    fn an_altered_byte_is_never_believed(at in any::<prop::sample::Index>(), byte in any::<u8>(), part in 0..3) {
        let simulated = SimulatedAccount::new();
        let connected = now(simulated.plain());
        let good = simulated.twilio.incoming(WEBHOOK, "+15017122661", "Größe & more", Some("STOP"));
        prop_assert!(is_verified(&simulated, &connected, &good));
        let mut altered = good.clone();
        match part {
            0 => {
                let at = at.index(altered.body.len());
                altered.body[at] = byte;
                // Another spelling of the same parameters is the same delivery.
                prop_assume!(signed_text(&altered.body) != signed_text(&good.body));
            }
            1 => {
                let mut url = altered.url.clone().into_bytes();
                let at = at.index(url.len());
                url[at] = byte & 0x7f;
                altered.url = String::from_utf8(url).unwrap();
                prop_assume!(altered.url != good.url);
            }
            _ => {
                let mut signature = altered.headers[1].1.clone().into_bytes();
                let at = at.index(signature.len());
                signature[at] = byte & 0x7f;
                altered.headers[1].1 = String::from_utf8(signature).unwrap();
                prop_assume!(altered.headers[1].1 != good.headers[1].1);
            }
        }
        prop_assert!(!is_verified(&simulated, &connected, &altered));
    }

    #[test]
    fn any_address_and_any_settings_of_the_signature_are_refused(url in ".{0,60}", settings in ".{0,60}") {
        let simulated = SimulatedAccount::new();
        let connected = now(simulated.plain());
        let good = simulated.twilio.incoming(WEBHOOK, "+15017122661", "Stop", Some("STOP"));
        let mut odd = Callback { url, ..good };
        prop_assert!(!is_verified(&simulated, &connected, &odd));
        odd.headers.push(("x-twilio-webhooks-signature-settings".to_owned(), settings));
        prop_assert!(!is_verified(&simulated, &connected, &odd));
    }

    #[test]
    fn any_answer_has_an_outcome(status in 200_u16..600, body in prop_oneof![
        ".{0,80}",
        r#"\{"(sid|code|status)":("[A-Z0-9]{0,34}"|-?[0-9]{0,12}|null|\[\]|\{\})\}"#,
    ]) {
        let simulated = SimulatedAccount::new();
        let connected = now(simulated.with_verify());
        for message in [simulated.text("+15017122661"), simulated.code("+15017122661", "123456")] {
            simulated.client.will(Fault::Answers(status, body.clone()));
            let outcome = now(connected.sender.send(&message));
            let is_unknown = matches!(outcome, Outcome::Unknown(_));
            prop_assert!(status < 500 || is_unknown, "{outcome:?}");
        }
        drop(now(connected.probe.check()));
    }

    #[test]
    fn any_settings_are_planned_or_refused(account in ".{0,40}", from in ".{0,20}", key in ".{0,10}") {
        let plugin = Senders::plugins().into_iter().find(|plugin| plugin.meta.id == "twilio").unwrap();
        let settings = json!({ "account_sid": account, "auth_token": key, "from": from, "shared_keys": { key: "x" } });
        prop_assert!(plugin.plan(settings).is_err());
    }
}

#[test]
fn a_client_can_be_shared() {
    let simulated = Arc::new(SimulatedAccount::new());
    let connected = now(simulated.plain());
    let sends = (0..8).map(|_| simulated.text("+15017122661")).collect::<Vec<_>>();
    let all = futures_util::future::join_all(sends.iter().map(|message| connected.sender.send(message)));
    assert_eq!(now(all).len(), simulated.twilio.messages().len());
}
