//! Deliveries as they are kept, of bodies that nobody verified.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use serde_json::json;

use crate::clock::Timestamp;
use crate::inbound::Delivery;

/// A delivery with this body, as if it had been verified at the moment of the fakes.
///
/// # Panics
/// Never: what is written here can be read.
pub fn delivery(media_type: &str, query: &str, body: &[u8]) -> Delivery {
    let at = Timestamp::from_seconds(1_790_000_000);
    let head = json!({ "query": query, "media_type": media_type, "received_at": at, "proof": "signed" });
    let mut bytes = head.to_string().into_bytes();
    bytes.push(b'\n');
    bytes.extend_from_slice(body);
    Delivery::from_bytes(&bytes).expect("the head is that of a delivery")
}
