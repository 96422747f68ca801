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
pub(super) fn page<'a>(found: impl Iterator<Item = &'a Value>, url: &str, asked: &Asked) -> Answer {
    match page_of(found, asked) {
        Ok((data, more)) => listed(data, more, url),
        Err(refused) => refused,
    }
}

fn listed(data: Vec<Value>, more: bool, url: &str) -> Answer {
    show(json!({ "object": "list", "data": data, "has_more": more, "url": url }))
}

/// The objects of one page, and whether there are more.
fn page_of<'a>(found: impl Iterator<Item = &'a Value>, asked: &Asked) -> Result<(Vec<Value>, bool), Answer> {
    let limit = asked.number("limit").unwrap_or(LIMIT);
    let Some(limit) = usize::try_from(limit)
        .ok()
        .filter(|limit| (1..=100).contains(limit))
    else {
        return Err(refuse(
            400,
            &errors::invalid("limit", "A number from 1 to 100 is expected."),
        ));
    };
    let created = &asked.fields["created"];
    let bound = |name: &str| text(&created[name]).and_then(|text| text.parse::<i64>().ok());
    let [from, above, below, to] = ["gte", "gt", "lt", "lte"].map(bound);
    let mut found = found.filter(|object| {
        let at = object["created"].as_i64().unwrap_or_default();
        from.is_none_or(|from| at >= from)
            && above.is_none_or(|above| at > above)
            && below.is_none_or(|below| at < below)
            && to.is_none_or(|to| at <= to)
    });
    if let Some(after) = asked.text("starting_after")
        && !found.any(|object| object["id"] == after.as_str())
    {
        return Err(refuse(400, &errors::missing("object", "starting_after")));
    }
    let data = found.by_ref().take(limit).cloned().collect();
    Ok((data, found.next().is_some()))
}

/// Objects of a kind, those whose `members` are as it is asked for.
pub(super) fn matching(state: &State, kind: &str, url: &str, members: &[&str], asked: &Asked) -> Answer {
    let wanted: Vec<(&str, String)> = members
        .iter()
        .filter_map(|member| Some((*member, asked.text(member)?)))
        .collect();
    let found = state.newest(kind).filter(|object| {
        wanted
            .iter()
            .all(|(member, value)| object[*member] == value.as_str())
    });
    page(found, url, asked)
}

pub(super) fn lines(state: &State, asked: &Asked) -> Answer {
    let (mut data, more) = match page_of(state.newest("balance_transaction"), asked) {
        Ok(page) => page,
        Err(refused) => return refused,
    };
    if asked.expands("data.source") {
        for line in &mut data {
            let source = text(&line["source"]).and_then(|id| state.get(&id).cloned());
            line["source"] = source.unwrap_or_default();
        }
    }
    listed(data, more, "/v1/balance_transactions")
}

pub(super) fn events(state: &State, asked: &Asked) -> Answer {
    page(state.newest("event"), "/v1/events", asked)
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
