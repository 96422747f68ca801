//! Payments of subscriptions in the words of the first version of the interface, and what is given back of them.

use portcullis_ports::money::Money;
use serde_json::{Value, json};

use super::answers::{Answer, Problem, refuse, show};
use super::asked::Asked;
use super::state::{State, link, money};
use crate::terms::to_paypal;

pub(super) fn sale(state: &State, id: &str) -> Answer {
    match state.collecting.sales.get(id) {
        Some(sale) => show(200, sale.clone()),
        None => refuse(Problem::NotFound, "INVALID_RESOURCE_ID"),
    }
}

pub(super) fn refund(state: &State, id: &str) -> Answer {
    match state.collecting.refunds.get(id) {
        Some(refund) => show(200, refund.clone()),
        None => refuse(Problem::NotFound, "INVALID_RESOURCE_ID"),
    }
}

/// An amount in the words of the first version; `None` if it is none.
pub(super) fn old_money(value: &Value) -> Option<Money> {
    money(&json!({ "currency_code": value["currency"], "value": value["total"] }))
}

pub(super) fn old(amount: Money) -> Value {
    let written = to_paypal(amount);
    json!({ "currency": written["currency_code"], "total": written["value"] })
}

pub(super) fn refund_sale(state: &mut State, id: &str, asked: &Asked) -> Answer {
    let Some(left) = state.sale_left(id) else {
        return refuse(Problem::NotFound, "INVALID_RESOURCE_ID");
    };
    let amount = match &asked.body["amount"] {
        Value::Null => Some(left),
        given => old_money(given),
    };
    match amount {
        Some(amount) if amount.currency == left.currency && amount.minor <= left.minor => {
            let refund = state.give_sale_back(id, amount);
            show(201, refund)
        }
        Some(_) => refuse(Problem::Unprocessable, "REFUND_AMOUNT_EXCEEDED"),
        None => refuse(Problem::Malformed, "INVALID_PARAMETER_VALUE"),
    }
}

impl State {
    fn sale_left(&self, id: &str) -> Option<Money> {
        let whole = old_money(&self.collecting.sales.get(id)?["amount"])?;
        let refunds = self
            .collecting
            .refunds
            .values()
            .filter(|refund| refund["sale_id"] == id);
        let given: i64 = refunds
            .filter_map(|refund| old_money(&refund["amount"]))
            .map(|one| one.minor)
            .sum();
        Some(Money::new(whole.minor - given, whole.currency))
    }

    /// Gives back what is left of a sale.
    pub(super) fn give_whole_sale_back(&mut self, sale: &str) -> bool {
        let left = self.sale_left(sale).filter(|left| left.is_positive());
        left.map(|left| self.give_sale_back(sale, left)).is_some()
    }

    /// Gives money of a sale back.
    pub(super) fn give_sale_back(&mut self, sale: &str, amount: Money) -> Value {
        let whole = self.sale_left(sale) == Some(amount);
        let id = self.id("R");
        let refund = json!({
            "id": id,
            "amount": old(amount),
            "state": "completed",
            "sale_id": sale,
            "create_time": self.time(),
            "update_time": self.time(),
            "links": [link(&self.origin, &format!("/v1/payments/refund/{id}"), "self", "GET")],
        });
        self.collecting.refunds.insert(id.clone(), refund.clone());
        let mut custom = String::new();
        if let Some(sold) = self.collecting.sales.get_mut(sale) {
            sold["state"] = json!(if whole { "refunded" } else { "partially_refunded" });
            custom = sold["custom"].as_str().unwrap_or_default().to_owned();
        }
        self.book(
            &id,
            "T1107",
            Money::new(-amount.minor, amount.currency),
            &custom,
            "S",
        );
        self.emit("PAYMENT.SALE.REFUNDED", "refund", refund.clone());
        refund
    }
}
