//! Everything but the API: PayPal's pages for payers, and a desk at which a developer moves time and plays the bank.

use std::time::Duration;

use portcullis_ports::http::{HttpMethod, HttpResponse};
use serde_json::Value;

use super::Simulator;
use super::asked::Asked;
use super::state::{Behaviour, METHODS, State};
use crate::terms::to_time;

/// The longest that the desk moves time at once, in hours.
const HOURS: u64 = 24 * 400;

/// Answers what is no part of the API.
pub(super) fn answer(simulator: &Simulator, asked: &Asked) -> HttpResponse {
    use HttpMethod::{Get, Post};
    let parts: Vec<&str> = asked.path.iter().map(String::as_str).collect();
    match (asked.method, parts.as_slice()) {
        (Get, ["checkoutnow"]) => approval(&simulator.state(), asked.field("token").unwrap_or_default()),
        (Get, ["agreements", "approve"]) => agreement(
            &simulator.state(),
            asked.field("approval_session_id").unwrap_or_default(),
        ),
        (Get, ["webapps", "billing", "subscriptions"]) => {
            subscription(&simulator.state(), asked.field("ba_token").unwrap_or_default())
        }
        (Post, ["simulated", "subscribe", id]) => {
            let behaviour = asked.field("method").and_then(|at| at.parse::<usize>().ok());
            let pays = behaviour
                .and_then(|at| METHODS.get(at))
                .map_or(Behaviour::Account, |(pays, _)| *pays);
            let mut state = simulator.state();
            state.agree_to(id, pays);
            let way = state
                .collecting
                .subscriptions
                .get(*id)
                .map(|one| one.back.clone());
            back(&with(
                &way.unwrap_or_else(|| "/".to_owned()),
                "subscription_id",
                id,
            ))
        }
        (Post, ["simulated", "decline", id]) => {
            let state = simulator.state();
            let way = state
                .collecting
                .subscriptions
                .get(*id)
                .map(|one| one.cancel.clone());
            back(&with(
                &way.unwrap_or_else(|| "/".to_owned()),
                "subscription_id",
                id,
            ))
        }
        (Post, ["simulated", "approve", id]) => {
            let behaviour = asked.field("method").and_then(|at| at.parse::<usize>().ok());
            let mut state = simulator.state();
            state.next_payer = behaviour
                .and_then(|at| METHODS.get(at))
                .map(|(behaviour, _)| *behaviour);
            state.approve(id);
            back(&state.way_back(id, true))
        }
        (Post, ["simulated", "cancel", id]) => back(&simulator.state().way_back(id, false)),
        (Post, ["simulated", "agree", id]) => {
            let mut state = simulator.state();
            state.enter(id);
            let way = state.setups.get(*id).map(|setup| setup.back.clone());
            back(&with(&way.unwrap_or_default(), "approval_token_id", id))
        }
        (Post, ["simulated", "advance"]) => {
            let hours = asked
                .field("hours")
                .and_then(|hours| hours.parse::<u64>().ok())
                .unwrap_or(0);
            simulator.advance(Duration::from_hours(hours.min(HOURS)));
            back("/")
        }
        (Post, ["simulated", deed, id]) => {
            act(&mut simulator.state(), deed, id);
            back("/")
        }
        (Get, []) => desk(&simulator.state()),
        _ => page(
            404,
            "<!doctype html><title>Not here</title><p>There is no such page.",
        ),
    }
}

fn page(status: u16, body: impl Into<String>) -> HttpResponse {
    HttpResponse {
        status,
        headers: vec![("content-type".to_owned(), "text/html; charset=utf-8".to_owned())],
        body: body.into().into_bytes(),
    }
}

fn back(address: &str) -> HttpResponse {
    HttpResponse {
        status: 303,
        headers: vec![("location".to_owned(), address.to_owned())],
        body: Vec::new(),
    }
}

/// An address with one more field in its query.
fn with(address: &str, name: &str, value: &str) -> String {
    let sign = if address.contains('?') { '&' } else { '?' };
    format!("{address}{sign}{name}={value}")
}

/// A text as part of a page.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

fn shown(amount: &Value) -> String {
    let word = |name: &str| amount[name].as_str().unwrap_or_default();
    escaped(&format!("{} {}", word("value"), word("currency_code")))
}

/// PayPal's page on which a payer approves an order.
fn approval(state: &State, id: &str) -> HttpResponse {
    if !state.orders.contains_key(id) {
        return page(
            404,
            "<!doctype html><title>PayPal</title><p>This order is not known, or was dropped.",
        );
    }
    let choice = |(at, (behaviour, effect)): (usize, &(Behaviour, &str))| {
        format!(
            "<option value=\"{at}\">{behaviour:?}: {}</option>",
            escaped(effect)
        )
    };
    let choices = METHODS
        .iter()
        .enumerate()
        .map(choice)
        .collect::<Vec<_>>()
        .concat();
    let amount = &state.shown(id)["purchase_units"][0]["amount"];
    let filled = include_str!("pages/approve.html")
        .replace("{{amount}}", &shown(amount))
        .replace("{{id}}", &escaped(id))
        .replace("{{status}}", &escaped(&state.word(id, "/status")))
        .replace("{{choices}}", &choices);
    page(200, filled)
}

/// PayPal's page on which a payer agrees to a subscription.
fn subscription(state: &State, id: &str) -> HttpResponse {
    let Some(price) = state.agreed_price(id) else {
        return page(
            404,
            "<!doctype html><title>PayPal</title><p>This subscription is not known.",
        );
    };
    let status = state
        .collecting
        .subscriptions
        .get(id)
        .map_or("", |one| one.status);
    let filled = include_str!("pages/subscribe.html")
        .replace("{{amount}}", &shown(&price))
        .replace("{{id}}", &escaped(id))
        .replace("{{status}}", status);
    page(200, filled)
}

/// PayPal's page on which a payer agrees that a method is stored.
fn agreement(state: &State, id: &str) -> HttpResponse {
    if !state.setups.contains_key(id) {
        return page(
            404,
            "<!doctype html><title>PayPal</title><p>This agreement is not known.",
        );
    }
    page(
        200,
        include_str!("pages/agree.html").replace("{{id}}", &escaped(id)),
    )
}

/// What the desk can do to an object.
fn act(state: &mut State, deed: &str, id: &str) {
    match deed {
        "settle" => drop(state.decide(id, true)),
        "bounce" => drop(state.decide(id, false)),
        "dispute" => drop(state.open_dispute(id, false)),
        "inquire" => drop(state.open_dispute(id, true)),
        "escalate" => drop(state.escalate(id)),
        "win" => drop(state.decide_dispute(id, true)),
        "lose" => drop(state.decide_dispute(id, false)),
        "fail-refund" => drop(state.fail_refund(id)),
        "delete" => drop(state.delete_method(id)),
        "suspend" | "activate" | "end" => {
            let step = if deed == "end" { "cancel" } else { deed };
            state.steer(id, step);
        }
        "refuse-payments" => drop(state.pays_like(id, Behaviour::Declined)),
        "pay-again" => drop(state.pays_like(id, Behaviour::Account)),
        "refund" => drop(state.give_whole_sale_back(id)),
        _ => {}
    }
}

fn desk(state: &State) -> HttpResponse {
    let mut rows = Vec::new();
    for (id, order) in state.orders.iter().rev().take(50) {
        let unit = &order.shown["purchase_units"][0];
        let payments = &unit["payments"];
        let capture = payments["captures"][0]["status"].as_str().unwrap_or_default();
        let deeds: &[&str] = match capture {
            "PENDING" => &["settle", "bounce"],
            "COMPLETED" | "PARTIALLY_REFUNDED" => &["dispute", "inquire"],
            _ => &[],
        };
        let status = format!("{} {capture}", state.word(id, "/status"));
        rows.push(row("order", id, &shown(&unit["amount"]), &status, deeds));
        for refund in payments["refunds"].as_array().into_iter().flatten() {
            let word = |name: &str| refund[name].as_str().unwrap_or_default();
            let deeds: &[&str] = if word("status") == "COMPLETED" {
                &["fail-refund"]
            } else {
                &[]
            };
            rows.push(row(
                "refund",
                word("id"),
                &shown(&refund["amount"]),
                word("status"),
                deeds,
            ));
        }
    }
    for (id, one) in state.collecting.subscriptions.iter().rev().take(50) {
        let deeds: &[&str] = match one.status {
            "ACTIVE" => &["suspend", "end", "refuse-payments", "pay-again"],
            "SUSPENDED" => &["activate", "end", "pay-again"],
            _ => &[],
        };
        let price = state.agreed_price(id).unwrap_or_default();
        rows.push(row("subscription", id, &shown(&price), one.status, deeds));
        for sale in one.sales.iter().rev().take(3) {
            let amount = state
                .collecting
                .sales
                .get(sale)
                .map(|sale| sale["amount"].clone());
            let amount = amount.unwrap_or_default();
            let word = |name: &str| amount[name].as_str().unwrap_or_default();
            let price = escaped(&format!("{} {}", word("total"), word("currency")));
            rows.push(row("payment of it", sale, &price, "", &["refund"]));
        }
    }
    for (id, dispute) in state.disputes.iter().rev() {
        let word = |name: &str| dispute[name].as_str().unwrap_or_default();
        let deeds: &[&str] = match (word("status"), word("dispute_life_cycle_stage")) {
            ("RESOLVED", _) => &[],
            (_, "INQUIRY") => &["escalate", "win", "lose"],
            _ => &["win", "lose"],
        };
        let status = format!("{} {}", word("dispute_life_cycle_stage"), word("status"));
        rows.push(row(
            "dispute",
            id,
            &shown(&dispute["dispute_amount"]),
            &status,
            deeds,
        ));
    }
    for (id, method) in state.methods.iter().filter(|(_, method)| !method.deleted) {
        rows.push(row(
            "stored method",
            id,
            "",
            &format!("{:?}", method.behaviour),
            &["delete"],
        ));
    }
    let filled = include_str!("pages/desk.html")
        .replace("{{rows}}", &rows.concat())
        .replace("{{now}}", &to_time(state.now));
    page(200, filled)
}

/// An object on the desk, with what can be done to it.
fn row(kind: &str, id: &str, amount: &str, status: &str, deeds: &[&str]) -> String {
    let (id, status) = (escaped(id), escaped(status));
    let button = |deed: &&str| {
        format!("<form method=\"post\" action=\"/simulated/{deed}/{id}\"><button>{deed}</button></form>")
    };
    let buttons = deeds.iter().map(button).collect::<Vec<_>>().concat();
    format!("<tr><td>{kind}</td><td>{id}</td><td>{amount}</td><td>{status}</td><td>{buttons}</td></tr>")
}

impl State {
    /// Where a payer goes back to from PayPal's page.
    fn way_back(&self, id: &str, approved: bool) -> String {
        let Some(order) = self.orders.get(id) else {
            return "/".to_owned();
        };
        if approved {
            with(&with(&order.back, "token", id), "PayerID", "BUYERACC22222")
        } else {
            with(&order.cancel, "token", id)
        }
    }
}
