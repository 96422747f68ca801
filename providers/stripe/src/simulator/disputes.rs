//! Disputes: opened by payers and banks, answered with evidence, decided.

use serde_json::{Value, json};

use super::answers::{Answer, refuse, show};
use super::asked::{Asked, text};
use super::charges::Line;
use super::errors;
use super::files;
use super::happenings::Happening;
use super::state::State;

/// How long evidence is taken, in seconds, and what a dispute costs.
const OPEN: i64 = 9 * 24 * 3600;
const FEE: i64 = 1500;

pub(super) fn answer(state: &mut State, id: &str, asked: &Asked) -> Answer {
    if !state.is("dispute", id) {
        return refuse(404, &errors::missing("dispute", "dispute"));
    }
    let status = state.word(id, "status");
    if !["needs_response", "warning_needs_response"].contains(&status.as_str()) {
        return refuse(400, &errors::unexpected_state("dispute_closed", None));
    }
    let mut evidence = state
        .get(id)
        .map(|dispute| dispute["evidence"].clone())
        .unwrap_or_default();
    let given = asked.fields["evidence"].as_object().cloned().unwrap_or_default();
    if let Value::Object(kept) = &mut evidence {
        kept.extend(given);
    }
    if let Some(wrong) = files::wrong(state, &evidence) {
        return refuse(400, &wrong);
    }
    state.set(id, json!({ "evidence": evidence }));
    state.set_details(id, "has_evidence", json!(true));
    if asked.text("submit").is_none_or(|submit| submit == "true") {
        let next = if status.starts_with("warning_") {
            "warning_under_review"
        } else {
            "under_review"
        };
        state.set(id, json!({ "status": next }));
        state.set_details(id, "submission_count", json!(1));
        let happening = match text(&evidence["uncategorized_text"]).as_deref() {
            Some("winning_evidence") => Some(Happening::DisputeIsDecided(id.to_owned(), true)),
            Some("losing_evidence") => Some(Happening::DisputeIsDecided(id.to_owned(), false)),
            Some("escalate_inquiry_evidence") => Some(Happening::InquiryEscalates(id.to_owned())),
            _ => None,
        };
        let now = state.now;
        state.due.extend(happening.map(|happening| (now, happening)));
    }
    state.emit("charge.dispute.updated", id);
    show(state.get(id).cloned().unwrap_or_default())
}

pub(super) fn close(state: &mut State, id: &str) -> Answer {
    if !state.is("dispute", id) {
        return refuse(404, &errors::missing("dispute", "dispute"));
    }
    if !state.decide_dispute(id, false) {
        return refuse(400, &errors::unexpected_state("dispute_closed", None));
    }
    show(state.get(id).cloned().unwrap_or_default())
}

impl State {
    fn set_details(&mut self, id: &str, name: &str, value: Value) {
        let mut details = self
            .get(id)
            .map(|dispute| dispute["evidence_details"].clone())
            .unwrap_or_default();
        details[name] = value;
        self.set(id, json!({ "evidence_details": details }));
    }

    /// A payer contests a charge. A returned debit is lost at once.
    pub(super) fn open_dispute(&mut self, charge: &str, reason: &str, inquiry: bool) -> Option<String> {
        if !self.is("charge", charge) || self.word(charge, "status") != "succeeded" {
            return None;
        }
        let card = self
            .get(charge)
            .is_some_and(|charge| charge["payment_method_details"]["type"] == "card");
        let id = self.id("dp");
        let mut dispute = json!({
            "id": id,
            "object": "dispute",
            "amount": self.figure(charge, "amount_captured"),
            "balance_transactions": [],
            "charge": charge,
            "created": self.now,
            "currency": self.word(charge, "currency"),
            "enhanced_eligibility_types": [],
            "evidence": { "enhanced_evidence": {} },
            "evidence_details": {
                "due_by": self.now + OPEN,
                "enhanced_eligibility": {},
                "has_evidence": false,
                "past_due": false,
                "submission_count": 0,
            },
            "is_charge_refundable": inquiry,
            "livemode": false,
            "metadata": {},
            "payment_intent": self.word(charge, "payment_intent"),
            "reason": reason,
            "status": match (inquiry, card) {
                (true, _) => "warning_needs_response",
                (false, true) => "needs_response",
                (false, false) => "lost",
            },
        });
        if card {
            dispute["payment_method_details"] = json!({
                "type": "card",
                "card": {
                    "brand": "visa",
                    "case_type": if inquiry { "inquiry" } else { "chargeback" },
                    "network": "visa",
                },
            });
        }
        self.add(dispute);
        self.set(charge, json!({ "disputed": true }));
        self.emit("charge.dispute.created", &id);
        if !inquiry {
            self.move_funds(&id, -1);
        }
        Some(id)
    }

    /// The contested money goes, or comes back.
    fn move_funds(&mut self, id: &str, sign: i64) {
        let amount = self.figure(id, "amount") * sign;
        let currency = self.word(id, "currency");
        let line = self.book(&Line {
            kind: "adjustment",
            category: if sign < 0 { "dispute" } else { "dispute_reversal" },
            amount,
            fee: if sign < 0 { FEE } else { -FEE },
            currency: &currency,
            source: id,
        });
        let line = self.get(&line).cloned().unwrap_or_default();
        let mut lines = self
            .get(id)
            .map(|dispute| dispute["balance_transactions"].clone())
            .unwrap_or_default();
        if let Value::Array(lines) = &mut lines {
            lines.push(line);
        }
        self.set(id, json!({ "balance_transactions": lines }));
        let event = if sign < 0 {
            "funds_withdrawn"
        } else {
            "funds_reinstated"
        };
        self.emit(&format!("charge.dispute.{event}"), id);
    }

    /// The bank decides. `false` if it has decided already.
    pub(super) fn decide_dispute(&mut self, id: &str, won: bool) -> bool {
        let status = self.word(id, "status");
        let inquiry = status.starts_with("warning_");
        if !self.is("dispute", id) || ["won", "lost", "warning_closed"].contains(&status.as_str()) {
            return false;
        }
        let end = match (inquiry, won) {
            (true, _) => "warning_closed",
            (false, true) => "won",
            (false, false) => "lost",
        };
        self.set(id, json!({ "status": end }));
        if won && !inquiry {
            self.move_funds(id, 1);
        }
        self.emit("charge.dispute.closed", id);
        true
    }

    /// An inquiry becomes a chargeback.
    pub(super) fn escalate(&mut self, id: &str) {
        if self.word(id, "status").starts_with("warning_") {
            self.set(id, json!({ "status": "needs_response" }));
            self.move_funds(id, -1);
            self.emit("charge.dispute.updated", id);
        }
    }
}
