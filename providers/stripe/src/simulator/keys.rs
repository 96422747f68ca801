//! The table of idempotency keys: what was answered once is answered again for a day, errors and 500s among it.

use portcullis_ports::http::HttpMethod;
use serde_json::json;

use super::StripeFault;
use super::answers::{Answer, refuse};
use super::asked::Asked;
use super::state::State;

/// How long a key is kept, in seconds.
const KEPT: i64 = 24 * 3600;

/// What a key answers.
pub(super) struct Kept {
    whole: String,
    until: i64,
    answer: Answer,
}

/// Answers a request of a server, under its key if it has one.
pub(super) fn answer(state: &mut State, asked: &Asked, route: fn(&mut State, &Asked) -> Answer) -> Answer {
    if asked.method != HttpMethod::Post {
        return route(state, asked);
    }
    let now = state.now;
    state.keys.retain(|_, kept| now < kept.until);
    if let Some(kept) = asked.key.as_ref().and_then(|key| state.keys.get(key)) {
        if kept.whole != asked.whole {
            let error = json!({
                "type": "idempotency_error",
                "message": "Keys for idempotent requests can only be used with the same parameters they were first used with.",
            });
            return refuse(400, &error);
        }
        return kept.answer.clone().header("idempotent-replayed", "true");
    }
    let answer = match state.faults.pop_front() {
        Some(StripeFault::Locked) => {
            let error =
                json!({ "type": "invalid_request_error", "code": "lock_timeout", "message": "locked" });
            return refuse(409, &error);
        }
        Some(StripeFault::Busy(seconds)) => {
            let error = json!({ "type": "invalid_request_error", "code": "rate_limit", "message": "Too many requests" });
            return refuse(429, &error).header("retry-after", seconds.to_string());
        }
        Some(StripeFault::ActsThenFails) => {
            route(state, asked);
            refuse(
                500,
                &json!({ "type": "api_error", "message": "An unknown error occurred" }),
            )
        }
        None => route(state, asked),
    };
    if let Some(key) = &asked.key {
        let kept = Kept {
            whole: asked.whole.clone(),
            until: now + KEPT,
            answer: answer.clone(),
        };
        state.keys.insert(key.clone(), kept);
    }
    answer
}
