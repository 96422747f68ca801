//! Access tokens of a vendor's API by the client credentials grant of OAuth 2.0 (RFC 6749, section 4.4).

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_lock::Mutex;
use data_encoding::BASE64;
use serde::Deserialize;

use crate::clock::{Clock, Timestamp};
use crate::http::{HttpClient, HttpMethod, HttpRequest};
use crate::secret::Secret;

/// Less time than this is not worth a request.
const LEAST: Duration = Duration::from_millis(500);

/// What requests are allowed with.
#[derive(Debug, Clone)]
pub struct AccessToken {
    /// What goes behind `Bearer`.
    pub text: Secret,
    /// What it allows, as the vendor says; empty where it does not.
    pub scope: String,
    until: Timestamp,
}

/// Why there is no token. Nothing that it was wanted for was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoToken {
    /// The vendor refuses the credentials: status 400, 401 or 403.
    Refused,
    /// There was no answer.
    NoAnswer(String),
    /// The vendor answered with another status.
    Status(u16),
    /// The answer makes no sense.
    Unreadable,
    /// The time was spent waiting for others.
    TimedOut,
}

impl fmt::Display for NoToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("the credentials are refused"),
            Self::NoAnswer(why) => f.write_str(why),
            Self::Status(status) => write!(f, "status {status}"),
            Self::Unreadable => f.write_str("an answer that makes no sense"),
            Self::TimedOut => f.write_str("it took too long"),
        }
    }
}

/// Where tokens come from, and for whom.
pub struct TokenEndpoint {
    /// The way to the vendor.
    pub http: Arc<dyn HttpClient>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The full address.
    pub url: String,
    /// The client id.
    pub id: String,
    /// Its secret.
    pub secret: Secret,
    /// The longest that a caller waits for a token, for a fetch of somebody else and its own together.
    pub limit: Duration,
    /// How long before its end a token is not used any more.
    pub spare: Duration,
}

/// The token of one client. One caller fetches it at a time; whoever waits meanwhile shares what became of that.
pub struct ClientCredentials {
    endpoint: TokenEndpoint,
    /// How many fetches have ended.
    ended: AtomicU64,
    last: Mutex<Option<Result<AccessToken, NoToken>>>,
}

#[derive(Deserialize)]
struct Granted {
    access_token: Secret,
    expires_in: u64,
    #[serde(default)]
    scope: String,
}

impl ClientCredentials {
    /// Nothing is fetched before it is needed.
    pub fn new(endpoint: TokenEndpoint) -> Self {
        Self {
            endpoint,
            ended: AtomicU64::new(0),
            last: Mutex::default(),
        }
    }

    /// A token that is good for a while, and another one than that which the vendor did not take.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn token(&self, refused: Option<&AccessToken>) -> Result<AccessToken, NoToken> {
        let clock = &self.endpoint.clock;
        let (began, ended) = (clock.now(), self.ended.load(Ordering::SeqCst));
        let mut last = self.last.lock().await;
        let (now, has_waited) = (clock.now(), self.ended.load(Ordering::SeqCst) != ended);
        let is_another =
            |token: &AccessToken| refused.is_none_or(|refused| !refused.text.matches(token.text.expose()));
        match last.as_ref() {
            Some(Ok(token)) if now < token.until && is_another(token) => return Ok(token.clone()),
            Some(Err(why)) if has_waited => return Err(why.clone()),
            _ => {}
        }
        let left = self.endpoint.limit.saturating_sub(now.since(began));
        if left < LEAST {
            return Err(NoToken::TimedOut);
        }
        // Whoever stops waiting leaves nothing behind.
        *last = None;
        let fetched = self.endpoint.fetch(left, now).await;
        *last = Some(fetched.clone());
        self.ended.fetch_add(1, Ordering::SeqCst);
        fetched
    }
}

impl TokenEndpoint {
    async fn fetch(&self, limit: Duration, now: Timestamp) -> Result<AccessToken, NoToken> {
        let credentials = format!("{}:{}", self.id, self.secret.expose());
        let request = HttpRequest::new(HttpMethod::Post, &self.url)
            .header(
                "authorization",
                format!("Basic {}", BASE64.encode(credentials.as_bytes())),
            )
            .body(
                "application/x-www-form-urlencoded",
                "grant_type=client_credentials",
            )
            .within(limit);
        let answer = self.http.send(request).await;
        let answer = answer.map_err(|none| NoToken::NoAnswer(none.to_string()))?;
        match answer.status {
            200..=299 => {
                let granted: Granted =
                    serde_json::from_slice(&answer.body).map_err(|_| NoToken::Unreadable)?;
                let lasts = Duration::from_secs(granted.expires_in);
                Ok(AccessToken {
                    text: granted.access_token,
                    scope: granted.scope,
                    until: now + lasts.saturating_sub(self.spare),
                })
            }
            400 | 401 | 403 => Err(NoToken::Refused),
            status => Err(NoToken::Status(status)),
        }
    }
}
