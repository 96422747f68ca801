//! The signature of a webhook: over its id, its time, the id of the webhook and the CRC32 of its body.
//!
//! Source: "Integrate webhooks" of PayPal's documentation, and the vendor's own library.

use std::time::Duration;

use data_encoding::BASE64;
use portcullis_ports::inbound::{WebhookRequest, refused};
use portcullis_ports::{Error, Result, Timestamp};

use crate::certificates::{Certificates, Unchecked};
use crate::terms::from_time;

/// The only way of signing that there is.
const ALGORITHM: &str = "SHA256withRSA";
/// How far from its arrival a delivery may say it was sent. A delivery that is repeated has a time of its own.
const TOLERANCE: Duration = Duration::from_hours(1);
/// The longest value of a header, in characters: what PayPal's own check of signatures takes.
const LONGEST: usize = 500;

/// What comes along with a delivery.
pub(crate) struct Transmission<'a> {
    pub(crate) id: &'a str,
    pub(crate) time: &'a str,
    pub(crate) signature: &'a str,
    pub(crate) certificate: &'a str,
    pub(crate) algorithm: &'a str,
}

impl<'a> Transmission<'a> {
    /// Reads it, and refuses what is wrong at first sight.
    ///
    /// # Errors
    /// `webhook-not-verified`.
    pub(crate) fn read(delivery: &WebhookRequest<'a>) -> Result<Self> {
        let header = |name: &str| {
            let value = delivery
                .headers
                .header(name)
                .filter(|value| value.len() <= LONGEST);
            value.ok_or_else(|| refused(format!("there is no header {name}, or it is too long")))
        };
        let read = Self {
            id: header("paypal-transmission-id")?,
            time: header("paypal-transmission-time")?,
            signature: header("paypal-transmission-sig")?,
            certificate: header("paypal-cert-url")?,
            algorithm: header("paypal-auth-algo")?,
        };
        if read.algorithm != ALGORITHM {
            return Err(refused("it is signed in another way than PayPal does"));
        }
        let sent = from_time(read.time).ok_or_else(|| refused("the time in its headers is none"))?;
        if distance(sent, delivery.received_at) > TOLERANCE {
            return Err(refused("it was sent too long ago, or the clocks are apart"));
        }
        Ok(read)
    }

    /// What is signed. The webhook is ours, whatever the delivery says.
    pub(crate) fn signed(&self, webhook_id: &str, body: &[u8]) -> String {
        format!("{}|{}|{webhook_id}|{}", self.id, self.time, crc32fast::hash(body))
    }

    /// Checks the signature, without asking PayPal for more than a certificate.
    pub(crate) async fn check(
        &self,
        certificates: &Certificates,
        webhook_id: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), Unchecked> {
        let no = |why: &str| -> Error { refused(why) };
        let signature = BASE64
            .decode(self.signature.as_bytes())
            .map_err(|_| Unchecked::Refused(no("the signature is no base64")))?;
        let text = self.signed(webhook_id, body);
        certificates.check(self.certificate, &text, &signature, now).await
    }
}

fn distance(one: Timestamp, other: Timestamp) -> Duration {
    one.since(other).max(other.since(one))
}
