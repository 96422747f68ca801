//! Charges with their lines on the account, and refunds.

use serde_json::{Value, json};

use super::answers::{Answer, refuse, show};
use super::asked::Asked;
use super::cards::Refunding;
use super::errors;
use super::happenings::Happening;
use super::state::State;

/// When money is available, and when a refund that is pending or will fail does so, in seconds.
const AVAILABLE: i64 = 2 * 24 * 3600;
const LATER: i64 = 3600;

/// One line of the account.
pub(super) struct Line<'a> {
    pub(super) kind: &'a str,
    pub(super) category: &'a str,
    pub(super) amount: i64,
    pub(super) fee: i64,
    pub(super) currency: &'a str,
    pub(super) source: &'a str,
}

pub(super) fn refund(state: &mut State, asked: &Asked) -> Answer {
    let intent = asked.text("payment_intent").unwrap_or_default();
    let charge = asked
        .text("charge")
        .unwrap_or_else(|| state.word(&intent, "latest_charge"));
    if !state.is("charge", &charge) {
        return refuse(404, &errors::missing("payment_intent", "payment_intent"));
    }
    let refunded = state.figure(&charge, "amount_refunded");
    let left = state.figure(&charge, "amount_captured") - refunded;
    let amount = asked.number("amount").unwrap_or(left);
    if state
        .get(&charge)
        .is_some_and(|charge| charge["disputed"] == true)
    {
        return refuse(400, &errors::unexpected_state("charge_disputed", None));
    }
    if left == 0 {
        return refuse(400, &errors::unexpected_state("charge_already_refunded", None));
    }
    if !(1..=left).contains(&amount) {
        return refuse(
            400,
            &errors::invalid("amount", "The refund is more than what is left of the charge."),
        );
    }
    let id = state.make_refund(
        &charge,
        amount,
        asked.text("reason"),
        State::metadata(&asked.fields["metadata"]),
    );
    show(state.written(&id, asked))
}

impl State {
    /// A charge of an intent.
    pub(super) fn make_charge(&mut self, intent: &str, status: &str) -> String {
        let id = self.id("ch");
        let of = self.get(intent).cloned().unwrap_or_default();
        let method = self.word(intent, "payment_method");
        let kind = self.word(&method, "type");
        let shown = self
            .get(&method)
            .map(|method| method[kind.as_str()].clone())
            .unwrap_or_default();
        let details = match kind.as_str() {
            "card" => json!({ "type": "card", "card": {
                "brand": shown["brand"],
                "country": shown["country"],
                "exp_month": shown["exp_month"],
                "exp_year": shown["exp_year"],
                "fingerprint": shown["fingerprint"],
                "funding": shown["funding"],
                "last4": shown["last4"],
                "network": shown["brand"],
            } }),
            _ => json!({ "type": kind }),
        };
        let charge = json!({
            "id": id,
            "object": "charge",
            "amount": of["amount"],
            "amount_captured": 0,
            "amount_refunded": 0,
            "balance_transaction": null,
            "billing_details": {},
            "captured": false,
            "created": self.now,
            "currency": of["currency"],
            "customer": of["customer"],
            "description": of["description"],
            "disputed": false,
            "failure_code": null,
            "livemode": false,
            "metadata": of["metadata"],
            "paid": status == "succeeded",
            "payment_intent": intent,
            "payment_method": method,
            "payment_method_details": details,
            "refunded": false,
            "status": status,
        });
        let id = self.add(charge);
        self.set(intent, json!({ "latest_charge": id }));
        id
    }

    /// The line of a charge: 2.9 % and 30 are kept.
    pub(super) fn book_charge(&mut self, charge: &str, amount: i64) -> String {
        let currency = self.word(charge, "currency");
        self.book(&Line {
            kind: "charge",
            category: "charge",
            amount,
            fee: amount * 29 / 1000 + 30,
            currency: &currency,
            source: charge,
        })
    }

    pub(super) fn book(&mut self, line: &Line<'_>) -> String {
        let id = self.id("txn");
        self.add(json!({
            "id": id,
            "object": "balance_transaction",
            "amount": line.amount,
            "available_on": self.now + AVAILABLE,
            "balance_type": "payments",
            "created": self.now,
            "currency": line.currency,
            "fee": line.fee,
            "fee_details": [],
            "net": line.amount - line.fee,
            "reporting_category": line.category,
            "source": line.source,
            "status": "pending",
            "type": line.kind,
        }))
    }

    pub(super) fn make_refund(
        &mut self,
        charge: &str,
        amount: i64,
        reason: Option<String>,
        metadata: Value,
    ) -> String {
        let method = self.word(charge, "payment_method");
        let refunding = self
            .behaviours
            .get(&method)
            .map_or(Refunding::Succeeds, |behaviour| behaviour.refunding);
        let id = self.id("re");
        let currency = self.word(charge, "currency");
        self.add(json!({
            "id": id,
            "object": "refund",
            "amount": amount,
            "balance_transaction": null,
            "charge": charge,
            "created": self.now,
            "currency": currency,
            "metadata": metadata,
            "payment_intent": self.word(charge, "payment_intent"),
            "reason": reason,
            "status": if refunding == Refunding::PendingThenSucceeds { "pending" } else { "succeeded" },
        }));
        let line = self.book(&Line {
            kind: "refund",
            category: "refund",
            amount: -amount,
            fee: 0,
            currency: &currency,
            source: &id,
        });
        self.set(&id, json!({ "balance_transaction": line }));
        self.change_refunded(charge, amount);
        self.emit("refund.created", &id);
        self.emit("charge.refunded", charge);
        match refunding {
            Refunding::Succeeds => {}
            Refunding::PendingThenSucceeds => self
                .due
                .push((self.now + LATER, Happening::RefundSucceeds(id.clone()))),
            Refunding::SucceedsThenFails => self
                .due
                .push((self.now + LATER, Happening::RefundFails(id.clone()))),
        }
        id
    }

    pub(super) fn fail_refund(&mut self, id: &str) -> bool {
        if !self.is("refund", id) || self.word(id, "status") == "failed" {
            return false;
        }
        let (charge, amount) = (self.word(id, "charge"), self.figure(id, "amount"));
        let currency = self.word(id, "currency");
        let line = self.book(&Line {
            kind: "refund_failure",
            category: "refund_failure",
            amount,
            fee: 0,
            currency: &currency,
            source: id,
        });
        self.set(
            id,
            json!({
                "status": "failed",
                "failure_reason": "expired_or_canceled_card",
                "failure_balance_transaction": line,
            }),
        );
        self.change_refunded(&charge, -amount);
        self.emit("refund.failed", id);
        true
    }

    fn change_refunded(&mut self, charge: &str, by: i64) {
        let refunded = self.figure(charge, "amount_refunded") + by;
        let all = refunded > 0 && refunded == self.figure(charge, "amount_captured");
        self.set(charge, json!({ "amount_refunded": refunded, "refunded": all }));
    }
}
