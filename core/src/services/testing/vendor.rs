//! A sender's vendor that reports what became of messages, and a deployment that takes its reports.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::inbound::{Delivery, Inbound, NOT_VERIFIED, Proof, WebhookRequest as Posted};
use portcullis_ports::notification::{
    DeliveryEvent, DeliveryNews, DeliveryState, Destination, SuppressionCause,
};
use portcullis_ports::{Code, Kind, Result, Timestamp};

use super::{Bed, BedSettings, Office, bed_sending};
use crate::foundation::testing::{Bearer, home};
use crate::services::outbox::SENDER_EVENTS;
use crate::services::tasks::Runners;
use crate::services::webhooks::Webhooks;

/// A vendor whose deliveries hold what the test put there.
#[derive(Default)]
pub(crate) struct Vendor {
    /// What the next delivery holds.
    pub(crate) events: Mutex<Vec<DeliveryEvent>>,
    /// What was posted, by body.
    posted: Mutex<BTreeMap<Vec<u8>, Vec<DeliveryEvent>>>,
}

impl Vendor {
    /// A body of a delivery that holds the events which the test put there; no two are alike.
    fn written(&self, body: &[u8]) -> Vec<u8> {
        if body == b"forged" {
            return body.to_vec();
        }
        let mut posted = self.posted.lock().unwrap();
        let body = [body, format!(" {}", posted.len()).as_bytes()].concat();
        let events = std::mem::take(&mut *self.events.lock().unwrap());
        posted.insert(body.clone(), events);
        body
    }
}

#[async_trait]
impl Inbound for Vendor {
    type Event = DeliveryEvent;

    async fn verify(&self, delivery: &Posted<'_>) -> Result<Proof> {
        if delivery.body == b"forged" {
            return Err(NOT_VERIFIED.error());
        }
        Ok(if delivery.body.starts_with(b"dated") {
            Proof::SignedWithTime
        } else {
            Proof::Signed
        })
    }

    fn split(&self, delivery: &Delivery) -> Result<Vec<DeliveryEvent>> {
        if delivery.body().starts_with(b"garbage") {
            const GARBAGE: Code = Code::new("garbage", Kind::Invalid, "Garbage.");
            let field = "is missing";
            return Err(GARBAGE
                .with_detail("The field `event` is missing.")
                .with_field("/event", field));
        }
        let posted = self.posted.lock().unwrap();
        Ok(posted.get(delivery.body()).cloned().unwrap_or_default())
    }

    async fn handshake(&self, delivery: &Delivery) -> Result<()> {
        if delivery.body().starts_with(b"no answer") {
            const SILENT: Code = Code::new("silent", Kind::Unavailable, "The vendor does not answer.");
            return Err(SILENT.error().retry_after(std::time::Duration::from_secs(5)));
        }
        Ok(())
    }
}

/// A deployment that takes the deliveries of vendors.
pub(crate) trait Receives {
    fn webhooks(&self) -> &Webhooks;
    fn runners(&self) -> &Runners;
    fn now(&self) -> Timestamp;
}

impl Receives for Bed {
    fn webhooks(&self) -> &Webhooks {
        &self.services.webhooks
    }

    fn runners(&self) -> &Runners {
        &self.services.runners
    }

    fn now(&self) -> Timestamp {
        self.context.now()
    }
}

/// A deployment whose sender `main` has webhooks.
pub(crate) struct Heard<D> {
    pub(crate) deployment: D,
    pub(crate) vendor: Arc<Vendor>,
}

impl Heard<Bed> {
    pub(crate) async fn with(settings: BedSettings) -> Self {
        let vendor = Arc::new(Vendor::default());
        let offices = vec![Office::new("main").hearing(vendor.clone())];
        let deployment = bed_sending(settings, offices).await;
        Self { deployment, vendor }
    }
}

impl<D: Receives> Heard<D> {
    /// A delivery whose body begins like this.
    pub(crate) async fn post(&self, body: &[u8]) -> Result<()> {
        let body = self.vendor.written(body);
        let webhooks = self.deployment.webhooks();
        let delivery = Posted {
            headers: &Bearer(String::new()),
            url: "https://gate.example.com/webhooks/senders/main",
            body: &body,
            received_at: self.deployment.now(),
            peer: home().ip,
            token: None,
        };
        let received = webhooks.receive("senders", "main", &delivery, &home()).await;
        // What was stored is applied by a task.
        let runners = self.deployment.runners();
        runners.drain(SENDER_EVENTS.name).await.unwrap();
        received
    }

    /// One event, `ago` seconds old.
    pub(crate) async fn hear(&self, id: &str, ago: u64, news: DeliveryNews) -> Result<()> {
        self.hear_in(b"genuine", id, ago, news).await
    }

    /// The same in a delivery with this body.
    pub(crate) async fn hear_in(&self, body: &[u8], id: &str, ago: u64, news: DeliveryNews) -> Result<()> {
        let at = self.deployment.now() - Duration::from_secs(ago);
        let id = id.to_owned();
        self.vendor
            .events
            .lock()
            .unwrap()
            .push(DeliveryEvent { id, at, news });
        self.post(body).await
    }

    pub(crate) async fn suppress(&self, to: &str, cause: SuppressionCause) {
        let news = suppression(to, cause);
        self.hear(&format!("{to} {cause:?}"), 0, news).await.unwrap();
    }
}

pub(crate) fn destination(to: &str) -> Destination {
    to.parse()
        .map(Destination::Email)
        .or_else(|_| to.parse().map(Destination::Sms))
        .unwrap()
}

pub(crate) fn suppression(to: &str, cause: SuppressionCause) -> DeliveryNews {
    DeliveryNews::Suppress {
        to: destination(to),
        cause,
        detail: "as the vendor says".into(),
    }
}

pub(crate) fn report(reference: &str, state: DeliveryState) -> DeliveryNews {
    DeliveryNews::Report {
        reference: reference.to_owned(),
        state,
        detail: "as the vendor says".into(),
    }
}
