//! The sender of e-mail.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::error::{Code, Kind};
use portcullis_ports::notification::{Channel, Destination, Message, Receipt, Sender};
use portcullis_ports::outcome::{Outcome, Reason};
use portcullis_ports::probe::Probe;
use portcullis_ports::wording::remark;
use portcullis_ports::{Clock, Result};

use crate::config::Encryption;
use crate::mail::Letterhead;
use crate::outcomes::{outcome, words};
use crate::pool::Pool;

/// The server cannot be used at the moment.
pub(crate) const SMTP_SERVER: Code = Code::new(
    "smtp-server",
    Kind::Unavailable,
    "The SMTP server cannot be used at the moment.",
);

/// Sends e-mail through one server.
pub(crate) struct Smtp {
    pool: Pool,
    letterhead: Letterhead,
    clock: Arc<dyn Clock>,
}

impl Smtp {
    pub(crate) fn new(pool: Pool, letterhead: Letterhead, clock: Arc<dyn Clock>) -> Self {
        Self {
            pool,
            letterhead,
            clock,
        }
    }
}

#[async_trait]
impl Sender for Smtp {
    fn channels(&self) -> &[Channel] {
        &[Channel::Email]
    }

    fn concurrency(&self) -> usize {
        self.pool.connections()
    }

    async fn send(&self, message: &Message) -> Outcome<Receipt> {
        let Destination::Email(to) = &message.to else {
            let why = "SMTP sends e-mail only";
            return Outcome::Declined(Reason::permanent("channel-not-served", why));
        };
        let mail = match self.letterhead.write(message, to, self.clock.now()) {
            Ok(mail) => mail,
            Err(why) => return Outcome::Declined(Reason::permanent("message-rejected", why)),
        };
        let reference = self.letterhead.reference(message);
        match self.pool.send(mail.envelope(), &mail.formatted()).await {
            Ok(reply) => {
                // Servers name the place in their queue here, the key to their log.
                tracing::debug!(message = %message.id, reply = remark(reply.first_line().unwrap_or_default()), "accepted");
                Outcome::Done(Receipt { reference })
            }
            Err(failure) => outcome(&failure, reference),
        }
    }
}

#[async_trait]
impl Probe for Smtp {
    async fn check(&self) -> Result<String> {
        let greeted = self.pool.greet().await;
        let server = self.pool.server();
        let (host, port) = (&server.host, server.port);
        let name = greeted.map_err(|failure| {
            SMTP_SERVER
                .with_detail(format!("{host}:{port}: {}", words(&failure)))
                .retry_after(Duration::from_secs(5))
        })?;
        let encrypted = match server.encryption {
            Encryption::Starttls => "encrypted by STARTTLS",
            Encryption::Tls => "encrypted",
            Encryption::None => "not encrypted",
        };
        let signed_in = if server.credentials.is_some() {
            "signed in"
        } else {
            "not signed in"
        };
        let named: String = name.chars().filter(char::is_ascii_graphic).take(100).collect();
        Ok(format!(
            "{host}:{port} answers as {named}, {encrypted}, {signed_in}"
        ))
    }
}
