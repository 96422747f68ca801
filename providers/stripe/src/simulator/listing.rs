//! Lists, newest first, and the balance.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::answers::{Answer, refuse, show};
use super::asked::{Asked, text};
use super::errors;
use super::state::State;

/// Objects of one page, if nothing else is asked for.
const LIMIT: i64 = 10;

/// One page of what was found.
pub(super) fn page(found: Vec<Value>, url: &str, asked: &Asked) -> Answer {
    let limit = asked.number("limit").unwrap_or(LIMIT);
    if !(1..=100).contains(&limit) {
        return refuse(
            400,
            &errors::invalid("limit", "A number from 1 to 100 is expected."),
        );
    }
    let created = &asked.fields["created"];
    let bound = |name: &str| text(&created[name]).and_then(|text| text.parse::<i64>().ok());
    let within = |object: &Value| {
        let at = object["created"].as_i64().unwrap_or_default();
        bound("gte").is_none_or(|from| at >= from)
            && bound("gt").is_none_or(|from| at > from)
            && bound("lt").is_none_or(|to| at < to)
            && bound("lte").is_none_or(|to| at <= to)
    };
    let mut found: Vec<Value> = found.into_iter().filter(within).collect();
    if let Some(after) = asked.text("starting_after") {
        let at = found.iter().position(|object| object["id"] == after.as_str());
        let Some(at) = at else {
            return refuse(400, &errors::missing("object", "starting_after"));
        };
        found.drain(..=at);
    }
    let limit = usize::try_from(limit).unwrap_or(100);
    let more = found.len() > limit;
    found.truncate(limit);
    show(json!({ "object": "list", "data": found, "has_more": more, "url": url }))
}

/// Objects of a kind, those whose `members` are as it is asked for.
pub(super) fn matching(state: &State, kind: &str, url: &str, members: &[&str], asked: &Asked) -> Answer {
    let wanted = |object: &Value| {
        let mut members = members.iter();
        members.all(|member| asked.text(member).is_none_or(|value| object[*member] == value))
    };
    let all = state.newest(kind).into_iter();
    let found = all.filter(|object| wanted(object)).cloned().collect();
    page(found, url, asked)
}

pub(super) fn lines(state: &State, asked: &Asked) -> Answer {
    let all = state.newest("balance_transaction").into_iter().cloned();
    let written = all.map(|mut line| {
        if asked.expands("data.source") {
            let source = text(&line["source"]).and_then(|id| state.get(&id).cloned());
            line["source"] = source.unwrap_or_default();
        }
        line
    });
    page(written.collect(), "/v1/balance_transactions", asked)
}

pub(super) fn events(state: &State, asked: &Asked) -> Answer {
    let all = state.newest("event").into_iter().cloned();
    page(all.collect(), "/v1/events", asked)
}

pub(super) fn balance(state: &State) -> Answer {
    let mut sums: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for line in state.newest("balance_transaction") {
        let sum = sums
            .entry(text(&line["currency"]).unwrap_or_default())
            .or_default();
        let net = line["net"].as_i64().unwrap_or_default();
        if line["available_on"].as_i64().is_some_and(|at| at <= state.now) {
            sum.0 += net;
        } else {
            sum.1 += net;
        }
    }
    if sums.is_empty() {
        sums.insert("usd".to_owned(), (0, 0));
    }
    let of = |which: fn(&(i64, i64)) -> i64| -> Vec<Value> {
        let all = sums.iter();
        all.map(|(currency, sum)| json!({ "amount": which(sum), "currency": currency }))
            .collect()
    };
    show(json!({
        "object": "balance",
        "available": of(|sum| sum.0),
        "pending": of(|sum| sum.1),
        "livemode": false,
    }))
}
