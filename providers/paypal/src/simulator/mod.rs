//! A stand-in for PayPal: it keeps orders, moves them on as time passes, answers as PayPal does, and signs what it posts.

mod answers;
mod asked;
mod deliveries;
mod desk;
mod disputes;
mod holds;
mod keys;
mod orders;
mod refunds;
mod reporting;
mod sales;
mod signer;
mod state;
mod subscriptions;
mod vault;

portcullis_ports::cfg_testkit! {
    mod counterparty;
}
#[cfg(rustfmt)]
mod counterparty;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use portcullis_ports::http::{HttpMethod, HttpRequest, HttpResponse};
use portcullis_ports::simulation::{Posted, Simulated, Vendor, VendorSimulator};
use portcullis_ports::{Clock, Timestamp};
use serde_json::{Value, json};

use answers::{Answer, Problem, refuse};
use asked::Asked;
pub use deliveries::DeliveryFault;
pub use signer::ROOT;
use state::State;
pub use state::{Behaviour, METHODS};

/// The client id of an app for tests and development.
pub const CLIENT_ID: &str = "AeSimulatedClient-1";
/// Its secret.
pub const CLIENT_SECRET: &str = "EHSimulatedSecret-1";
/// The id of its webhook.
pub const WEBHOOK_ID: &str = "1JE4291016473214C";
/// The merchant id of the account.
pub const MERCHANT: &str = "MERCHANT2SELL";

/// Where PayPal's API is in its sandbox, and where the simulator stands in for it.
const ORIGIN: &str = "https://api-m.sandbox.paypal.com";

/// Settings of that account.
pub fn settings() -> Value {
    json!({
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "webhook_id": WEBHOOK_ID,
        "mode": "sandbox",
        "merchant_id": MERCHANT,
        "webhook_roots": ROOT,
    })
}

portcullis_ports::set_up!(portcullis_ports::payments::Payments, "paypal", |_folder| {
    let runtime = FakeRuntime::default();
    let paypal = Arc::new(Simulator::new(Arc::clone(&runtime.clock) as Arc<_>));
    let counterparty = Arc::clone(&paypal) as Arc<_>;
    SetUp::new(settings(), payments::PaymentExpectations { counterparty })
        .on(runtime)
        .asking(paypal)
});

/// What goes wrong inside PayPal with one request that acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayPalFault {
    /// It acts, and answers 500; under the same key it answers later what it did.
    ActsThenFails,
    /// An earlier request works on the same object: 409, and nothing happens.
    InProgress,
    /// Too many requests: 429 with the seconds to wait, and nothing happens.
    Busy(u32),
    /// The token is not taken any more, though it has not ended: 401, and nothing happens.
    TokenRevoked,
}

/// PayPal's sandbox with one account.
pub struct Simulator {
    clock: Arc<dyn Clock>,
    /// How far its time is ahead of the clock, in milliseconds.
    ahead: AtomicI64,
    /// Where browsers reach it.
    origin: String,
    state: Mutex<State>,
}

impl Simulator {
    /// An account that has seen nothing.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::at(clock, ORIGIN)
    }

    /// The same, reached by browsers at `origin`.
    pub fn at(clock: Arc<dyn Clock>, origin: impl Into<String>) -> Self {
        Self {
            clock,
            ahead: AtomicI64::new(0),
            origin: origin.into(),
            state: Mutex::default(),
        }
    }

    /// Moves its time forward: what was due until then happens.
    pub fn advance(&self, span: Duration) {
        let millis = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        self.ahead.fetch_add(millis, Ordering::SeqCst);
        drop(self.state());
    }

    /// The next request that acts meets this fault, behind those already scripted.
    pub fn will(&self, fault: PayPalFault) {
        self.state().faults.push_back(fault);
    }

    /// A stored method that behaves so.
    pub fn store(&self, behaviour: Behaviour) -> String {
        self.state().store(behaviour)
    }

    /// How the next payer who approves will fare when the money is asked for.
    pub fn next_payer(&self, behaviour: Behaviour) {
        self.state().next_payer = Some(behaviour);
    }

    /// The payer takes a stored method away at PayPal.
    pub fn payer_deletes(&self, method: &str) -> bool {
        self.state().delete_method(method)
    }

    /// The payer of a subscription agrees to it on PayPal's page.
    pub fn payer_agrees(&self, subscription: &str) -> bool {
        let mut state = self.state();
        let pays = state.next_payer.take().unwrap_or(Behaviour::Account);
        state.agree_to(subscription, pays)
    }

    /// The account of a subscription's payer behaves so from now on.
    pub fn payer_behaves(&self, subscription: &str, behaviour: Behaviour) -> bool {
        self.state().pays_like(subscription, behaviour)
    }

    /// The electronic cheques of a subscription's payer are good.
    pub fn clear_cheques(&self, subscription: &str) -> bool {
        self.state().clear_cheques(subscription)
    }

    /// Somebody cancels, suspends or activates a subscription at PayPal: `cancel`, `suspend`, `activate`.
    pub fn steer_there(&self, subscription: &str, step: &str) -> bool {
        self.state().steer(subscription, step)
    }

    /// What was taken for the subscriptions of ours so far: our name for each, and the name of each payment of it.
    pub fn collected(&self) -> Vec<(String, String)> {
        self.state().collected()
    }

    /// Reports of more lines than this are refused.
    pub fn report_at_most(&self, lines: usize) {
        self.state().report_limit = lines;
    }

    /// How many tokens were asked for so far.
    pub fn tokens(&self) -> usize {
        self.state().tokens.len()
    }

    /// A review or an inquiry becomes a claim: money moves.
    pub fn escalate(&self, dispute: &str) -> bool {
        self.state().escalate(dispute)
    }

    /// The state, after everything that was due has happened.
    fn state(&self) -> MutexGuard<'_, State> {
        let now = self.clock.now().millis() + self.ahead.load(Ordering::SeqCst);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.origin.clone_from(&self.origin);
        state.pass_time(Timestamp::from_millis(now));
        state
    }
}

impl portcullis_ports::simulation::Simulator for Simulator {
    fn deliveries(&self) -> Vec<Posted> {
        self.deliver()
    }

    fn advance(&self, span: Duration) {
        Self::advance(self, span);
    }
}

inventory::submit! {
    VendorSimulator {
        port: "payments",
        plugin: "paypal",
        title: "PayPal",
        by_default: false,
        start: |surroundings| {
            let mut settings = settings();
            for field in ["endpoint", "script_origin"] {
                settings[field] = json!(surroundings.origin);
            }
            Simulated {
                simulator: Arc::new(Simulator::at(surroundings.clock, surroundings.origin)),
                settings,
            }
        },
    }
}

impl Vendor for Simulator {
    fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let asked = Asked::read(request);
        let parts: Vec<&str> = asked.path.iter().map(String::as_str).collect();
        match (asked.method, parts.as_slice()) {
            (HttpMethod::Get, ["v1", "notifications", "certs", name]) => signer::certificate(name),
            (HttpMethod::Post, ["v1", "oauth2", "token"]) => self.state().grant(&asked).http(),
            (_, ["v1" | "v2" | "v3", ..]) => {
                let mut state = self.state();
                let answer = if state.allows(&asked) {
                    keys::answer(&mut state, &asked, route)
                } else {
                    refuse(Problem::Unauthenticated, "INVALID_TOKEN")
                };
                answer.http()
            }
            _ => desk::answer(self, &asked),
        }
    }
}

/// Every operation that is known here.
fn route(state: &mut State, asked: &Asked) -> Answer {
    use HttpMethod::{Delete, Get, Post};
    let parts: Vec<&str> = asked.path.iter().map(String::as_str).collect();
    match (asked.method, parts.as_slice()) {
        (Post, ["v2", "checkout", "orders"]) => orders::create(state, asked),
        (Get, ["v2", "checkout", "orders", id]) => orders::show(state, id),
        (Post, ["v2", "checkout", "orders", id, "capture"]) => orders::take(state, id, "CAPTURE"),
        (Post, ["v2", "checkout", "orders", id, "authorize"]) => orders::take(state, id, "AUTHORIZE"),
        (Get, ["v2", "payments", "captures", id]) => state.part("captures", id),
        (Post, ["v2", "payments", "captures", id, "refund"]) => refunds::create(state, id, asked),
        (Get, ["v2", "payments", "refunds", id]) => state.part("refunds", id),
        (Get, ["v2", "payments", "authorizations", id]) => state.part("authorizations", id),
        (Post, ["v2", "payments", "authorizations", id, "capture"]) => holds::capture(state, id, asked),
        (Post, ["v2", "payments", "authorizations", id, "void"]) => holds::void(state, id),
        (Post, ["v2", "payments", "authorizations", id, "reauthorize"]) => holds::renew(state, id),
        (Post, ["v3", "vault", "setup-tokens"]) => vault::begin(state, asked),
        (Get, ["v3", "vault", "setup-tokens", id]) => vault::setup(state, id),
        (Post, ["v3", "vault", "payment-tokens"]) => vault::finish(state, asked),
        (Get, ["v3", "vault", "payment-tokens"]) => vault::list(state, asked),
        (Get, ["v3", "vault", "payment-tokens", id]) => vault::show(state, id),
        (Delete, ["v3", "vault", "payment-tokens", id]) => vault::delete(state, id),
        (Post, ["v1", "catalogs", "products"]) => subscriptions::product(state, asked),
        (Post, ["v1", "billing", "plans"]) => subscriptions::plan(state, asked),
        (Post, ["v1", "billing", "subscriptions"]) => subscriptions::subscribe(state, asked),
        (Get, ["v1", "billing", "subscriptions", id]) => subscriptions::read(state, id),
        (Get, ["v1", "billing", "subscriptions", id, "transactions"]) => {
            subscriptions::transactions(state, id, asked)
        }
        (Post, ["v1", "billing", "subscriptions", id, step]) => subscriptions::change(state, id, step, asked),
        (Get, ["v1", "payments", "sale", id]) => sales::sale(state, id),
        (Post, ["v1", "payments", "sale", id, "refund"]) => sales::refund_sale(state, id, asked),
        (Get, ["v1", "payments", "refund", id]) => sales::refund(state, id),
        (Get, ["v1", "customer", "disputes"]) => disputes::list(state, asked),
        (Get, ["v1", "customer", "disputes", id]) => disputes::show(state, id),
        (Post, ["v1", "customer", "disputes", id, step]) => disputes::act(state, id, step, asked),
        (Get, ["v1", "reporting", "transactions"]) => reporting::transactions(state, asked),
        (Get, ["v1", "reporting", "balances"]) => reporting::balances(state),
        (Get, ["v1", "notifications", "webhooks", id]) => deliveries::webhook(id),
        (Get, ["v1", "notifications", "webhooks-events"]) => deliveries::events(state, asked),
        (Post, ["v1", "notifications", "verify-webhook-signature"]) => deliveries::verify(asked),
        _ => refuse(Problem::NotFound, "INVALID_RESOURCE_ID"),
    }
}
