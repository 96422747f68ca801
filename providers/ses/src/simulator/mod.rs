//! A stand-in for SES and SNS: it keeps what was sent, answers as SES does, and signs what it reports.
//!
//! SES's own test addresses behave as they do there: `bounce@simulator.amazonses.com` bounces, `complaint@…` complains,
//! `suppressionlist@…` is suppressed; every other address gets its mail.

mod mail;
mod notices;
mod signer;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use portcullis_ports::Clock;
use portcullis_ports::http::{HttpMethod, HttpRequest, HttpResponse};
use portcullis_ports::simulation::{Simulated, Simulator, Vendor, VendorSimulator};
use serde_json::{Value, json};

pub use mail::SentMail;
pub use notices::Notice;
pub use signer::CERTIFICATE_URL;

/// The one configuration set.
pub const CONFIGURATION_SET: &str = "portcullis";
/// The topic that it publishes to.
pub const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:ses-events";
/// A verified identity.
pub const FROM: &str = "no-reply@example.com";
/// Where the API is: an address on this machine, so that no real credentials are looked for.
const ENDPOINT: &str = "http://127.0.0.1:4579";

portcullis_ports::set_up!(portcullis_ports::notification::Senders, "ses", |_folder| {
    let runtime = FakeRuntime::default();
    let ses = SesSimulator::new(Arc::clone(&runtime.clock) as Arc<_>);
    SetUp::new(settings(), ()).on(runtime).asking(Arc::new(ses))
});

inventory::submit! {
    VendorSimulator {
        port: "senders",
        plugin: "ses",
        title: "Amazon SES",
        by_default: false,
        start: |surroundings| Simulated {
            simulator: Arc::new(SesSimulator::new(surroundings.clock)),
            // Without topics: what SNS posts is signed with a certificate that is fetched from AWS.
            settings: json!({
                "from": format!("Example <{FROM}>"),
                "region": "us-east-1",
                "endpoint": surroundings.origin,
            }),
        },
    }
}

impl Simulator for SesSimulator {}

/// Settings that lead to the simulator, reports included.
pub fn settings() -> Value {
    json!({
        "from": format!("Example <{FROM}>"),
        "region": "us-east-1",
        "endpoint": ENDPOINT,
        "configuration_set": CONFIGURATION_SET,
        "topics": [TOPIC],
    })
}

/// How the account stands.
#[derive(Debug, Clone)]
pub struct Account {
    /// Whether it left the sandbox.
    pub production: bool,
    /// Whether it may send.
    pub sending: bool,
    /// `HEALTHY`, `PROBATION` or `SHUTDOWN`.
    pub enforcement: &'static str,
    /// Messages in 24 hours; -1 for no limit.
    pub quota: f64,
}

/// SES and SNS in one region of one account.
pub struct SesSimulator {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

struct State {
    account: Account,
    sent: Vec<SentMail>,
    notices: Vec<Notice>,
    confirmed: Vec<String>,
    refusal: Option<Refusal>,
    made: u64,
}

/// An error answer.
#[derive(Debug, Clone)]
struct Refusal {
    status: u16,
    name: String,
    message: String,
}

impl Refusal {
    fn new(status: u16, name: &str, message: &str) -> Self {
        Self {
            status,
            name: name.to_owned(),
            message: message.to_owned(),
        }
    }
}

impl SesSimulator {
    /// An account in production that has sent nothing.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let state = State {
            account: Account {
                production: true,
                sending: true,
                enforcement: "HEALTHY",
                quota: 50_000.0,
            },
            sent: Vec::new(),
            notices: Vec::new(),
            confirmed: Vec::new(),
            refusal: None,
            made: 0,
        };
        Self {
            clock,
            state: Mutex::new(state),
        }
    }

    /// Changes the account.
    pub fn set_account(&self, change: impl FnOnce(&mut Account)) {
        change(&mut self.state().account);
    }

    /// Refuses every call from now on, or none.
    pub fn refuse(&self, refusal: Option<(u16, &str, &str)>) {
        self.state().refusal = refusal.map(|(status, name, message)| Refusal::new(status, name, message));
    }

    /// What was accepted, in order.
    pub fn sent(&self) -> Vec<SentMail> {
        self.state().sent.clone()
    }

    /// What SNS would post by now; it is posted once.
    pub fn notices(&self) -> Vec<Notice> {
        std::mem::take(&mut self.state().notices)
    }

    /// Posts an event of any kind, or any text.
    pub fn notice(&self, message: &str) -> Notice {
        let mut state = self.state();
        state.made += 1;
        Notice::notification(state.made, self.clock.now(), message)
    }

    /// What SNS posts when a webhook is subscribed to the topic.
    pub fn subscription(&self) -> Notice {
        let mut state = self.state();
        state.made += 1;
        Notice::subscription(state.made, self.clock.now())
    }

    /// The subscriptions that were confirmed: their tokens.
    pub fn confirmed(&self) -> Vec<String> {
        self.state().confirmed.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn act(&self, request: &HttpRequest) -> Result<Value, Refusal> {
        let mut state = self.state();
        if let Some(refusal) = &state.refusal {
            return Err(refusal.clone());
        }
        let header = |name: &str| {
            let found = request.headers.iter().find(|(known, _)| known == name);
            found.map_or("", |(_, value)| value.as_str())
        };
        if !header("authorization").starts_with("AWS4-HMAC-SHA256 Credential=") {
            return Err(Refusal::new(
                403,
                "MissingAuthenticationTokenException",
                "Missing Authentication Token",
            ));
        }
        let address = request.url.split_once("://").map_or("", |(_, address)| address);
        let path = address
            .find('/')
            .and_then(|at| address.get(at..))
            .unwrap_or_default();
        match (request.method, path) {
            (HttpMethod::Post, "/v2/email/outbound-emails") => state.send(request, self.clock.now()),
            (HttpMethod::Get, "/v2/email/account") => Ok(state.account()),
            _ => Err(Refusal::new(
                404,
                "UnknownOperationException",
                "Unknown operation",
            )),
        }
    }
}

impl State {
    fn account(&self) -> Value {
        #[expect(clippy::cast_precision_loss, reason = "nobody simulates so many messages")]
        let sent = self.sent.len() as f64;
        json!({
            "DedicatedIpAutoWarmupEnabled": true,
            "EnforcementStatus": self.account.enforcement,
            "ProductionAccessEnabled": self.account.production,
            "SendQuota": {
                "Max24HourSend": self.account.quota,
                "MaxSendRate": 14.0,
                "SentLast24Hours": sent,
            },
            "SendingEnabled": self.account.sending,
        })
    }
}

impl Vendor for SesSimulator {
    fn answer(&self, request: &HttpRequest) -> HttpResponse {
        if request.url == CERTIFICATE_URL {
            return answer(200, signer::CERTIFICATE.as_bytes().to_vec());
        }
        if let Some(token) = notices::confirmation(&request.url) {
            self.state().confirmed.push(token.to_owned());
            return answer(200, b"<ConfirmSubscriptionResponse/>".to_vec());
        }
        match self.act(request) {
            Ok(body) => answer(200, body.to_string().into_bytes()),
            Err(refusal) => {
                let body = json!({ "message": refusal.message }).to_string();
                let mut answer = answer(refusal.status, body.into_bytes());
                let kind = ("x-amzn-errortype".to_owned(), refusal.name);
                answer.headers.push(kind);
                answer
            }
        }
    }
}

fn answer(status: u16, body: Vec<u8>) -> HttpResponse {
    HttpResponse {
        status,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body,
    }
}
