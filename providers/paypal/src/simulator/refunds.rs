//! Refunds, by our order and by PayPal's desk.

use std::time::Duration;

use portcullis_ports::money::Money;
use serde_json::{Value, json};

use super::answers::{Answer, Problem, refuse, show};
use super::asked::Asked;
use super::state::{State, link, money, sum};
use crate::terms::{from_time, to_paypal};

/// How long a payment can be given back.
const REFUNDABLE: Duration = Duration::from_hours(24 * 180);

pub(super) fn create(state: &mut State, id: &str, asked: &Asked) -> Answer {
    let Some(place) = state.find("captures", id) else {
        return refuse(Problem::NotFound, "INVALID_RESOURCE_ID");
    };
    let capture = state.alone("captures", &place);
    let made = capture["create_time"].as_str().and_then(from_time);
    let issue = match capture["status"].as_str() {
        Some("PENDING") => Some("PENDING_CAPTURE"),
        Some("REFUNDED") => Some("CAPTURE_FULLY_REFUNDED"),
        Some("COMPLETED" | "PARTIALLY_REFUNDED") => None,
        _ => Some("REFUND_NOT_ALLOWED"),
    };
    let late = made.is_none_or(|made| state.now.since(made) > REFUNDABLE);
    let claimed = state.disputes.values().any(|dispute| {
        dispute["disputed_transactions"][0]["seller_transaction_id"] == id && dispute["status"] != "RESOLVED"
    });
    let issue = issue
        .or(late.then_some("REFUND_TIME_LIMIT_EXCEEDED"))
        .or(claimed.then_some("TRANSACTION_DISPUTED"));
    if let Some(issue) = issue {
        return refuse(Problem::Unprocessable, issue);
    }
    let left = state.left(&place);
    let amount = match &asked.body["amount"] {
        Value::Null => left,
        given => money(given),
    };
    let (Some(left), Some(amount)) = (left, amount) else {
        return refuse(Problem::Unprocessable, "DECIMAL_PRECISION");
    };
    if amount.currency != left.currency {
        return refuse(Problem::Unprocessable, "REFUND_CAPTURE_CURRENCY_MISMATCH");
    }
    if amount.minor > left.minor {
        return refuse(Problem::Unprocessable, "REFUND_AMOUNT_EXCEEDED");
    }
    let invoice = asked.text("/invoice_id");
    if invoice.is_some_and(|invoice| !state.invoices.insert(invoice.to_owned())) {
        return refuse(Problem::Unprocessable, "DUPLICATE_INVOICE_ID");
    }
    let refund = state.give_back(&place, amount, asked.text("/custom_id"), invoice);
    let made = state.find("refunds", &refund);
    show(
        201,
        made.map(|made| state.alone("refunds", &made)).unwrap_or_default(),
    )
}

impl State {
    /// What can still be given back of a capture.
    fn left(&self, place: &(String, usize)) -> Option<Money> {
        let capture = self.alone("captures", place);
        let whole = money(&capture["amount"])?;
        let order = self.orders.get(&place.0)?;
        let refunds = order.shown["purchase_units"][0]["payments"]["refunds"].as_array();
        let given = refunds
            .into_iter()
            .flatten()
            .filter(|refund| refund["status"] != "FAILED");
        let given = sum(given.map(|refund| &refund["amount"]), whole.currency);
        whole.minus(given).ok()
    }

    /// Gives money of a capture back.
    pub(super) fn give_back(
        &mut self,
        place: &(String, usize),
        amount: Money,
        custom: Option<&str>,
        invoice: Option<&str>,
    ) -> String {
        let id = self.id("R");
        let capture = self.alone("captures", place);
        let up = format!(
            "/v2/payments/captures/{}",
            capture["id"].as_str().unwrap_or_default()
        );
        let whole = self.left(place).is_some_and(|left| left == amount);
        let mut refund = json!({
            "id": id,
            "status": "COMPLETED",
            "amount": to_paypal(amount),
            "create_time": self.time(),
            "update_time": self.time(),
            "links": [
                link(&self.origin, &format!("/v2/payments/refunds/{id}"), "self", "GET"),
                link(&self.origin, &up, "up", "GET"),
            ],
        });
        for (name, value) in [("custom_id", custom), ("invoice_id", invoice)] {
            if let Some(value) = value {
                refund[name] = json!(value);
            }
        }
        self.add_part(&place.0, "refunds", refund);
        if let Some(capture) = self.part_mut("captures", place) {
            capture["status"] = json!(if whole { "REFUNDED" } else { "PARTIALLY_REFUNDED" });
        }
        let back = Money::new(-amount.minor, amount.currency);
        let known = custom.map(str::to_owned);
        let known = known.or_else(|| capture["custom_id"].as_str().map(str::to_owned));
        self.book(&id, "T1107", back, &known.unwrap_or_default(), "S");
        self.tell("refunds", &id, "PAYMENT.CAPTURE.REFUNDED", "refund");
        id
    }

    /// A refund comes back.
    pub(super) fn fail_refund(&mut self, id: &str) -> bool {
        let Some(place) = self.find("refunds", id) else {
            return false;
        };
        let Some(refund) = self.part_mut("refunds", &place) else {
            return false;
        };
        if refund["status"] == "FAILED" {
            return false;
        }
        refund["status"] = json!("FAILED");
        let amount = money(&refund["amount"]);
        if let Some(amount) = amount {
            self.book(id, "T1108", amount, "", "S");
        }
        self.tell("refunds", id, "PAYMENT.REFUND.FAILED", "refund");
        true
    }
}
