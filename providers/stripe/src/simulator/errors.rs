//! Stripe's errors.

use serde_json::{Value, json};

use super::asked::Asked;

pub(super) fn wrong_key() -> Value {
    json!({ "type": "invalid_request_error", "message": "Invalid API Key provided" })
}

pub(super) fn no_such_path(asked: &Asked) -> Value {
    json!({
        "type": "invalid_request_error",
        "message": format!("Unrecognized request URL ({}: /{})", asked.method.as_str(), asked.path.join("/")),
    })
}

pub(super) fn missing(what: &str, param: &str) -> Value {
    json!({
        "type": "invalid_request_error",
        "code": "resource_missing",
        "param": param,
        "message": format!("No such {what}"),
    })
}

pub(super) fn invalid(param: &str, message: &str) -> Value {
    json!({ "type": "invalid_request_error", "code": "parameter_invalid_empty", "param": param, "message": message })
}

pub(super) fn needed(param: &str) -> Value {
    json!({
        "type": "invalid_request_error",
        "code": "parameter_missing",
        "param": param,
        "message": format!("Missing required param: {param}."),
    })
}

/// The object is not in a state for it; an intent comes along.
pub(super) fn unexpected_state(code: &str, intent: Option<&Value>) -> Value {
    let mut error = json!({
        "type": "invalid_request_error",
        "code": code,
        "message": "The object is not in a state that allows it.",
    });
    if let Some(intent) = intent {
        error["payment_intent"] = intent.clone();
    }
    error
}

/// What Checkout made is confirmed and called off by its page alone.
pub(super) fn made_by_checkout() -> Value {
    json!({
        "type": "invalid_request_error",
        "message": "You cannot perform this action on PaymentIntents created by Checkout.",
    })
}

/// A bank's refusal; `code` is Stripe's, `decline` the bank's.
pub(super) fn declined(code: &str, decline: Option<&str>) -> Value {
    let mut error = json!({ "type": "card_error", "code": code, "message": "The bank refused it." });
    if let Some(decline) = decline {
        error["decline_code"] = json!(decline);
    }
    error
}
