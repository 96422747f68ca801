//! A sender that keeps what it is given, and shows it as the mailbox of a developer's machine.

use std::sync::Mutex;

use async_trait::async_trait;
use portcullis_ports::notification::{Channel, KeptMessage, Mailbox, Message, Receipt, Sender};
use portcullis_ports::outcome::Outcome;
use portcullis_ports::{Result, Timestamp};

#[derive(Default)]
pub(crate) struct Post {
    sent: Mutex<Vec<Message>>,
}

impl Post {
    /// The digits of the newest message to an address.
    pub(crate) fn code(&self, to: &str) -> String {
        let sent = self.sent.lock().unwrap();
        let newest = sent.iter().rev().find(|message| message.to.address() == to);
        let text = newest.map_or_else(
            || panic!("nothing was sent to {to}"),
            |message| message.text.clone(),
        );
        let words: Vec<_> = text.split(|c: char| !c.is_ascii_digit()).collect();
        words
            .iter()
            .rev()
            .find(|word| word.len() == 6)
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
