//! Orders: made, approved, captured or authorised.

use portcullis_ports::money::Money;
use serde_json::{Value, json};

use super::MERCHANT;
use super::answers::{Answer, Problem, refuse, show as answered};
use super::asked::Asked;
use super::state::{Behaviour, Order, State, fee, link, money};
use crate::terms::{to_paypal, to_time};

/// How long money is held.
const HELD: std::time::Duration = std::time::Duration::from_hours(29 * 24);

pub(super) fn create(state: &mut State, asked: &Asked) -> Answer {
    if asked.key.is_none() && asked.body["payment_source"].is_object() {
        return refuse(Problem::Malformed, "PAYPAL_REQUEST_ID_REQUIRED");
    }
    let (Some(intent), Some(unit)) = (asked.text("/intent"), asked.body.pointer("/purchase_units/0")) else {
        return refuse(Problem::Malformed, "MISSING_REQUIRED_PARAMETER");
    };
    let Some(amount) = money(&unit["amount"]) else {
        return refuse(Problem::Unprocessable, "DECIMAL_PRECISION");
    };
    if !amount.is_positive() {
        return refuse(Problem::Unprocessable, "CANNOT_BE_ZERO_OR_NEGATIVE");
    }
    let source = &asked.body["payment_source"];
    let (kind, with) = match (&source["paypal"], &source["card"]) {
        (wallet @ Value::Object(_), _) => ("paypal", wallet),
        (_, card @ Value::Object(_)) => ("card", card),
        _ => return refuse(Problem::Malformed, "MISSING_REQUIRED_PARAMETER"),
    };
    let vaulted = with["vault_id"].as_str();
    let pays = match vaulted.map(|id| state.methods.get(id)) {
        Some(Some(method)) if !method.deleted => Some(method.behaviour),
        Some(_) => return refuse(Problem::Unprocessable, "AGREEMENT_ALREADY_CANCELLED"),
        None => None,
    };
    if pays.is_some_and(|pays| pays.is_card() != (kind == "card")) {
        return refuse(Problem::Unprocessable, "MISMATCHED_VAULT_ID_TO_PAYMENT_SOURCE");
    }
    let invoice = unit["invoice_id"].as_str().unwrap_or_default();
    if pays.is_some() && state.invoices.contains(invoice) {
        return refuse(Problem::Unprocessable, "DUPLICATE_INVOICE_ID");
    }
    if pays == Some(Behaviour::Declined) {
        return refuse(Problem::Unprocessable, "INSTRUMENT_DECLINED");
    }
    let id = state.id("O");
    let context = &with["experience_context"];
    let page = |name: &str| context[name].as_str().unwrap_or_default().to_owned();
    let mut kept = unit.clone();
    kept["reference_id"] = json!("default");
    kept["payee"] = json!({ "merchant_id": MERCHANT });
    let order = Order {
        shown: json!({
            "id": id,
            "intent": intent,
            "status": "PAYER_ACTION_REQUIRED",
            "create_time": to_time(state.now),
            "purchase_units": [kept],
            "payment_source": { kind: {} },
            "links": [
                link(&state.origin, &format!("/v2/checkout/orders/{id}"), "self", "GET"),
                link(&state.origin, &format!("/checkoutnow?token={id}"), "payer-action", "GET"),
            ],
        }),
        pays: pays.unwrap_or(Behaviour::Account),
        approved_at: None,
        made_at: state.now,
        saves: with["attributes"]["vault"]["store_in_vault"] == "ON_SUCCESS",
        back: page("return_url"),
        cancel: page("cancel_url"),
    };
    state.orders.insert(id.clone(), order);
    if let Some(pays) = pays
        && pays != Behaviour::Confirms
    {
        state.settle(&id, pays);
    }
    answered(201, state.shown(&id))
}

pub(super) fn show(state: &State, id: &str) -> Answer {
    if state.orders.contains_key(id) {
        answered(200, state.shown(id))
    } else {
        refuse(Problem::NotFound, "INVALID_RESOURCE_ID")
    }
}

/// Takes the money of an approved order, or holds it.
pub(super) fn take(state: &mut State, id: &str, intent: &str) -> Answer {
    let Some(order) = state.orders.get(id) else {
        return refuse(Problem::NotFound, "INVALID_RESOURCE_ID");
    };
    let (status, pays) = (state.word(id, "/status"), order.pays);
    if state.word(id, "/intent") != intent {
        return refuse(Problem::Unprocessable, "ACTION_DOES_NOT_MATCH_INTENT");
    }
    let invoice = state.word(id, "/purchase_units/0/invoice_id");
    match (status.as_str(), intent) {
        ("COMPLETED", "CAPTURE") => return refuse(Problem::Unprocessable, "ORDER_ALREADY_CAPTURED"),
        ("COMPLETED", _) => return refuse(Problem::Unprocessable, "ORDER_ALREADY_AUTHORIZED"),
        ("APPROVED", _) if state.invoices.contains(&invoice) => {
            return refuse(Problem::Unprocessable, "DUPLICATE_INVOICE_ID");
        }
        ("APPROVED", _) => {}
        _ => return refuse(Problem::Unprocessable, "ORDER_NOT_APPROVED"),
    }
    let issue = match pays {
        Behaviour::Declined => Some("INSTRUMENT_DECLINED"),
        Behaviour::Confirms => Some("PAYER_ACTION_REQUIRED"),
        _ => None,
    };
    if let Some(issue) = issue {
        // The payer is sent back to choose another way, or to confirm.
        if let Some(order) = state.orders.get_mut(id) {
            order.shown["status"] = json!("PAYER_ACTION_REQUIRED");
            (order.approved_at, order.pays) = (None, Behaviour::Account);
        }
        return refuse(Problem::Unprocessable, issue);
    }
    state.settle(id, pays);
    answered(201, state.shown(id))
}

impl State {
    /// An order as it is shown.
    pub(super) fn shown(&self, id: &str) -> Value {
        self.orders
            .get(id)
            .map(|order| order.shown.clone())
            .unwrap_or_default()
    }

    /// The payer approves on PayPal's page.
    pub(super) fn approve(&mut self, id: &str) -> bool {
        let (now, next) = (self.now, self.next_payer.take());
        let Some(order) = self.orders.get_mut(id) else {
            return false;
        };
        if order.shown["status"] != "PAYER_ACTION_REQUIRED" {
            self.next_payer = next;
            return false;
        }
        order.shown["status"] = json!("APPROVED");
        order.approved_at = Some(now);
        order.pays = next.unwrap_or(if order.pays == Behaviour::Confirms {
            Behaviour::Account
        } else {
            order.pays
        });
        let shown = order.shown.clone();
        self.emit("CHECKOUT.ORDER.APPROVED", "checkout-order", shown);
        true
    }

    /// The money is taken or held, as the payer's method behaves.
    fn settle(&mut self, id: &str, pays: Behaviour) {
        let later = self.word(id, "/intent") == "AUTHORIZE";
        let Some(amount) = self
            .orders
            .get(id)
            .and_then(|order| money(&order.shown["purchase_units"][0]["amount"]))
        else {
            return;
        };
        if later {
            self.hold(id, amount);
        } else {
            self.collect(id, amount, pays, None);
        }
        let source = self.source(id, pays);
        if let Some(order) = self.orders.get_mut(id) {
            order.shown["status"] = json!("COMPLETED");
            order.shown["payment_source"] = source;
        }
    }

    /// What was paid with, stored if that was asked for.
    fn source(&mut self, id: &str, pays: Behaviour) -> Value {
        let saves = self.orders.get(id).is_some_and(|order| order.saves);
        let mut source = super::vault::source(pays);
        if saves {
            let method = self.store(pays);
            let customer = self.methods.get(&method).map(|method| method.customer.clone());
            let kind = if pays.is_card() { "card" } else { "paypal" };
            let vault = json!({ "id": method, "status": "VAULTED", "customer": { "id": customer } });
            source[kind]["attributes"] = json!({ "vault": vault });
        }
        source
    }

    /// Money is asked for; `held` is the authorisation that it is taken from.
    pub(super) fn collect(
        &mut self,
        order: &str,
        amount: Money,
        pays: Behaviour,
        held: Option<&str>,
    ) -> String {
        let id = self.id("C");
        let custom = self.word(order, "/purchase_units/0/custom_id");
        let invoice = self.word(order, "/purchase_units/0/invoice_id");
        let (status, reason) = match (pays, pays.response()) {
            (_, Some(_)) => ("DECLINED", None),
            (Behaviour::Cheque, _) => ("PENDING", Some("ECHECK")),
            _ => ("COMPLETED", None),
        };
        let mut capture = json!({
            "id": id,
            "status": status,
            "amount": to_paypal(amount),
            "custom_id": custom,
            "invoice_id": invoice,
            "final_capture": true,
            "create_time": self.time(),
            "update_time": self.time(),
            "links": [link(&self.origin, &format!("/v2/payments/captures/{id}"), "self", "GET")],
        });
        if let Some(reason) = reason {
            capture["status_details"] = json!({ "reason": reason });
        }
        if let Some(code) = pays.response() {
            capture["processor_response"] = json!({ "response_code": code });
        }
        if status == "COMPLETED" {
            capture["seller_receivable_breakdown"] = breakdown(amount);
        }
        if let Some(held) = held {
            let up = format!("/v2/payments/authorizations/{held}");
            capture["links"] = json!([link(&self.origin, &up, "up", "GET")]);
        }
        self.add_part(order, "captures", capture);
        if status != "DECLINED" {
            self.invoices.insert(invoice);
            self.book(
                &id,
                "T0006",
                amount,
                &custom,
                if status == "PENDING" { "P" } else { "S" },
            );
        }
        self.tell("captures", &id, &format!("PAYMENT.CAPTURE.{status}"), "capture");
        id
    }

    fn hold(&mut self, order: &str, amount: Money) {
        let id = self.id("A");
        let custom = self.word(order, "/purchase_units/0/custom_id");
        let invoice = self.word(order, "/purchase_units/0/invoice_id");
        let hold = json!({
            "id": id,
            "status": "CREATED",
            "amount": to_paypal(amount),
            "custom_id": custom,
            "invoice_id": invoice,
            "create_time": self.time(),
            "update_time": self.time(),
            "expiration_time": to_time(self.now + HELD),
            "links": [link(&self.origin, &format!("/v2/payments/authorizations/{id}"), "self", "GET")],
        });
        self.add_part(order, "authorizations", hold);
        self.book(&id, "T1300", amount, &custom, "P");
        self.tell(
            "authorizations",
            &id,
            "PAYMENT.AUTHORIZATION.CREATED",
            "authorization",
        );
    }

    /// A cheque is decided.
    pub(super) fn decide(&mut self, order: &str, taken: bool) -> bool {
        let pending = self.orders.get(order).and_then(|order| {
            let captures = order.shown["purchase_units"][0]["payments"]["captures"].as_array()?;
            captures.iter().position(|capture| capture["status"] == "PENDING")
        });
        let Some(at) = pending else { return false };
        let (time, place) = (self.time(), (order.to_owned(), at));
        let Some(capture) = self.part_mut("captures", &place) else {
            return false;
        };
        capture["status"] = json!(if taken { "COMPLETED" } else { "DECLINED" });
        capture["update_time"] = json!(time);
        if taken && let Some(members) = capture.as_object_mut() {
            members.remove("status_details");
            let amount = members.get("amount").and_then(money);
            members
                .extend(amount.map(|amount| ("seller_receivable_breakdown".to_owned(), breakdown(amount))));
        }
        let id = capture["id"].as_str().unwrap_or_default().to_owned();
        if let Some(line) = self.transactions.iter_mut().find(|line| line.id == id) {
            line.status = if taken { "S" } else { "D" };
        }
        let event = if taken { "COMPLETED" } else { "DENIED" };
        self.tell("captures", &id, &format!("PAYMENT.CAPTURE.{event}"), "capture");
        true
    }

    /// Posts what became of a part of an order.
    pub(super) fn tell(&mut self, kind: &str, id: &str, event: &str, resource: &str) {
        if let Some(place) = self.find(kind, id) {
            let alone = self.alone(kind, &place);
            self.emit(event, resource, alone);
        }
    }
}

fn breakdown(amount: Money) -> Value {
    let fee = fee(amount);
    let net = Money::new(amount.minor - fee.minor, amount.currency);
    json!({
        "gross_amount": to_paypal(amount),
        "paypal_fee": to_paypal(fee),
        "net_amount": to_paypal(net),
    })
}
