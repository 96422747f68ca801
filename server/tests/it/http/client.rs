//! A client: calls, what comes back, and people with their credentials.

use portcullis_ports::Clock as _;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::deployment::{Deployment, PASSWORD};
use super::documented;
use crate::authenticator;

/// A request in the making.
pub(crate) struct Call<'a> {
    method: String,
    path: String,
    request: RequestBuilder,
    deployment: &'a Deployment,
}

impl<'a> Call<'a> {
    pub(crate) fn new(deployment: &'a Deployment, method: &str, path: &str) -> Self {
        let url = format!("http://{}{path}", deployment.address);
        let request = deployment.client.request(method.parse::<Method>().unwrap(), url);
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            request,
            deployment,
        }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.parse().unwrap();
        self.request = self
            .request
            .header(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        self
    }

    pub(crate) fn json(mut self, body: Value) -> Self {
        self.request = self.request.json(&body);
        self
    }

    pub(crate) fn body(mut self, mime: &str, body: impl Into<reqwest::Body>) -> Self {
        self.request = self.request.header("content-type", mime).body(body);
        self
    }

    pub(crate) fn by(self, person: &Person) -> Self {
        self.header("authorization", &person.bearer)
            .header("x-session-id", &person.session)
    }

    pub(crate) fn with_bearer(self, person: &Person) -> Self {
        self.header("authorization", &person.bearer)
    }

    pub(crate) async fn send(self) -> Answer {
        let response = self
            .request
            .send()
            .await
            .unwrap_or_else(|error| panic!("{} {}: {error}", self.method, self.path));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        documented::expect(&self.method, &self.path, status);
        Answer {
            call: format!("{} {}", self.method, self.path),
            status,
            headers,
            text,
        }
    }

    /// The JSON of an answer that went well, after delivering what it sent.
    pub(crate) async fn ok(self) -> Value {
        let deployment = self.deployment;
        let answer = self.send().await;
        assert!(
            (200..300).contains(&answer.status),
            "{}: {} {}",
            answer.call,
            answer.status,
            answer.text
        );
        deployment.deliver().await;
        answer.json()
    }

    /// The problem of an answer that did not go well, with status and code compared.
    pub(crate) async fn refused(self, status: u16, code: &str) -> Value {
        let answer = self.send().await;
        assert_eq!(answer.status, status, "{}: {}", answer.call, answer.text);
        assert_eq!(
            answer.header("content-type"),
            "application/problem+json",
            "{}",
            answer.call
        );
        let problem = answer.json();
        assert_eq!(problem["code"], code, "{}: {problem}", answer.call);
        assert_eq!(problem["status"], status, "{}: {problem}", answer.call);
        assert_eq!(
            problem["instance"],
            answer.header("x-request-id"),
            "{}: {problem}",
            answer.call
        );
        problem
    }
}

/// What came back.
pub(crate) struct Answer {
    call: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{}: not JSON: {}", self.call, self.text))
    }

    /// The value of a header, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Somebody with an account and, usually, a session.
pub(crate) struct Person {
    pub(crate) email: String,
    pub(crate) bearer: String,
    pub(crate) session: String,
}

impl Person {
    pub(crate) async fn sign_up(deployment: &Deployment, email: &str) -> Self {
        let body = json!({ "email": email, "password": PASSWORD });
        let answer = deployment.post("/auth/sign-up").json(body).ok().await;
        let mut person = Self {
            email: email.to_owned(),
            bearer: bearer(&answer),
            session: String::new(),
        };
        let started = deployment
            .post("/ui/session/start")
            .with_bearer(&person)
            .ok()
            .await;
        started["session_id"]
            .as_str()
            .unwrap()
            .clone_into(&mut person.session);
        person
    }

    /// The first factor again.
    pub(crate) async fn sign_in(&mut self, deployment: &Deployment) {
        let body = json!({ "email": self.email, "password": PASSWORD });
        self.bearer = bearer(&deployment.post("/auth/sign-in").json(body).ok().await);
    }

    /// A challenge that asks for the enrolled factors.
    pub(crate) async fn challenge(&mut self, deployment: &Deployment) -> String {
        self.sign_in(deployment).await;
        let started = deployment.post("/ui/session/start").with_bearer(self).ok().await;
        assert_eq!(started["auth_required"], true, "{started}");
        started["challenge_id"].as_str().unwrap().to_owned()
    }

    /// A confirmed authenticator app: its device, its secret and the recovery codes that came with it.
    pub(crate) async fn add_totp(&self, deployment: &Deployment) -> (String, String, Vec<String>) {
        let begun = deployment
            .post("/ui/mfa/totp/devices/begin")
            .by(self)
            .json(json!({ "label": "Phone" }))
            .ok()
            .await;
        let (device, secret) = (
            begun["device_id"].as_str().unwrap(),
            begun["secret"].as_str().unwrap(),
        );
        let body = json!({ "device_id": device, "totp_code": code(deployment, secret) });
        let confirmed = deployment
            .post("/ui/mfa/totp/devices/confirm")
            .by(self)
            .json(body)
            .ok()
            .await;
        let codes = confirmed["recovery_codes"].as_array().unwrap();
        let codes = codes
            .iter()
            .map(|code| code.as_str().unwrap().to_owned())
            .collect();
        (device.to_owned(), secret.to_owned(), codes)
    }
}

fn bearer(answer: &Value) -> String {
    format!("Bearer {}", answer["access_token"].as_str().unwrap())
}

/// What an authenticator app shows now.
pub(crate) fn code(deployment: &Deployment, secret: &str) -> String {
    authenticator::code(secret, u64::try_from(deployment.clock.now().seconds()).unwrap())
}
