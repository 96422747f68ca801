//! Sessions: the state, its rules, views and problems.

use std::collections::BTreeMap;

use portcullis_ports::geo::Location;
use portcullis_ports::id::SessionId;
use portcullis_ports::identity::Subject;
use portcullis_ports::secret::same_secret;
use portcullis_ports::{Code, Kind, Timestamp};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::{INVALID_CURSOR, PageCursor, Settings};
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::fingerprint::fingerprint;
use crate::foundation::input::{SessionPlace, Shown};
use crate::foundation::proof::GivenBy;
use crate::foundation::use_case::{Documented, Problems, UseCase};
use crate::services::budgets::TOO_MANY_ATTEMPTS;
use crate::services::epochs::{EndReason, Lineage};
use crate::services::known_devices::IssuedDevice;

/// The session is over, or never was.
pub const SESSION_ENDED: Code = Code::new(
    "session-ended",
    Kind::Unauthenticated,
    "The session has ended: please sign in again.",
);
/// No session of this account has that id.
pub const SESSION_NOT_FOUND: Code = Code::new(
    "session-not-found",
    Kind::NotFound,
    "You have no session with this id.",
);

/// How a client carries the credential of the session it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "lowercase")
)]
pub enum Transport {
    /// In the header `X-SESSION-ID`.
    #[default]
    Header,
    /// In an `HttpOnly` cookie.
    Cookie,
}

/// What was proven before a session begins or is strengthened.
#[derive(Debug, Clone)]
pub(crate) struct Proof {
    /// When.
    pub(crate) at: Timestamp,
    /// Which factors, besides the first one, and what gave them.
    pub(crate) factors: BTreeMap<FactorKind, GivenBy>,
}

impl Proof {
    /// The first factor alone.
    pub(crate) fn first_factor(at: Timestamp) -> Self {
        Self {
            at,
            factors: BTreeMap::new(),
        }
    }

    /// The first factor alone, where others would have to be proven: it opens nothing sensitive.
    pub(crate) fn nothing() -> Self {
        Self::first_factor(Timestamp::from_millis(0))
    }

    pub(super) fn dated(&self) -> impl Iterator<Item = (FactorKind, Timestamp)> {
        self.factors.keys().map(|factor| (*factor, self.at))
    }
}
/// A signed-in browser or app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its name in lists; worthless as a credential.
    pub id: SessionId,
    /// Whose it is.
    pub subject: Subject,
    /// SHA-256 of the secret half of the credential.
    pub(crate) secret_hash: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// When a factor was last proven in it.
    pub stepped_up_at: Timestamp,
    /// When each factor was last proven in it.
    #[serde(default)]
    pub(crate) proofs: BTreeMap<FactorKind, Timestamp>,
    /// What gave each of these proofs, which counts as long as the account has it.
    #[serde(default)]
    pub(crate) given_by: BTreeMap<FactorKind, GivenBy>,
    /// From where it began.
    pub ip: String,
    /// What it began with.
    pub user_agent: String,
    /// When it was ended early, by itself.
    pub revoked_at: Option<Timestamp>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ended_by: Option<EndReason>,
    /// What it grew from, and ends with.
    #[serde(default)]
    pub(crate) lineage: Lineage,
}

impl Session {
    /// Forgets the proof of a factor, and that the session was strengthened by it.
    pub(crate) fn withdraw(&mut self, factor: FactorKind) {
        self.given_by.remove(&factor);
        if self.proofs.remove(&factor) == Some(self.stepped_up_at) {
            let others = self.proofs.values().max();
            self.stepped_up_at = others.copied().unwrap_or(Timestamp::from_seconds(0));
        }
    }

    /// Whether this is the secret half of its credential.
    pub(super) fn opens_with(&self, secret: &str) -> bool {
        same_secret(fingerprint(secret).as_bytes(), self.secret_hash.as_bytes())
    }

    /// Whether it may be used, as far as it tells by itself.
    pub fn is_live(&self, now: Timestamp, settings: &Settings) -> bool {
        self.end_reason(now, settings).is_none()
    }

    /// Why it may not be used, as far as it tells by itself.
    pub(super) fn end_reason(&self, now: Timestamp, settings: &Settings) -> Option<EndReason> {
        if self.revoked_at.is_some() {
            Some(self.ended_by.unwrap_or_default())
        } else if now >= self.expires_at {
            Some(EndReason::Expired)
        } else if now.since(self.last_seen_at) > settings.idle.get() {
            Some(EndReason::Idle)
        } else {
            None
        }
    }
}

/// What a client sends back to be recognised: `<session id>.<secret>`. Shown once, never stored.
#[derive(Clone)]
pub struct Credential(pub(crate) String);

impl Credential {
    /// The text to hand to the client.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credential(…)")
    }
}

/// A session that has just begun, with its credential and how the client wants to carry it.
#[derive(Debug, Clone)]
pub struct Granted {
    /// The session.
    pub session: Session,
    /// What the client must send from now on.
    pub credential: Credential,
    /// In a header, or in a cookie.
    pub transport: Transport,
    /// The device on which it began, if that is known from now on.
    pub device: Option<Box<IssuedDevice>>,
}

/// The start of a session.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct StartSession {
    /// `header` (default): the credential is in the answer. `cookie`: it is set as an `HttpOnly` cookie, for browsers.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub transport: Transport,
    /// Whether this device shall be told from strangers at the next sign-in. Left out, it is with `cookie` and is not with
    /// `header`: there the answer holds a `device_token`, to be sent as `X-DEVICE-TOKEN` from then on.
    #[serde(default)]
    pub remember_device: Option<bool>,
}

impl Documented for StartSession {
    const EXAMPLE: &str = r#"{ "transport": "header" }"#;
}

impl UseCase for StartSession {
    const PROBLEMS: Problems = &[&[TOO_MANY_ATTEMPTS]];
}

/// One session in the list.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SessionView {
    /// Its name; worthless as a credential.
    pub session_id: SessionId,
    /// Whether it is the one that asks.
    pub is_current: bool,
    /// When it began, in Unix seconds.
    pub created_at: i64,
    /// When it was last used, to the minute.
    pub last_seen_at: i64,
    /// When it ends at the latest.
    pub expires_at: i64,
    /// From where it began.
    pub ip: String,
    /// Where that is, as far as a geolocation database knows; null if none does.
    pub location: Option<Location>,
    /// What it began with.
    pub user_agent: String,
    /// The kind of device, as far as the user agent tells.
    pub device: String,
    /// The browser and operating system, as far as the user agent tells.
    pub browser: String,
    /// Whether it was ended early or fell asleep.
    pub revoked: bool,
    /// When, or 0.
    pub revoked_at: i64,
}

/// The sessions of an account.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SessionList {
    /// Newest first.
    pub sessions: Vec<SessionView>,
    /// Send it back as `cursor` for the next page; null on the last one.
    pub next_cursor: Option<Shown<SessionPlace>>,
}

impl Documented for SessionList {
    const EXAMPLE: &str = r#"{
  "sessions": [
    {
      "session_id": "ses_01h2xcejqtf2nbrexx3vqjhp41",
      "is_current": true,
      "created_at": 1790000000,
      "last_seen_at": 1790000120,
      "expires_at": 1792592000,
      "ip": "203.0.113.7",
      "location": { "country": "GB", "city": "London" },
      "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
      "device": "Computer",
      "browser": "Firefox on Linux",
      "revoked": false,
      "revoked_at": 0
    }
  ],
  "next_cursor": null
}"#;
}

/// Which page of the list.
#[derive(Debug, Clone, Default)]
pub struct ListSessions {
    /// Behind which session, as `next_cursor` of the page before; `None` for the first page.
    pub cursor: Option<PageCursor>,
    /// How many sessions at most, 1 to [`super::PAGE`].
    pub limit: Option<usize>,
}

impl UseCase for ListSessions {
    const PROBLEMS: Problems = &[&[INVALID_CURSOR]];
}

/// Ends one session.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct RevokeSession {
    /// As given in the list. Clients that hold the credential of the session may send that: its public part counts.
    #[serde(deserialize_with = "public_part")]
    pub session_id: SessionId,
}

impl Documented for RevokeSession {
    const EXAMPLE: &str = r#"{ "session_id": "ses_01h2xcejqtf2nbrexx3vqjhp41" }"#;
}

impl UseCase for RevokeSession {
    const PROBLEMS: Problems = &[&[SESSION_NOT_FOUND]];
}

/// The id of a session, alone or at the beginning of its credential.
fn public_part<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SessionId, D::Error> {
    let text = String::deserialize(deserializer)?;
    let id = text.split_once('.').map_or(text.as_str(), |(id, _)| id);
    SessionId::parse(id).map_err(D::Error::custom)
}
