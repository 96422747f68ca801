//! The sender: a message becomes a request, and the answer an outcome.

use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::error::{Code, Kind};
use portcullis_ports::http::NoAnswer;
use portcullis_ports::notification::{Channel, Message, Receipt, Sender};
use portcullis_ports::outcome::{Outcome, Reason, Reference};
use portcullis_ports::probe::Probe;

use crate::client::Client;
use crate::wire;

/// When to try again after no connection could be made.
const TRY_AGAIN: Duration = Duration::from_secs(5);

const NOT_WRITTEN: Code = Code::new("not-written", Kind::Config, "This plugin is not finished.");

/// Sends text messages through one account.
pub(crate) struct AcmeSender {
    pub(crate) client: Client,
}

#[async_trait]
impl Sender for AcmeSender {
    fn channels(&self) -> &[Channel] {
        &[Channel::Sms]
    }

    async fn send(&self, message: &Message) -> Outcome<Receipt> {
        if !self.channels().contains(&message.to.channel()) {
            let detail = "Acme is set up for text messages only";
            return Outcome::Declined(Reason::permanent("channel-not-served", detail));
        }
        let Some(body) = wire::body(message) else {
            let detail = "send is not written yet: make the body of the request in providers/acme/src/wire.rs";
            return Outcome::NotSent(Reason::permanent(NOT_WRITTEN.name(), detail));
        };
        let ours = message.id.to_string();
        match self.client.create_message(body).await {
            Ok(answer) => wire::outcome(&answer, &ours),
            Err(NoAnswer::NotSent(why)) => {
                Outcome::NotSent(Reason::outage("no-connection", why, TRY_AGAIN))
            }
            Err(NoAnswer::Unknown(_)) => Outcome::Unknown(Reference(ours)),
        }
    }
}

#[async_trait]
impl Probe for AcmeSender {
    async fn check(&self) -> Result<String> {
        Err(NOT_WRITTEN.with_detail("the probe is not written yet: ask for something cheap, such as the account"))
    }
}
