//! What Stripe posts: events, signed; and what can go wrong with a delivery.

use std::collections::VecDeque;

use portcullis_ports::Secret;
use portcullis_ports::simulation::Posted;
use serde_json::{Value, json};

use super::answers::{Answer, refuse, show};
use super::asked::{Asked, text};
use super::errors;
use super::state::State;
use super::{Simulator, WEBHOOK_SECRET};
use crate::client::VERSION;
use crate::signature::{SIGNATURE, sign};

/// What goes wrong with one delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryFault {
    /// It comes twice.
    Duplicate,
    /// It comes after the next one.
    Reorder,
    /// It does not come at all.
    Drop,
    /// Somebody else signed it.
    Forge,
    /// A byte of it is another one.
    Alter,
    /// It was signed ten minutes ago.
    Old,
    /// It is of another account.
    OtherAccount,
    /// It is of live mode.
    OtherMode,
    /// Its type is not known yet.
    UnknownType,
    /// It was written for another version of the API.
    OtherVersion,
}

/// What waits to be posted.
#[derive(Default)]
pub(super) struct Deliveries {
    queue: VecDeque<String>,
    faults: VecDeque<DeliveryFault>,
}

impl Simulator {
    /// The next delivery meets this fault, behind those already scripted.
    pub fn will_deliver(&self, fault: DeliveryFault) {
        self.state().deliveries.faults.push_back(fault);
    }

    /// What is to be posted now, oldest first, signed at this moment.
    pub fn deliver(&self) -> Vec<Posted> {
        // The receiver's clock, not the one that was moved, judges the age of a signature.
        let at = self.clock.now().seconds();
        let mut state = self.state();
        let mut out: Vec<Posted> = Vec::new();
        let mut held: Option<Posted> = None;
        while let Some(id) = state.deliveries.queue.pop_front() {
            let mut event = state.get(&id).cloned().unwrap_or_default();
            let fault = state.deliveries.faults.pop_front();
            match fault {
                Some(DeliveryFault::OtherAccount) => event["account"] = json!("acct_1Another"),
                Some(DeliveryFault::OtherMode) => event["livemode"] = json!(true),
                Some(DeliveryFault::UnknownType) => {
                    event["type"] = json!("sculpture.unveiled");
                    event["data"]["object"] = json!({ "id": "scu_1", "object": "sculpture" });
                }
                Some(DeliveryFault::OtherVersion) => event["api_version"] = json!("2023-08-16"),
                _ => {}
            }
            for endpoint in state.newest("webhook_endpoint") {
                let secret = endpoint["simulated_secret"].as_str().unwrap_or_default();
                out.push(Posted {
                    url: text(&endpoint["url"]),
                    ..signed(&event, at, secret)
                });
            }
            let secret = if fault == Some(DeliveryFault::Forge) {
                "whsec_of_a_forger"
            } else {
                WEBHOOK_SECRET
            };
            let signed_at = if fault == Some(DeliveryFault::Old) {
                at - 600
            } else {
                at
            };
            let mut delivery = signed(&event, signed_at, secret);
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

fn signed(event: &Value, at: i64, secret: &str) -> Posted {
    let body = format!("{event:#}").into_bytes();
    let signature = sign(&at.to_string(), &body, &Secret::new(secret)).unwrap_or_default();
    Posted {
        url: None,
        headers: vec![
            (
                "content-type".to_owned(),
                "application/json; charset=utf-8".to_owned(),
            ),
            (SIGNATURE.to_owned(), format!("t={at},v1={signature}")),
        ],
        body,
    }
}

/// Another endpoint that every event is posted to. Its secret is shown here and never again.
pub(super) fn create_endpoint(state: &mut State, asked: &Asked) -> Answer {
    let Some(url) = asked.text("url") else {
        return refuse(400, &errors::needed("url"));
    };
    let id = state.id("we");
    let secret = format!("whsec_{id}");
    let mut endpoint = json!({
        "id": id,
        "object": "webhook_endpoint",
        "api_version": asked.text("api_version"),
        "created": state.now,
        "enabled_events": asked.fields["enabled_events"],
        "livemode": false,
        "metadata": State::metadata(&asked.fields["metadata"]),
        "simulated_secret": secret,
        "status": "enabled",
        "url": url,
    });
    state.add(endpoint.clone());
    endpoint["secret"] = json!(secret);
    show(endpoint)
}

impl State {
    /// Something happened to an object: an event, to be listed and posted.
    pub(super) fn emit(&mut self, kind: &str, object: &str) {
        let object = self.get(object).cloned().unwrap_or_default();
        let id = self.id("evt");
        self.add(json!({
            "id": id,
            "object": "event",
            "api_version": VERSION,
            "created": self.now,
            "data": { "object": object },
            "livemode": false,
            "pending_webhooks": 1,
            "request": { "id": null, "idempotency_key": null },
            "type": kind,
        }));
        self.deliveries.queue.push_back(id);
    }
}
