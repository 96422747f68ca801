//! A stand-in for Stripe: it keeps objects, moves them on as time passes, answers as Stripe does, and signs what it posts.

mod answers;
mod asked;
mod cards;
mod charges;
mod checkout;
mod customers;
mod deliveries;
mod disputes;
mod errors;
mod files;
mod happenings;
mod intents;
mod keys;
mod listing;
mod page;
mod setups;
mod state;

portcullis_ports::cfg_testkit! {
    mod counterparty;
}
#[cfg(rustfmt)]
mod counterparty;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use portcullis_ports::Clock;
use portcullis_ports::http::{HttpMethod, HttpRequest, HttpResponse};
use portcullis_ports::simulation::{Posted, Simulated, Vendor, VendorSimulator};
use serde_json::{Value, json};

use answers::{Answer, refuse};
use asked::Asked;
pub use cards::{ACCOUNTS, BankAccount, CARDS, TestCard};
pub use deliveries::DeliveryFault;
use state::State;

/// A secret key for tests and development.
pub const SECRET_KEY: &str = "sk_test_simulated";
/// The key of browsers.
pub const PUBLISHABLE_KEY: &str = "pk_test_simulated";
/// The signing secret of the webhook endpoint.
pub const WEBHOOK_SECRET: &str = "whsec_simulated";
/// The account.
pub const ACCOUNT: &str = "acct_1Simulated";

/// Settings of that account.
pub fn settings() -> Value {
    json!({
        "secret_key": SECRET_KEY,
        "publishable_key": PUBLISHABLE_KEY,
        "webhook_secret": WEBHOOK_SECRET,
        "account": ACCOUNT,
    })
}

portcullis_ports::set_up!(portcullis_ports::payments::Payments, "stripe", |_folder| {
    let runtime = FakeRuntime::default();
    let stripe = Arc::new(Simulator::new(Arc::clone(&runtime.clock) as Arc<_>));
    let counterparty = Arc::clone(&stripe) as Arc<_>;
    SetUp::new(settings(), payments::PaymentExpectations { counterparty })
        .on(runtime)
        .asking(stripe)
});

/// What goes wrong inside Stripe with one request that acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StripeFault {
    /// It acts, and answers 500, which is what the key answers ever after.
    ActsThenFails,
    /// Another request holds the object: 409 with `lock_timeout`, and nothing happens.
    Locked,
    /// Too many requests: 429 with the seconds to wait, and nothing happens.
    Busy(u32),
}

/// Stripe with one account in test mode.
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
        Self::at(clock, "https://api.stripe.com")
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
    pub fn will(&self, fault: StripeFault) {
        self.state().faults.push_back(fault);
    }

    /// An object by its id.
    pub fn object(&self, id: &str) -> Option<Value> {
        self.state().get(id).cloned()
    }

    /// Whoever issued a card gave it another expiry: Stripe learns it by itself.
    pub fn update_card(&self, method: &str, year: u16, month: u8) -> bool {
        self.state().update_card(method, year, month)
    }

    /// The payer withdraws a mandate at the bank.
    pub fn withdraw_mandate(&self, method: &str) -> bool {
        self.state().withdraw_mandate(method)
    }

    /// Whether nothing of a card number is kept that is longer than its last four digits.
    pub fn keeps_no_number(&self) -> bool {
        self.state().keeps_no_number()
    }

    /// The state, after everything that was due has happened.
    fn state(&self) -> MutexGuard<'_, State> {
        let now = self.clock.now().millis() + self.ahead.load(Ordering::SeqCst);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.origin.clone_from(&self.origin);
        state.pass_time(now.div_euclid(1000));
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
        plugin: "stripe",
        title: "Stripe",
        by_default: true,
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
        if asked.path.first().is_none_or(|part| part != "v1") {
            return page::answer(self, &asked);
        }
        let mut state = self.state();
        let answer = match asked.authority() {
            asked::Authority::Secret => keys::answer(&mut state, &asked, route),
            asked::Authority::Browser => browser(&mut state, &asked),
            asked::Authority::None => refuse(401, &errors::wrong_key()),
        };
        answer.http(state.request_id())
    }
}

/// What a browser may ask with the publishable key and the secret of one intent.
fn browser(state: &mut State, asked: &Asked) -> Answer {
    let parts: Vec<&str> = asked.path.iter().map(String::as_str).collect();
    let (id, allowed) = match (asked.method, parts.as_slice()) {
        (HttpMethod::Get, ["v1", "payment_intents" | "setup_intents", id])
        | (
            HttpMethod::Post,
            [
                "v1",
                "payment_intents" | "setup_intents",
                id,
                "confirm" | "verify_microdeposits",
            ],
        ) => (*id, true),
        _ => ("", false),
    };
    let given = asked.text("client_secret");
    let known = state.get(id).and_then(|intent| intent["client_secret"].as_str());
    if !allowed || given.is_none() || given.as_deref() != known {
        return refuse(401, &errors::wrong_key());
    }
    route(state, asked)
}

/// What lists of refunds and disputes may be asked for by.
const OF_PAYMENT: [&str; 2] = ["payment_intent", "charge"];

/// Every operation that is known here.
fn route(state: &mut State, asked: &Asked) -> Answer {
    use HttpMethod::{Delete, Get, Post};
    let parts: Vec<&str> = asked.path.iter().skip(1).map(String::as_str).collect();
    match (asked.method, parts.as_slice()) {
        (Post, ["customers"]) => customers::create(state, asked),
        (Get, ["customers", id]) => state.show("customer", id, asked),
        (Delete, ["customers", id]) => customers::remove(state, id),
        (Get, ["customers", id, "payment_methods"]) => customers::methods(state, id, asked),
        (Post, ["payment_methods"]) => customers::create_method(state, asked),
        (Get, ["payment_methods", id]) => state.show("payment_method", id, asked),
        (Post, ["payment_methods", id, "attach"]) => customers::attach(state, id, asked),
        (Post, ["payment_methods", id, "detach"]) => customers::detach(state, id),
        (Post, ["payment_intents"]) => intents::create(state, asked),
        (Get, ["payment_intents"]) => {
            let url = "/v1/payment_intents";
            listing::matching(state, "payment_intent", url, &["customer"], asked)
        }
        (Get, ["payment_intents", id]) => state.show("payment_intent", id, asked),
        (Post, ["payment_intents", id, "confirm"]) => intents::confirm(state, id, asked),
        (Post, ["payment_intents", id, "capture"]) => intents::capture(state, id, asked),
        (Post, ["payment_intents", id, "cancel"]) => intents::cancel(state, id, asked),
        (Post, ["setup_intents"]) => setups::create(state, asked),
        (Get, ["setup_intents", id]) => state.show("setup_intent", id, asked),
        (Post, ["setup_intents", id, "confirm"]) => setups::confirm(state, id, asked),
        (Post, ["setup_intents", id, "cancel"]) => setups::cancel(state, id, asked),
        (Post, ["setup_intents", id, "verify_microdeposits"]) => setups::verify(state, id, asked),
        (Post, ["checkout", "sessions"]) => checkout::create(state, asked),
        (Get, ["checkout", "sessions"]) => {
            let members = ["customer", "payment_intent", "status"];
            listing::matching(
                state,
                "checkout.session",
                "/v1/checkout/sessions",
                &members,
                asked,
            )
        }
        (Get, ["checkout", "sessions", id]) => state.show("checkout.session", id, asked),
        (Post, ["checkout", "sessions", id, "expire"]) => checkout::expire(state, id),
        (Get, ["charges", id]) => state.show("charge", id, asked),
        (Post, ["refunds"]) => charges::refund(state, asked),
        (Get, ["refunds"]) => listing::matching(state, "refund", "/v1/refunds", &OF_PAYMENT, asked),
        (Get, ["refunds", id]) => state.show("refund", id, asked),
        (Get, ["disputes"]) => listing::matching(state, "dispute", "/v1/disputes", &OF_PAYMENT, asked),
        (Get, ["disputes", id]) => state.show("dispute", id, asked),
        (Post, ["files"]) => files::create(state, asked),
        (Post, ["disputes", id]) => disputes::answer(state, id, asked),
        (Post, ["disputes", id, "close"]) => disputes::close(state, id),
        (Post, ["webhook_endpoints"]) => deliveries::create_endpoint(state, asked),
        (Get, ["balance"]) => listing::balance(state),
        (Get, ["balance_transactions"]) => listing::lines(state, asked),
        (Get, ["events"]) => listing::events(state, asked),
        _ => refuse(404, &errors::no_such_path(asked)),
    }
}
