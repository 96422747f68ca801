//! Somebody who does everything that an account can do, one request after the other.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::authenticator::{Step, code as totp};
use crate::Result;
use crate::http::{Connection, Url};
use crate::people::{credentials, email};
use crate::stripe::Stripe;

/// How long a message may take to arrive.
const PATIENCE: Duration = Duration::from_mins(1);

/// A kind of device that receives codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Contact {
    Sms,
    Email,
}

impl Contact {
    fn name(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Email => "email",
        }
    }
}

/// The headers that prove a session.
pub(super) type Proof = Vec<(String, String)>;

/// An account and what its owner holds.
pub(super) struct Member {
    number: usize,
    connection: Connection,
    url: Url,
    bearer: Proof,
    /// Its live sessions.
    pub(super) sessions: Vec<Proof>,
    challenge: Value,
    totp_secret: String,
    recovery_codes: Vec<Value>,
    payments: u32,
}

impl Member {
    /// Connects; there is no account yet.
    pub(super) async fn new(url: &Url, number: usize) -> Result<Self> {
        Ok(Self {
            number,
            connection: Connection::open(url.address, u16::try_from(number)? + 1).await?,
            url: url.clone(),
            bearer: Vec::new(),
            sessions: Vec::new(),
            challenge: Value::Null,
            totp_secret: String::new(),
            recovery_codes: Vec::new(),
            payments: 0,
        })
    }

    /// Connects again: the server ends a connection that was not used for a minute.
    pub(super) async fn reconnect(&mut self) -> Result<()> {
        self.connection = Connection::open(self.url.address, u16::try_from(self.number)? + 1).await?;
        Ok(())
    }

    async fn send(
        &mut self,
        method: &str,
        path: &str,
        proof: &Proof,
        body: &Value,
        status: u16,
    ) -> Result<Value> {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let request = self.url.at(path).request(method, proof, &body);
        self.connection.json(&request, status).await
    }

    /// Asks as somebody with a session.
    async fn post(&mut self, path: &str, body: Value) -> Result<Value> {
        let proof = self.session()?;
        self.send("POST", path, &proof, &body, 200).await
    }

    /// The same under an idempotency key.
    async fn post_keyed(&mut self, path: &str, key: &str, body: Value, status: u16) -> Result<Value> {
        let mut proof = self.session()?;
        proof.push(("idempotency-key".to_owned(), key.to_owned()));
        self.send("POST", path, &proof, &body, status).await
    }

    /// Asks as somebody who has proven the first factor.
    async fn prove(&mut self, path: &str, body: Value) -> Result<Value> {
        let proof = self.bearer.clone();
        self.send("POST", path, &proof, &body, 200).await
    }

    /// The oldest session that is left.
    fn session(&self) -> Result<Proof> {
        Ok(self.sessions.first().ok_or("there is no session")?.clone())
    }

    fn address(&self) -> String {
        email("costs", self.number)
    }

    fn contact(&self, kind: Contact) -> String {
        match kind {
            Contact::Sms => format!("+1500555{:04}", self.number + 100),
            Contact::Email => email("private", self.number),
        }
    }

    pub(super) async fn sign_up(&mut self) -> Result<()> {
        let body: Value = serde_json::from_str(&credentials(&self.address()))?;
        let answer = self
            .send("POST", "/auth/sign-up", &Vec::new(), &body, 201)
            .await?;
        self.hold(&answer)
    }

    pub(super) async fn verify_address(&mut self) -> Result<()> {
        let to = self.address();
        let code = self.code(&to, 0).await?;
        let body = json!({ "email": to, "code": code });
        self.send("POST", "/auth/verify-email", &Vec::new(), &body, 200)
            .await?;
        Ok(())
    }

    pub(super) async fn sign_in(&mut self) -> Result<()> {
        let body: Value = serde_json::from_str(&credentials(&self.address()))?;
        let answer = self
            .send("POST", "/auth/sign-in", &Vec::new(), &body, 200)
            .await?;
        self.hold(&answer)
    }

    fn hold(&mut self, answer: &Value) -> Result<()> {
        let token = text(answer, "access_token")?;
        self.bearer = vec![("authorization".to_owned(), format!("Bearer {token}"))];
        Ok(())
    }

    /// Starts a session, or the challenge that comes first.
    pub(super) async fn start_session(&mut self) -> Result<()> {
        let body = json!({ "transport": "header" });
        let answer = self.prove("/ui/session/start", body).await?;
        self.challenge = answer.get("challenge_id").cloned().unwrap_or_default();
        self.enter(&answer);
        Ok(())
    }

    /// Keeps the session that an answer hands over, if it does.
    fn enter(&mut self, answer: &Value) {
        if let Some(session) = answer.get("session_id").and_then(Value::as_str) {
            let mut proof = self.bearer.clone();
            proof.push(("x-session-id".to_owned(), session.to_owned()));
            self.sessions.push(proof);
        }
    }

    pub(super) async fn list_sessions(&mut self) -> Result<()> {
        let proof = self.session()?;
        self.send("GET", "/ui/sessions", &proof, &Value::Null, 200)
            .await?;
        Ok(())
    }

    /// Ends the newest session from the oldest one.
    pub(super) async fn revoke(&mut self) -> Result<()> {
        let ended = self.sessions.pop().ok_or("there is no session")?;
        let credential = ended.last().map(|(_, value)| value.as_str()).unwrap_or_default();
        let id = credential.split('.').next().unwrap_or_default();
        self.post("/ui/sessions/revoke", json!({ "session_id": id }))
            .await?;
        Ok(())
    }

    pub(super) async fn store_card(&mut self, stripe: &Stripe) -> Result<()> {
        let setups = "/api/billing/payment-methods/setups";
        let setup = self.post_keyed(setups, "card", json!({}), 200).await?;
        let action = setup.get("next_action").ok_or("nothing is to be done")?;
        stripe.card_for(text(action, "client_secret")?)?;
        let path = format!("{setups}/{}/complete", text(&setup, "setup_id")?);
        self.post(&path, json!({})).await?;
        Ok(())
    }

    pub(super) async fn pay(&mut self) -> Result<()> {
        self.payments += 1;
        let key = format!("payment-{}", self.payments);
        let body = json!({ "purpose": "purchase", "amount": 1999, "currency": "USD", "pay_by": "method" });
        let paid = self.post_keyed("/api/billing/payments", &key, body, 201).await?;
        match text(&paid, "status")? {
            "succeeded" => Ok(()),
            other => Err(format!("the payment is {other}").into()),
        }
    }

    pub(super) async fn read_balance(&mut self) -> Result<()> {
        let proof = self.session()?;
        self.send("GET", "/api/billing/balance", &proof, &Value::Null, 200)
            .await?;
        Ok(())
    }

    pub(super) async fn enrol_totp(&mut self) -> Result<()> {
        let begun = self
            .post("/ui/mfa/totp/devices/begin", json!({ "label": "Phone" }))
            .await?;
        text(&begun, "secret")?.clone_into(&mut self.totp_secret);
        // The step before this one: those to come are needed later, and each counts once.
        let code = totp(&self.totp_secret, Step::Before)?;
        let body = json!({ "device_id": text(&begun, "device_id")?, "totp_code": code });
        let confirmed = self.post("/ui/mfa/totp/devices/confirm", body).await?;
        let codes = confirmed.get("recovery_codes").and_then(Value::as_array);
        self.recovery_codes = codes.cloned().unwrap_or_default();
        Ok(())
    }

    pub(super) async fn step_up(&mut self) -> Result<()> {
        let started = self.post("/ui/step-up/start", json!({})).await?;
        let body = json!({ "challenge_id": text(&started, "challenge_id")?, "totp_code": totp(&self.totp_secret, Step::Now)? });
        let passed = self.post("/ui/mfa/totp/verify", body).await?;
        if passed.get("step_up_until").is_some_and(Value::is_i64) {
            Ok(())
        } else {
            Err(format!("not stepped up: {passed}").into())
        }
    }

    pub(super) async fn prove_totp(&mut self) -> Result<()> {
        let body =
            json!({ "challenge_id": self.challenge, "totp_code": totp(&self.totp_secret, Step::After)? });
        let answer = self.prove("/ui/mfa/totp/verify", body).await?;
        self.enter(&answer);
        Ok(())
    }

    pub(super) async fn use_recovery_code(&mut self) -> Result<()> {
        let code = self.recovery_codes.pop().ok_or("no recovery code is left")?;
        let body = json!({ "challenge_id": self.challenge, "recovery_code": code });
        let answer = self.prove("/ui/mfa/recovery/totp", body).await?;
        self.enter(&answer);
        Ok(())
    }

    pub(super) async fn enrol(&mut self, kind: Contact) -> Result<()> {
        let (name, to) = (kind.name(), self.contact(kind));
        let field = if kind == Contact::Sms {
            "phone_e164"
        } else {
            "email"
        };
        let known = self.messages(&to).await?.len();
        let path = |step: &str| format!("/ui/mfa/{name}/devices/{step}");
        let begun = self.post(&path("begin"), json!({ field: to })).await?;
        let body =
            json!({ "challenge_id": text(&begun, "challenge_id")?, "code": self.code(&to, known).await? });
        self.post(&path("confirm"), body).await?;
        Ok(())
    }

    /// Asks for a code within the challenge, waits for it and sends it in.
    pub(super) async fn prove_contact(&mut self, kind: Contact) -> Result<()> {
        let (name, to) = (kind.name(), self.contact(kind));
        let known = self.messages(&to).await?.len();
        let path = |step: &str| format!("/ui/mfa/{name}/{step}");
        let challenge = self.challenge.clone();
        self.prove(&path("begin"), json!({ "challenge_id": challenge }))
            .await?;
        let body = json!({ "challenge_id": challenge, "code": self.code(&to, known).await? });
        let answer = self.prove(&path("verify"), body).await?;
        self.enter(&answer);
        Ok(())
    }

    /// What the mailbox holds for an address, newest first.
    async fn messages(&mut self, to: &str) -> Result<Vec<Value>> {
        let path = format!("/dev/mailbox?to={}", to.replace('+', "%2B"));
        let answer = self.send("GET", &path, &Vec::new(), &Value::Null, 200).await?;
        let messages = answer.get("messages").and_then(Value::as_array);
        Ok(messages.ok_or("the mailbox lists no messages")?.clone())
    }

    /// The code in the message that arrives after the first `known`.
    async fn code(&mut self, to: &str, known: usize) -> Result<String> {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            let messages = self.messages(to).await?;
            if messages.len() > known {
                let newest = messages.first().ok_or("no message")?;
                let mut words = text(newest, "text")?.split(|c: char| !c.is_ascii_digit());
                let code = words.find(|word| word.len() == 6);
                return Ok(code.ok_or("the message holds no code")?.to_owned());
            }
            sleep(Duration::from_millis(20)).await;
        }
        Err("no code arrived".into())
    }
}

fn text<'a>(answer: &'a Value, field: &str) -> Result<&'a str> {
    let found = answer.get(field).and_then(Value::as_str);
    Ok(found.ok_or_else(|| format!("the answer holds no {field}"))?)
}
