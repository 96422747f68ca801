//! Subscriptions: products and plans, agreements of payers, and the payments that PayPal takes as time goes by.

use std::collections::BTreeMap;

use jiff::tz::Offset;
use jiff::{Span, Timestamp as Instant};
use portcullis_ports::Timestamp;
use portcullis_ports::money::Money;
use serde_json::{Value, json};

use super::answers::{Answer, Problem, refuse, show};
use super::asked::Asked;
use super::sales::{old, old_money};
use super::state::{Behaviour, State, fee, link, money};
use crate::terms::{from_time, to_paypal, to_time};

/// What PayPal keeps of its own collecting.
#[derive(Default)]
pub(super) struct Collecting {
    products: BTreeMap<String, Value>,
    plans: BTreeMap<String, Value>,
    pub(super) subscriptions: BTreeMap<String, Subscription>,
    pub(super) sales: BTreeMap<String, Value>,
    pub(super) refunds: BTreeMap<String, Value>,
}

/// A subscription.
pub(super) struct Subscription {
    plan: String,
    custom: String,
    pub(super) status: &'static str,
    pays: Behaviour,
    made_at: Timestamp,
    started_at: Option<Timestamp>,
    /// How many cycles were begun, the trial included.
    cycles: u32,
    failures: u32,
    failed_at: Option<Timestamp>,
    /// Payments of it, oldest first.
    pub(super) sales: Vec<String>,
    pub(super) back: String,
    pub(super) cancel: String,
}

/// After so many payments that failed in a row.
fn threshold(plan: &Value) -> u32 {
    let most = plan["payment_preferences"]["payment_failure_threshold"].as_u64();
    most.and_then(|most| u32::try_from(most).ok()).unwrap_or(0)
}

/// A moment so many units after another, as calendars in UTC have it.
fn later(from: Timestamp, frequency: &Value, times: u32) -> Option<Timestamp> {
    let count = i64::from(times) * frequency["interval_count"].as_i64().unwrap_or(1);
    let span = match frequency["interval_unit"].as_str()? {
        "DAY" => Span::new().days(count),
        "WEEK" => Span::new().weeks(count),
        "MONTH" => Span::new().months(count),
        "YEAR" => Span::new().years(count),
        _ => return None,
    };
    let from = Offset::UTC.to_datetime(Instant::from_millisecond(from.millis()).ok()?);
    let at = Offset::UTC.to_timestamp(from.checked_add(span).ok()?).ok()?;
    Some(Timestamp::from_millis(at.as_millisecond()))
}

/// The trial of a plan, if it has one, and what comes after it.
fn cycles(plan: &Value) -> (Option<&Value>, Option<&Value>) {
    let all = plan["billing_cycles"].as_array();
    let find = |kind: &str| all.and_then(|all| all.iter().find(|cycle| cycle["tenure_type"] == kind));
    (find("TRIAL"), find("REGULAR"))
}

impl Subscription {
    /// When the next payment is due; `None` if it collects nothing.
    fn due(&self, plan: &Value) -> Option<Timestamp> {
        let started = self.started_at.filter(|_| self.status == "ACTIVE")?;
        let (trial, paid) = cycles(plan);
        let (mut from, mut done) = (started, self.cycles);
        if let Some(trial) = trial {
            if done == 0 {
                return Some(started);
            }
            from = later(started, &trial["frequency"], 1)?;
            done -= 1;
        }
        later(from, &paid?["frequency"], done)
    }
}

pub(super) fn product(state: &mut State, asked: &Asked) -> Answer {
    let (Some(name), Some(kind)) = (asked.text("/name"), asked.text("/type")) else {
        return refuse(Problem::Malformed, "MISSING_REQUIRED_PARAMETER");
    };
    let (name, kind) = (name.to_owned(), kind.to_owned());
    let id = asked.text("/id").map_or_else(|| state.id("PROD-"), str::to_owned);
    if state.collecting.products.contains_key(&id) {
        return refuse(Problem::Unprocessable, "DUPLICATE_RESOURCE_IDENTIFIER");
    }
    let product = json!({ "id": id, "name": name, "type": kind, "create_time": state.time() });
    state.collecting.products.insert(id, product.clone());
    show(201, product)
}

pub(super) fn plan(state: &mut State, asked: &Asked) -> Answer {
    let product = asked.text("/product_id").unwrap_or_default();
    if !state.collecting.products.contains_key(product) {
        return refuse(Problem::NotFound, "INVALID_RESOURCE_ID");
    }
    let (_, paid) = cycles(&asked.body);
    let price = paid.and_then(|cycle| money(&cycle["pricing_scheme"]["fixed_price"]));
    if asked.text("/name").is_none() || !price.is_some_and(Money::is_positive) {
        return refuse(Problem::Malformed, "MISSING_REQUIRED_PARAMETER");
    }
    let id = state.id("P-");
    let mut plan = asked.body.clone();
    plan["id"] = json!(id);
    plan["status"] = json!("ACTIVE");
    plan["create_time"] = json!(state.time());
    state.collecting.plans.insert(id, plan.clone());
    show(201, plan)
}

pub(super) fn subscribe(state: &mut State, asked: &Asked) -> Answer {
    let plan = asked.text("/plan_id").unwrap_or_default().to_owned();
    if !state.collecting.plans.contains_key(&plan) {
        return refuse(Problem::NotFound, "INVALID_RESOURCE_ID");
    }
    let page = |name: &str| {
        asked
            .text(&format!("/application_context/{name}"))
            .unwrap_or_default()
            .to_owned()
    };
    let subscription = Subscription {
        plan,
        custom: asked.text("/custom_id").unwrap_or_default().to_owned(),
        status: "APPROVAL_PENDING",
        pays: Behaviour::Account,
        made_at: state.now,
        started_at: None,
        cycles: 0,
        failures: 0,
        failed_at: None,
        sales: Vec::new(),
        back: page("return_url"),
        cancel: page("cancel_url"),
    };
    let id = state.id("I-");
    state.collecting.subscriptions.insert(id.clone(), subscription);
    let shown = state.subscription(&id);
    state.emit("BILLING.SUBSCRIPTION.CREATED", "subscription", shown.clone());
    show(201, shown)
}

pub(super) fn read(state: &State, id: &str) -> Answer {
    match state.subscription(id) {
        Value::Null => refuse(Problem::NotFound, "INVALID_RESOURCE_ID"),
        shown => show(200, shown),
    }
}

/// What PayPal's operations on a subscription lead to, and from where.
fn way(step: &str) -> Option<(&'static [&'static str], &'static str, &'static str)> {
    Some(match step {
        "cancel" => (
            &["ACTIVE", "SUSPENDED"],
            "CANCELLED",
            "BILLING.SUBSCRIPTION.CANCELLED",
        ),
        "suspend" => (&["ACTIVE"], "SUSPENDED", "BILLING.SUBSCRIPTION.SUSPENDED"),
        "activate" => (&["SUSPENDED"], "ACTIVE", "BILLING.SUBSCRIPTION.RE-ACTIVATED"),
        _ => return None,
    })
}

pub(super) fn change(state: &mut State, id: &str, step: &str, asked: &Asked) -> Answer {
    let Some((from, _, _)) = way(step) else {
        return refuse(Problem::NotFound, "INVALID_RESOURCE_ID");
    };
    let Some(subscription) = state.collecting.subscriptions.get(id) else {
        return refuse(Problem::NotFound, "INVALID_RESOURCE_ID");
    };
    if step != "activate" && asked.text("/reason").is_none() {
        return refuse(Problem::Malformed, "MISSING_REQUIRED_PARAMETER");
    }
    if !from.contains(&subscription.status) {
        return refuse(Problem::Unprocessable, "SUBSCRIPTION_STATUS_INVALID");
    }
    state.steer(id, step);
    show(204, Value::Null)
}

/// Payments of a subscription in a span.
pub(super) fn transactions(state: &State, id: &str, asked: &Asked) -> Answer {
    let Some(subscription) = state.collecting.subscriptions.get(id) else {
        return refuse(Problem::NotFound, "INVALID_RESOURCE_ID");
    };
    let time = |name: &str| asked.field(name).and_then(from_time);
    let (Some(from), Some(to)) = (time("start_time"), time("end_time")) else {
        return refuse(Problem::Malformed, "MISSING_REQUIRED_PARAMETER");
    };
    let within = |sale: &&Value| {
        let at = sale["create_time"].as_str().and_then(from_time);
        at.is_some_and(|at| at >= from && at <= to)
    };
    let sales = subscription
        .sales
        .iter()
        .filter_map(|id| state.collecting.sales.get(id));
    let shown: Vec<Value> = sales.filter(within).map(transaction).collect();
    show(
        200,
        json!({ "transactions": shown, "total_items": shown.len(), "total_pages": 1 }),
    )
}

fn transaction(sale: &Value) -> Value {
    let status = sale["state"].as_str().unwrap_or_default().to_uppercase();
    json!({
        "id": sale["id"],
        "status": status,
        "amount_with_breakdown": { "gross_amount": {
            "currency_code": sale["amount"]["currency"],
            "value": sale["amount"]["total"],
        } },
        "time": sale["create_time"],
    })
}

impl State {
    fn plan_of(&self, subscription: &Subscription) -> Value {
        self.collecting
            .plans
            .get(&subscription.plan)
            .cloned()
            .unwrap_or_default()
    }

    /// A subscription as it is shown.
    fn subscription(&self, id: &str) -> Value {
        let Some(one) = self.collecting.subscriptions.get(id) else {
            return Value::Null;
        };
        let plan = self.plan_of(one);
        let currency = cycles(&plan)
            .1
            .and_then(|cycle| money(&cycle["pricing_scheme"]["fixed_price"]));
        let mut info = json!({
            "outstanding_balance": currency.map(|price| to_paypal(Money::zero(price.currency))),
            "failed_payments_count": one.failures,
        });
        if let Some(due) = one.due(&plan) {
            info["next_billing_time"] = json!(to_time(due));
        }
        if let Some(last) = one.sales.last().and_then(|sale| self.collecting.sales.get(sale)) {
            let amount = old_money(&last["amount"]).map(to_paypal);
            info["last_payment"] = json!({ "amount": amount, "time": last["create_time"] });
        }
        if let (Some(at), Some(price)) = (one.failed_at, currency) {
            info["last_failed_payment"] = json!({
                "amount": to_paypal(price), "time": to_time(at), "reason_code": "PAYMENT_DENIED",
            });
        }
        let mut shown = json!({
            "id": id,
            "plan_id": one.plan,
            "status": one.status,
            "status_update_time": self.time(),
            "create_time": to_time(one.made_at),
            "quantity": "1",
            "billing_info": info,
            "links": [link(&self.origin, &format!("/v1/billing/subscriptions/{id}"), "self", "GET")],
        });
        if !one.custom.is_empty() {
            shown["custom_id"] = json!(one.custom);
        }
        if let Some(at) = one.started_at {
            shown["start_time"] = json!(to_time(at));
        }
        if one.status == "APPROVAL_PENDING" {
            let page = format!("/webapps/billing/subscriptions?ba_token={id}");
            let approve = link(&self.origin, &page, "approve", "GET");
            if let Some(links) = shown["links"].as_array_mut() {
                links.push(approve);
            }
        }
        shown
    }

    /// What a subscription costs, for its page; `None` if there is none that waits for its payer.
    pub(super) fn agreed_price(&self, id: &str) -> Option<Value> {
        let one = self.collecting.subscriptions.get(id)?;
        let plan = self.plan_of(one);
        Some(cycles(&plan).1?["pricing_scheme"]["fixed_price"].clone())
    }

    /// A payer agrees to a subscription.
    pub(super) fn agree_to(&mut self, id: &str, pays: Behaviour) -> bool {
        let now = self.now;
        let Some(one) = self.collecting.subscriptions.get_mut(id) else {
            return false;
        };
        if one.status != "APPROVAL_PENDING" {
            return false;
        }
        (one.status, one.started_at, one.pays) = ("ACTIVE", Some(now), pays);
        let shown = self.subscription(id);
        self.emit("BILLING.SUBSCRIPTION.ACTIVATED", "subscription", shown);
        self.bill_until(now);
        true
    }

    /// Cancels, suspends or activates a subscription, at whose word ever.
    pub(super) fn steer(&mut self, id: &str, step: &str) -> bool {
        let Some((from, to, event)) = way(step) else {
            return false;
        };
        let now = self.now;
        let Some(one) = self.collecting.subscriptions.get_mut(id) else {
            return false;
        };
        if !from.contains(&one.status) {
            return false;
        }
        one.status = to;
        if to == "ACTIVE" {
            (one.failures, one.failed_at) = (0, None);
        }
        if to == "ACTIVE" {
            self.skip_until(id, now);
        }
        let shown = self.subscription(id);
        self.emit(event, "subscription", shown);
        true
    }

    /// What was due while a subscription rested is not taken afterwards.
    fn skip_until(&mut self, id: &str, now: Timestamp) {
        while let Some(one) = self.collecting.subscriptions.get(id) {
            let due = one.due(&self.plan_of(one));
            if due.is_none_or(|due| due >= now) {
                return;
            }
            if let Some(one) = self.collecting.subscriptions.get_mut(id) {
                one.cycles += 1;
            }
        }
    }

    /// The payer's account behaves so from now on.
    pub(super) fn pays_like(&mut self, id: &str, pays: Behaviour) -> bool {
        let found = self.collecting.subscriptions.get_mut(id);
        found.map(|one| one.pays = pays).is_some()
    }

    /// Takes every payment that is due until a moment, each at its own.
    pub(super) fn bill_until(&mut self, until: Timestamp) {
        loop {
            let due = |(id, one): (&String, &Subscription)| Some((one.due(&self.plan_of(one))?, id.clone()));
            let next = self.collecting.subscriptions.iter().filter_map(due).min();
            let Some((at, id)) = next.filter(|(at, _)| *at <= until) else {
                return;
            };
            self.now = self.now.max(at);
            self.begin_cycle(&id);
        }
    }

    fn begin_cycle(&mut self, id: &str) {
        let now = self.now;
        let Some(one) = self.collecting.subscriptions.get(id) else {
            return;
        };
        let (plan, custom) = (self.plan_of(one), one.custom.clone());
        let trial = cycles(&plan).0.is_some() && one.cycles == 0;
        let price = cycles(&plan)
            .1
            .and_then(|cycle| money(&cycle["pricing_scheme"]["fixed_price"]));
        let declined = one.pays == Behaviour::Declined;
        let sale = self.id("S");
        let Some(one) = self.collecting.subscriptions.get_mut(id) else {
            return;
        };
        one.cycles += 1;
        if trial {
            return;
        }
        if declined {
            one.failures += 1;
            one.failed_at = Some(now);
            let suspended = one.failures >= threshold(&plan);
            let shown = self.subscription(id);
            self.emit("BILLING.SUBSCRIPTION.PAYMENT.FAILED", "subscription", shown);
            if suspended {
                self.steer(id, "suspend");
            }
            return;
        }
        (one.failures, one.failed_at) = (0, None);
        one.sales.push(sale.clone());
        let pending = one.pays == Behaviour::Cheque;
        let Some(price) = price else {
            return;
        };
        let kept = to_paypal(fee(price));
        let shown = json!({
            "id": sale,
            "amount": old(price),
            "payment_mode": "INSTANT_TRANSFER",
            "state": if pending { "pending" } else { "completed" },
            "protection_eligibility": "ELIGIBLE",
            "transaction_fee": { "currency": kept["currency_code"], "value": kept["value"] },
            "parent_payment": format!("PAY-{sale}"),
            "billing_agreement_id": id,
            "custom": custom,
            "create_time": to_time(now),
            "update_time": to_time(now),
            "links": [link(&self.origin, &format!("/v1/payments/sale/{sale}"), "self", "GET")],
        });
        self.collecting.sales.insert(sale.clone(), shown.clone());
        if pending {
            self.emit("PAYMENT.SALE.PENDING", "sale", shown);
            return;
        }
        self.book(&sale, "T0002", price, &custom, "S");
        self.emit("PAYMENT.SALE.COMPLETED", "sale", shown);
    }

    /// The cheques of a subscription's payer are good.
    pub(super) fn clear_cheques(&mut self, id: &str) -> bool {
        let (sales, custom) = match self.collecting.subscriptions.get(id) {
            Some(one) => (one.sales.clone(), one.custom.clone()),
            None => return false,
        };
        let time = self.time();
        for sale in sales {
            let found = self.collecting.sales.get_mut(&sale);
            let Some(shown) = found.filter(|shown| shown["state"] == "pending") else {
                continue;
            };
            (shown["state"], shown["update_time"]) = (json!("completed"), json!(time));
            let shown = shown.clone();
            if let Some(price) = old_money(&shown["amount"]) {
                self.book(&sale, "T0002", price, &custom, "S");
            }
            self.emit("PAYMENT.SALE.COMPLETED", "sale", shown);
        }
        true
    }

    /// Our names for subscriptions, each with the names of the payments of it.
    pub(super) fn collected(&self) -> Vec<(String, String)> {
        let all = self.collecting.subscriptions.values();
        let own = |one: &Subscription| one.custom.split(',').next().unwrap_or_default().to_owned();
        all.flat_map(|one| one.sales.iter().map(move |sale| (own(one), sale.clone())))
            .collect()
    }
}
