//! Webhooks: who sent them, and what they are about.

use std::borrow::Cow;
use std::sync::Arc;

use async_trait::async_trait;
use portcullis_ports::inbound::{
    Delivery, Inbound, Proof, Verification, WebhookRequest, refused, unreadable,
};
use portcullis_ports::payments::{
    AttemptId, EventObject, EventOrigin, EventTopic, MethodState, PaymentEvent, Setup, VendorRef,
};
use portcullis_ports::{Result, Secret, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::client::VERSION;
use crate::methods;
use crate::payments::Stripe;
use crate::signature::{self, SIGNATURE};
use crate::wire::{self, Event, Identified, Mandate, PaymentMethod, SetupIntent};

/// The webhooks of one account.
pub(crate) struct StripeInbound {
    pub(crate) stripe: Arc<Stripe>,
    /// The signing secret of the endpoint, and the former one while it is rolled.
    pub(crate) secrets: Vec<Secret>,
}

#[async_trait]
impl Inbound for StripeInbound {
    type Event = PaymentEvent;

    fn screen(&self, delivery: &WebhookRequest<'_>) -> Result<Verification> {
        match delivery.headers.header(SIGNATURE) {
            Some(_) => Ok(Verification::Local),
            None => Err(refused("there is no header Stripe-Signature")),
        }
    }

    async fn verify(&self, delivery: &WebhookRequest<'_>) -> Result<Proof> {
        let header = delivery.headers.header(SIGNATURE).unwrap_or_default();
        signature::check(header, delivery.body, &self.secrets, delivery.received_at)
            .map(|()| Proof::SignedWithTime)
            .map_err(refused)
    }

    /// Whoever has the secret of an intent, or the address of a page, goes on with it: what a payer has to do next is asked for
    /// when it is needed, and not kept.
    fn redact<'a>(&self, body: &'a [u8]) -> Result<Cow<'a, [u8]>> {
        let mut event: Value =
            serde_json::from_slice(body).map_err(|_| unreadable("body", "is no event of Stripe"))?;
        Ok(if remove_actions(&mut event) {
            Cow::Owned(event.to_string().into_bytes())
        } else {
            Cow::Borrowed(body)
        })
    }

    fn split(&self, delivery: &Delivery) -> Result<Vec<PaymentEvent>> {
        let event: Event = serde_json::from_slice(delivery.body())
            .map_err(|_| unreadable("body", "is no event of Stripe"))?;
        Ok(vec![self.stripe.event(event)])
    }
}

impl Stripe {
    /// An event as the port has it.
    pub(crate) fn event(&self, event: Event) -> PaymentEvent {
        let Event {
            id,
            created,
            livemode,
            kind,
            api_version,
            account,
            data,
        } = event;
        let at = Timestamp::from_seconds(created);
        let foreign = |account: &String| {
            self.terms
                .account
                .as_ref()
                .is_none_or(|own| own.as_str() != account)
        };
        let origin = match account.as_ref() {
            Some(account) if foreign(account) => EventOrigin::ForeignAccount,
            _ if livemode != self.terms.live => EventOrigin::ForeignMode,
            _ => EventOrigin::Own,
        };
        let text = |name: &str| {
            data.object[name]
                .as_str()
                .or_else(|| data.object[name]["id"].as_str())
        };
        let reference = |name: &str| text(name).and_then(|text| VendorRef::parse(text).ok());
        let object_kind = text("object").unwrap_or_default();
        let topic = topic(object_kind, &kind, reference("payment_intent").is_some());
        let own = reference("id");
        let payment = match object_kind {
            "payment_intent" => own.clone(),
            _ => reference("payment_intent"),
        };
        let kept = |name: &str| data.object["metadata"][name].as_str();
        let attempt = kept(wire::ATTEMPT).and_then(|text| text.parse::<AttemptId>().ok());
        // What another version wrote is fetched in ours.
        let same = api_version.as_deref() == Some(VERSION);
        PaymentEvent {
            id,
            at,
            topic: topic.clone(),
            origin,
            theirs: match (&topic, object_kind) {
                (EventTopic::Payment, "checkout.session") => payment.clone().or(own),
                (EventTopic::Payment, _) => payment.clone(),
                (EventTopic::Method, "mandate") => reference("payment_method"),
                _ => own,
            },
            payment,
            attempt,
            refund: kept(wire::REFUND).and_then(|text| text.parse().ok()),
            setup: kept(wire::SETUP).and_then(|text| text.parse().ok()),
            subscription: None,
            our_subscription: None,
            object: same
                .then(|| self.object(&topic, object_kind, &kind, &data.object, at))
                .flatten(),
            name: kind,
        }
    }

    fn object(
        &self,
        topic: &EventTopic,
        object: &str,
        name: &str,
        value: &Value,
        at: Timestamp,
    ) -> Option<EventObject> {
        match (topic, object) {
            (EventTopic::Setup, _) => {
                let setup = self.pictures.setup(&read::<SetupIntent>(value)?, at)?;
                Some(EventObject::Setup(Box::new(Setup {
                    action: None,
                    ..setup
                })))
            }
            (EventTopic::Method, "payment_method") => {
                let method: PaymentMethod = read(value)?;
                let detached = name == "payment_method.detached";
                Some(EventObject::Method {
                    reference: methods::reference(&method)?,
                    state: if detached {
                        MethodState::Detached
                    } else {
                        MethodState::Usable
                    },
                    method: methods::stored(&method, None).filter(|_| !detached).map(Box::new),
                })
            }
            (EventTopic::Method, "mandate") => {
                let mandate: Mandate = read(value)?;
                let type_of = mandate
                    .payment_method_details
                    .as_ref()
                    .map(|details| details.kind.clone());
                let bare = PaymentMethod {
                    id: mandate.payment_method.id().to_owned(),
                    kind: type_of.unwrap_or_default(),
                    customer: None,
                    card: None,
                    us_bank_account: None,
                    sepa_debit: None,
                };
                Some(EventObject::Method {
                    reference: methods::reference(mandate.payment_method.object().unwrap_or(&bare))?,
                    state: match mandate.status.as_str() {
                        "inactive" => MethodState::MandateWithdrawn,
                        _ => MethodState::Usable,
                    },
                    method: None,
                })
            }
            // What can go back and forth is fetched.
            _ => None,
        }
    }
}

/// What an event is about. Objects of other products, and payments that were begun without an intent, are not served here.
fn topic(object: &str, name: &str, of_intent: bool) -> EventTopic {
    match object {
        "payment_intent" if name != "payment_intent.created" => EventTopic::Payment,
        "charge" if of_intent => EventTopic::Payment,
        "checkout.session" => EventTopic::Payment,
        "refund" => EventTopic::Refund,
        "dispute" => EventTopic::Dispute,
        "setup_intent" if name != "setup_intent.created" => EventTopic::Setup,
        "payment_method" | "mandate" => EventTopic::Method,
        _ => EventTopic::Other(name.chars().take(64).collect()),
    }
}

/// Takes away what lets a payer go on; whether there was any. Objects of Stripe hold others: refusals hold intents.
fn remove_actions(value: &mut Value) -> bool {
    match value {
        Value::Object(members) => {
            let is_page = members
                .get("object")
                .is_some_and(|kind| kind == "checkout.session");
            let before = members.len();
            members.retain(|name, _| match name.as_str() {
                "client_secret" | "next_action" => false,
                "url" => !is_page,
                _ => true,
            });
            let inner = members.values_mut().map(remove_actions);
            inner.fold(false, |any, one| any | one) || members.len() < before
        }
        Value::Array(items) => items
            .iter_mut()
            .map(remove_actions)
            .fold(false, |any, one| any | one),
        _ => false,
    }
}

fn read<T: DeserializeOwned>(value: &Value) -> Option<T> {
    T::deserialize(value).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_lets_a_payer_go_on_is_taken_away_wherever_it_stands() {
        let mut event = json!({ "data": {
            "object": {
                "object": "payment_intent",
                "client_secret": "pi_1_secret_2",
                "next_action": { "type": "redirect_to_url", "redirect_to_url": { "url": "https://bank.example" } },
                "last_payment_error": { "code": "card_declined", "setup_intent": { "client_secret": "seti_1_secret_2" } },
                "charges": [{ "id": "ch_1", "payment_intent": { "id": "pi_1", "client_secret": "pi_1_secret_2" } }],
            },
            "previous_attributes": { "next_action": {}, "status": "requires_action" },
        } });
        let kept = json!({ "data": {
            "object": {
                "object": "payment_intent",
                "last_payment_error": { "code": "card_declined", "setup_intent": {} },
                "charges": [{ "id": "ch_1", "payment_intent": { "id": "pi_1" } }],
            },
            "previous_attributes": { "status": "requires_action" },
        } });
        assert!(remove_actions(&mut event));
        assert_eq!(event, kept);
        assert!(!remove_actions(&mut event), "nothing is left to be taken away");
        let page = |url: &str| json!({ "data": { "object": { "object": "checkout.session", url: "https://pay.example" } } });
        let (mut shown, mut success) = (page("url"), page("success_url"));
        assert!(remove_actions(&mut shown) && !remove_actions(&mut success));
        assert_eq!(shown["data"]["object"], json!({ "object": "checkout.session" }));
    }
}
