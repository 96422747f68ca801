//! Webhooks: SNS posts what became of messages. Nothing is fetched and nothing believed before topic and host are right.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use data_encoding::BASE64;
use portcullis_ports::error::Result;
use portcullis_ports::http::{HttpClient, HttpMethod, HttpRequest};
use portcullis_ports::inbound::{
    Delivery, Inbound, NOT_CONFIRMED, Proof, UNREADABLE, Verification, WebhookRequest, refused, unreadable,
};
use portcullis_ports::notification::DeliveryEvent;

use crate::certificates::{Certificates, Digest};
use crate::events;
use crate::sns::{Envelope, Purpose, is_of_sns};

/// The oldest delivery that is believed. SNS repeats one for about this long with the same time.
const OLDEST: Duration = Duration::from_hours(1);
/// How far the clocks of SNS and of this machine may differ.
const AHEAD: Duration = Duration::from_mins(5);
/// The longest time that confirming a subscription may take: SNS waits 15 seconds for us.
const CONFIRM: Duration = Duration::from_secs(8);
/// What SES posts to a topic when it is named as a destination.
const GREETING: &str = "Successfully validated SNS topic";

/// What is wrong with a delivery that a new topic signs, as AWS sets topics up.
const SHA1: &str = "the topic signs with SHA-1 (SignatureVersion 1, the default of SNS): run `aws sns set-topic-attributes \
    --attribute-name SignatureVersion --attribute-value 2` for it and ask SNS to confirm again, or set `accept_sha1 = true`";

/// A delivery that is right as far as can be seen without the certificate.
struct Claim {
    envelope: Envelope,
    digest: Digest,
    text: String,
    signature: Vec<u8>,
}

/// Reads the deliveries of some topics.
pub(crate) struct SnsInbound {
    topics: Vec<String>,
    accept_sha1: bool,
    certificates: Certificates,
    http: Arc<dyn HttpClient>,
}

impl SnsInbound {
    pub(crate) fn new(
        topics: Vec<String>,
        accept_sha1: bool,
        certificates: Certificates,
        http: Arc<dyn HttpClient>,
    ) -> Self {
        Self {
            topics,
            accept_sha1,
            certificates,
            http,
        }
    }

    /// Looks at everything that can be judged without the certificate.
    fn claim(&self, delivery: &WebhookRequest<'_>) -> Result<Claim> {
        let envelope = Envelope::read(delivery.body).map_err(refused)?;
        let said = delivery.headers.header("x-amz-sns-message-type");
        if envelope.purpose().is_none() || said.is_some_and(|said| said != envelope.kind) {
            return Err(refused(
                "the type of the message is unknown, or is not that of its header",
            ));
        }
        if !self.topics.contains(&envelope.topic_arn) {
            let why = "the topic is not in `topics`: add its ARN if it is yours";
            return Err(refused(why).with_context("topic", named(&envelope.topic_arn)));
        }
        let now = delivery.received_at;
        let fresh = |sent_at| now.since(sent_at) <= OLDEST && sent_at.since(now) <= AHEAD;
        if !envelope.sent_at().is_some_and(fresh) {
            return Err(refused(
                "the message is older than an hour, or the clock is wrong",
            ));
        }
        let digest = match envelope.signature_version.as_str() {
            "2" => Digest::Sha256,
            "1" if self.accept_sha1 => Digest::Sha1,
            "1" => return Err(refused(SHA1).with_context("topic", envelope.topic_arn)),
            _ => return Err(refused("the SignatureVersion is neither 1 nor 2")),
        };
        let text = envelope
            .signed_text()
            .ok_or_else(|| refused("a part that is signed is missing"))?;
        let signature = BASE64
            .decode(envelope.signature.as_bytes())
            .map_err(|_| refused("the signature is not base64"))?;
        Ok(Claim {
            envelope,
            digest,
            text,
            signature,
        })
    }

    /// Tells SNS that the topic may post here. Asked of the address that SNS signed.
    async fn confirm(&self, envelope: &Envelope) -> Result<()> {
        let url = envelope.subscribe_url.as_deref().unwrap_or_default();
        if !is_of_sns(url) {
            return Err(unreadable("SubscribeURL", "is not an address of SNS"));
        }
        let again = || NOT_CONFIRMED.error().retry_after(Duration::from_secs(20));
        let request = HttpRequest::new(HttpMethod::Get, url).within(CONFIRM);
        let answer = self
            .http
            .send(request)
            .await
            .map_err(|none| again().with_source(none))?;
        if !answer.is_success() {
            return Err(again().with_context("status", answer.status.to_string()));
        }
        tracing::info!(
            topic = envelope.topic_arn,
            "confirmed the subscription of a topic"
        );
        Ok(())
    }
}

#[async_trait]
impl Inbound for SnsInbound {
    type Event = DeliveryEvent;

    fn screen(&self, delivery: &WebhookRequest<'_>) -> Result<Verification> {
        let claim = self.claim(delivery)?;
        let url = &claim.envelope.signing_cert_url;
        Ok(if self.certificates.knows(url, delivery.received_at)? {
            Verification::Local
        } else {
            Verification::AsksVendor
        })
    }

    async fn verify(&self, delivery: &WebhookRequest<'_>) -> Result<Proof> {
        let Claim {
            envelope,
            digest,
            text,
            signature,
        } = self.claim(delivery)?;
        let url = &envelope.signing_cert_url;
        self.certificates
            .check(url, digest, &text, &signature, delivery.received_at)
            .await?;
        Ok(Proof::SignedWithTime)
    }

    fn split(&self, delivery: &Delivery) -> Result<Vec<DeliveryEvent>> {
        let envelope = Envelope::read(delivery.body()).map_err(|why| UNREADABLE.with_detail(why))?;
        match envelope.purpose() {
            Some(Purpose::Notification) if envelope.message.starts_with(GREETING) => Ok(Vec::new()),
            Some(Purpose::Notification) => {
                let news = events::read(&envelope.message).map_err(|why| {
                    UNREADABLE
                        .with_detail(format!("Message {why}."))
                        .with_field("/Message", why)
                })?;
                let at = news.at.or(envelope.sent_at()).unwrap_or(delivery.received_at());
                let event = |(index, news)| DeliveryEvent {
                    id: format!("{}:{index}", envelope.message_id),
                    at,
                    news,
                };
                Ok(news.news.into_iter().enumerate().map(event).collect())
            }
            Some(Purpose::Subscription | Purpose::Unsubscription) => Ok(Vec::new()),
            None => Err(unreadable("Type", "is unknown")),
        }
    }

    async fn handshake(&self, delivery: &Delivery) -> Result<()> {
        let envelope = Envelope::read(delivery.body()).map_err(|why| UNREADABLE.with_detail(why))?;
        match envelope.purpose() {
            Some(Purpose::Subscription) => self.confirm(&envelope).await,
            Some(Purpose::Unsubscription) => {
                tracing::warn!(
                    topic = envelope.topic_arn,
                    "a topic was unsubscribed: nothing more is reported from it"
                );
                Ok(())
            }
            Some(Purpose::Notification) | None => Ok(()),
        }
    }
}

/// What a stranger wrote, short enough for a log.
fn named(text: &str) -> String {
    text.chars().filter(char::is_ascii_graphic).take(120).collect()
}
