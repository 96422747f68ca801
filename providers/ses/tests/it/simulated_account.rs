//! An account at a simulated SES, and the messages that are sent through it.

use std::sync::Arc;

use portcullis_ports::contact::EmailAddress;
use portcullis_ports::id::MessageId;
use portcullis_ports::inbound::{self, Verified, WebhookRequest};
use portcullis_ports::notification::{
    ConnectedSender, DeliveryEvent, Destination, Message, Receipt, Senders,
};
use portcullis_ports::outcome::Outcome;
use portcullis_ports::testkit::{FakeRuntime, VendorClient};
use portcullis_ports::{Clock, Result};
use portcullis_provider_ses::simulator::{self, Notice, SesSimulator};
use serde_json::{Value, json};

pub(crate) struct SimulatedAccount {
    pub(crate) runtime: FakeRuntime,
    pub(crate) ses: Arc<SesSimulator>,
    pub(crate) client: Arc<VendorClient<SesSimulator>>,
}

impl SimulatedAccount {
    pub(crate) fn new() -> Self {
        let mut runtime = FakeRuntime::default();
        let ses = Arc::new(SesSimulator::new(Arc::clone(&runtime.clock) as Arc<_>));
        let client = Arc::new(VendorClient::new(Arc::clone(&ses)));
        runtime.http = Arc::clone(&client) as Arc<_>;
        Self { runtime, ses, client }
    }

    pub(crate) async fn connect(&self, more: Value) -> ConnectedSender {
        let mut settings = simulator::settings();
        for (name, value) in more.as_object().unwrap() {
            settings[name] = value.clone();
        }
        self.runtime.connect::<Senders>("ses", settings).await.unwrap()
    }

    pub(crate) async fn plain(&self) -> ConnectedSender {
        self.connect(json!({})).await
    }

    pub(crate) fn message(&self, to: &str) -> Message {
        Message {
            id: MessageId::random(&*self.runtime.entropy).unwrap(),
            to: Destination::Email(EmailAddress::parse(to).unwrap()),
            subject: "Your code: ☂".to_owned(),
            text: "123456 Ä".to_owned(),
            html: Some("<p>123456</p>".to_owned()),
            code: Some("123456".to_owned()),
        }
    }

    /// What the webhook makes of a delivery.
    pub(crate) async fn hear(
        &self,
        connected: &ConnectedSender,
        notice: &Notice,
    ) -> Result<Vec<Verified<DeliveryEvent>>> {
        let (headers, body) = (notice.headers(), notice.body());
        let delivery = WebhookRequest {
            headers: &headers,
            url: "https://gate.example.com/webhooks/senders/main",
            body: &body,
            received_at: self.runtime.clock.now(),
            peer: std::net::IpAddr::from([192, 0, 2, 1]),
            token: None,
        };
        inbound::receive(&**connected.inbound.as_ref().unwrap(), &delivery).await
    }

    /// The requests that went to SNS.
    pub(crate) fn asked_of_sns(&self) -> usize {
        let sent = self.client.sent();
        sent.iter()
            .filter(|request| request.url.contains("//sns."))
            .count()
    }
}

pub(crate) fn reference(outcome: Outcome<Receipt>) -> String {
    match outcome {
        Outcome::Done(receipt) => receipt.reference,
        other => panic!("it is not accepted: {other:?}"),
    }
}
