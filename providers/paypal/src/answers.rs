//! What an answer to a money call means: done, refused, not sent, or unknown.

use std::time::Duration;

use portcullis_ports::http::HttpResponse;
use portcullis_ports::outcome::{Outcome, Reason, Reference};
use portcullis_ports::payments::Decline;
use serde::de::DeserializeOwned;

use crate::client::{KEY_REFUSED, NoReply};
use crate::failures::failure;
use crate::wire::Refusal;

/// When to try again after no connection, or after a refusal that passes and names no time.
pub(crate) const TRY_AGAIN: Duration = Duration::from_secs(5);
/// The longest wait that an answer may name.
const LONGEST_WAIT: u64 = 3_600;
/// Refusals that say that the money may have moved already: under this invoice of ours, or by a request that is still at
/// work.
const PERHAPS_DONE: [&str; 3] = [
    "DUPLICATE_INVOICE_ID",
    "ORDER_COMPLETION_IN_PROGRESS",
    "PREVIOUS_REQUEST_IN_PROGRESS",
];

/// What became of one request.
pub(crate) enum Answered<T> {
    /// It was done, and this came back.
    Object(T),
    /// It was refused, for good as far as this request goes.
    Refused(Refusal),
    /// It was not done.
    NotSent(Reason),
    /// It may have been done.
    Unknown,
}

impl<T: DeserializeOwned> Answered<T> {
    /// What an answer, or its absence, means. An empty body is read as `null`.
    pub(crate) fn of(answer: Result<HttpResponse, NoReply>) -> Self {
        let answer = match answer {
            Ok(answer) => answer,
            Err(NoReply::NotSent(reason)) => return Self::NotSent(reason),
            Err(NoReply::Unknown) => return Self::Unknown,
        };
        if answer.is_success() {
            let body: &[u8] = if answer.body.is_empty() {
                b"null"
            } else {
                &answer.body
            };
            return serde_json::from_slice(body).map_or(Self::Unknown, Self::Object);
        }
        let refusal: Refusal = serde_json::from_slice(&answer.body).unwrap_or_default();
        let code = refusal.code().to_owned();
        match answer.status {
            401 => Self::NotSent(Reason::outage(
                "key-refused",
                "PayPal takes no token of these credentials: check the account",
                KEY_REFUSED,
            )),
            403 => Self::NotSent(Reason::permanent(
                "not-permitted",
                format!("the app or the account lacks a permission or feature: {code}"),
            )),
            429 => Self::NotSent(Reason::passing(
                "too-many-requests",
                "PayPal takes no more requests at the moment",
                wait(&answer),
            )),
            400 | 404 | 422 if !PERHAPS_DONE.contains(&code.as_str()) => Self::Refused(refusal),
            // 409 is an earlier request that is still at work on the same thing.
            _ => Self::Unknown,
        }
    }
}

impl<T> Answered<T> {
    /// As an outcome: `done` reads what came back, `refused` adds to a refusal what is known besides.
    pub(crate) fn outcome<V, P>(
        self,
        ours: &str,
        done: impl FnOnce(T) -> Option<Outcome<V, Decline, P>>,
        refused: impl FnOnce(&Refusal, Decline) -> Outcome<V, Decline, P>,
    ) -> Outcome<V, Decline, P> {
        let unknown = || Outcome::Unknown(Reference::Ours(ours.to_owned()));
        match self {
            Self::Object(object) => done(object).unwrap_or_else(unknown),
            Self::Refused(refusal) => refused(&refusal, Decline::new(failure(&refusal))),
            Self::NotSent(reason) => Outcome::NotSent(reason),
            Self::Unknown => unknown(),
        }
    }
}

/// PayPal's code in the body of a refusal.
pub(crate) fn code_of(body: &[u8]) -> String {
    let refusal: Refusal = serde_json::from_slice(body).unwrap_or_default();
    refusal.code().to_owned()
}

fn wait(answer: &HttpResponse) -> Duration {
    let named = answer.header("retry-after").and_then(|text| text.parse().ok());
    named.map_or(TRY_AGAIN, |seconds: u64| {
        Duration::from_secs(seconds.min(LONGEST_WAIT))
    })
}
