//! Webhooks in: what a vendor posted to us, and the proof that it was the vendor.

use async_trait::async_trait;

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
}

/// How a delivery was authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// An event whose delivery was verified. Only [`receive`] makes one.
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
    type Event: Send;

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

    /// Takes the body apart, and does what the vendor's protocol asks for besides, such as confirming a subscription.
    /// Called with verified deliveries only.
    ///
    /// # Errors
    /// [`UNREADABLE`] or another `Invalid` error naming what could not be read. What is genuine and about nothing that is
    /// served here is no error: an event of the kind `Unsupported`, or none.
    async fn split(&self, delivery: &WebhookRequest<'_>) -> Result<Vec<Self::Event>>;
}

/// Verifies a delivery and takes it apart: the only way to a [`Verified`] event.
///
/// # Errors
/// Those of [`Inbound::screen`], [`Inbound::verify`] and [`Inbound::split`].
pub async fn receive<I: Inbound + ?Sized>(
    inbound: &I,
    delivery: &WebhookRequest<'_>,
) -> Result<Vec<Verified<I::Event>>, Error> {
    inbound.screen(delivery)?;
    let proof = inbound.verify(delivery).await?;
    let received_at = delivery.received_at;
    let verified = |event| Verified {
        event,
        proof,
        received_at,
    };
    Ok(inbound.split(delivery).await?.into_iter().map(verified).collect())
}
