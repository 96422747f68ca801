//! Setup intents: methods are stored, with confirmations and small deposits.

use serde_json::{Value, json};

use super::answers::{Answer, refuse, show};
use super::asked::{Asked, text};
use super::cards::Confirmation;
use super::errors;
use super::state::State;

/// When deposits arrive, in seconds, and what they are.
const ARRIVAL: i64 = 2 * 24 * 3600;
/// The most tries.
const TRIES: i64 = 10;

pub(super) fn create(state: &mut State, asked: &Asked) -> Answer {
    let customer = match state.named_customer(asked) {
        Ok(customer) => customer,
        Err(refusal) => return refusal,
    };
    let allowed = asked.fields["allowed_payment_method_types"].clone();
    let id = state.id("seti");
    let intent = json!({
        "id": id,
        "object": "setup_intent",
        "allowed_payment_method_types": if allowed.is_array() { allowed.clone() } else { Value::Null },
        "cancellation_reason": null,
        "client_secret": format!("{id}_secret_{}", id.len() * 7),
        "created": state.now,
        "customer": customer,
        "last_setup_error": null,
        "livemode": false,
        "mandate": null,
        "metadata": State::metadata(&asked.fields["metadata"]),
        "next_action": null,
        "payment_method": null,
        "payment_method_types": if allowed.is_array() { allowed } else { json!(["card"]) },
        "status": "requires_payment_method",
        "usage": asked.text("usage").unwrap_or_else(|| "off_session".to_owned()),
    });
    state.added(intent, "setup_intent.created");
    if asked.flag("confirm") {
        return confirm(state, &id, asked);
    }
    show(state.written(&id, asked))
}

pub(super) fn confirm(state: &mut State, id: &str, asked: &Asked) -> Answer {
    if !state.is("setup_intent", id) {
        return refuse(404, &errors::missing("setup_intent", "intent"));
    }
    if ["succeeded", "canceled", "processing"].contains(&state.word(id, "status").as_str()) {
        return refuse(
            400,
            &errors::unexpected_state("setup_intent_unexpected_state", None),
        );
    }
    let customer = text(&state.get(id).cloned().unwrap_or_default()["customer"]);
    let entered = &asked.fields["payment_method_data"];
    let method = match (asked.text("payment_method"), entered.is_object()) {
        (Some(given), _) => state.resolve_method(&given, customer.as_deref()),
        (None, true) => state.make_method(entered),
        (None, false) => Err(errors::needed("payment_method")),
    };
    let method = match method {
        Ok(method) => method,
        Err(error) => return refuse(402, &error),
    };
    let back = asked.text("return_url").filter(|_| !asked.flag("use_stripe_sdk"));
    match state.confirm_setup(id, &method, back) {
        Ok(()) => show(state.written(id, asked)),
        Err(error) => refuse(402, &error),
    }
}

pub(super) fn cancel(state: &mut State, id: &str, asked: &Asked) -> Answer {
    if !state.is("setup_intent", id) {
        return refuse(404, &errors::missing("setup_intent", "intent"));
    }
    if ["succeeded", "canceled"].contains(&state.word(id, "status").as_str()) {
        return refuse(
            400,
            &errors::unexpected_state("setup_intent_unexpected_state", None),
        );
    }
    state.set(
        id,
        json!({ "status": "canceled", "next_action": null, "cancellation_reason": asked.text("cancellation_reason") }),
    );
    state.emit("setup_intent.canceled", id);
    show(state.written(id, asked))
}

pub(super) fn verify(state: &mut State, id: &str, asked: &Asked) -> Answer {
    let waits = state
        .get(id)
        .is_some_and(|setup| setup["next_action"]["type"] == "verify_with_microdeposits");
    if !waits {
        return refuse(
            400,
            &errors::unexpected_state("setup_intent_unexpected_state", None),
        );
    }
    let amounts: Vec<i64> = asked.fields["amounts"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|amount| amount.as_str()?.parse().ok())
        .collect();
    let code = asked.text("descriptor_code");
    let told = match (amounts.as_slice(), code.as_deref()) {
        ([32, 45] | [45, 32], _) | (_, Some("SM11AA")) => Ok(()),
        ([10, 11], _) | (_, Some("SM33CC")) => {
            Err("payment_method_microdeposit_verification_attempts_exceeded")
        }
        ([40, 41], _) | (_, Some("SM44DD")) => Err("payment_method_microdeposit_verification_timeout"),
        (_, Some(_)) => Err("payment_method_microdeposit_verification_descriptor_code_mismatch"),
        ([_, _], None) => Err("payment_method_microdeposit_verification_amounts_mismatch"),
        _ => Err("payment_method_microdeposit_verification_amounts_invalid"),
    };
    let Err(code) = told else {
        let method = state.word(id, "payment_method");
        state.store(id, &method);
        return show(state.written(id, asked));
    };
    let tries = state.figure(id, "simulated_tries") + 1;
    state.set(id, json!({ "simulated_tries": tries }));
    let exceeded = "payment_method_microdeposit_verification_attempts_exceeded";
    let code = if tries > TRIES { exceeded } else { code };
    if [exceeded, "payment_method_microdeposit_verification_timeout"].contains(&code) {
        state.fail_setup(id, code);
    }
    refuse(
        400,
        &json!({ "type": "invalid_request_error", "code": code, "message": "These are not the deposits." }),
    )
}

impl State {
    /// A method is confirmed for a setup.
    pub(super) fn confirm_setup(
        &mut self,
        id: &str,
        method: &str,
        return_url: Option<String>,
    ) -> Result<(), Value> {
        let Some(behaviour) = self.behaviours.get(method).copied() else {
            return Err(errors::missing("payment_method", "payment_method"));
        };
        self.set(
            id,
            json!({ "payment_method": method, "last_setup_error": null, "next_action": null }),
        );
        match self.word(method, "type").as_str() {
            "us_bank_account" if behaviour.deposits_arrive => {
                let action = json!({
                    "type": "verify_with_microdeposits",
                    "verify_with_microdeposits": {
                        "arrival_date": self.now + ARRIVAL,
                        "hosted_verification_url": format!("{}/simulated/deposits/{id}", self.origin),
                        "microdeposit_type": "amounts",
                    },
                });
                self.set(id, json!({ "status": "requires_action", "next_action": action }));
                self.emit("setup_intent.requires_action", id);
                return Ok(());
            }
            "us_bank_account" => {
                return Err(self.fail_setup(id, "payment_method_microdeposit_failed"));
            }
            _ => {}
        }
        if behaviour.confirmation != Confirmation::Never {
            let page = format!("{}/simulated/authenticate/{id}", self.origin);
            if let Some(back) = &return_url {
                self.backs.insert(id.to_owned(), back.clone());
            }
            let action = match return_url {
                Some(back) => {
                    json!({ "type": "redirect_to_url", "redirect_to_url": { "url": page, "return_url": back } })
                }
                None => json!({ "type": "use_stripe_sdk", "use_stripe_sdk": { "stripe_js": page } }),
            };
            self.set(id, json!({ "status": "requires_action", "next_action": action }));
            self.emit("setup_intent.requires_action", id);
            return Ok(());
        }
        // Cards whose every charge is refused are refused here too, but for the one that can be stored.
        let stored = super::cards::card_of("pm_card_chargeCustomerFail").map(|card| card.number);
        let last4 = self
            .get(method)
            .and_then(|method| text(&method["card"]["last4"]))
            .unwrap_or_default();
        match behaviour.declines {
            Some((code, decline)) if !stored.is_some_and(|number| number.ends_with(&last4)) => {
                let error = errors::declined(code, decline);
                self.fail_setup(id, code);
                self.set(id, json!({ "last_setup_error": error }));
                Err(error)
            }
            _ => {
                self.store(id, method);
                Ok(())
            }
        }
    }

    fn store(&mut self, id: &str, method: &str) {
        let customer = self.word(id, "customer");
        if !customer.is_empty() {
            self.attach(method, &customer);
        }
        self.set(method, json!({ "metadata": { "simulated_set_up": "yes" } }));
        let mandate = (self.word(method, "type") != "card").then(|| self.make_mandate(method));
        self.set(
            id,
            json!({ "status": "succeeded", "next_action": null, "mandate": mandate }),
        );
        self.emit("setup_intent.succeeded", id);
    }

    fn fail_setup(&mut self, id: &str, code: &str) -> Value {
        let error =
            json!({ "type": "invalid_request_error", "code": code, "message": "It could not be set up." });
        self.set(
            id,
            json!({
                "status": "requires_payment_method",
                "payment_method": null,
                "next_action": null,
                "last_setup_error": error,
            }),
        );
        self.emit("setup_intent.setup_failed", id);
        error
    }

    pub(super) fn authenticate_setup(&mut self, id: &str, yes: bool) -> bool {
        let waits = self.word(id, "status") == "requires_action";
        let deposits = self
            .get(id)
            .is_some_and(|setup| setup["next_action"]["type"] == "verify_with_microdeposits");
        if !self.is("setup_intent", id) || !waits || deposits {
            return false;
        }
        let method = self.word(id, "payment_method");
        if yes {
            self.store(id, &method);
        } else {
            self.fail_setup(id, "setup_intent_authentication_failure");
        }
        true
    }
}
