//! The sender: codes go through Verify where it is set up, everything else is a plain text message.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::contact::PhoneNumber;
use portcullis_ports::http::{HttpResponse, NoAnswer};
use portcullis_ports::notification::{Channel, Destination, Message, Receipt, Sender};
use portcullis_ports::outcome::{Outcome, Reason, Reference};

use crate::client::{Client, Form};
use crate::inbound::OURS;
use crate::refusals;
use crate::wire::{CreatedMessage, CreatedVerification, is_sid, read};

/// When to try again after no connection could be made.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// Whom plain messages come from.
pub(crate) enum From {
    /// A number of ours.
    Number(PhoneNumber),
    /// A Messaging Service, which chooses.
    Service(String),
}

/// Sends text messages through one account.
pub(crate) struct TwilioSender {
    pub(crate) client: Arc<Client>,
    pub(crate) from: Option<From>,
    pub(crate) verify_service: Option<String>,
    pub(crate) validity: Duration,
    pub(crate) status_callback: Option<String>,
}

#[async_trait]
impl Sender for TwilioSender {
    fn channels(&self) -> &[Channel] {
        &[Channel::Sms]
    }

    async fn send(&self, message: &Message) -> Outcome<Receipt> {
        let Destination::Sms(to) = &message.to else {
            return declined("channel-not-served", "Twilio is set up for text messages only");
        };
        match (self.verify_for(message), &self.from) {
            (Some((service, code)), _) => self.send_code(service, to, code, message).await,
            (None, Some(from)) => self.send_text(from, to, message).await,
            (None, None) => declined(
                "no-sending-number",
                "only codes of 4 to 10 letters and digits can be sent without `from` or `messaging_service_sid`",
            ),
        }
    }
}

impl TwilioSender {
    /// The Verify Service that sends a message, and the code in it, if it is one that Verify takes.
    pub(crate) fn verify_for<'a>(&'a self, message: &'a Message) -> Option<(&'a str, &'a str)> {
        let code = message.code.as_deref().filter(|code| fits_verify(code));
        self.verify_service.as_deref().zip(code)
    }

    async fn send_text(&self, from: &From, to: &PhoneNumber, message: &Message) -> Outcome<Receipt> {
        let mut form: Form = vec![("To", to.as_str().to_owned()), ("Body", message.text.clone())];
        form.push(match from {
            From::Number(number) => ("From", number.as_str().to_owned()),
            From::Service(sid) => ("MessagingServiceSid", sid.clone()),
        });
        if let Some(url) = &self.status_callback {
            form.push(("StatusCallback", format!("{url}?{OURS}={}", message.id)));
        }
        if message.code.is_some() {
            form.push(("ValidityPeriod", self.validity.as_secs().to_string()));
        }
        let ours = message.id.to_string();
        let answer = match accepted(self.client.create_message(&form).await, &ours) {
            Ok(answer) => answer,
            Err(outcome) => return outcome,
        };
        match read::<CreatedMessage>(&answer.body)
            .filter(|made| is_sid("SM", &made.sid) || is_sid("MM", &made.sid))
        {
            Some(made) => made.outcome(),
            None => Outcome::Unknown(Reference::Ours(ours)),
        }
    }

    /// Lets Verify send our code. While a verification for the number is pending, Verify sends the code of *that* one
    /// again; such a verification is ended and a new one started, so that the last text holds the code that counts.
    async fn send_code(
        &self,
        service: &str,
        to: &PhoneNumber,
        code: &str,
        message: &Message,
    ) -> Outcome<Receipt> {
        let ours = message.id.to_string();
        let first = match self.verification(service, to, code, &ours).await {
            Ok(made) if made.is_reused() => made,
            Ok(made) => return Outcome::Done(Receipt { reference: made.sid }),
            Err(outcome) => return outcome,
        };
        if let Err(NoAnswer::Unknown(_)) = self.client.cancel_verification(service, &first.sid).await {
            return Outcome::Unknown(Reference::Theirs(first.sid));
        }
        match self.verification(service, to, code, &ours).await {
            Ok(made) if made.is_reused() => declined("older-code-sent", "Verify sent an older code again"),
            Ok(made) => Outcome::Done(Receipt { reference: made.sid }),
            Err(outcome) => outcome,
        }
    }

    async fn verification(
        &self,
        service: &str,
        to: &PhoneNumber,
        code: &str,
        ours: &str,
    ) -> Result<CreatedVerification, Outcome<Receipt>> {
        let form: Form = vec![
            ("To", to.as_str().to_owned()),
            ("Channel", "sms".to_owned()),
            ("CustomCode", code.to_owned()),
        ];
        let answer = accepted(self.client.create_verification(service, &form).await, ours)?;
        read::<CreatedVerification>(&answer.body)
            .filter(|made| is_sid("VE", &made.sid))
            .ok_or_else(|| Outcome::Unknown(Reference::Ours(ours.to_owned())))
    }
}

/// The answer if it says that something was made, and what follows if it does not.
fn accepted(answer: Result<HttpResponse, NoAnswer>, ours: &str) -> Result<HttpResponse, Outcome<Receipt>> {
    match answer {
        Ok(answer) if answer.is_success() => Ok(answer),
        Ok(answer) => Err(refusals::outcome(&answer, ours)),
        Err(NoAnswer::NotSent(why)) => Err(Outcome::NotSent(Reason::outage("no-connection", why, TRY_AGAIN))),
        Err(NoAnswer::Unknown(_)) => Err(Outcome::Unknown(Reference::Ours(ours.to_owned()))),
    }
}

/// Verify takes codes of 4 to 10 characters.
fn fits_verify(code: &str) -> bool {
    (4..=10).contains(&code.len()) && code.bytes().all(|c| c.is_ascii_alphanumeric())
}

fn declined(word: &str, detail: impl Into<String>) -> Outcome<Receipt> {
    Outcome::Declined(Reason::permanent(word, detail))
}
