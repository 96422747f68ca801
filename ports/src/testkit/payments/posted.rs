//! What a vendor posts, as the webhook of an instance gets it.

use std::net::IpAddr;

use crate::clock::Timestamp;
use crate::error::Result;
use crate::inbound::{Delivery, Inbound, WebhookRequest, verify};
use crate::payments::PaymentEvent;
use crate::simulation::Posted;
use crate::testkit::FakeRequest;

/// Verifies a delivery that comes from this address at that moment, with the token of its path changed by `path`.
pub(super) async fn verified(
    inbound: &dyn Inbound<Event = PaymentEvent>,
    posted: &Posted,
    (peer, at): (IpAddr, Timestamp),
    path: impl Fn(Option<String>) -> Option<String>,
) -> Result<Delivery> {
    // What is posted to an address of its own goes behind that of the instance.
    let address = posted.url.as_deref().filter(|url| url.starts_with('/'));
    let (token, query) = match address.map(|url| url.split_once('?').unwrap_or((url, ""))) {
        Some((path, query)) => (Some(path.trim_start_matches('/').to_owned()), query),
        None => (None, ""),
    };
    let token = path(token.filter(|token| !token.is_empty()));
    let headers = posted.headers.iter();
    let headers = headers.fold(FakeRequest::new(), |headers, (name, value)| {
        headers.header(name, value)
    });
    let request = WebhookRequest {
        headers: &headers,
        url: &format!("https://gate.example.com/webhooks/payments/main?{query}"),
        body: &posted.body,
        received_at: at,
        peer,
        token: token.as_deref(),
    };
    verify(inbound, &request).await
}
