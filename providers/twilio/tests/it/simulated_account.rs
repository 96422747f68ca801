//! An account at a simulated Twilio, and the messages that are sent through it.

use std::sync::Arc;

use portcullis_ports::contact::{EmailAddress, PhoneNumber};
use portcullis_ports::id::MessageId;
use portcullis_ports::inbound::{self, Verified, WebhookRequest};
use portcullis_ports::notification::{
    ConnectedSender, DeliveryEvent, Destination, Message, Receipt, Senders,
};
use portcullis_ports::outcome::{Outcome, Reason, Reference};
use portcullis_ports::testkit::{FakeRequest, FakeRuntime, VendorClient};
use portcullis_ports::{Clock, Result};
use portcullis_provider_twilio::simulator::{self, Callback, Simulator};
use serde_json::{Value, json};

/// Where the simulated Twilio posts to.
pub(crate) const WEBHOOK: &str = "https://gate.example.com/webhooks/senders/main";

pub(crate) struct SimulatedAccount {
    pub(crate) runtime: FakeRuntime,
    pub(crate) twilio: Arc<Simulator>,
    pub(crate) client: Arc<VendorClient<Simulator>>,
}

impl SimulatedAccount {
    pub(crate) fn new() -> Self {
        let mut runtime = FakeRuntime::default();
        let twilio = Arc::new(Simulator::new(Arc::clone(&runtime.clock) as Arc<_>));
        let client = Arc::new(VendorClient::new(Arc::clone(&twilio)));
        runtime.http = Arc::clone(&client) as Arc<_>;
        runtime.webhook = Some(WEBHOOK.to_owned());
        Self {
            runtime,
            twilio,
            client,
        }
    }

    pub(crate) async fn connect(&self, more: Value) -> ConnectedSender {
        self.runtime
            .connect::<Senders>("twilio", settings(more))
            .await
            .unwrap()
    }

    /// A sender of plain messages.
    pub(crate) async fn plain(&self) -> ConnectedSender {
        self.connect(json!({ "from": simulator::NUMBER })).await
    }

    /// A sender of codes through Verify, and of plain messages.
    pub(crate) async fn with_verify(&self) -> ConnectedSender {
        self.connect(json!({ "from": simulator::NUMBER, "verify_service_sid": simulator::VERIFY_SERVICE }))
            .await
    }

    pub(crate) fn text(&self, to: &str) -> Message {
        Message {
            id: MessageId::random(&*self.runtime.entropy).unwrap(),
            to: Destination::Sms(PhoneNumber::parse(to).unwrap()),
            subject: String::new(),
            text: "Somebody signed in. Ä ☂ & more".to_owned(),
            html: None,
            code: None,
        }
    }

    pub(crate) fn code(&self, to: &str, code: &str) -> Message {
        let text = format!("{code} is your code.");
        Message {
            text,
            code: Some(code.to_owned()),
            ..self.text(to)
        }
    }

    pub(crate) fn email(&self) -> Message {
        let to = Destination::Email(EmailAddress::parse("ada@example.com").unwrap());
        Message {
            to,
            ..self.text("+15017122661")
        }
    }

    pub(crate) async fn receive(
        &self,
        connected: &ConnectedSender,
        callback: &Callback,
    ) -> Result<Vec<Verified<DeliveryEvent>>> {
        let headers = callback
            .headers
            .iter()
            .fold(FakeRequest::new(), |headers, (name, value)| {
                headers.header(name, value)
            });
        let delivery = WebhookRequest {
            headers: &headers,
            url: &callback.url,
            body: &callback.body,
            received_at: self.runtime.clock.now(),
            peer: std::net::IpAddr::from([192, 0, 2, 1]),
            token: None,
        };
        inbound::receive(&**connected.inbound.as_ref().unwrap(), &delivery).await
    }
}

/// The settings that every account needs, with more.
pub(crate) fn settings(more: Value) -> Value {
    let mut settings = json!({ "account_sid": simulator::ACCOUNT, "auth_token": simulator::AUTH_TOKEN });
    let (Value::Object(all), Value::Object(more)) = (&mut settings, more) else {
        panic!("settings are a table");
    };
    all.extend(more);
    settings
}

pub(crate) fn reference(outcome: Outcome<Receipt>) -> String {
    match outcome {
        Outcome::Done(receipt) => receipt.reference,
        other => panic!("not sent: {other:?}"),
    }
}

pub(crate) fn declined(outcome: Outcome<Receipt>) -> Reason {
    match outcome {
        Outcome::Declined(reason) => reason,
        other => panic!("not declined: {other:?}"),
    }
}

pub(crate) fn not_sent(outcome: Outcome<Receipt>) -> Reason {
    match outcome {
        Outcome::NotSent(reason) => reason,
        other => panic!("not refused: {other:?}"),
    }
}

pub(crate) fn unknown(outcome: Outcome<Receipt>) -> Reference {
    match outcome {
        Outcome::Unknown(reference) => reference,
        other => panic!("known: {other:?}"),
    }
}
