//! A sender that keeps what it is given, and shows it as the mailbox of a developer's machine.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::id::MessageId;
use portcullis_ports::inbound::{Delivery, Inbound, Proof, Verification, WebhookRequest, refused};
use portcullis_ports::notification::{
    Channel, DeliveryEvent, DeliveryNews, DeliveryState, KeptMessage, Mailbox, Message, Receipt, Sender,
};
use portcullis_ports::outcome::Outcome;
use portcullis_ports::{Code, Kind, Result, Timestamp};

#[derive(Default)]
pub(crate) struct Post {
    sent: Mutex<Vec<Message>>,
    /// Where deliveries were posted to, as its vendor would check it.
    pub(crate) urls: Mutex<Vec<String>>,
}

impl Post {
    /// Our ids of all messages.
    pub(crate) fn ids(&self) -> Vec<MessageId> {
        let sent = self.sent.lock().unwrap();
        sent.iter().map(|message| message.id.clone()).collect()
    }

    /// The newest message to an address.
    pub(crate) fn newest(&self, to: &str) -> Message {
        let sent = self.sent.lock().unwrap();
        let newest = sent.iter().rev().find(|message| message.to.address() == to);
        newest
            .unwrap_or_else(|| panic!("nothing was sent to {to}"))
            .clone()
    }

    /// The digits of the newest message to an address.
    pub(crate) fn code(&self, to: &str) -> String {
        let sent = self.sent.lock().unwrap();
        let newest = sent.iter().rev().find(|message| message.to.address() == to);
        let text = newest.map_or_else(
            || panic!("nothing was sent to {to}"),
            |message| message.text.clone(),
        );
        // A link may hold six digits in a row as well.
        let words = text
            .split_whitespace()
            .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
        words
            .rev()
            .find(|word| word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit()))
            .unwrap_or_else(|| panic!("no code in {text}"))
            .to_string()
    }
}

#[async_trait]
impl Sender for Post {
    fn channels(&self) -> &[Channel] {
        &[Channel::Email, Channel::Sms]
    }

    async fn send(&self, message: &Message) -> Outcome<Receipt> {
        self.sent.lock().unwrap().push(message.clone());
        Outcome::Done(Receipt {
            reference: message.id.to_string(),
        })
    }
}

#[async_trait]
impl Mailbox for Post {
    async fn messages(&self, to: Option<&str>) -> Result<Vec<KeptMessage>> {
        let sent = self.sent.lock().unwrap();
        let wanted = |message: &&Message| to.is_none_or(|to| message.to.address() == to);
        let kept = sent.iter().rev().filter(wanted).map(|message| KeptMessage {
            id: message.id.to_string(),
            channel: message.to.channel(),
            to: message.to.address().to_owned(),
            subject: message.subject.clone(),
            text: message.text.clone(),
            sent_at: Timestamp::from_seconds(1_790_000_000),
        });
        Ok(kept.collect())
    }
}

/// Its vendor proves itself with a header and writes one event: id, age in seconds, reference, state.
#[async_trait]
impl Inbound for Post {
    type Event = DeliveryEvent;

    fn screen(&self, _: &WebhookRequest<'_>) -> Result<Verification> {
        Ok(Verification::Local)
    }

    async fn verify(&self, delivery: &WebhookRequest<'_>) -> Result<Proof> {
        self.urls.lock().unwrap().push(delivery.url.to_owned());
        match delivery.headers.header("x-vendor-proof") {
            Some("genuine") => Ok(Proof::SharedCredential),
            _ => Err(refused("the header with the proof is missing or wrong")),
        }
    }

    fn split(&self, delivery: &Delivery) -> Result<Vec<DeliveryEvent>> {
        const UNREADABLE: Code = Code::new("unreadable", Kind::Invalid, "Four words are expected.");
        let text = std::str::from_utf8(delivery.body()).map_err(|_| UNREADABLE.error())?;
        let words: Vec<&str> = text.split_whitespace().collect();
        let [id, age, reference, state] = words.as_slice() else {
            return Err(UNREADABLE.error());
        };
        let age: u64 = age.parse().map_err(|_| UNREADABLE.error())?;
        let state = match *state {
            "sent" => DeliveryState::Sent,
            "failed" => DeliveryState::Failed,
            _ => DeliveryState::Delivered,
        };
        Ok(vec![DeliveryEvent {
            id: (*id).to_owned(),
            at: delivery.received_at() - Duration::from_secs(age),
            news: DeliveryNews::Report {
                reference: (*reference).to_owned(),
                state,
                detail: String::new(),
            },
        }])
    }
}
