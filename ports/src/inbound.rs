//! Webhooks in: what a vendor posted to us, and the proof that it was the vendor.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::error::{Code, Error, Kind, Result};
use crate::identity::Presented;

/// The delivery is not from whom it says.
pub const NOT_VERIFIED: Code = Code::new(
    "webhook-not-verified",
    Kind::Unauthenticated,
    "The delivery could not be verified.",
);
/// The delivery is from whom it says, and makes no sense.
pub const UNREADABLE: Code = Code::new(
    "webhook-unreadable",
    Kind::Invalid,
    "The body of the delivery could not be read.",
);

/// What the proof of a delivery is checked with cannot be had at the moment.
pub const CERTIFICATE_UNAVAILABLE: Code = Code::new(
    "webhook-certificate-unavailable",
    Kind::Unavailable,
    "The certificate of the delivery cannot be fetched at the moment.",
);
/// The vendor asked us to confirm that we want its deliveries, and could not be reached for that.
pub const NOT_CONFIRMED: Code = Code::new(
    "webhook-not-confirmed",
    Kind::Unavailable,
    "The subscription could not be confirmed at the moment.",
);

/// [`UNREADABLE`] with what is wrong with one field, such as `is not a phone number`. Neither holds content.
pub fn unreadable(field: &str, what: &str) -> Error {
    UNREADABLE
        .with_detail(format!("{field} {what}."))
        .with_field(format!("/{field}"), what)
}

/// [`NOT_VERIFIED`] with the reason for the log. `why` never quotes the delivery: anybody may have written it.
pub fn refused(why: impl Into<String>) -> Error {
    NOT_VERIFIED.error().with_context("why", why)
}

/// What a vendor posted, as it arrived. Nothing in it is believed yet.
pub struct WebhookRequest<'a> {
    /// The headers.
    pub headers: &'a dyn Presented,
    /// The full address it was posted to, which some vendors sign.
    pub url: &'a str,
    /// The unaltered body.
    pub body: &'a [u8],
    /// When it arrived.
    pub received_at: Timestamp,
    /// The address that posted it, after trusted proxies: some vendors sign nothing and have known addresses.
    pub peer: IpAddr,
    /// The part of the path behind the instance, for vendors that sign nothing.
    pub token: Option<&'a str>,
}

/// How a delivery was authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum Proof {
    /// By a signature over the body.
    Signed,
    /// By a signature over the body, which holds the vendor's time of every event: what is old is known to be old.
    SignedWithTime,
    /// By asking the vendor's API whether it sent this.
    ConfirmedByApi,
    /// By a credential that both sides know, sent along.
    SharedCredential,
    /// Not at all: the event is only a hint to fetch the truth from the vendor's API.
    UnsignedRefetch,
}

/// A verified delivery as it is kept: all that taking it apart may depend on. Only [`verify`] makes one, and
/// [`Delivery::from_bytes`] brings one back.
#[derive(Clone, PartialEq, Eq)]
pub struct Delivery {
    head: Head,
    body: Vec<u8>,
}

/// What is kept of a delivery beside its body.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    query: String,
    media_type: String,
    received_at: Timestamp,
    proof: Proof,
}

impl fmt::Debug for Delivery {
    /// Without its content, which may be personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("received_at", &self.head.received_at)
            .field("proof", &self.head.proof)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl Delivery {
    /// The body, as the plugin lets it be kept.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The query of the address it was posted to, without the question mark.
    pub fn query(&self) -> &str {
        &self.head.query
    }

    /// The header `Content-Type`.
    pub fn media_type(&self) -> &str {
        &self.head.media_type
    }

    /// When it arrived.
    pub fn received_at(&self) -> Timestamp {
        self.head.received_at
    }

    /// How it was authenticated.
    pub fn proof(&self) -> Proof {
        self.head.proof
    }

    /// As it is sealed.
    ///
    /// # Errors
    /// `internal` if it cannot be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec(&self.head)
            .map_err(|error| Error::internal("a delivery cannot be written").with_source(error))?;
        bytes.push(b'\n');
        bytes.extend_from_slice(&self.body);
        Ok(bytes)
    }

    /// What was sealed.
    ///
    /// # Errors
    /// `internal` if it is no delivery.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let unreadable = || Error::internal("a stored delivery cannot be read");
        let end = bytes
            .iter()
            .position(|byte| *byte == b'\n')
            .ok_or_else(unreadable)?;
        let (head, body) = bytes.split_at(end);
        Ok(Self {
            head: serde_json::from_slice(head).map_err(|error| unreadable().with_source(error))?,
            body: body.get(1..).unwrap_or_default().to_vec(),
        })
    }

    /// Takes it apart, now or whenever it is read again.
    ///
    /// # Errors
    /// Those of [`Inbound::split`].
    pub fn split<I: Inbound + ?Sized>(&self, inbound: &I) -> Result<Vec<Verified<I::Event>>> {
        let (proof, received_at) = (self.proof(), self.received_at());
        let verified = |event| Verified {
            event,
            proof,
            received_at,
        };
        Ok(inbound.split(self)?.into_iter().map(verified).collect())
    }
}

/// An event of a vendor.
pub trait InboundEvent: Send + Sync + 'static {
    /// The vendor's name for it: the same when it is delivered again, another for every other event. Empty where the vendor
    /// gives none; then the content of the delivery tells a repeat.
    fn id(&self) -> &str;

    /// What it is, for an operator: the vendor's word, or ours.
    fn name(&self) -> &str;
}

/// An event whose delivery was verified. Only [`Delivery::split`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<E> {
    event: E,
    proof: Proof,
    received_at: Timestamp,
}

impl<E> Verified<E> {
    /// The event.
    pub fn event(&self) -> &E {
        &self.event
    }

    /// How it was authenticated.
    pub fn proof(&self) -> Proof {
        self.proof
    }

    /// When it arrived.
    pub fn received_at(&self) -> Timestamp {
        self.received_at
    }
}

/// What it takes to verify a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verification {
    /// Computation alone.
    Local,
    /// The vendor is asked over the network, for a certificate or whether it sent this.
    AsksVendor,
}

/// A vendor's deliveries.
#[async_trait]
pub trait Inbound: Send + Sync + 'static {
    /// What one delivery is made of.
    type Event: InboundEvent;

    /// Refuses what is wrong at first sight, without I/O, and says what verifying the rest takes. Deliveries for which
    /// the vendor must be asked are held to narrower bounds than others, so that forgeries keep nobody waiting.
    ///
    /// # Errors
    /// As [`Inbound::verify`].
    fn screen(&self, _delivery: &WebhookRequest<'_>) -> Result<Verification> {
        Ok(Verification::AsksVendor)
    }

    /// Proves who sent it. There is no default: every vendor must decide.
    ///
    /// # Errors
    /// [`NOT_VERIFIED`] if it is forged, altered or too old; [`refused`] makes it, with the reason for the log.
    async fn verify(&self, delivery: &WebhookRequest<'_>) -> Result<Proof>;

    /// The body without what must not be kept, such as a password that the vendor sends along. Taking it apart must give
    /// the same.
    ///
    /// # Errors
    /// [`UNREADABLE`] if it cannot be told where that stands.
    fn redact<'a>(&self, body: &'a [u8]) -> Result<Cow<'a, [u8]>> {
        Ok(Cow::Borrowed(body))
    }

    /// Takes a delivery apart. Depends on nothing but its argument and the settings, because deliveries are kept and taken
    /// apart again.
    ///
    /// # Errors
    /// [`UNREADABLE`] or another `Invalid` error naming what could not be read. What is genuine and about nothing that is
    /// served here is no error: an event of the kind `Unsupported`, or none.
    fn split(&self, delivery: &Delivery) -> Result<Vec<Self::Event>>;

    /// Does what the vendor's protocol asks for besides, such as confirming a subscription. Called once the delivery is
    /// kept, and again when it comes again.
    ///
    /// # Errors
    /// An `Unavailable` one if the vendor should deliver it again.
    async fn handshake(&self, _delivery: &Delivery) -> Result<()> {
        Ok(())
    }
}

/// Verifies a delivery: the only way to one that is kept.
///
/// # Errors
/// Those of [`Inbound::screen`], [`Inbound::verify`] and [`Inbound::redact`].
pub async fn verify<I: Inbound + ?Sized>(inbound: &I, request: &WebhookRequest<'_>) -> Result<Delivery> {
    inbound.screen(request)?;
    let proof = inbound.verify(request).await?;
    let media_type = request.headers.header("content-type").unwrap_or_default();
    let query = request.url.split_once('?').map_or("", |(_, query)| query);
    Ok(Delivery {
        head: Head {
            query: query.to_owned(),
            media_type: media_type.to_owned(),
            received_at: request.received_at,
            proof,
        },
        body: inbound.redact(request.body)?.into_owned(),
    })
}

/// Verifies a delivery, takes it apart, and does what its vendor asks for besides.
///
/// # Errors
/// Those of every step.
pub async fn receive<I: Inbound + ?Sized>(
    inbound: &I,
    request: &WebhookRequest<'_>,
) -> Result<Vec<Verified<I::Event>>> {
    let delivery = verify(inbound, request).await?;
    let events = delivery.split(inbound)?;
    inbound.handshake(&delivery).await?;
    Ok(events)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_kept_comes_back_as_it_was(
            body in prop::collection::vec(any::<u8>(), 0..200),
            query in ".{0,20}",
            media_type in ".{0,20}",
        ) {
            let head = Head {
                query,
                media_type,
                received_at: Timestamp::from_millis(1_790_000_000_123),
                proof: Proof::SharedCredential,
            };
            let delivery = Delivery { head, body };
            let back = Delivery::from_bytes(&delivery.to_bytes().unwrap()).unwrap();
            prop_assert!(back == delivery);
        }

        #[test]
        fn other_bytes_are_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let damaged = Delivery::from_bytes(&bytes);
            prop_assert!(damaged.is_err() || bytes.contains(&b'\n'));
        }
    }
}
