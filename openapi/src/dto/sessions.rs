//! What the start, the end and the look at a session are answered with.

use std::collections::BTreeMap;

use poem_openapi::{Enum, Object};
use portcullis_core::App;
use portcullis_core::accounts::AccountView;
use portcullis_core::challenges::{Method, Progress, Started, Transport};
use portcullis_core::factors::{FactorKind, Requirement};
use portcullis_core::input::{ChallengeId, SessionCredential, Shown};
use portcullis_core::operators::Role;
use portcullis_core::sessions::Granted;
use portcullis_core::use_case::Documented;
use portcullis_ports::id::SessionId;
use portcullis_ports::identity::Subject;
use portcullis_ports::{Result, Timestamp};
use serde::Serialize;

use crate::answer::WithCookie;
use crate::auth::LiveSession;
use crate::cookie::Changes;
use crate::dto::Ok as Fine;

/// What became of the start of a session.
#[derive(Debug, Serialize, Object)]
pub(crate) struct SessionStarted {
    /// Whether factors must be proven before the session begins.
    auth_required: bool,
    /// To be sent with every proof.
    challenge_id: Option<Shown<ChallengeId>>,
    /// What can be proven.
    required_factors: Vec<FactorKind>,
    /// How many of them must be proven; null when the session has begun.
    require: Option<Requirement>,
    /// The same as a number.
    factors_needed: usize,
    /// How each of them can be proven.
    methods: Vec<Method>,
    /// When the challenge ends, in Unix seconds.
    expires_at: Option<i64>,
    /// The credential of the session; with `cookie` only its public id.
    session_id: Option<Shown<SessionCredential>>,
    /// To be sent as `X-DEVICE-TOKEN` from now on; null with `cookie`, and for devices that are not remembered.
    device_token: Option<String>,
}

impl Documented for SessionStarted {
    const EXAMPLE: &str = r#"{
  "auth_required": true,
  "challenge_id": "chal_01h2xcejqtf2nbrexx3vqjhp41",
  "required_factors": [
    "totp",
    "sms"
  ],
  "require": "any",
  "factors_needed": 1,
  "methods": [
    {
      "factor": "totp",
      "device_id": null,
      "sent_to": null,
      "code_sent": false,
      "retry_after": 0
    },
    {
      "factor": "sms",
      "device_id": "dev_01h2xcejqtf2nbrexx3vqjhp41",
      "sent_to": "+*********06",
      "code_sent": false,
      "retry_after": 0
    }
  ],
  "expires_at": 1790000300,
  "session_id": null,
  "device_token": null
}"#;
}

impl From<Started> for WithCookie<SessionStarted> {
    fn from(started: Started) -> Self {
        match started {
            Started::Granted(granted) => {
                let Handed {
                    session_id,
                    device_token,
                    cookies,
                    ..
                } = hand_over(Some(granted));
                let body = SessionStarted {
                    auth_required: false,
                    challenge_id: None,
                    required_factors: Vec::new(),
                    require: None,
                    factors_needed: 0,
                    methods: Vec::new(),
                    expires_at: None,
                    session_id,
                    device_token,
                };
                Self::new(body, cookies)
            }
            Started::Challenged(opened) => {
                let body = SessionStarted {
                    auth_required: true,
                    challenge_id: Some(opened.challenge_id.into()),
                    required_factors: opened.required_factors,
                    require: Some(opened.require),
                    factors_needed: opened.factors_needed,
                    methods: opened.methods,
                    expires_at: Some(opened.expires_at.seconds()),
                    session_id: None,
                    device_token: None,
                };
                Self::new(body, Changes::default())
            }
        }
    }
}

/// How the client learns of its new session and its device: what stands in the body, and what happens to the cookies.
#[derive(Default)]
pub(crate) struct Handed {
    pub(crate) session_id: Option<Shown<SessionCredential>>,
    pub(crate) device_token: Option<String>,
    pub(crate) device_trusted_until: Option<i64>,
    pub(crate) cookies: Changes,
}

pub(crate) fn hand_over(granted: Option<Granted>) -> Handed {
    let Some(granted) = granted else {
        return Handed::default();
    };
    let device = granted.device.as_ref();
    let trusted_until = device.and_then(|device| device.trusted_until);
    let device_trusted_until = trusted_until.map(Timestamp::seconds);
    match granted.transport {
        Transport::Header => Handed {
            session_id: Some(granted.credential.expose().to_owned().into()),
            device_token: device.map(|device| device.expose().to_owned()),
            device_trusted_until,
            cookies: Changes::default(),
        },
        Transport::Cookie => Handed {
            session_id: Some(granted.session.id.to_string().into()),
            device_token: None,
            device_trusted_until,
            cookies: Changes::session(&granted),
        },
    }
}

/// By its word, whether each factor was proven.
pub(crate) fn passed(factors: &BTreeMap<FactorKind, bool>) -> BTreeMap<String, bool> {
    factors
        .iter()
        .map(|(factor, passed)| (factor.as_str().to_owned(), *passed))
        .collect()
}

/// How far a challenge has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "lowercase")]
#[oai(rename_all = "lowercase")]
pub(crate) enum Standing {
    /// Everything is proven.
    Ok,
    /// Something is missing.
    Pending,
}

/// Where a challenge stands, and its session once enough is proven.
#[derive(Debug, Serialize, Object)]
pub(crate) struct Finalized {
    /// `ok` once enough is proven.
    status: Standing,
    /// The credential of the session; with `cookie` only its public id.
    session_id: Option<Shown<SessionCredential>>,
    /// What can be proven.
    required_factors: Vec<FactorKind>,
    /// How many of them must be.
    require: Requirement,
    /// By factor, whether it was proven.
    passed: BTreeMap<String, bool>,
    /// What can still be proven; empty once enough is.
    remaining_factors: Vec<FactorKind>,
    /// How many of the remaining ones must be proven.
    factors_needed: usize,
    /// How each remaining factor can be proven.
    methods: Vec<Method>,
    /// When the challenge ends, in Unix seconds.
    expires_at: i64,
    /// To be sent as `X-DEVICE-TOKEN` from now on; null with `cookie`, and for devices that are not remembered.
    device_token: Option<String>,
    /// Until when sign-ins on this device are not asked for a factor, in Unix seconds; null if they are.
    device_trusted_until: Option<i64>,
}

impl Documented for Finalized {
    const EXAMPLE: &str = r#"{
  "status": "ok",
  "session_id": "ses_01h2xcejqtf2nbrexx3vqjhp41.pT3uV1hX9kZb7sQ2mC4nW8rL6yD0aF5gJ3eK1oI7vBw",
  "required_factors": [
    "totp"
  ],
  "require": "any",
  "passed": {
    "totp": true
  },
  "remaining_factors": [],
  "factors_needed": 0,
  "methods": [],
  "expires_at": 1790000300,
  "device_token": "kdev_01h2xcejqtf2nbrexx3vqjhp41.mN4vB8cX2zL6kJ0hG5fD9sA3pO7iU1yT4rE8wQ2bV6n",
  "device_trusted_until": null
}"#;
}

impl From<Progress> for WithCookie<Finalized> {
    fn from(progress: Progress) -> Self {
        let complete = progress.granted.is_some() || progress.step_up_until.is_some();
        let handed = hand_over(progress.granted);
        let body = Finalized {
            status: if complete { Standing::Ok } else { Standing::Pending },
            session_id: handed.session_id,
            required_factors: progress.factors.keys().copied().collect(),
            require: progress.require,
            passed: passed(&progress.factors),
            remaining_factors: progress.remaining,
            factors_needed: progress.factors_needed,
            methods: progress.methods,
            expires_at: progress.expires_at.seconds(),
            device_token: handed.device_token,
            device_trusted_until: handed.device_trusted_until,
        };
        Self::new(body, handed.cookies)
    }
}

/// Who is signed in, and how well.
#[derive(Debug, Serialize, Object)]
pub(crate) struct Me {
    /// The stable name of the account.
    user_sub: Subject,
    /// The public id of the session; worthless as a credential.
    session_id: SessionId,
    /// From where this request came.
    ip: String,
    #[serde(flatten)]
    #[oai(flatten)]
    account: AccountView,
    /// The kinds of factors that are enrolled.
    factors: Vec<FactorKind>,
    /// The role in which the account looks after the service; null for nearly everybody.
    operator_role: Option<Role>,
    /// When the session ends at the latest, in Unix seconds.
    session_expires_at: i64,
    /// Until when sensitive actions are open, in Unix seconds; it may lie in the past.
    step_up_until: i64,
    /// To be sent as `X-CSRF-Token` with everything that changes something; null without the session cookie.
    csrf_token: Option<String>,
}

impl Documented for Me {
    const EXAMPLE: &str = r#"{
  "user_sub": "usr_01h2xcejqtf2nbrexx3vqjhp41",
  "session_id": "ses_01h2xcejqtf2nbrexx3vqjhp41",
  "ip": "203.0.113.7",
  "email": "ada@example.com",
  "email_verified": true,
  "sign_up_id": null,
  "display_name": "Ada",
  "factors": [
    "totp",
    "sms"
  ],
  "operator_role": null,
  "session_expires_at": 1792592000,
  "step_up_until": 1790000600,
  "csrf_token": null
}"#;
}

impl Me {
    /// Joins the session, its account and its factors.
    pub(crate) async fn read(app: &App, asking: &LiveSession) -> Result<Self> {
        let session = &asking.who.session;
        let account = app.accounts.view(&session.subject).await?;
        let factors = app.factors.recent_kinds(&session.subject).await?;
        let csrf_token = asking
            .by_cookie
            .then(|| app.sessions.csrf_token(session))
            .transpose()?;
        let step_up_until = session.stepped_up_at + app.settings().sessions.step_up.get();
        Ok(Self {
            user_sub: session.subject.clone(),
            session_id: session.id.clone(),
            ip: asking.who.source.ip.to_string(),
            account: account.unwrap_or_default(),
            factors,
            operator_role: app.operators.role(&session.subject).await?,
            session_expires_at: session.expires_at.seconds(),
            step_up_until: step_up_until.seconds(),
            csrf_token,
        })
    }
}

/// The other sessions are over.
#[derive(Debug, Serialize, Object)]
pub(crate) struct RevokedOthers {
    /// Always `ok`.
    status: Fine,
    /// How many there were.
    revoked: u64,
}

impl Documented for RevokedOthers {
    const EXAMPLE: &str = r#"{ "status": "ok", "revoked": 3 }"#;
}

impl RevokedOthers {
    pub(crate) fn new(revoked: u64) -> Self {
        Self {
            status: Fine::Ok,
            revoked,
        }
    }
}
