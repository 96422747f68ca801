//! Everything but the API: the look-alike of Stripe's script, pages of Checkout and of banks, and a desk for developers.
//!
//! At the desk a developer moves time, and plays the payer and the bank.

use std::time::Duration;

use portcullis_ports::http::{HttpMethod, HttpResponse};
use serde_json::{Value, json};

use super::asked::{Asked, text};
use super::cards::{ACCOUNTS, CARDS};
use super::state::State;
use super::{Answer, Simulator};

/// The longest that the desk moves time at once, in days.
const DAYS: u64 = 400;

/// Answers what is no part of the API.
pub(super) fn answer(simulator: &Simulator, asked: &Asked) -> HttpResponse {
    use HttpMethod::{Get, Post};
    let parts: Vec<&str> = asked.path.iter().map(String::as_str).collect();
    match (asked.method, parts.as_slice()) {
        (Get, ["v3"]) => file("text/javascript; charset=utf-8", include_str!("pages/script.js")),
        (Get, ["simulated", "frame"]) => page(include_str!("pages/frame.html")),
        (Get, ["simulated", "pay", id]) => checkout(&simulator.state(), id),
        (Post, ["simulated", "pay", id]) => pay(&mut simulator.state(), id, asked),
        (Get, ["simulated", "authenticate", id]) => bank(&simulator.state(), id),
        (Post, ["simulated", "authenticate", id]) => {
            let done = simulator.state().authenticate(id, asked.flag("yes"));
            said(
                if done { 200 } else { 409 },
                &json!({ "done": done, "back": simulator.state().way_back(id) }),
            )
        }
        (Get, ["simulated", "deposits", _]) => page(DEPOSITS),
        (Post, ["simulated", "advance"]) => {
            let days = asked
                .number("days")
                .and_then(|days| u64::try_from(days).ok())
                .unwrap_or(0);
            simulator.advance(Duration::from_hours(days.min(DAYS) * 24));
            to_desk()
        }
        (Post, ["simulated", deed, id]) => {
            act(&mut simulator.state(), deed, id);
            to_desk()
        }
        (Get, []) => desk(&simulator.state()),
        _ => said(404, &json!({ "error": { "message": "There is no such page." } })),
    }
}

const DEPOSITS: &str = "<!doctype html><title>Deposits</title><p>Two deposits were sent: 0.32 and 0.45.</p>";

fn file(media_type: &str, body: impl Into<String>) -> HttpResponse {
    HttpResponse {
        status: 200,
        headers: vec![("content-type".to_owned(), media_type.to_owned())],
        body: body.into().into_bytes(),
    }
}

fn page(body: impl Into<String>) -> HttpResponse {
    file("text/html; charset=utf-8", body)
}

fn said(status: u16, body: &Value) -> HttpResponse {
    Answer {
        status,
        body: body.clone(),
        headers: Vec::new(),
    }
    .http("req_page".to_owned())
}

fn to_desk() -> HttpResponse {
    HttpResponse {
        status: 303,
        headers: vec![("location".to_owned(), "/".to_owned())],
        body: Vec::new(),
    }
}

/// A text as part of a page.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

/// An amount as people write it. Good enough for a desk.
fn shown(object: &Value) -> String {
    let (amount, currency) = (
        object["amount"].as_i64().unwrap_or_default(),
        text(&object["currency"]),
    );
    let money = crate::terms::from_stripe(amount, &currency.unwrap_or_default());
    money.map_or_else(|| amount.to_string(), |money| money.to_string())
}

fn checkout(state: &State, id: &str) -> HttpResponse {
    if !state.is("checkout.session", id) {
        return said(404, &json!({ "error": { "message": "There is no such page." } }));
    }
    let session = state.get(id).cloned().unwrap_or_default();
    let amount = json!({ "amount": session["amount_total"], "currency": session["currency"] });
    let filled = include_str!("pages/checkout.html")
        .replace("{{amount}}", &escaped(&shown(&amount)))
        .replace("{{status}}", &escaped(&state.word(id, "status")))
        .replace("{{cancel}}", &escaped(&state.word(id, "cancel_url")));
    page(filled)
}

fn pay(state: &mut State, id: &str, asked: &Asked) -> HttpResponse {
    match state.pay_page(id, &asked.fields["payment_method_data"]) {
        Ok(()) => {
            let intent = state.word(id, "payment_intent");
            let bank = text(
                &state.get(&intent).cloned().unwrap_or_default()["next_action"]["redirect_to_url"]["url"],
            );
            let success = state.word(id, "success_url").replace("{CHECKOUT_SESSION_ID}", id);
            said(200, &json!({ "url": bank.unwrap_or(success) }))
        }
        Err(error) => said(402, &json!({ "error": error })),
    }
}

fn bank(state: &State, id: &str) -> HttpResponse {
    if state.word(id, "status") != "requires_action" {
        return page("<!doctype html><title>Bank</title><p>There is nothing to confirm.</p>");
    }
    let amount = state
        .get(id)
        .filter(|intent| intent["object"] == "payment_intent")
        .map(shown);
    let filled = include_str!("pages/bank.html").replace("{{amount}}", &escaped(&amount.unwrap_or_default()));
    page(filled)
}

/// What the desk can do to an object.
fn act(state: &mut State, deed: &str, id: &str) {
    let charge = state.word(id, "latest_charge");
    match deed {
        "settle" => drop(state.decide_debit(id, true)),
        "bounce" => drop(state.decide_debit(id, false)),
        "dispute" => drop(state.open_dispute(&charge, "fraudulent", false)),
        "inquire" => drop(state.open_dispute(&charge, "fraudulent", true)),
        "win" => drop(state.decide_dispute(id, true)),
        "lose" => drop(state.decide_dispute(id, false)),
        "fail-refund" => drop(state.fail_refund(id)),
        _ => {}
    }
}

fn desk(state: &State) -> HttpResponse {
    let kinds = [
        "payment_intent",
        "refund",
        "dispute",
        "setup_intent",
        "checkout.session",
    ];
    let objects = kinds.iter().flat_map(|kind| state.newest(kind).take(20));
    let rows: Vec<String> = objects.map(row).collect();
    let cards = CARDS.iter().map(|card| (card.number, card.effect));
    let methods: Vec<String> = cards
        .chain(ACCOUNTS.iter().map(|account| (account.number, account.effect)))
        .map(|(number, effect)| format!("<tr><td>{number}</td><td>{}</td></tr>", escaped(effect)))
        .collect();
    let filled = include_str!("pages/desk.html")
        .replace("{{rows}}", &rows.concat())
        .replace("{{methods}}", &methods.concat())
        .replace("{{now}}", &state.now.to_string());
    page(filled)
}

/// An object on the desk, with what can be done to it.
fn row(object: &Value) -> String {
    let word = |name: &str| escaped(&text(&object[name]).unwrap_or_default());
    let (kind, id, status) = (word("object"), word("id"), word("status"));
    let deeds: &[&str] = match (kind.as_str(), status.as_str()) {
        ("payment_intent", "processing") => &["settle", "bounce"],
        ("payment_intent", "succeeded") => &["dispute", "inquire"],
        ("refund", "succeeded") => &["fail-refund"],
        (
            "dispute",
            "needs_response" | "under_review" | "warning_needs_response" | "warning_under_review",
        ) => &["win", "lose"],
        _ => &[],
    };
    let button = |deed: &&str| {
        format!("<form method=\"post\" action=\"/simulated/{deed}/{id}\"><button>{deed}</button></form>")
    };
    let buttons = deeds.iter().map(button).collect::<Vec<_>>().concat();
    let amount = if object["amount"].is_i64() {
        escaped(&shown(object))
    } else {
        String::new()
    };
    format!("<tr><td>{kind}</td><td>{id}</td><td>{amount}</td><td>{status}</td><td>{buttons}</td></tr>")
}

impl State {
    /// Where the payer goes back to after the bank's page.
    fn way_back(&self, id: &str) -> Option<String> {
        self.backs.get(id).cloned()
    }

    /// The bank answers a debit today.
    pub(super) fn decide_debit(&mut self, id: &str, taken: bool) -> bool {
        if self.word(id, "status") != "processing" {
            return false;
        }
        if taken {
            self.collect(id);
        } else {
            self.refuse_intent(id, "account_closed", None);
        }
        true
    }
}
