//! The vault: setup tokens, and the payment tokens that they become.

use serde_json::{Value, json};

use super::answers::{Answer, Problem, refuse, show as answered};
use super::asked::Asked;
use super::state::{Behaviour, Method, Setup, State, link};

/// What may be shown of a method.
pub(super) fn source(behaviour: Behaviour) -> Value {
    if behaviour.is_card() {
        json!({ "card": { "brand": "VISA", "last_digits": "1111", "expiry": "2034-12", "name": "Ada Lovelace" } })
    } else {
        json!({ "paypal": { "email_address": "ada@example.com", "account_id": "BUYERACC22222" } })
    }
}

pub(super) fn begin(state: &mut State, asked: &Asked) -> Answer {
    let source = &asked.body["payment_source"];
    let (kind, with) = match (&source["paypal"], &source["card"]) {
        (wallet @ Value::Object(_), _) => ("paypal", wallet),
        (_, card @ Value::Object(_)) => ("card", card),
        _ => return refuse(Problem::Malformed, "MISSING_REQUIRED_PARAMETER"),
    };
    let (id, customer) = (state.id("5C"), state.id("cust"));
    let mut links = vec![link(
        &state.origin,
        &format!("/v3/vault/setup-tokens/{id}"),
        "self",
        "GET",
    )];
    // A card is entered in PayPal's script, and not at an address.
    if kind == "paypal" {
        let page = format!("/agreements/approve?approval_session_id={id}");
        links.push(link(&state.origin, &page, "approve", "GET"));
    }
    let shown = json!({
        "id": id,
        "customer": { "id": customer },
        "status": if kind == "paypal" { "PAYER_ACTION_REQUIRED" } else { "CREATED" },
        "payment_source": { kind: {} },
        "links": links,
    });
    let back = with["experience_context"]["return_url"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    state.setups.insert(
        id,
        Setup {
            shown: shown.clone(),
            back,
            method: None,
        },
    );
    answered(201, shown)
}

pub(super) fn setup(state: &State, id: &str) -> Answer {
    match state.setups.get(id) {
        Some(setup) => answered(200, setup.shown.clone()),
        None => refuse(Problem::NotFound, "INVALID_RESOURCE_ID"),
    }
}

pub(super) fn finish(state: &mut State, asked: &Asked) -> Answer {
    let id = asked
        .text("/payment_source/token/id")
        .unwrap_or_default()
        .to_owned();
    let Some(setup) = state.setups.get(&id) else {
        return refuse(Problem::NotFound, "INVALID_RESOURCE_ID");
    };
    if setup.shown["status"] != "APPROVED" {
        return refuse(Problem::Unprocessable, "SETUP_TOKEN_NOT_APPROVED");
    }
    let card = setup.shown["payment_source"]["card"].is_object();
    let customer = setup.shown["customer"]["id"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let method = state.store_for(if card { Behaviour::Card } else { Behaviour::Account }, &customer);
    if let Some(setup) = state.setups.get_mut(&id) {
        setup.shown["status"] = json!("VAULTED");
        setup.method = Some(method.clone());
    }
    let shown = state.method(&method);
    state.emit("VAULT.PAYMENT-TOKEN.CREATED", "payment_token", shown.clone());
    answered(201, shown)
}

pub(super) fn list(state: &State, asked: &Asked) -> Answer {
    let customer = asked.field("customer_id").unwrap_or_default();
    let own = state
        .methods
        .iter()
        .filter(|(_, method)| method.customer == customer && !method.deleted);
    let tokens: Vec<Value> = own.map(|(id, _)| state.method(id)).collect();
    answered(
        200,
        json!({ "customer": { "id": customer }, "payment_tokens": tokens }),
    )
}

pub(super) fn show(state: &State, id: &str) -> Answer {
    match state.methods.get(id) {
        Some(method) if !method.deleted => answered(200, state.method(id)),
        _ => refuse(Problem::NotFound, "INVALID_RESOURCE_ID"),
    }
}

/// What is not there is deleted as well.
pub(super) fn delete(state: &mut State, id: &str) -> Answer {
    state.delete_method(id);
    answered(204, Value::Null)
}

impl State {
    /// Stores a method that behaves so.
    pub(super) fn store(&mut self, behaviour: Behaviour) -> String {
        let customer = self.id("cust");
        self.store_for(behaviour, &customer)
    }

    fn store_for(&mut self, behaviour: Behaviour, customer: &str) -> String {
        let id = self.id("8k");
        let method = Method {
            behaviour,
            customer: customer.to_owned(),
            deleted: false,
        };
        self.methods.insert(id.clone(), method);
        id
    }

    fn method(&self, id: &str) -> Value {
        let Some(method) = self.methods.get(id) else {
            return Value::Null;
        };
        let own = format!("/v3/vault/payment-tokens/{id}");
        json!({
            "id": id,
            "customer": { "id": method.customer },
            "payment_source": source(method.behaviour),
            "links": [link(&self.origin, &own, "self", "GET"), link(&self.origin, &own, "delete", "DELETE")],
        })
    }

    /// `false` if it is not there.
    pub(super) fn delete_method(&mut self, id: &str) -> bool {
        let shown = self.method(id);
        match self.methods.get_mut(id) {
            Some(method) if !method.deleted => method.deleted = true,
            _ => return false,
        }
        self.emit("VAULT.PAYMENT-TOKEN.DELETED", "payment_token", shown);
        true
    }

    /// The payer approves that a method is stored, or enters a card.
    pub(super) fn enter(&mut self, setup: &str) -> bool {
        let Some(setup) = self.setups.get_mut(setup) else {
            return false;
        };
        let waits = matches!(
            setup.shown["status"].as_str(),
            Some("CREATED" | "PAYER_ACTION_REQUIRED")
        );
        if waits {
            setup.shown["status"] = json!("APPROVED");
        }
        waits
    }
}
