//! Webhooks: who sent them, and what they are about.

use std::borrow::Cow;
use std::sync::Arc;

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::inbound::{
    CERTIFICATE_UNAVAILABLE, Delivery, Inbound, Proof, Verification, WebhookRequest, refused, unreadable,
};
use portcullis_ports::payments::{
    EventObject, EventOrigin, EventTopic, MethodKind, MethodRef, MethodState, PaymentEvent, VendorRef,
};
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::answers::Answered;
use crate::certificates::{Certificates, Unchecked};
use crate::client::Body;
use crate::payments::PayPal;
use crate::pictures::{attempt, refund_id};
use crate::signature::Transmission;
use crate::subscriptions::subscription_id;
use crate::terms::from_time;
use crate::wire::{Event, Verdict};

/// What is known of payers and nobody needs here: it is not kept.
const PERSONAL: [&str; 13] = [
    "payer",
    "buyer",
    "subscriber",
    "shipping",
    "shipping_address",
    "billing_address",
    "email_address",
    "phone",
    "phone_number",
    "birth_date",
    "tax_info",
    "messages",
    "communication_details",
];

/// The webhooks of one account.
pub(crate) struct PayPalInbound {
    pub(crate) paypal: Arc<PayPal>,
    pub(crate) certificates: Certificates,
}

#[async_trait]
impl Inbound for PayPalInbound {
    type Event = PaymentEvent;

    fn screen(&self, delivery: &WebhookRequest<'_>) -> Result<Verification> {
        let sent = Transmission::read(delivery)?;
        let known = self.certificates.knows(sent.certificate, delivery.received_at)?;
        Ok(if known {
            Verification::Local
        } else {
            Verification::AsksVendor
        })
    }

    async fn verify(&self, delivery: &WebhookRequest<'_>) -> Result<Proof> {
        let sent = Transmission::read(delivery)?;
        let webhook = &self.paypal.webhook_id;
        let checked = sent
            .check(&self.certificates, webhook, delivery.body, delivery.received_at)
            .await;
        match checked {
            Ok(()) => Ok(Proof::SignedWithTime),
            Err(Unchecked::Refused(error)) => Err(error),
            Err(Unchecked::Unsettled(why)) => self.ask(&sent, delivery.body, why).await,
        }
    }

    fn redact<'a>(&self, body: &'a [u8]) -> Result<Cow<'a, [u8]>> {
        let mut event: Value =
            serde_json::from_slice(body).map_err(|_| unreadable("body", "is no event of PayPal"))?;
        without(&mut event);
        Ok(Cow::Owned(event.to_string().into_bytes()))
    }

    fn split(&self, delivery: &Delivery) -> Result<Vec<PaymentEvent>> {
        let event: Event = serde_json::from_slice(delivery.body())
            .map_err(|_| unreadable("body", "is no event of PayPal"))?;
        if event.id.is_empty() || event.event_type.is_empty() {
            return Err(unreadable("id", "is missing, or the type"));
        }
        Ok(vec![self.paypal.event(event)])
    }
}

impl PayPalInbound {
    /// Asks PayPal whether it sent this, which costs a request: only where its certificate proves nothing here.
    async fn ask(&self, sent: &Transmission<'_>, body: &[u8], why: portcullis_ports::Error) -> Result<Proof> {
        // The body goes along byte for byte, and must not be able to say more than itself.
        let whole = serde_json::from_slice::<IgnoredAny>(body).is_ok();
        let text = std::str::from_utf8(body).ok().filter(|_| whole);
        let text = text.ok_or_else(|| refused("its body is no JSON"))?;
        let rest = json!({
            "auth_algo": sent.algorithm,
            "cert_url": sent.certificate,
            "transmission_id": sent.id,
            "transmission_sig": sent.signature,
            "transmission_time": sent.time,
            "webhook_id": self.paypal.webhook_id,
        });
        let rest = rest.to_string();
        let open = rest.strip_suffix('}').unwrap_or_default();
        let question = format!("{open},\"webhook_event\":{text}}}").into_bytes();
        let body = Body::Raw("application/json".to_owned(), question);
        let path = "/v1/notifications/verify-webhook-signature";
        match Answered::<Verdict>::of(self.paypal.client.post(path, body, None).await) {
            Answered::Object(verdict) if verdict.verification_status == "SUCCESS" => {
                Ok(Proof::ConfirmedByApi)
            }
            Answered::Object(_) => Err(refused("PayPal says that it did not send this")),
            Answered::Refused(_) => Err(refused("PayPal cannot make anything of its headers")),
            Answered::NotSent(reason) => Err(CERTIFICATE_UNAVAILABLE
                .error()
                .with_context("code", reason.code)
                .with_source(why)),
            Answered::Unknown => Err(why),
        }
    }
}

/// Takes out what is known of payers.
fn without(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|name, _| !PERSONAL.contains(&name.as_str()));
            // Names of things are kept, those of payers are not.
            for source in ["card", "paypal", "venmo"] {
                if let Some(Value::Object(method)) = members.get_mut(source) {
                    method.remove("name");
                    method.remove("address");
                }
            }
            members.values_mut().for_each(without);
        }
        Value::Array(items) => items.iter_mut().for_each(without),
        _ => {}
    }
}

impl PayPal {
    /// An event as the port has it. What it is about is fetched: an event shows a part, and an old one perhaps.
    pub(crate) fn event(&self, event: Event) -> PaymentEvent {
        let resource = &event.resource;
        let text = |pointer: &str| resource.pointer(pointer).and_then(Value::as_str);
        let named = |pointer: &str| text(pointer).and_then(|text| VendorRef::parse(text).ok());
        let name = event.event_type.as_str();
        let topic = topic(name, &event.resource_type);
        let resource_is_old = name.starts_with("PAYMENT.SALE.");
        let subscription = match topic {
            EventTopic::Subscription if !resource_is_old => named("/id"),
            _ if resource_is_old => named("/billing_agreement_id"),
            _ => None,
        };
        let (theirs, payment, custom) = match topic {
            EventTopic::Payment if name.starts_with("CHECKOUT.") => {
                let order = named("/order_id").or(named("/id"));
                (order.clone(), order, text("/purchase_units/0/custom_id"))
            }
            EventTopic::Payment => {
                let order = named("/supplementary_data/related_ids/order_id").or(named("/id"));
                (order.clone(), order, text("/custom_id"))
            }
            // A payment of a subscription: what was given back of it is read by its own name.
            EventTopic::Refund | EventTopic::Dispute if resource_is_old => (named("/id"), named("/id"), None),
            EventTopic::Refund => (named("/id"), captured(resource), text("/custom_id")),
            EventTopic::Dispute => (
                named("/dispute_id"),
                named("/disputed_transactions/0/seller_transaction_id"),
                text("/disputed_transactions/0/custom"),
            ),
            _ => (named("/id"), None, None),
        };
        let payee = [
            "/payee/merchant_id",
            "/purchase_units/0/payee/merchant_id",
            "/disputed_transactions/0/seller/merchant_id",
        ]
        .into_iter()
        .find_map(text);
        let foreign = |payee: &str| {
            self.terms
                .account
                .as_ref()
                .is_some_and(|own| own.as_str() != payee)
        };
        let detached = topic == EventTopic::Method && name == "VAULT.PAYMENT-TOKEN.DELETED";
        let object = theirs
            .clone()
            .filter(|_| detached)
            .map(|theirs| EventObject::Method {
                reference: MethodRef {
                    theirs,
                    customer: None,
                    kind: match resource.pointer("/payment_source/card") {
                        Some(_) => MethodKind::Card,
                        None => MethodKind::Wallet,
                    },
                },
                state: MethodState::Detached,
                method: None,
            });
        PaymentEvent {
            at: from_time(&event.create_time).unwrap_or(self.now()),
            origin: match payee {
                Some(payee) if foreign(payee) => EventOrigin::ForeignAccount,
                _ => EventOrigin::Own,
            },
            theirs,
            payment,
            attempt: custom.and_then(attempt),
            refund: custom.and_then(refund_id),
            setup: None,
            subscription,
            our_subscription: text("/custom_id").or(text("/custom")).and_then(subscription_id),
            object,
            topic,
            name: event.event_type.chars().take(64).collect(),
            id: event.id,
        }
    }
}

/// The capture that a refund gives back, which is in the address of what it is a part of.
fn captured(refund: &Value) -> Option<VendorRef> {
    let links = refund["links"].as_array()?;
    let up = links.iter().find(|link| link["rel"] == "up")?["href"].as_str()?;
    VendorRef::parse(up.rsplit_once("/captures/")?.1).ok()
}

/// What an event is about.
fn topic(name: &str, resource: &str) -> EventTopic {
    match name {
        _ if name.starts_with("CHECKOUT.ORDER.") || name == "CHECKOUT.PAYMENT-APPROVAL.REVERSED" => {
            EventTopic::Payment
        }
        "PAYMENT.CAPTURE.REFUNDED" => EventTopic::Refund,
        "PAYMENT.CAPTURE.REVERSED" if resource == "refund" => EventTopic::Refund,
        _ if name.starts_with("PAYMENT.REFUND.") => EventTopic::Refund,
        _ if name.starts_with("PAYMENT.CAPTURE.") || name.starts_with("PAYMENT.AUTHORIZATION.") => {
            EventTopic::Payment
        }
        _ if name.starts_with("CUSTOMER.DISPUTE.") => EventTopic::Dispute,
        "PAYMENT.SALE.REFUNDED" => EventTopic::Refund,
        "PAYMENT.SALE.REVERSED" => EventTopic::Dispute,
        _ if name.starts_with("PAYMENT.SALE.") || name.starts_with("BILLING.SUBSCRIPTION.") => {
            EventTopic::Subscription
        }
        _ if name.starts_with("VAULT.PAYMENT-TOKEN.") => EventTopic::Method,
        _ => EventTopic::Other(name.chars().take(64).collect()),
    }
}
