//! What the vendor posts, on its way to the webhook: a delivery names an event, and each is another event to the inbox.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use portcullis_ports::inbound::{Delivery, Inbound, Proof, WebhookRequest};
use portcullis_ports::payments::PaymentEvent;
use portcullis_ports::testkit::FakeRequest;
use portcullis_ports::{Result, Timestamp};

use super::shop::{Shop, home};

/// The events of all nodes.
#[derive(Default)]
pub(super) struct Posted(Mutex<Vec<PaymentEvent>>);

impl Posted {
    /// Brings an event to a node, once more if it came before, and has it applied. Gives its name.
    pub(super) async fn deliver(&self, event: &PaymentEvent, shop: &Shop, now: Timestamp) -> Result<String> {
        let (number, id) = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let number = all.len();
            let id = format!("{}-{number}", event.id);
            all.push(PaymentEvent {
                id: id.clone(),
                ..event.clone()
            });
            (number, id)
        };
        let body = number.to_string();
        let request = WebhookRequest {
            headers: &FakeRequest::default(),
            url: "https://gate.example.com/webhooks/payments/main",
            body: body.as_bytes(),
            received_at: now,
            peer: home().ip,
            token: None,
        };
        let webhooks = &shop.node.app.webhooks;
        webhooks.receive("payments", "main", &request, &home()).await?;
        shop.node.app.tasks.drain("payment-events").await?;
        Ok(id)
    }
}

#[async_trait]
impl Inbound for Posted {
    type Event = PaymentEvent;

    async fn verify(&self, _: &WebhookRequest<'_>) -> Result<Proof> {
        Ok(Proof::SharedCredential)
    }

    fn split(&self, delivery: &Delivery) -> Result<Vec<PaymentEvent>> {
        let number = std::str::from_utf8(delivery.body()).unwrap();
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(vec![all[number.parse::<usize>().unwrap()].clone()])
    }
}
