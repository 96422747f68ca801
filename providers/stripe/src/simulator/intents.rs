//! Payment intents: made, confirmed, captured, called off.

use serde_json::{Value, json};

use super::answers::{Answer, refuse, show};
use super::asked::{Asked, text};
use super::cards::Confirmation;
use super::errors;
use super::happenings::Happening;
use super::state::State;

/// How long an authorisation holds, in seconds.
const HELD: i64 = 7 * 24 * 3600;
/// The least amount of a currency with two digits.
const LEAST: i64 = 50;

/// How an intent is confirmed.
pub(super) struct Confirming {
    pub(super) method: String,
    pub(super) off_session: bool,
    pub(super) return_url: Option<String>,
    /// Whether the payer already confirmed at the bank.
    pub(super) authenticated: bool,
}

pub(super) fn create(state: &mut State, asked: &Asked) -> Answer {
    let Some(amount) = asked.number("amount") else {
        return refuse(400, &errors::needed("amount"));
    };
    let Some(currency) = asked.text("currency") else {
        return refuse(400, &errors::needed("currency"));
    };
    if amount < 1 || (amount < LEAST && ["usd", "eur"].contains(&currency.as_str())) {
        let mut error = errors::invalid("amount", "The amount is below the minimum.");
        error["code"] = json!("amount_too_small");
        return refuse(400, &error);
    }
    let customer = match state.named_customer(asked) {
        Ok(customer) => customer,
        Err(refusal) => return refusal,
    };
    let method = match asked.text("payment_method") {
        Some(given) => match state.resolve_method(&given, customer.as_deref()) {
            Ok(method) => Some(method),
            Err(error) => return refuse(400, &error),
        },
        None => None,
    };
    let allowed = asked.fields["allowed_payment_method_types"].clone();
    let types = if allowed.is_array() {
        allowed.clone()
    } else {
        json!(["card", "us_bank_account"])
    };
    let id = state.make_intent(json!({
        "amount": amount,
        "currency": currency,
        "customer": customer,
        "description": asked.text("description"),
        "capture_method": asked.text("capture_method").unwrap_or_else(|| "automatic".to_owned()),
        "metadata": State::metadata(&asked.fields["metadata"]),
        "allowed_payment_method_types": if allowed.is_array() { allowed } else { Value::Null },
        "payment_method_types": types,
        "payment_method": method,
        "setup_future_usage": asked.text("setup_future_usage"),
        "statement_descriptor_suffix": asked.text("statement_descriptor_suffix"),
        "status": if method.is_some() { "requires_confirmation" } else { "requires_payment_method" },
    }));
    if asked.flag("confirm") {
        return confirm(state, &id, asked);
    }
    show(state.written(&id, asked))
}

pub(super) fn confirm(state: &mut State, id: &str, asked: &Asked) -> Answer {
    if !state.is("payment_intent", id) {
        return refuse(404, &errors::missing("payment_intent", "intent"));
    }
    if state.open_page(id).is_some() {
        return refuse(400, &errors::made_by_checkout());
    }
    let status = state.word(id, "status");
    if ![
        "requires_payment_method",
        "requires_confirmation",
        "requires_action",
    ]
    .contains(&status.as_str())
    {
        let error = errors::unexpected_state("payment_intent_unexpected_state", state.get(id));
        return refuse(400, &error);
    }
    let customer = text(&state.get(id).cloned().unwrap_or_default()["customer"]);
    let entered = &asked.fields["payment_method_data"];
    let method = match (asked.text("payment_method"), entered.is_object()) {
        (Some(given), _) => state.resolve_method(&given, customer.as_deref()),
        (None, true) => state.make_method(entered),
        (None, false) => Ok(state.word(id, "payment_method")),
    };
    let method = match method {
        Ok(method) if method.is_empty() => return refuse(400, &errors::needed("payment_method")),
        Ok(method) => method,
        Err(error) => return refuse(402, &error),
    };
    let how = Confirming {
        method,
        off_session: asked.flag("off_session"),
        return_url: asked.text("return_url").filter(|_| !asked.flag("use_stripe_sdk")),
        authenticated: false,
    };
    match state.confirm_intent(id, &how) {
        Ok(()) => show(state.written(id, asked)),
        Err(error) => refuse(402, &error),
    }
}

pub(super) fn capture(state: &mut State, id: &str, asked: &Asked) -> Answer {
    if !state.is("payment_intent", id) {
        return refuse(404, &errors::missing("payment_intent", "intent"));
    }
    if state.word(id, "status") != "requires_capture" {
        let error = errors::unexpected_state("payment_intent_unexpected_state", state.get(id));
        return refuse(400, &error);
    }
    let capturable = state.figure(id, "amount_capturable");
    let amount = asked.number("amount_to_capture").unwrap_or(capturable);
    if !(1..=capturable).contains(&amount) {
        let mut error = errors::invalid("amount_to_capture", "The amount is more than is held.");
        error["code"] = json!("amount_too_large");
        error["payment_intent"] = state.get(id).cloned().unwrap_or_default();
        return refuse(400, &error);
    }
    let charge = state.word(id, "latest_charge");
    state.take(id, &charge, amount);
    show(state.written(id, asked))
}

pub(super) fn cancel(state: &mut State, id: &str, asked: &Asked) -> Answer {
    if !state.is("payment_intent", id) {
        return refuse(404, &errors::missing("payment_intent", "intent"));
    }
    if state.open_page(id).is_some() {
        return refuse(400, &errors::made_by_checkout());
    }
    let status = state.word(id, "status");
    if ["succeeded", "canceled", "processing"].contains(&status.as_str()) {
        let error = errors::unexpected_state("payment_intent_unexpected_state", state.get(id));
        return refuse(400, &error);
    }
    let reason = asked.text("cancellation_reason");
    state.cancel_intent(id, reason.as_deref());
    show(state.written(id, asked))
}

impl State {
    /// A new intent; `members` go over what every intent has.
    pub(super) fn make_intent(&mut self, members: Value) -> String {
        let id = self.id("pi");
        let intent = json!({
            "id": id,
            "object": "payment_intent",
            "amount_capturable": 0,
            "amount_received": 0,
            "canceled_at": null,
            "cancellation_reason": null,
            "client_secret": format!("{id}_secret_{}", id.len() * 7),
            "confirmation_method": "automatic",
            "created": self.now,
            "last_payment_error": null,
            "latest_charge": null,
            "livemode": false,
            "next_action": null,
        });
        self.add(intent);
        self.set(&id, members);
        self.emit("payment_intent.created", &id);
        id
    }

    /// Confirms an intent with a method; the error of a refusal holds the intent.
    pub(super) fn confirm_intent(&mut self, id: &str, how: &Confirming) -> Result<(), Value> {
        let Some(behaviour) = self.behaviours.get(&how.method).copied() else {
            return Err(errors::missing("payment_method", "payment_method"));
        };
        self.set(
            id,
            json!({ "payment_method": how.method, "last_payment_error": null, "next_action": null }),
        );
        let debit = self.word(&how.method, "type") != "card";
        let set_up = self
            .get(&how.method)
            .is_some_and(|method| method["metadata"]["simulated_set_up"] == "yes");
        let confirmation = match behaviour.confirmation {
            Confirmation::Always => true,
            Confirmation::UnlessSetUp => !set_up,
            Confirmation::Never => false,
        };
        if confirmation && !how.authenticated {
            if how.off_session {
                return Err(self.refuse_intent(
                    id,
                    "authentication_required",
                    Some("authentication_required"),
                ));
            }
            let page = format!("{}/simulated/authenticate/{id}", self.origin);
            if let Some(back) = &how.return_url {
                self.backs.insert(id.to_owned(), back.clone());
            }
            let action = match &how.return_url {
                Some(back) => json!({
                    "type": "redirect_to_url",
                    "redirect_to_url": { "url": page, "return_url": back },
                }),
                None => json!({
                    "type": "use_stripe_sdk",
                    "use_stripe_sdk": { "type": "three_d_secure_redirect", "stripe_js": page },
                }),
            };
            self.set(id, json!({ "status": "requires_action", "next_action": action }));
            self.emit("payment_intent.requires_action", id);
            return Ok(());
        }
        if debit {
            self.set(id, json!({ "status": "processing" }));
            self.make_charge(id, "pending");
            self.emit("payment_intent.processing", id);
            if let Some(days) = behaviour.days {
                self.due.push((
                    self.now + days * 24 * 3600,
                    Happening::DebitIsDecided(id.to_owned()),
                ));
            }
            return Ok(());
        }
        if let Some((code, decline)) = behaviour.declines {
            return Err(self.refuse_intent(id, code, decline));
        }
        self.collect(id);
        Ok(())
    }

    /// The bank said yes: the money is held or taken.
    pub(super) fn collect(&mut self, id: &str) {
        let method = self.word(id, "payment_method");
        if self.word(id, "setup_future_usage") == "off_session" {
            let customer = self.word(id, "customer");
            if !customer.is_empty() {
                self.attach(&method, &customer);
                self.set(&method, json!({ "metadata": { "simulated_set_up": "yes" } }));
            }
        }
        let charge = match self.word(id, "status").as_str() {
            "processing" => self.word(id, "latest_charge"),
            _ => self.make_charge(id, "succeeded"),
        };
        let amount = self.figure(id, "amount");
        if self.word(id, "capture_method") == "manual" {
            let until = self.now + HELD;
            let mut details = self
                .get(&charge)
                .map(|charge| charge["payment_method_details"].clone());
            if let Some(card) = details.as_mut().and_then(|details| details.get_mut("card")) {
                card["capture_before"] = json!(until);
            }
            self.set(&charge, json!({ "payment_method_details": details }));
            self.set(id, json!({ "status": "requires_capture", "amount_capturable": amount, "next_action": null, "last_payment_error": null }));
            self.emit("payment_intent.amount_capturable_updated", id);
            self.due
                .push((until, Happening::AuthorisationExpires(id.to_owned())));
        } else {
            self.take(id, &charge, amount);
        }
    }

    /// Money is taken; what was held beyond it is released.
    pub(super) fn take(&mut self, id: &str, charge: &str, amount: i64) {
        let line = self.book_charge(charge, amount);
        self.set(
            charge,
            json!({
                "amount_captured": amount,
                "captured": true,
                "paid": true,
                "status": "succeeded",
                "balance_transaction": line,
            }),
        );
        self.set(
            id,
            json!({
                "status": "succeeded",
                "amount_capturable": 0,
                "amount_received": amount,
                "next_action": null,
                "last_payment_error": null,
            }),
        );
        self.emit("charge.succeeded", charge);
        self.emit("payment_intent.succeeded", id);
        self.complete_page(id);
        let behaviour = self.behaviours.get(&self.word(id, "payment_method")).copied();
        if let Some((reason, inquiry)) = behaviour.and_then(|behaviour| behaviour.disputed) {
            let opening = Happening::DisputeOpens {
                charge: charge.to_owned(),
                reason,
                inquiry,
            };
            self.due.push((self.now, opening));
        }
    }

    /// The bank said no: the intent wants another method.
    pub(super) fn refuse_intent(&mut self, id: &str, code: &str, decline: Option<&str>) -> Value {
        let charge = match self.word(id, "status").as_str() {
            "processing" => {
                let charge = self.word(id, "latest_charge");
                self.set(&charge, json!({ "status": "failed" }));
                charge
            }
            _ => self.make_charge(id, "failed"),
        };
        let mut error = errors::declined(code, decline);
        let method = self.word(id, "payment_method");
        error["charge"] = json!(charge);
        error["payment_method"] = self.get(&method).cloned().unwrap_or_default();
        self.set(&charge, json!({ "failure_code": code }));
        self.set(
            id,
            json!({
                "status": "requires_payment_method",
                "payment_method": null,
                "next_action": null,
                "last_payment_error": error,
            }),
        );
        self.emit("charge.failed", &charge);
        self.emit("payment_intent.payment_failed", id);
        error["payment_intent"] = self.get(id).cloned().unwrap_or_default();
        error
    }

    pub(super) fn cancel_intent(&mut self, id: &str, reason: Option<&str>) {
        self.set(
            id,
            json!({
                "status": "canceled",
                "canceled_at": self.now,
                "cancellation_reason": reason,
                "amount_capturable": 0,
                "next_action": null,
            }),
        );
        self.emit("payment_intent.canceled", id);
    }

    /// The payer answers the bank's question.
    pub(super) fn authenticate(&mut self, id: &str, yes: bool) -> bool {
        if !self.is("payment_intent", id) {
            return self.authenticate_setup(id, yes);
        }
        if self.word(id, "status") != "requires_action" {
            return false;
        }
        if yes {
            let method = self.word(id, "payment_method");
            let how = Confirming {
                method,
                off_session: false,
                return_url: None,
                authenticated: true,
            };
            // A refusal of the bank after that is told by the intent.
            drop(self.confirm_intent(id, &how));
        } else {
            self.refuse_intent(id, "payment_intent_authentication_failure", None);
        }
        true
    }
}
