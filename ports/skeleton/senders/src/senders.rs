//! The sender: a message becomes a request, and the answer an outcome.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::http::NoAnswer;
use portcullis_ports::notification::{Channel, ConnectedSender, Message, Receipt, Sender};
use portcullis_ports::outcome::{Outcome, Reason, Reference};

use crate::client::Client;
use crate::wire;

/// When to try again after no connection could be made.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// Sends text messages through one account.
struct AcmeSender(Arc<Client>);

pub(crate) fn connected(client: Arc<Client>) -> ConnectedSender {
    ConnectedSender {
        sender: Arc::new(AcmeSender(Arc::clone(&client))),
        mailbox: None,
        inbound: None,
        lookup: None,
        probe: client,
    }
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
            return Outcome::NotSent(Reason::permanent("not-written", detail));
        };
        let ours = message.id.to_string();
        match self.0.post("/messages", body).await {
            Ok(answer) => wire::outcome(&answer, &ours),
            Err(NoAnswer::NotSent(why)) => {
                Outcome::NotSent(Reason::outage("no-connection", why, TRY_AGAIN))
            }
            Err(NoAnswer::Unknown(_)) => Outcome::Unknown(Reference::Ours(ours)),
        }
    }
}
