//! What PayPal posts: events, signed; and what can go wrong with a delivery.

use std::collections::VecDeque;
use std::time::Duration;

use portcullis_ports::Timestamp;
use portcullis_ports::simulation::Posted;
use serde_json::{Value, json};

use super::answers::{Answer, Problem, refuse, show};
use super::asked::Asked;
use super::signer::{name, sign};
use super::state::{State, link};
use super::{ORIGIN, Simulator, WEBHOOK_ID};
use crate::terms::{from_time, to_time};

/// What goes wrong with one delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryFault {
    /// It comes twice.
    Duplicate,
    /// It comes after the next one.
    Reorder,
    /// It does not come at all.
    Drop,
    /// It is signed for another webhook.
    OtherWebhook,
    /// A byte of it is another one.
    Alter,
    /// It was sent two hours ago.
    Old,
    /// It is of another account.
    OtherAccount,
    /// Its type is not known yet.
    UnknownType,
    /// Its certificate is said to be somewhere else.
    CertificateElsewhere,
}

/// What waits to be posted.
#[derive(Default)]
pub(super) struct Deliveries {
    queue: VecDeque<Value>,
    faults: VecDeque<DeliveryFault>,
    signer: usize,
    sent: u64,
}

impl Simulator {
    /// The next delivery meets this fault, behind those already scripted.
    pub fn will_deliver(&self, fault: DeliveryFault) {
        self.state().deliveries.faults.push_back(fault);
    }

    /// Later deliveries are signed with another key, whose certificate is somewhere else.
    pub fn roll_certificate(&self) {
        self.state().deliveries.signer += 1;
    }

    /// What is to be posted now, oldest first, signed at this moment.
    pub fn deliver(&self) -> Vec<Posted> {
        // The receiver's clock, not the one that was moved, judges the age of a signature.
        let at = self.clock.now();
        let mut state = self.state();
        let mut out: Vec<Posted> = Vec::new();
        let mut held: Option<Posted> = None;
        while let Some(mut event) = state.deliveries.queue.pop_front() {
            let fault = state.deliveries.faults.pop_front();
            match fault {
                Some(DeliveryFault::OtherAccount) => {
                    event["resource"]["payee"] = json!({ "merchant_id": "ANOTHERSELLER" });
                }
                Some(DeliveryFault::UnknownType) => event["event_type"] = json!("SCULPTURE.UNVEILED"),
                _ => {}
            }
            state.deliveries.sent += 1;
            let mut delivery = signed(&state, &event, at, fault);
            if fault == Some(DeliveryFault::Alter) {
                delivery.body.push(b' ');
            }
            match fault {
                Some(DeliveryFault::Drop) => {}
                Some(DeliveryFault::Reorder) => held = Some(delivery),
                Some(DeliveryFault::Duplicate) => out.extend([delivery.clone(), delivery]),
                _ => out.push(delivery),
            }
            if fault != Some(DeliveryFault::Reorder) {
                out.extend(held.take());
            }
        }
        out.extend(held);
        out
    }
}

fn signed(state: &State, event: &Value, at: Timestamp, fault: Option<DeliveryFault>) -> Posted {
    let body = event.to_string().into_bytes();
    let id = format!("69cd13f0-d67a-11e5-baa3-{:012x}", state.deliveries.sent);
    let sent = if fault == Some(DeliveryFault::Old) {
        at - Duration::from_hours(2)
    } else {
        at
    };
    let time = to_time(sent);
    let webhook = if fault == Some(DeliveryFault::OtherWebhook) {
        "0EH40505U7160970P"
    } else {
        WEBHOOK_ID
    };
    let text = format!("{id}|{time}|{webhook}|{}", crc32fast::hash(&body));
    let signer = state.deliveries.signer;
    // Certificates are on another host than the API, but where both are simulated.
    let host = match (fault, state.origin.as_str()) {
        (Some(DeliveryFault::CertificateElsewhere), _) => "https://paypal.com.example.net",
        (_, ORIGIN) => "https://api.sandbox.paypal.com",
        (_, origin) => origin,
    };
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("paypal-transmission-id", id),
        ("paypal-transmission-time", time),
        ("paypal-transmission-sig", sign(signer, &text)),
        (
            "paypal-cert-url",
            format!("{host}/v1/notifications/certs/{}", name(signer)),
        ),
        ("paypal-auth-algo", "SHA256withRSA".to_owned()),
    ];
    Posted {
        url: None,
        headers: headers
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        body,
    }
}

pub(super) fn webhook(id: &str) -> Answer {
    if id == WEBHOOK_ID {
        let types = json!([{ "name": "*" }]);
        show(
            200,
            json!({ "id": id, "url": "https://gate.example.com/webhooks/payments/main", "event_types": types }),
        )
    } else {
        refuse(Problem::NotFound, "INVALID_RESOURCE_ID")
    }
}

/// Events since a moment, page by page.
pub(super) fn events(state: &State, asked: &Asked) -> Answer {
    let since = asked.field("start_time").and_then(from_time);
    let until = asked.field("end_time").and_then(from_time);
    let size = asked
        .field("page_size")
        .and_then(|size| size.parse::<usize>().ok())
        .unwrap_or(10)
        .max(1);
    let after = asked
        .field("transaction_id")
        .and_then(|at| at.parse::<usize>().ok())
        .unwrap_or(0);
    let within = |event: &&Value| {
        let at = event["create_time"].as_str().and_then(from_time);
        at.is_some_and(|at| since.is_none_or(|since| at >= since) && until.is_none_or(|until| at <= until))
    };
    let found: Vec<&Value> = state.events.iter().filter(within).collect();
    let page: Vec<&Value> = found.iter().skip(after).take(size).copied().collect();
    let mut links = Vec::new();
    if after + size < found.len() {
        let times = [("start_time", since), ("end_time", until)];
        let times = times.map(|(name, at)| format!("{name}={}", at.map(to_time).unwrap_or_default()));
        // Where a page goes on is PayPal's affair: the address is followed as it is.
        let next = format!(
            "/v1/notifications/webhooks-events?{}&{}&page_size={size}&transaction_id={}",
            times[0],
            times[1],
            after + size
        );
        links.push(link(&state.origin, &next, "next", "GET"));
    }
    show(
        200,
        json!({ "events": page, "count": page.len(), "links": links }),
    )
}

/// Judges a delivery by the bytes of the event in the question.
pub(super) fn verify(asked: &Asked) -> Answer {
    const EVENT: &str = "\"webhook_event\":";
    let question = String::from_utf8_lossy(&asked.raw);
    let event = question
        .split_once(EVENT)
        .and_then(|(_, rest)| rest.strip_suffix('}'));
    let text = |pointer: &str| asked.text(pointer).unwrap_or_default();
    let (Some(event), true) = (event, asked.body.is_object()) else {
        return refuse(Problem::Malformed, "MALFORMED_REQUEST_JSON");
    };
    let crc = crc32fast::hash(event.as_bytes());
    let signed = format!(
        "{}|{}|{}|{crc}",
        text("/transmission_id"),
        text("/transmission_time"),
        text("/webhook_id")
    );
    let genuine = (0..2).any(|signer| sign(signer, &signed) == text("/transmission_sig"));
    let status = if genuine { "SUCCESS" } else { "FAILURE" };
    show(200, json!({ "verification_status": status }))
}

impl State {
    /// Something happened: an event, to be listed and posted.
    pub(super) fn emit(&mut self, kind: &str, resource_type: &str, resource: Value) {
        let id = self.id("WH-");
        let event = json!({
            "id": id,
            "event_version": "1.0",
            "create_time": self.time(),
            "resource_type": resource_type,
            "resource_version": "2.0",
            "event_type": kind,
            "summary": kind,
            "resource": resource,
        });
        self.events.push(event.clone());
        self.deliveries.queue.push_back(event);
    }
}
