//! Disputes: opened by payers and banks, answered with evidence, decided.

use portcullis_ports::payments::FileType;
use serde_json::{Value, json};

use super::MERCHANT;
use super::answers::{Answer, Problem, refuse, show as answered};
use super::asked::Asked;
use super::state::{State, link, money};
use crate::terms::{to_paypal, to_time};

/// How long evidence is taken, and what a chargeback costs in the smallest unit.
const OPEN: std::time::Duration = std::time::Duration::from_hours(24 * 10);
const FEE: i64 = 2_000;

pub(super) fn list(state: &State, asked: &Asked) -> Answer {
    let of = asked.field("disputed_transaction_id");
    let own = state.disputes.values().filter(|dispute| {
        of.is_none_or(|of| dispute["disputed_transactions"][0]["seller_transaction_id"] == of)
    });
    let item = |dispute: &Value| {
        json!({
            "dispute_id": dispute["dispute_id"],
            "create_time": dispute["create_time"],
            "reason": dispute["reason"],
            "status": dispute["status"],
            "dispute_amount": dispute["dispute_amount"],
            "links": [dispute["links"][0]],
        })
    };
    let items: Vec<Value> = own.map(item).collect();
    // A list of none is left out.
    if items.is_empty() {
        return answered(200, json!({}));
    }
    let links = json!([link(&state.origin, "/v1/customer/disputes", "self", "GET")]);
    answered(200, json!({ "items": items, "links": links }))
}

pub(super) fn show(state: &State, id: &str) -> Answer {
    match state.disputes.get(id) {
        Some(dispute) => answered(200, dispute.clone()),
        None => refuse(Problem::NotFound, "INVALID_RESOURCE_ID"),
    }
}

pub(super) fn act(state: &mut State, id: &str, step: &str, asked: &Asked) -> Answer {
    let Some(dispute) = state.disputes.get(id) else {
        return refuse(Problem::NotFound, "INVALID_RESOURCE_ID");
    };
    let links = dispute["links"].as_array().cloned().unwrap_or_default();
    let allowed = |link: &Value| {
        link["href"]
            .as_str()
            .is_some_and(|href| href.ends_with(&format!("/{step}")))
    };
    if !links.iter().any(allowed) {
        return refuse(Problem::Malformed, "ACTION_NOT_ALLOWED_IN_CURRENT_DISPUTE_STATE");
    }
    match step {
        "accept-claim" => drop(state.decide_dispute(id, false)),
        "provide-evidence" | "appeal" => {
            let given = asked.body["evidences"].as_array().cloned().unwrap_or_default();
            if given.is_empty() {
                return refuse(Problem::Malformed, "MISSING_REQUIRED_PARAMETER");
            }
            // Every file that is named is there, every file that is there is named, and each is of a type that is taken.
            let mut named: Vec<&str> = given
                .iter()
                .flat_map(|one| one["documents"].as_array().into_iter().flatten())
                .filter_map(|document| document["name"].as_str())
                .collect();
            let mut there: Vec<&str> = asked.files.iter().map(|(name, _)| name.as_str()).collect();
            named.sort_unstable();
            there.sort_unstable();
            if named != there || asked.files.iter().any(|(_, bytes)| FileType::of(bytes).is_none()) {
                return refuse(Problem::Malformed, "INVALID_DOCUMENT");
            }
            let time = state.time();
            let kept = given.into_iter().map(|mut one| {
                one["source"] = json!("SUBMITTED_BY_SELLER");
                one["date"] = json!(time);
                one
            });
            let kept: Vec<Value> = kept.collect();
            state.change(id, |dispute| {
                dispute["evidences"] = json!(kept);
                dispute["status"] = json!("UNDER_REVIEW");
            });
            state.tell_dispute(id, "CUSTOMER.DISPUTE.UPDATED");
        }
        _ => return refuse(Problem::NotFound, "INVALID_RESOURCE_ID"),
    }
    let links = state.disputes.get(id).map(|dispute| dispute["links"].clone());
    answered(200, json!({ "links": links }))
}

impl State {
    fn change(&mut self, id: &str, change: impl FnOnce(&mut Value)) {
        let origin = self.origin.clone();
        let Some(dispute) = self.disputes.get_mut(id) else {
            return;
        };
        change(dispute);
        let stage = dispute["dispute_life_cycle_stage"].as_str().unwrap_or_default();
        let steps: &[&str] = match (dispute["status"].as_str().unwrap_or_default(), stage) {
            ("WAITING_FOR_SELLER_RESPONSE", "INQUIRY") => {
                &["send-message", "make-offer", "accept-claim", "escalate"]
            }
            ("WAITING_FOR_SELLER_RESPONSE", _) => &["provide-evidence", "accept-claim"],
            _ => &[],
        };
        let own = format!("/v1/customer/disputes/{id}");
        let own_link = link(&origin, &own, "self", "GET");
        let steps = steps
            .iter()
            .map(|step| link(&origin, &format!("{own}/{step}"), &step.replace('-', "_"), "POST"));
        dispute["links"] = std::iter::once(own_link).chain(steps).collect();
    }

    fn tell_dispute(&mut self, id: &str, event: &str) {
        let shown = self.disputes.get(id).cloned().unwrap_or_default();
        self.emit(event, "dispute", shown);
    }

    /// A payer contests a capture.
    pub(super) fn open_dispute(&mut self, order: &str, inquiry: bool) -> Option<String> {
        let captures =
            self.orders.get(order)?.shown["purchase_units"][0]["payments"]["captures"].as_array()?;
        let capture = captures
            .iter()
            .find(|capture| capture["status"] != "DECLINED")?
            .clone();
        let amount = money(&capture["amount"])?;
        let id = self.id("PP-D-");
        let dispute = json!({
            "dispute_id": id,
            "create_time": self.time(),
            "update_time": self.time(),
            "disputed_transactions": [{
                "seller_transaction_id": capture["id"],
                "create_time": capture["create_time"],
                "transaction_status": "COMPLETED",
                "gross_amount": capture["amount"],
                "custom": capture["custom_id"],
                "buyer": { "name": "Ada Lovelace" },
                "seller": { "merchant_id": MERCHANT },
            }],
            "reason": "MERCHANDISE_OR_SERVICE_NOT_RECEIVED",
            "status": "WAITING_FOR_SELLER_RESPONSE",
            "dispute_amount": to_paypal(amount),
            "dispute_life_cycle_stage": if inquiry { "INQUIRY" } else { "CHARGEBACK" },
            "dispute_channel": "INTERNAL",
            "money_movements": [],
            "seller_response_due_date": to_time(self.now + OPEN),
            "links": [],
        });
        self.disputes.insert(id.clone(), dispute);
        self.change(&id, |_| {});
        if !inquiry {
            self.move_funds(&id, "DEBIT");
        }
        self.tell_dispute(&id, "CUSTOMER.DISPUTE.CREATED");
        Some(id)
    }

    /// The contested money goes, or comes back.
    fn move_funds(&mut self, id: &str, direction: &str) {
        let Some(dispute) = self.disputes.get(id) else {
            return;
        };
        let Some(amount) = money(&dispute["dispute_amount"]) else {
            return;
        };
        let custom = dispute["disputed_transactions"][0]["custom"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let time = self.time();
        let movement = |amount: Value, reason: &str| {
            json!({
                "affected_party": "SELLER",
                "amount": amount,
                "initiated_time": time,
                "type": direction,
                "reason": reason,
            })
        };
        let mut moved = vec![movement(to_paypal(amount), "DISPUTE_SETTLEMENT")];
        if direction == "DEBIT" {
            let fee = portcullis_ports::money::Money::new(FEE, amount.currency);
            moved.push(movement(to_paypal(fee), "CHARGEBACK_FEE"));
        }
        self.change(id, |dispute| {
            if let Some(all) = dispute["money_movements"].as_array_mut() {
                all.extend(moved);
            }
        });
        let sign = if direction == "DEBIT" { -1 } else { 1 };
        let line = self.id("D");
        let code = if sign < 0 { "T1201" } else { "T1202" };
        let amount = portcullis_ports::money::Money::new(amount.minor * sign, amount.currency);
        self.book(&line, code, amount, &custom, "S");
    }

    /// PayPal or the bank decides. `false` if that is decided already.
    pub(super) fn decide_dispute(&mut self, id: &str, won: bool) -> bool {
        let Some(dispute) = self
            .disputes
            .get(id)
            .filter(|dispute| dispute["status"] != "RESOLVED")
        else {
            return false;
        };
        let inquiry = dispute["dispute_life_cycle_stage"] == "INQUIRY";
        match (inquiry, won) {
            // Given up before any money moved: it is given back now.
            (true, false) => self.move_funds(id, "DEBIT"),
            (false, true) => self.move_funds(id, "CREDIT"),
            _ => {}
        }
        let outcome = if won {
            "RESOLVED_SELLER_FAVOUR"
        } else {
            "RESOLVED_BUYER_FAVOUR"
        };
        self.change(id, |dispute| {
            dispute["status"] = json!("RESOLVED");
            dispute["dispute_outcome"] = json!({ "outcome_code": outcome });
        });
        self.tell_dispute(id, "CUSTOMER.DISPUTE.RESOLVED");
        true
    }

    /// An inquiry becomes a claim.
    pub(super) fn escalate(&mut self, id: &str) -> bool {
        let open = self.disputes.get(id).is_some_and(|dispute| {
            dispute["dispute_life_cycle_stage"] == "INQUIRY" && dispute["status"] != "RESOLVED"
        });
        if open {
            self.change(id, |dispute| {
                dispute["dispute_life_cycle_stage"] = json!("CHARGEBACK");
            });
            self.move_funds(id, "DEBIT");
            self.tell_dispute(id, "CUSTOMER.DISPUTE.UPDATED");
        }
        open
    }
}
