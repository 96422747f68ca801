//! A stand-in for Twilio: it keeps messages and verifications, answers as Twilio does, and signs what it reports.

mod accounts;
mod answers;
mod callbacks;
mod dates;
mod messages;
mod verifications;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use data_encoding::BASE64;
use portcullis_ports::Clock;
use portcullis_ports::http::{HttpMethod, HttpRequest, HttpResponse};
use portcullis_ports::simulation::{Simulated, Vendor, VendorSimulator};

pub use callbacks::Callback;
pub use messages::SentMessage;
pub use verifications::Verification;

use answers::refuse;

/// An Account SID for tests and development.
pub const ACCOUNT: &str = "AC00000000000000000000000000000001";
/// The Auth Token of that account.
pub const AUTH_TOKEN: &str = "0123456789abcdef0123456789abcdef";
/// A number of that account.
pub const NUMBER: &str = "+15005550006";
/// A Messaging Service of that account.
pub const MESSAGING_SERVICE: &str = "MG00000000000000000000000000000001";
/// A Verify Service of that account.
pub const VERIFY_SERVICE: &str = "VA00000000000000000000000000000001";

portcullis_ports::set_up!(portcullis_ports::notification::Senders, "twilio", |_folder| {
    let runtime = FakeRuntime::default();
    let twilio = Simulator::new(Arc::clone(&runtime.clock) as Arc<_>);
    let settings = json!({
        "account_sid": ACCOUNT,
        "auth_token": AUTH_TOKEN,
        "from": NUMBER,
        "verify_service_sid": VERIFY_SERVICE,
    });
    SetUp::new(settings, ()).on(runtime).asking(Arc::new(twilio))
});

inventory::submit! {
    VendorSimulator {
        port: "senders",
        plugin: "twilio",
        title: "Twilio",
        by_default: false,
        start: |surroundings| Simulated {
            simulator: Arc::new(Simulator::new(surroundings.clock)),
            settings: serde_json::json!({
                "account_sid": ACCOUNT,
                "auth_token": AUTH_TOKEN,
                "from": NUMBER,
                "endpoint": surroundings.origin,
                "verify_endpoint": surroundings.origin,
            }),
        },
    }
}

impl portcullis_ports::simulation::Simulator for Simulator {}

/// Twilio with one account, which owns [`NUMBER`], [`MESSAGING_SERVICE`] and [`VERIFY_SERVICE`].
///
/// Numbers of Twilio's test credentials behave as they do there: a message from `+15005550007` or to `+15005550004`, for
/// example, is refused.
pub struct Simulator {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

struct State {
    status: &'static str,
    kind: &'static str,
    api_key: Option<(String, String)>,
    custom_codes: bool,
    messages: Vec<SentMessage>,
    verifications: Vec<Verification>,
    made: u64,
}

impl State {
    /// A SID that was not given before.
    fn sid(&mut self, prefix: &str) -> String {
        self.made += 1;
        format!("{prefix}{:032x}", self.made)
    }
}

impl Simulator {
    /// An active account that has sent nothing.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let state = State {
            status: "active",
            kind: "Full",
            api_key: None,
            custom_codes: true,
            messages: Vec::new(),
            verifications: Vec::new(),
            made: 0,
        };
        Self {
            clock,
            state: Mutex::new(state),
        }
    }

    /// Adds a standard API key: it may do everything but read the account.
    pub fn add_api_key(&self, sid: &str, secret: &str) {
        self.state().api_key = Some((sid.to_owned(), secret.to_owned()));
    }

    /// Changes the account: `active`, `suspended` or `closed`, and `Full` or `Trial`.
    pub fn set_account(&self, status: &'static str, kind: &'static str) {
        let mut state = self.state();
        (state.status, state.kind) = (status, kind);
    }

    /// Whether the Verify Service takes codes of ours.
    pub fn allow_custom_codes(&self, allowed: bool) {
        self.state().custom_codes = allowed;
    }

    /// What was accepted for sending, in order.
    pub fn messages(&self) -> Vec<SentMessage> {
        self.state().messages.clone()
    }

    /// Every verification, in order.
    pub fn verifications(&self) -> Vec<Verification> {
        self.state().verifications.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request, taken apart.
struct Asked<'a> {
    method: HttpMethod,
    path: Vec<&'a str>,
    query: Vec<(String, String)>,
    form: Vec<(String, String)>,
}

impl Asked<'_> {
    fn field(&self, name: &str) -> Option<&str> {
        value(&self.form, name)
    }

    fn query(&self, name: &str) -> Option<&str> {
        value(&self.query, name)
    }
}

fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.as_str())
}

impl Vendor for Simulator {
    fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let address = request
            .url
            .split_once("://")
            .map_or(request.url.as_str(), |(_, rest)| rest);
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let asked = Asked {
            method: request.method,
            path: path.split('/').skip(1).collect(),
            query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            form: form_urlencoded::parse(&request.body).into_owned().collect(),
        };
        let mut state = self.state();
        let given = request.headers.iter().find(|(name, _)| name == "authorization");
        let given = given.map(|(_, value)| value.as_str()).unwrap_or_default();
        let basic = |name: &str, secret: &str| {
            format!("Basic {}", BASE64.encode(format!("{name}:{secret}").as_bytes()))
        };
        let by_token = given == basic(ACCOUNT, AUTH_TOKEN);
        let by_key = state
            .api_key
            .as_ref()
            .is_some_and(|(sid, secret)| given == basic(sid, secret));
        if !by_token && !by_key {
            return refuse(401, 20003, "Authenticate");
        }
        let now = self.clock.now();
        match (asked.method, asked.path.as_slice()) {
            (HttpMethod::Get, ["2010-04-01", "Accounts", file]) if by_token => {
                accounts::fetch(&state, file, now)
            }
            (HttpMethod::Get, ["2010-04-01", "Accounts", _]) => refuse(401, 20003, "Authenticate"),
            (_, ["2010-04-01", "Accounts", ACCOUNT, rest @ ..]) => {
                messages::answer(&mut state, &asked, rest, now)
            }
            (_, ["v2", "Services", VERIFY_SERVICE, rest @ ..]) => {
                verifications::answer(&mut state, &asked, rest, now)
            }
            _ => refuse(404, 20404, "The requested resource was not found"),
        }
    }
}
