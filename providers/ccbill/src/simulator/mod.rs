//! A stand-in for CCBill: it keeps tokens and sales, locks logins, gives its extract once an hour, and signs nothing.

mod asked;
mod datalink;
mod deliveries;
mod desk;
mod form;
mod rest;
mod state;

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

use asked::Asked;
pub use deliveries::DeliveryFault;
use state::State;
pub use state::{Token, UsesLeft};

/// The account.
pub const ACCOUNT: u32 = 901_234;
/// The subaccount.
pub const SUBACCOUNT: u16 = 7;
/// The end of the path of webhooks.
pub const WEBHOOK_TOKEN: &str = "simulated-webhook-token-0";
/// The salt of dynamic pricing.
pub const SALT: &str = "7d901dad245fd0ff6bc20d06";
/// The password of DataLink.
pub const DATALINK_PASSWORD: &str = "simulated-datalink";
/// The form.
pub const FORM: &str = "01234567-89ab-cdef-0123-456789abcdef";
const FRONTEND: (&str, &str) = ("simulated-frontend", "simulated-frontend-secret");
const BACKEND: (&str, &str) = ("simulated-backend", "simulated-backend-secret");
const DATALINK_USER: &str = "simulated";
/// The address that webhooks are posted from, in tests.
pub const POSTS_FROM: [u8; 4] = [64, 38, 212, 9];

/// Settings of that account.
pub fn settings() -> Value {
    json!({
        "mode": "test",
        "client_account": ACCOUNT,
        "client_subaccount": SUBACCOUNT,
        "frontend_id": FRONTEND.0,
        "frontend_secret": FRONTEND.1,
        "backend_id": BACKEND.0,
        "backend_secret": BACKEND.1,
        "datalink_user": DATALINK_USER,
        "datalink_password": DATALINK_PASSWORD,
        "form": FORM,
        "salt": SALT,
        "webhook_token": WEBHOOK_TOKEN,
    })
}

portcullis_ports::set_up!(portcullis_ports::payments::Payments, "ccbill", |_folder| {
    let runtime = FakeRuntime::default();
    let ccbill = Arc::new(Simulator::new(Arc::clone(&runtime.clock) as Arc<_>));
    let counterparty = Arc::clone(&ccbill) as Arc<_>;
    SetUp::new(settings(), payments::PaymentExpectations { counterparty })
        .on(runtime)
        .asking(ccbill)
});

/// What goes wrong inside CCBill with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CcbillFault {
    /// A sale is made, and answered with 500 and this code, such as 100103.
    ActsThenFails(u32),
    /// A sale is not made, and answered with this status and code.
    Refuses(u16, u32),
    /// DataLink takes nothing from this address.
    AddressRefused,
    /// DataLink refuses in words instead of XML.
    SaysInWords,
    /// DataLink acts, and answers -7.
    ActsThenInternalError,
}

/// CCBill with one account.
pub struct Simulator {
    clock: Arc<dyn Clock>,
    /// How far its time is ahead of the clock, in milliseconds.
    ahead: AtomicI64,
    origin: String,
    state: Mutex<State>,
}

impl Simulator {
    /// An account that has sold nothing.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::at(clock, "https://api.ccbill.com")
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

    /// The next request that it fits meets this fault, behind those already scripted.
    pub fn will(&self, fault: CcbillFault) {
        self.state().faults.push_back(fault);
    }

    /// Webhooks are posted as forms from now on, and no longer as JSON.
    pub fn posts_forms(&self) {
        self.state().forms = true;
    }

    /// A payment token as the widget makes it.
    pub fn token(&self, token: Token) -> String {
        self.state().make_token(token)
    }

    /// How often somebody logged in at DataLink, and how often wrongly.
    pub fn logins(&self) -> (u32, u32) {
        let state = self.state();
        (state.logins, state.wrong_logins)
    }

    /// What DataLink says of a subscription: 2 for active and renewing, 1 for active to its end, 0 for ended.
    pub fn status(&self, subscription: &str) -> Option<u8> {
        self.state().sales.get(subscription).map(|sale| sale.status)
    }

    /// The bank of a subscription's payer refuses what is charged from now on.
    pub fn refuses(&self, subscription: &str) -> bool {
        self.state().refuse(subscription)
    }

    /// The payer agrees to a subscription on the page at that address, and pays. Gives CCBill's name for it.
    pub fn pays_on(&self, page: &str) -> Option<String> {
        let before: Vec<String> = self.state().sales.keys().cloned().collect();
        let request = HttpRequest::new(HttpMethod::Post, page)
            .body("application/x-www-form-urlencoded", "number=4242424242424242");
        drop(self.answer(&request));
        let state = self.state();
        state.sales.keys().find(|id| !before.contains(id)).cloned()
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.clock.now().millis() + self.ahead.load(Ordering::SeqCst))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.now();
        state.pass_time(now);
        state
    }
}

impl portcullis_ports::simulation::Simulator for Simulator {
    fn deliveries(&self) -> Vec<Posted> {
        self.deliver()
    }

    fn advance(&self, span: Duration) {
        let millis = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        self.ahead.fetch_add(millis, Ordering::SeqCst);
    }
}

inventory::submit! {
    VendorSimulator {
        port: "payments",
        plugin: "ccbill",
        title: "CCBill",
        by_default: false,
        start: |surroundings| {
            let mut settings = settings();
            for field in ["endpoint", "datalink_endpoint", "script_origin"] {
                settings[field] = json!(surroundings.origin);
            }
            settings["webhook_addresses"] = json!(["127.0.0.0/8", "::1/128"]);
            Simulated {
                simulator: Arc::new(Simulator::at(surroundings.clock, surroundings.origin)),
                settings,
            }
        },
    }
}

impl Vendor for Simulator {
    fn answer(&self, request: &HttpRequest) -> HttpResponse {
        use HttpMethod::{Get, Post};
        let asked = Asked::read(request);
        let parts: Vec<&str> = asked.path.iter().map(String::as_str).collect();
        let mut state = self.state();
        match (asked.method, parts.as_slice()) {
            (Post, ["ccbill-auth", "oauth", "token"]) => rest::token(&mut state, &asked),
            (_, ["payment-tokens" | "transactions", ..]) => rest::answer(&mut state, &asked, &parts),
            (Post, ["utils", "subscriptionManagement.cgi"]) => datalink::manage(&mut state, &asked),
            (Get, ["data", "main.cgi"]) => datalink::extract(&mut state, &asked),
            (Get, ["wap-frontflex", "flexforms", form]) => form::show(&asked, form),
            (Post, ["wap-frontflex", "flexforms", form]) => form::pay(&mut state, &asked, form),
            (Get, []) => desk::show(&state, &self.origin),
            (Post, ["simulated", "advance", hours]) => {
                drop(state);
                let hours: u64 = hours.parse().unwrap_or(0);
                portcullis_ports::simulation::Simulator::advance(
                    self,
                    Duration::from_hours(hours.min(24 * 400)),
                );
                asked::to_desk()
            }
            (Post, ["simulated", deed, subscription]) => {
                desk::act(&mut state, deed, subscription);
                asked::to_desk()
            }
            _ => asked::text(404, "There is nothing here."),
        }
    }
}
