//! DataLink, the part of CCBill that reads and changes what was sold: logins by name and password, from known addresses.
//!
//! Three wrong logins lock it for an hour. So the first one that is refused stops all calls for that hour: the operator has
//! two more, and a process that asks on its own cannot use them up.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use portcullis_ports::http::{HttpClient, HttpMethod, HttpRequest, HttpResponse};
use portcullis_ports::outcome::Reason;
use portcullis_ports::{Clock, Endpoint, Secret, Timestamp};

use crate::answers::LOCK;
use crate::client::{Asked, READ_LIMIT};
use crate::terms::EXTRACT_EVERY;

/// How DataLink is asked.
pub(crate) struct DataLink {
    pub(crate) http: Arc<dyn HttpClient>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) endpoint: Endpoint,
    pub(crate) limit: Duration,
    pub(crate) user: String,
    pub(crate) password: Secret,
    pub(crate) account: String,
    /// With four digits.
    pub(crate) subaccount: String,
    /// Until when nobody logs in, and why.
    pub(crate) locked: Mutex<Option<(Timestamp, &'static str)>>,
}

/// What DataLink says of a subscription.
pub(crate) enum Managed {
    /// Values by their names.
    Values(BTreeMap<String, String>),
    /// A number: 1 for done.
    Code(i32),
    /// Nothing was asked for.
    NotSent(Reason),
    /// It may have been acted upon.
    Unknown,
}

const WRONG_LOGIN: &str = "CCBill refuses the DataLink login: check `datalink_user` and `datalink_password`. It is asked \
                           again in an hour, because CCBill locks after three wrong logins";
const TOO_MANY: &str = "CCBill has locked the DataLink login for an hour, after wrong or too many logins";
const TOO_OFTEN: &str = "CCBill gives no extract for an hour: one was read elsewhere within the hour, or there were too many logins";

impl DataLink {
    /// What the state of a subscription is.
    pub(crate) async fn status(&self, subscription: &str) -> Managed {
        let limit = READ_LIMIT.min(self.limit);
        self.manage("viewSubscriptionStatus", subscription, None, limit)
            .await
    }

    /// Gives so much of a subscription back, or voids it as long as the day is not settled.
    pub(crate) async fn give_back(&self, subscription: &str, amount: &str) -> Managed {
        self.manage("voidOrRefundTransaction", subscription, Some(amount), self.limit)
            .await
    }

    /// Has a subscription charged no more. What is paid is served to its end.
    pub(crate) async fn cancel(&self, subscription: &str) -> Managed {
        self.manage("cancelSubscription", subscription, None, self.limit)
            .await
    }

    async fn manage(
        &self,
        action: &str,
        subscription: &str,
        amount: Option<&str>,
        limit: Duration,
    ) -> Managed {
        let mut fields = vec![
            ("clientAccnum", self.account.as_str()),
            ("clientSubacc", &self.subaccount),
            ("username", &self.user),
            ("password", self.password.expose()),
            ("action", action),
            ("subscriptionId", subscription),
            ("returnXML", "1"),
        ];
        fields.extend(amount.map(|amount| ("amount", amount)));
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let url = format!("{}/utils/subscriptionManagement.cgi", self.endpoint);
        let request = HttpRequest::new(HttpMethod::Post, url)
            .body("application/x-www-form-urlencoded", form)
            .within(limit);
        match self.send(request).await {
            Asked::Answer(answer) => self.read(&answer),
            Asked::NotSent(reason) => Managed::NotSent(reason),
            Asked::Unknown => Managed::Unknown,
        }
    }

    /// Sends what logs in, unless nobody may at the moment.
    pub(crate) async fn send(&self, request: HttpRequest) -> Asked {
        let locked = *self.locked.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        match locked {
            Some((until, why)) if now < until => {
                Asked::NotSent(Reason::outage("datalink-locked", why, until.since(now)))
            }
            _ => Asked::of(self.http.send(request).await),
        }
    }

    fn read(&self, answer: &HttpResponse) -> Managed {
        if !answer.is_success() {
            return Managed::Unknown;
        }
        let text = String::from_utf8_lossy(&answer.body);
        let Ok(document) = roxmltree::Document::parse(text.trim()) else {
            // Refused logins are told in words now and then.
            return self.in_words(&text);
        };
        let leaves = document
            .root_element()
            .children()
            .filter(roxmltree::Node::is_element);
        let value = |leaf: roxmltree::Node<'_, '_>| {
            let text = leaf.text().unwrap_or_default().trim();
            (leaf.tag_name().name().to_owned(), text.to_owned())
        };
        let values: BTreeMap<_, _> = leaves.map(value).collect();
        if !values.is_empty() {
            return Managed::Values(values);
        }
        match document.root_element().text().unwrap_or_default().trim().parse() {
            Ok(-1) => Managed::NotSent(self.lock(WRONG_LOGIN)),
            Ok(-12) => Managed::NotSent(self.lock(TOO_MANY)),
            Ok(-8) => Managed::NotSent(address_refused()),
            Ok(-10 | -9) => Managed::NotSent(not_permitted()),
            Ok(code) => Managed::Code(code),
            Err(_) => Managed::Unknown,
        }
    }

    fn in_words(&self, text: &str) -> Managed {
        let said = text.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
        if says(&["<html", "<!doctype"]) {
            // A page of somebody on the way, after the request was acted upon or before.
            Managed::Unknown
        } else if says(&["ip address", "invalid ip"]) {
            Managed::NotSent(address_refused())
        } else if says(&["authentication", "login", "password", "username"]) {
            Managed::NotSent(self.lock(WRONG_LOGIN))
        } else {
            Managed::Unknown
        }
    }

    /// What an extract that is none is told for, such as `Error: 02`.
    pub(crate) fn refusal(&self, text: &str) -> Reason {
        let digits: String = text.chars().filter(char::is_ascii_digit).take(2).collect();
        match digits.as_str() {
            // CCBill says so of an extract within an hour of the one before, whoever read that. A login that is locked is told
            // by everything else as well, so nothing else has to stop for this.
            "01" => Reason::passing("extract-too-often", TOO_OFTEN, EXTRACT_EVERY),
            "02" => self.lock(WRONG_LOGIN),
            "03" => not_permitted(),
            "04" => address_refused(),
            _ => Reason::passing("datalink-refused", "CCBill refuses the extract", LOCK),
        }
    }

    fn lock(&self, why: &'static str) -> Reason {
        let until = self.clock.now() + LOCK;
        *self.locked.lock().unwrap_or_else(PoisonError::into_inner) = Some((until, why));
        Reason::outage("datalink-login-refused", why, LOCK)
    }
}

fn address_refused() -> Reason {
    let why = "CCBill takes no DataLink calls from the address of this machine: have it registered";
    Reason::outage("datalink-address-refused", why, LOCK)
}

fn not_permitted() -> Reason {
    let why = "DataLink is not set up, or not permitted, for this user and account: ask CCBill";
    Reason::permanent("datalink-not-permitted", why)
}
