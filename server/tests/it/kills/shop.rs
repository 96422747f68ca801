//! People who pay and an operator, what they asked for under which key, and what they were answered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use portcullis_ports::payments::VendorRef;
use portcullis_ports::testkit::payments::{Counterparty as _, Deed};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::chance::Chance;
use super::stripe::Stripe;
use crate::journey::{PASSWORD, text, totp};
use crate::nodes::pair::Person;
use crate::program::{Door, Program};

pub(super) const METHODS: &str = "/api/billing/payment-methods";

/// Something that was asked for under a key.
pub(super) struct Intent {
    pub(super) who: Who,
    pub(super) path: String,
    pub(super) key: String,
    pub(super) body: Value,
    /// The payments that it was answered with: one, whoever was killed.
    pub(super) payments: BTreeSet<String>,
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    Payer(usize),
    Operator,
}

/// A payment, as its payer knows it.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) id: String,
    /// What Stripe calls it, once that was told.
    pub(super) theirs: Option<VendorRef>,
}

#[derive(Default)]
pub(super) struct Tally {
    pub(super) kills: AtomicUsize,
    pub(super) asked: AtomicUsize,
    pub(super) unanswered: AtomicUsize,
    pub(super) delivered: AtomicUsize,
    pub(super) left_open: AtomicUsize,
}

pub(super) struct Shop {
    pub(super) stripe: Arc<Stripe>,
    pub(super) chance: Arc<Chance>,
    pub(super) payers: Vec<Person>,
    pub(super) operator: Person,
    intents: Mutex<Vec<Intent>>,
    payments: Mutex<BTreeMap<String, Known>>,
    numbers: AtomicU64,
    /// Whether the program is killed by now, and nobody begins anything.
    pub(super) over: AtomicBool,
    pub(super) tally: Tally,
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Somebody with a card.
pub(super) async fn payer(program: &Program, stripe: &Stripe, email: &str) -> Person {
    let person = Person::sign_up(program, email).await;
    let headers = person.signed_in();
    let keyed = [headers[0], headers[1], ("idempotency-key", email)];
    let setup = program
        .post(&format!("{METHODS}/setups"), &keyed, json!({}))
        .await;
    let secret = text(&setup["next_action"]["client_secret"]);
    let theirs = VendorRef::parse(secret.split_once("_secret").unwrap().0).unwrap();
    assert!(stripe.simulator.does(Deed::EntersCard(&theirs)));
    let path = format!("{METHODS}/setups/{}/complete", text(&setup["setup_id"]));
    let stored = program.post(&path, &headers, json!({})).await;
    assert_eq!(stored["status"], "succeeded", "{stored}");
    person
}

/// Who signed in with the authenticator app of this secret.
pub(super) async fn signs_in(program: &Program, email: &str, secret: &str) -> Person {
    let body = json!({ "email": email, "password": PASSWORD });
    let token = program.post("/auth/sign-in", &[], body).await;
    let mut person = Person {
        email: email.to_owned(),
        bearer: format!("Bearer {}", text(&token["access_token"])),
        session: String::new(),
    };
    let challenge = person.challenge(program).await;
    // A step may just have ended.
    for step in [0, 1] {
        let body = json!({ "challenge_id": challenge, "totp_code": totp(secret, step) });
        let path = "/ui/mfa/totp/verify";
        let (status, proven) = program
            .call(Method::POST, path, &person.first_factor(), body)
            .await;
        if status == StatusCode::OK {
            person.session = text(&proven["session_id"]);
            return person;
        }
    }
    panic!("the authenticator app opens nothing");
}

/// Stripe's name in what a payer is told to do.
fn named(payment: &Value) -> Option<VendorRef> {
    let action = &payment["next_action"];
    let secret = action["client_secret"].as_str();
    let name = secret.and_then(|secret| Some(secret.split_once("_secret")?.0));
    let page = action["url"].as_str().and_then(|url| url.rsplit('/').next());
    VendorRef::parse(name.or(page)?).ok()
}

impl Shop {
    pub(super) fn new(
        stripe: &Arc<Stripe>,
        chance: &Arc<Chance>,
        payers: Vec<Person>,
        operator: Person,
    ) -> Self {
        Self {
            stripe: Arc::clone(stripe),
            chance: Arc::clone(chance),
            payers,
            operator,
            intents: Mutex::default(),
            payments: Mutex::default(),
            numbers: AtomicU64::new(0),
            over: AtomicBool::new(false),
            tally: Tally::default(),
        }
    }

    /// A number that was not given before.
    pub(super) fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn intents(&self) -> MutexGuard<'_, Vec<Intent>> {
        locked(&self.intents)
    }

    pub(super) fn known(&self) -> Vec<Known> {
        locked(&self.payments).values().cloned().collect()
    }

    fn headers(&self, who: Who) -> [(&str, &str); 2] {
        match who {
            Who::Payer(at) => self.payers[at].signed_in(),
            Who::Operator => self.operator.signed_in(),
        }
    }

    /// Asks. `None` if the program is gone or could not say.
    pub(super) async fn ask(
        &self,
        door: &Door,
        who: Who,
        path: &str,
        key: Option<&str>,
        body: Value,
    ) -> Option<(StatusCode, Value)> {
        let headers = self.headers(who);
        let headers: Vec<_> = headers
            .into_iter()
            .chain(key.map(|key| ("idempotency-key", key)))
            .collect();
        self.tally.asked.fetch_add(1, Ordering::Relaxed);
        let method = if body.is_null() { Method::GET } else { Method::POST };
        let Ok((status, answer)) = door.ask(method, path, &headers, body).await else {
            self.tally.unanswered.fetch_add(1, Ordering::Relaxed);
            return None;
        };
        // The vendor or a table may be busy, and say so.
        let busy = status == StatusCode::SERVICE_UNAVAILABLE && answer["code"].is_string();
        assert!(
            !status.is_server_error() || busy,
            "{path} {key:?}: {status} {answer}"
        );
        Some((status, answer))
    }

    /// Asks for something under a key, new or not, and holds the answer against those before.
    pub(super) async fn intend(&self, door: &Door, at: usize) -> Option<(StatusCode, Value)> {
        let (who, path, key, body) = {
            let intents = self.intents();
            let intent = &intents[at];
            (
                intent.who,
                intent.path.clone(),
                intent.key.clone(),
                intent.body.clone(),
            )
        };
        let (status, answer) = self.ask(door, who, &path, Some(&key), body).await?;
        let told = answer["payment_id"].as_str().map(str::to_owned);
        if let Some(id) = told {
            let mut intents = self.intents();
            intents[at].payments.insert(id.clone());
            assert_eq!(
                intents[at].payments.len(),
                1,
                "one key is one payment: {key} {answer}"
            );
            if matches!(who, Who::Payer(_)) {
                let mut payments = locked(&self.payments);
                let theirs = payments.get(&id).and_then(|known| known.theirs.clone());
                let theirs = theirs.or_else(|| named(&answer));
                payments.insert(id.clone(), Known { id, theirs });
            }
        }
        Some((status, answer))
    }

    /// What a payer or an operator wants, under a key of its own.
    pub(super) fn plan(&self, who: Who, path: String, body: Value) -> usize {
        let mut intents = self.intents();
        intents.push(Intent {
            who,
            path,
            key: format!("key-{}", self.number()),
            body,
            payments: BTreeSet::new(),
        });
        intents.len() - 1
    }

    /// What Stripe calls a payment, as operators see.
    pub(super) fn learn(&self, id: &str, theirs: &Value) {
        if let (Some(known), Some(theirs)) = (locked(&self.payments).get_mut(id), theirs.as_str()) {
            known.theirs = VendorRef::parse(theirs).ok();
        }
    }
}
