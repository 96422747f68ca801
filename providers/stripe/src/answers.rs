//! What an answer to a money call means: done, refused, not sent, or unknown.

use std::time::Duration;

use portcullis_ports::http::{HttpResponse, NoAnswer};
use portcullis_ports::outcome::{Outcome, Reason, Reference};
use portcullis_ports::payments::Decline;
use serde::de::DeserializeOwned;

use crate::failures::failure;
use crate::wire::{Refusal, RefusalBody};

/// When to try again after no connection, or after a refusal that passes and names no time.
const TRY_AGAIN: Duration = Duration::from_secs(5);
/// How long nobody else needs to ask after the key was refused.
const KEY_REFUSED: Duration = Duration::from_mins(5);
/// The longest wait that an answer may name.
const LONGEST_WAIT: u64 = 3_600;

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
    /// What an answer, or its absence, means.
    pub(crate) fn of(answer: Result<HttpResponse, NoAnswer>) -> Self {
        let answer = match answer {
            Ok(answer) => answer,
            Err(NoAnswer::NotSent(why)) => {
                return Self::NotSent(Reason::outage("no-connection", why, TRY_AGAIN));
            }
            Err(NoAnswer::Unknown(_)) => return Self::Unknown,
        };
        if answer.is_success() {
            return serde_json::from_slice(&answer.body).map_or(Self::Unknown, Self::Object);
        }
        let refusal = read_refusal(&answer.body);
        match (answer.status, class(&answer)) {
            (_, Class::Authentication) => Self::NotSent(Reason::outage(
                "key-refused",
                "Stripe refuses the secret key: check `secret_key`",
                KEY_REFUSED,
            )),
            (_, Class::Permission) => Self::NotSent(Reason::permanent(
                "key-not-permitted",
                "the restricted key lacks a permission: give it those that the manual lists",
            )),
            (_, Class::Idempotency) => Self::NotSent(Reason::permanent(
                "key-reused",
                "the idempotency key was used with another order",
            )),
            // The first request with this key is being acted upon just now.
            (409, _) if refusal.code.as_deref() == Some("idempotency_key_in_use") => Self::Unknown,
            (409 | 429, _) => Self::NotSent(busy(&answer, &refusal)),
            (400 | 402 | 404, _) => Self::Refused(refusal),
            _ => Self::Unknown,
        }
    }
}

impl<T> Answered<T> {
    /// As an outcome whose refusals hold nothing that is worth reading.
    pub(crate) fn done<V, P>(
        self,
        ours: &str,
        done: impl FnOnce(T) -> Option<Outcome<V, Decline, P>>,
    ) -> Outcome<V, Decline, P> {
        self.outcome(ours, done, |_, decline| Outcome::Declined(decline))
    }

    /// As an outcome: `done` reads what came back, `refused` adds to a refusal what it holds.
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

/// The body of a refusal; nothing in it, if it is something else.
pub(crate) fn read_refusal(body: &[u8]) -> Refusal {
    serde_json::from_slice::<RefusalBody>(body)
        .map(|body| body.error)
        .unwrap_or_default()
}

/// The classes of errors of the vendor's own libraries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Api,
    Authentication,
    Card,
    Idempotency,
    InvalidRequest,
    Permission,
    RateLimit,
}

/// The class of an error.
pub(crate) fn class(answer: &HttpResponse) -> Class {
    let refusal = read_refusal(&answer.body);
    match answer.status {
        401 => Class::Authentication,
        402 => Class::Card,
        403 => Class::Permission,
        429 => Class::RateLimit,
        400 if refusal.kind == "idempotency_error" => Class::Idempotency,
        400 | 404 => Class::InvalidRequest,
        _ => Class::Api,
    }
}

/// Whether the vendor's own libraries would send the request again: its word wins over the status.
pub(crate) fn may_be_sent_again(answer: &HttpResponse) -> bool {
    match answer.header("stripe-should-retry") {
        Some("true") => true,
        Some("false") => false,
        _ => answer.status == 409 || answer.status >= 500,
    }
}

fn busy(answer: &HttpResponse, refusal: &Refusal) -> Reason {
    let named = answer.header("retry-after").and_then(|text| text.parse().ok());
    let wait = named.map_or(TRY_AGAIN, |seconds: u64| {
        Duration::from_secs(seconds.min(LONGEST_WAIT))
    });
    let locked = refusal.code.as_deref() == Some("lock_timeout");
    match (locked, answer.status == 429 || may_be_sent_again(answer)) {
        (true, _) => Reason::passing("locked", "another request works on the same object", wait),
        (false, true) => Reason::passing(
            "too-many-requests",
            "Stripe takes no more requests at the moment",
            wait,
        ),
        (false, false) => Reason::permanent(
            "conflict",
            "Stripe refuses the request in the state that the object has",
        ),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn vectors(text: &str) -> Vec<Value> {
        let all: Value = serde_json::from_str(text).unwrap();
        all["cases"].as_array().unwrap().clone()
    }

    fn answer(case: &Value) -> HttpResponse {
        let headers = case["headers"].as_object().into_iter().flatten();
        HttpResponse {
            status: u16::try_from(case["status"].as_u64().unwrap()).unwrap(),
            headers: headers
                .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
                .collect(),
            body: case["body"].to_string().into_bytes(),
        }
    }

    #[test]
    fn errors_have_the_class_that_the_vendors_library_gives_them() {
        for case in vectors(include_str!("../tests/it/data/errors.json")) {
            let expected = match case["sdk_class"].as_str().unwrap() {
                "APIError" => Class::Api,
                "AuthenticationError" => Class::Authentication,
                "CardError" => Class::Card,
                "IdempotencyError" => Class::Idempotency,
                "InvalidRequestError" => Class::InvalidRequest,
                "PermissionError" => Class::Permission,
                "RateLimitError" => Class::RateLimit,
                other => panic!("{other} is not known"),
            };
            assert_eq!(class(&answer(&case)), expected, "{case}");
        }
    }

    #[test]
    fn what_may_be_sent_again_is_what_the_vendors_library_sends_again() {
        for case in vectors(include_str!("../tests/it/data/retry.json")) {
            let expected = case["retry"].as_bool().unwrap();
            assert_eq!(may_be_sent_again(&answer(&case)), expected, "{case}");
        }
    }

    #[test]
    fn only_what_certainly_did_not_happen_is_told_so() {
        let of = |status, body: &str| {
            let answer = HttpResponse {
                status,
                headers: Vec::new(),
                body: body.as_bytes().to_vec(),
            };
            match Answered::<Value>::of(Ok(answer)) {
                Answered::Object(_) => "object",
                Answered::Refused(_) => "refused",
                Answered::NotSent(_) => "not sent",
                Answered::Unknown => "unknown",
            }
        };
        for (status, body, expected) in [
            (200, "{}", "object"),
            (200, "<html>", "unknown"),
            (302, "", "unknown"),
            (400, r#"{"error":{"type":"invalid_request_error"}}"#, "refused"),
            (400, r#"{"error":{"type":"idempotency_error"}}"#, "not sent"),
            (401, "", "not sent"),
            (402, "", "refused"),
            (403, "", "not sent"),
            (404, "", "refused"),
            (409, r#"{"error":{"code":"lock_timeout"}}"#, "not sent"),
            (409, r#"{"error":{"code":"idempotency_key_in_use"}}"#, "unknown"),
            (424, "", "unknown"),
            (429, "", "not sent"),
            (500, r#"{"error":{"type":"api_error"}}"#, "unknown"),
            (503, "", "unknown"),
        ] {
            assert_eq!(of(status, body), expected, "{status} {body}");
        }
    }
}
