//! The table of request ids: what was done once is answered again, as long as the API remembers.

use std::time::Duration;

use portcullis_ports::Timestamp;
use portcullis_ports::http::HttpMethod;

use super::PayPalFault;
use super::answers::{Answer, Problem, refuse};
use super::asked::Asked;
use super::state::State;

/// What a key answers.
pub(super) struct Kept {
    until: Timestamp,
    answer: Answer,
}

/// How long an API remembers.
fn kept_for(asked: &Asked) -> Option<Duration> {
    match (asked.path.first()?.as_str(), asked.path.get(1)?.as_str()) {
        ("v2", "checkout") => Some(Duration::from_hours(6)),
        // Releasing a hold knows no key.
        ("v2", "payments") if asked.path.last().is_some_and(|step| step != "void") => {
            Some(Duration::from_hours(24 * 45))
        }
        ("v3", "vault") => Some(Duration::from_hours(3)),
        ("v1", "billing" | "catalogs") => Some(Duration::from_hours(72)),
        ("v1", "payments") => Some(Duration::from_hours(24 * 45)),
        _ => None,
    }
}

/// Answers a request, under its key if it has one.
pub(super) fn answer(state: &mut State, asked: &Asked, route: fn(&mut State, &Asked) -> Answer) -> Answer {
    if asked.method == HttpMethod::Get {
        return route(state, asked);
    }
    let now = state.now;
    state.keys.retain(|_, kept| now < kept.until);
    // A key is one for each call: the same for another address is another.
    let key = asked
        .key
        .as_ref()
        .map(|key| format!("{key} {}", asked.path.join("/")));
    let acts = kept_for(asked);
    if let Some(kept) = key.as_ref().and_then(|key| state.keys.get(key)) {
        let mut again = kept.answer.clone();
        let since_made = again.status == 201 && asked.path.first().is_some_and(|part| part != "v2");
        if since_made || asked.path.get(1).is_some_and(|part| part == "checkout") {
            again.status = 200;
        }
        return again;
    }
    let answer = match state.faults.pop_front() {
        Some(PayPalFault::InProgress) => return refuse(Problem::Conflict, "PREVIOUS_REQUEST_IN_PROGRESS"),
        Some(PayPalFault::Busy(seconds)) => {
            return refuse(Problem::TooMany, "RATE_LIMIT_REACHED").header("retry-after", seconds.to_string());
        }
        Some(PayPalFault::TokenRevoked) => {
            state.revoke(asked);
            return refuse(Problem::Unauthenticated, "INVALID_TOKEN");
        }
        Some(PayPalFault::ActsThenFails) => {
            let done = route(state, asked);
            remember(state, key, acts, &done);
            return refuse(Problem::Internal, "");
        }
        None => route(state, asked),
    };
    remember(state, key, acts, &answer);
    answer
}

fn remember(state: &mut State, key: Option<String>, acts: Option<Duration>, answer: &Answer) {
    if let (Some(key), Some(span)) = (key, acts.filter(|_| answer.is_success())) {
        let kept = Kept {
            until: state.now + span,
            answer: answer.clone(),
        };
        state.keys.insert(key, kept);
    }
}
