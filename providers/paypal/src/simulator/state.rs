//! Everything that PayPal keeps: orders with what was paid on them, stored methods, disputes, transactions, events.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use data_encoding::BASE64;
use portcullis_ports::Timestamp;
use portcullis_ports::money::{Currency, Money};
use serde_json::{Value, json};

use super::answers::{Answer, Problem, refuse, show};
use super::asked::Asked;
use super::deliveries::Deliveries;
use super::keys::Kept;
use super::subscriptions::Collecting;
use super::{CLIENT_ID, CLIENT_SECRET, MERCHANT, PayPalFault};
use crate::terms::{from_paypal, to_paypal, to_time};

/// How long a token lasts, in seconds.
const TOKEN: u64 = 32_400;
/// How long an approval holds, and how long an order that nobody approved is kept.
const APPROVED: Duration = Duration::from_hours(3);
const DROPPED: Duration = Duration::from_hours(72);

/// What happens when a method is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// An account at PayPal: the money is taken.
    Account,
    /// An account that pays by electronic cheque, which takes days.
    Cheque,
    /// An account whose source of money is refused.
    Declined,
    /// A card: the money is taken.
    Card,
    /// A card without enough money.
    PoorCard,
    /// A card that was stolen.
    StolenCard,
    /// A method whose payer has to confirm.
    Confirms,
}

/// Every behaviour with what it does, for people.
pub const METHODS: [(Behaviour, &str); 7] = [
    (Behaviour::Account, "pays at once"),
    (
        Behaviour::Cheque,
        "pays by electronic cheque, which is decided days later",
    ),
    (
        Behaviour::Declined,
        "is refused; the payer chooses another source of money",
    ),
    (Behaviour::Card, "a card that pays at once"),
    (Behaviour::PoorCard, "a card without enough money"),
    (Behaviour::StolenCard, "a card that was stolen"),
    (Behaviour::Confirms, "has to be confirmed by its payer"),
];

impl Behaviour {
    pub(super) fn is_card(self) -> bool {
        matches!(self, Self::Card | Self::PoorCard | Self::StolenCard)
    }

    /// What a card's bank says.
    pub(super) fn response(self) -> Option<&'static str> {
        match self {
            Self::PoorCard => Some("5120"),
            Self::StolenCard => Some("9520"),
            _ => None,
        }
    }
}

/// An order as it is answered, and what is known besides.
pub(super) struct Order {
    pub(super) shown: Value,
    pub(super) pays: Behaviour,
    pub(super) approved_at: Option<Timestamp>,
    pub(super) made_at: Timestamp,
    pub(super) saves: bool,
    pub(super) back: String,
    pub(super) cancel: String,
}

/// A method that is being stored.
pub(super) struct Setup {
    pub(super) shown: Value,
    pub(super) back: String,
    pub(super) method: Option<String>,
}

/// A stored method.
pub(super) struct Method {
    pub(super) behaviour: Behaviour,
    pub(super) customer: String,
    pub(super) deleted: bool,
}

/// A line of the account.
pub(super) struct Transaction {
    pub(super) id: String,
    pub(super) code: &'static str,
    pub(super) at: Timestamp,
    pub(super) amount: Money,
    pub(super) fee: Money,
    pub(super) custom: String,
    pub(super) status: &'static str,
    pub(super) moves: bool,
}

/// What PayPal keeps.
pub(super) struct State {
    pub(super) now: Timestamp,
    pub(super) origin: String,
    pub(super) orders: BTreeMap<String, Order>,
    pub(super) setups: BTreeMap<String, Setup>,
    pub(super) methods: BTreeMap<String, Method>,
    pub(super) disputes: BTreeMap<String, Value>,
    pub(super) collecting: Collecting,
    pub(super) transactions: Vec<Transaction>,
    pub(super) invoices: BTreeSet<String>,
    pub(super) events: Vec<Value>,
    pub(super) keys: BTreeMap<String, Kept>,
    /// Until when each token is taken.
    pub(super) tokens: BTreeMap<String, Timestamp>,
    pub(super) faults: VecDeque<PayPalFault>,
    pub(super) deliveries: Deliveries,
    pub(super) next_payer: Option<Behaviour>,
    pub(super) report_limit: usize,
    made: u64,
}

impl Default for State {
    fn default() -> Self {
        Self {
            now: Timestamp::from_millis(0),
            origin: String::new(),
            orders: BTreeMap::new(),
            setups: BTreeMap::new(),
            methods: BTreeMap::new(),
            disputes: BTreeMap::new(),
            collecting: Collecting::default(),
            transactions: Vec::new(),
            invoices: BTreeSet::new(),
            events: Vec::new(),
            keys: BTreeMap::new(),
            tokens: BTreeMap::new(),
            faults: VecDeque::new(),
            deliveries: Deliveries::default(),
            next_payer: None,
            report_limit: 10_000,
            made: 0,
        }
    }
}

impl State {
    /// An id that was not given before, as PayPal's look.
    pub(super) fn id(&mut self, prefix: &str) -> String {
        self.made += 1;
        format!("{prefix}SIM{:0>width$}", self.made, width = 14 - prefix.len())
    }

    pub(super) fn time(&self) -> String {
        to_time(self.now)
    }

    /// A token for who knows the secret.
    pub(super) fn grant(&mut self, asked: &Asked) -> Answer {
        let known = BASE64.encode(format!("{CLIENT_ID}:{CLIENT_SECRET}").as_bytes());
        if asked.authorization != format!("Basic {known}") {
            let body =
                json!({ "error": "invalid_client", "error_description": "Client Authentication failed" });
            return show(401, body);
        }
        if asked.field("grant_type") != Some("client_credentials") {
            let body =
                json!({ "error": "unsupported_grant_type", "error_description": "Grant Type is missing" });
            return show(400, body);
        }
        let token = self.id("A21AA");
        self.tokens
            .insert(token.clone(), self.now + Duration::from_secs(TOKEN));
        show(
            200,
            json!({
                "scope": "https://uri.paypal.com/services/payments/realtimepayment https://uri.paypal.com/services/reporting/search/read",
                "access_token": token,
                "token_type": "Bearer",
                "app_id": "APP-80W284485P519543T",
                "expires_in": TOKEN,
                "nonce": "2026-09-21T14:13:18Zsimulated",
            }),
        )
    }

    pub(super) fn allows(&self, asked: &Asked) -> bool {
        let token = asked.authorization.strip_prefix("Bearer ").unwrap_or_default();
        self.tokens.get(token).is_some_and(|until| self.now < *until)
    }

    pub(super) fn revoke(&mut self, asked: &Asked) {
        let token = asked.authorization.strip_prefix("Bearer ").unwrap_or_default();
        if let Some(until) = self.tokens.get_mut(token) {
            *until = self.now;
        }
    }

    /// Sets the time, and lets happen what was due: approvals end, and orders that nobody approved are dropped.
    pub(super) fn pass_time(&mut self, now: Timestamp) {
        self.bill_until(now);
        self.now = self.now.max(now);
        let now = self.now;
        let ended = |order: &Order| {
            order.shown["status"] == "APPROVED"
                && order.approved_at.is_some_and(|at| now.since(at) >= APPROVED)
        };
        let ended: Vec<String> = self
            .orders
            .iter()
            .filter(|(_, order)| ended(order))
            .map(|(id, _)| id.clone())
            .collect();
        for id in ended {
            if let Some(order) = self.orders.get_mut(&id) {
                order.shown["status"] = json!("VOIDED");
                let unit = order.shown["purchase_units"].clone();
                let resource = json!({ "order_id": id, "purchase_units": unit });
                self.emit("CHECKOUT.PAYMENT-APPROVAL.REVERSED", "checkout-order", resource);
            }
        }
        let open = |order: &Order| {
            let status = order.shown["status"].as_str().unwrap_or_default();
            matches!(status, "CREATED" | "PAYER_ACTION_REQUIRED") && now.since(order.made_at) >= DROPPED
        };
        self.orders.retain(|_, order| !open(order));
    }

    /// A part of an order, by its id: where the order is, and which one it is of its kind.
    pub(super) fn find(&self, kind: &str, id: &str) -> Option<(String, usize)> {
        self.orders.iter().find_map(|(order, kept)| {
            let parts = kept.shown["purchase_units"][0]["payments"][kind].as_array()?;
            let at = parts.iter().position(|part| part["id"] == id)?;
            Some((order.clone(), at))
        })
    }

    pub(super) fn part_mut(&mut self, kind: &str, (order, at): &(String, usize)) -> Option<&mut Value> {
        let order = self.orders.get_mut(order)?;
        order
            .shown
            .pointer_mut(&format!("/purchase_units/0/payments/{kind}/{at}"))
    }

    /// Adds a part to an order.
    pub(super) fn add_part(&mut self, order: &str, kind: &str, part: Value) {
        let Some(order) = self.orders.get_mut(order) else {
            return;
        };
        let payments = &mut order.shown["purchase_units"][0]["payments"];
        match payments[kind].as_array_mut() {
            Some(parts) => parts.push(part),
            None => payments[kind] = json!([part]),
        }
    }

    /// A part as it is shown by itself: with the order that it is of, and who gets the money.
    pub(super) fn alone(&self, kind: &str, place: &(String, usize)) -> Value {
        let Some(order) = self.orders.get(&place.0) else {
            return Value::Null;
        };
        let mut part = order.shown["purchase_units"][0]["payments"][kind][place.1].clone();
        if kind == "refunds" {
            return part;
        }
        part["supplementary_data"] = json!({ "related_ids": { "order_id": place.0 } });
        part["payee"] = json!({ "merchant_id": MERCHANT });
        part
    }

    pub(super) fn part(&self, kind: &str, id: &str) -> Answer {
        match self.find(kind, id) {
            Some(place) => show(200, self.alone(kind, &place)),
            None => refuse(Problem::NotFound, "INVALID_RESOURCE_ID"),
        }
    }

    /// Writes a line of the account.
    pub(super) fn book(
        &mut self,
        id: &str,
        code: &'static str,
        amount: Money,
        custom: &str,
        status: &'static str,
    ) {
        let fee = if matches!(code, "T0002" | "T0006") {
            fee(amount)
        } else {
            Money::zero(amount.currency)
        };
        self.transactions.push(Transaction {
            id: id.to_owned(),
            code,
            at: self.now,
            amount,
            fee,
            custom: custom.to_owned(),
            status,
            moves: code != "T1300",
        });
    }

    /// What a word of an order says.
    pub(super) fn word(&self, order: &str, pointer: &str) -> String {
        let order = self.orders.get(order);
        let found = order
            .and_then(|order| order.shown.pointer(pointer))
            .and_then(Value::as_str);
        found.unwrap_or_default().to_owned()
    }
}

/// What PayPal keeps of a payment: 3 % rounded down, at least one smallest unit.
pub(super) fn fee(amount: Money) -> Money {
    Money::new((amount.minor * 3 / 100).max(1), amount.currency)
}

/// An amount in a body; `None` if it is none.
pub(super) fn money(value: &Value) -> Option<Money> {
    let read: crate::wire::Money = serde_json::from_value(value.clone()).ok()?;
    let money = from_paypal(&read)?;
    // Decimals that the currency does not have are refused by PayPal, zeros among them.
    (to_paypal(money) == json!({ "currency_code": read.currency_code, "value": read.value })).then_some(money)
}

/// The sum of amounts of one currency.
pub(super) fn sum<'a>(values: impl Iterator<Item = &'a Value>, currency: Currency) -> Money {
    let minor = values.filter_map(money).map(|money| money.minor).sum();
    Money::new(minor, currency)
}

pub(super) fn link(origin: &str, path: &str, rel: &str, method: &str) -> Value {
    json!({ "href": format!("{origin}{path}"), "rel": rel, "method": method })
}
