//! What Acme is sent and what it answers.

use std::time::Duration;

use portcullis_ports::http::HttpResponse;
use portcullis_ports::notification::{Message, Receipt};
use portcullis_ports::outcome::{Outcome, Reason, Reference};
use serde::Deserialize;

/// When to ask again after being asked too much.
const SOON: Duration = Duration::from_secs(5);

/// The body of the request that sends a message; `None` as long as that is not written.
pub(crate) fn body(_message: &Message) -> Option<Vec<u8>> {
    None
}

/// A message that was accepted.
#[derive(Deserialize)]
struct Accepted {
    id: String,
}

/// What an answer means. `ours` names the message where Acme gave it no name.
pub(crate) fn outcome(answer: &HttpResponse, ours: &str) -> Outcome<Receipt> {
    let refused = format!("Acme refused it (HTTP {})", answer.status);
    match answer.status {
        200..=299 => match serde_json::from_slice(&answer.body) {
            Ok(Accepted { id }) if !id.is_empty() => Outcome::Done(Receipt { reference: id }),
            // It was taken, or something between us and Acme answered: nobody knows.
            _ => Outcome::Unknown(Reference::Ours(ours.to_owned())),
        },
        401 | 403 => Outcome::NotSent(Reason::permanent("credentials-rejected", refused)),
        429 => Outcome::NotSent(Reason::passing("too-busy", refused, SOON)),
        400..=407 | 409..=499 => Outcome::Declined(Reason::permanent("refused", refused)),
        _ => Outcome::Unknown(Reference::Ours(ours.to_owned())),
    }
}
