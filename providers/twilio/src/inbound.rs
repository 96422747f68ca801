//! Webhooks of Twilio: what became of messages, and who wants none any more.

use async_trait::async_trait;
use portcullis_ports::contact::PhoneNumber;
use portcullis_ports::error::Result;
use portcullis_ports::id::MessageId;
use portcullis_ports::inbound::{
    Delivery, Inbound, Proof, Verification, WebhookRequest, refused, unreadable,
};
use portcullis_ports::notification::{
    DeliveryEvent, DeliveryNews, DeliveryState, Destination, SuppressionCause,
};

use crate::refusals::failure;
use crate::signature::{Keys, SIGNATURE, form};
use crate::wire::is_sid;

/// The parameter of a message's callback address that holds our name for it. So a report finds its message also if the
/// answer with Twilio's name was lost.
pub(crate) const OURS: &str = "message";

/// Reads the deliveries for one account.
pub(crate) struct TwilioInbound {
    pub(crate) account: String,
    pub(crate) keys: Keys,
}

#[async_trait]
impl Inbound for TwilioInbound {
    type Event = DeliveryEvent;

    fn screen(&self, delivery: &WebhookRequest<'_>) -> Result<Verification> {
        if delivery.headers.header(SIGNATURE).is_none() {
            return Err(refused("there is no header X-Twilio-Signature"));
        }
        Ok(Verification::Local)
    }

    async fn verify(&self, delivery: &WebhookRequest<'_>) -> Result<Proof> {
        self.keys.check(delivery).map_err(refused)?;
        Ok(Proof::Signed)
    }

    fn split(&self, delivery: &Delivery) -> Result<Vec<DeliveryEvent>> {
        let media_type = delivery.media_type();
        let unsupported = |what| {
            let event = DeliveryEvent {
                id: String::new(),
                at: delivery.received_at(),
                news: DeliveryNews::Unsupported { what },
            };
            Ok(vec![event])
        };
        if media_type.starts_with("application/json") {
            return unsupported("an event stream");
        }
        let fields = Fields(form(delivery.body()));
        if fields.get("AccountSid") != Some(self.account.as_str()) {
            return unsupported("another account");
        }
        let Some(sid) = fields.get("MessageSid").or(fields.get("SmsSid")) else {
            return unsupported("something else than a message");
        };
        if !is_sid("SM", sid) && !is_sid("MM", sid) {
            return Err(unreadable("MessageSid", "is not the SID of a message"));
        }
        let news = match (fields.get("OptOutType"), fields.get("MessageStatus")) {
            (Some(kind), _) => opt_out(kind, &fields)
                .map(|news| (format!("{sid}:{kind}"), news))
                .into_iter()
                .collect(),
            (None, Some(status)) => {
                let reference = ours(delivery.query()).unwrap_or_else(|| sid.to_owned());
                reports(sid, reference, status, &fields)
            }
            // A message to us; nothing follows from its text.
            (None, None) => Vec::new(),
        };
        let event = |(id, news)| DeliveryEvent {
            id,
            // Twilio does not say when, and signs no time: what is captured could be sent again for ever. The id is what
            // tells a repeat.
            at: delivery.received_at(),
            news,
        };
        Ok(news.into_iter().map(event).collect())
    }
}

/// The fields of a form.
struct Fields(Vec<(String, String)>);

impl Fields {
    fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Where text messages go; `None` for an address of another channel, such as `whatsapp:+15005550006`, for a short
    /// code and for a name.
    fn number(&self, name: &str) -> Option<Destination> {
        let number = PhoneNumber::parse(self.get(name)?).ok()?;
        Some(Destination::Sms(number))
    }
}

/// Our name for the message, if the address that Twilio called holds it. The address is signed.
fn ours(query: &str) -> Option<String> {
    let (_, id) = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == OURS)?;
    MessageId::parse(&id).ok().map(|id| id.to_string())
}

/// What a recipient's wish means; `None` for a call for help.
fn opt_out(kind: &str, fields: &Fields) -> Option<DeliveryNews> {
    if !["STOP", "START"].contains(&kind) {
        return None;
    }
    Some(match fields.number("From") {
        None => DeliveryNews::Unsupported {
            what: "a wish on a channel that is not served",
        },
        Some(to) if kind == "START" => DeliveryNews::Welcome { to },
        Some(to) => DeliveryNews::Suppress {
            to,
            cause: SuppressionCause::OptOut,
            detail: "the recipient answered STOP".to_owned(),
        },
    })
}

/// What a status means: a report, and for what is certain that the number must not be written to again.
fn reports(sid: &str, reference: String, status: &str, fields: &Fields) -> Vec<(String, DeliveryNews)> {
    let state = match status {
        "sent" => DeliveryState::Sent,
        "delivered" | "read" | "partially_delivered" => DeliveryState::Delivered,
        "undelivered" | "failed" | "canceled" => DeliveryState::Failed,
        // Not on its way yet, or a word that is newer than this program.
        _ => return Vec::new(),
    };
    let code = fields.get("ErrorCode").and_then(|code| code.parse().ok());
    let detail = match (state, status) {
        (DeliveryState::Failed, "canceled") => "the message was canceled".to_owned(),
        (DeliveryState::Failed, _) => failure(code),
        _ => String::new(),
    };
    let mut news = vec![(
        format!("{sid}:{status}"),
        DeliveryNews::Report {
            reference,
            state,
            detail: detail.clone(),
        },
    )];
    let cause = match code.filter(|_| state == DeliveryState::Failed) {
        Some(30005 | 30006) => Some(SuppressionCause::Bounce),
        Some(21610) => Some(SuppressionCause::OptOut),
        _ => None,
    };
    if let Some((cause, to)) = cause.zip(fields.number("To")) {
        news.push((
            format!("{sid}:{status}:suppress"),
            DeliveryNews::Suppress { to, cause, detail },
        ));
    }
    news
}
