//! Customers and payment methods.

use serde_json::{Value, json};

use super::answers::{Answer, refuse, show};
use super::asked::{Asked, text};
use super::cards::{Behaviour, SEPA, account_of, card_of};
use super::errors;
use super::state::State;

pub(super) fn create(state: &mut State, asked: &Asked) -> Answer {
    let id = state.id("cus");
    let customer = json!({
        "id": id,
        "object": "customer",
        "created": state.now,
        "livemode": false,
        "email": text(&asked.fields["email"]),
        "name": text(&asked.fields["name"]),
        "description": text(&asked.fields["description"]),
        "metadata": State::metadata(&asked.fields["metadata"]),
    });
    show(state.added(customer, "customer.created"))
}

pub(super) fn remove(state: &mut State, id: &str) -> Answer {
    if !state.has_customer(id) {
        return refuse(404, &errors::missing("customer", "id"));
    }
    for method in state.methods_of(id) {
        state.detach(&method);
    }
    state.emit("customer.deleted", id);
    // Reading it tells so ever after; nothing else takes it any more.
    let deleted = json!({ "id": id, "object": "customer", "deleted": true });
    state.replace(id, deleted.clone());
    show(deleted)
}

pub(super) fn methods(state: &State, id: &str, asked: &Asked) -> Answer {
    if !state.has_customer(id) {
        return refuse(404, &errors::missing("customer", "customer"));
    }
    let all = state.newest("payment_method");
    let own = all.filter(|method| method["customer"] == id);
    super::listing::page(own, &format!("/v1/customers/{id}/payment_methods"), asked)
}

pub(super) fn create_method(state: &mut State, asked: &Asked) -> Answer {
    match state.make_method(&asked.fields) {
        Ok(id) => show(state.written(&id, asked)),
        Err(error) => refuse(402, &error),
    }
}

pub(super) fn attach(state: &mut State, id: &str, asked: &Asked) -> Answer {
    let customer = asked.text("customer").unwrap_or_default();
    if !state.has_customer(&customer) {
        return refuse(400, &errors::missing("customer", "customer"));
    }
    match state.resolve_method(id, None) {
        Ok(method) => {
            state.attach(&method, &customer);
            show(state.written(&method, asked))
        }
        Err(error) => refuse(404, &error),
    }
}

pub(super) fn detach(state: &mut State, id: &str) -> Answer {
    if !state.is("payment_method", id) {
        return refuse(404, &errors::missing("payment_method", "payment_method"));
    }
    if state.word(id, "customer").is_empty() {
        let error = json!({
            "type": "invalid_request_error",
            "message": "The payment method you provided is not attached to a customer so detachment is impossible.",
        });
        return refuse(400, &error);
    }
    state.detach(id);
    show(state.get(id).cloned().unwrap_or_default())
}

impl State {
    /// Keeps a new object, announces it and gives it.
    pub(super) fn added(&mut self, object: Value, event: &str) -> Value {
        let id = self.add(object);
        self.emit(event, &id);
        self.get(&id).cloned().unwrap_or_default()
    }

    /// Whether there is a customer that was not deleted.
    fn has_customer(&self, id: &str) -> bool {
        self.is("customer", id) && self.get(id).is_some_and(|customer| customer["deleted"] != true)
    }

    /// The customer that a request names, if it names one.
    ///
    /// # Errors
    /// The refusal, where there is no such customer.
    pub(super) fn named_customer(&self, asked: &Asked) -> Result<Option<String>, Answer> {
        match asked.text("customer") {
            Some(customer) if !self.has_customer(&customer) => {
                Err(refuse(400, &errors::missing("customer", "customer")))
            }
            named => Ok(named),
        }
    }

    fn methods_of(&self, customer: &str) -> Vec<String> {
        let all = self.newest("payment_method");
        let own = all.filter(|method| method["customer"] == customer);
        own.filter_map(|method| text(&method["id"])).collect()
    }

    pub(super) fn attach(&mut self, method: &str, customer: &str) {
        if self.word(method, "customer") != customer {
            self.set(method, json!({ "customer": customer }));
            self.emit("payment_method.attached", method);
        }
    }

    pub(super) fn detach(&mut self, method: &str) {
        self.set(method, json!({ "customer": null }));
        self.emit("payment_method.detached", method);
        // It cannot be used again.
        self.behaviours.remove(method);
    }

    /// A method that is kept, or a new one for a token. One of another customer is refused.
    pub(super) fn resolve_method(&mut self, given: &str, customer: Option<&str>) -> Result<String, Value> {
        if self.is("payment_method", given) {
            let owner = self.word(given, "customer");
            let usable = self.behaviours.contains_key(given);
            if !usable || (!owner.is_empty() && customer.is_some_and(|customer| customer != owner)) {
                return Err(errors::missing("payment_method", "payment_method"));
            }
            return Ok(given.to_owned());
        }
        if card_of(given).is_some_and(|card| card.token == given) {
            return self.make_method(&json!({ "type": "card", "card": { "number": given } }));
        }
        if account_of(given).is_some_and(|account| account.token == given) {
            return self.make_method(
                &json!({ "type": "us_bank_account", "us_bank_account": { "account_number": given } }),
            );
        }
        Err(errors::missing("PaymentMethod", "payment_method"))
    }

    /// A new method of what a browser entered.
    pub(super) fn make_method(&mut self, data: &Value) -> Result<String, Value> {
        let kind = text(&data["type"]).unwrap_or_default();
        let details = &data[kind.as_str()];
        let (details, behaviour): (Value, Behaviour) = match kind.as_str() {
            "card" => {
                let number = text(&details["number"]).or_else(|| text(&details["token"]));
                let card = number
                    .as_deref()
                    .and_then(card_of)
                    .ok_or_else(|| errors::declined("incorrect_number", None))?;
                let figure = |name: &str, default: i64| {
                    text(&details[name])
                        .and_then(|text| text.parse().ok())
                        .unwrap_or(default)
                };
                let year = figure("exp_year", 2034);
                let shown = json!({
                    "brand": card.brand,
                    "display_brand": card.brand,
                    "country": "US",
                    "exp_month": figure("exp_month", 12),
                    "exp_year": if year < 100 { 2000 + year } else { year },
                    "fingerprint": format!("fp{}", tail(card.number, 6)),
                    "funding": "credit",
                    "last4": tail(card.number, 4),
                });
                (shown, card.behaviour)
            }
            "us_bank_account" => {
                let number = text(&details["account_number"]);
                let account = number
                    .as_deref()
                    .and_then(account_of)
                    .ok_or_else(|| errors::declined("account_number_invalid", None))?;
                let shown = json!({
                    "account_holder_type": "individual",
                    "account_type": "checking",
                    "bank_name": "STRIPE TEST BANK",
                    "fingerprint": format!("fp{}", tail(account.number, 6)),
                    "last4": tail(account.number, 4),
                    "routing_number": "110000000",
                });
                (shown, account.behaviour)
            }
            "sepa_debit" => {
                let iban = text(&details["iban"]).filter(|iban| iban.len() >= 15);
                let iban = iban.ok_or_else(|| errors::declined("invalid_bank_account_iban", None))?;
                let shown = json!({
                    "bank_code": "19043",
                    "country": "AT",
                    "fingerprint": format!("fp{}", tail(&iban, 6)),
                    "last4": tail(&iban, 4),
                });
                (shown, SEPA)
            }
            _ => return Err(errors::invalid("type", "A type that is known here is expected.")),
        };
        let id = self.id("pm");
        let billing = data["billing_details"].as_object().cloned().unwrap_or_default();
        let mut method = json!({
            "id": id,
            "object": "payment_method",
            "billing_details": billing,
            "created": self.now,
            "customer": null,
            "livemode": false,
            "metadata": {},
            "type": kind,
        });
        method[kind.as_str()] = details;
        self.behaviours.insert(id.clone(), behaviour);
        Ok(self.add(method))
    }

    /// The expiry of a card changes without anybody's doing.
    pub(super) fn update_card(&mut self, method: &str, year: u16, month: u8) -> bool {
        let Some(mut card) = self
            .get(method)
            .map(|method| method["card"].clone())
            .filter(Value::is_object)
        else {
            return false;
        };
        card["exp_year"] = json!(year);
        card["exp_month"] = json!(month);
        self.set(method, json!({ "card": card }));
        self.emit("payment_method.automatically_updated", method);
        true
    }

    /// A mandate for debits of a bank account.
    pub(super) fn make_mandate(&mut self, method: &str) -> String {
        let kind = self.word(method, "type");
        let id = self.id("mandate");
        let mut details = json!({ "type": kind });
        details[kind.as_str()] = match kind.as_str() {
            "sepa_debit" => json!({ "reference": "SIMULATED", "url": "https://example.com/mandate" }),
            _ => json!({}),
        };
        self.add(json!({
            "id": id,
            "object": "mandate",
            "customer_acceptance": { "accepted_at": self.now, "type": "online", "online": { "ip_address": null, "user_agent": null } },
            "livemode": false,
            "multi_use": {},
            "payment_method": method,
            "payment_method_details": details,
            "status": "active",
            "type": "multi_use",
        }))
    }

    pub(super) fn withdraw_mandate(&mut self, method: &str) -> bool {
        let mandate = self
            .newest("mandate")
            .find(|mandate| mandate["payment_method"] == method);
        let Some(id) = mandate.and_then(|mandate| text(&mandate["id"])) else {
            return false;
        };
        self.set(&id, json!({ "status": "inactive" }));
        self.emit("mandate.updated", &id);
        true
    }
}

/// The last characters of a number: all that is kept of it.
fn tail(number: &str, length: usize) -> &str {
    number
        .get(number.len().saturating_sub(length)..)
        .unwrap_or_default()
}
