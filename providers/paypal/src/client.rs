//! The API of PayPal as requests: where they go, under which token and key, how long they may take.

use std::sync::Arc;
use std::time::Duration;

use portcullis_ports::http::{HttpClient, HttpMethod, HttpRequest, HttpResponse, NoAnswer};
use portcullis_ports::outcome::Reason;
use portcullis_ports::payments::{AccessToken, CallKey, ClientCredentials, NoToken, UNAVAILABLE};
use portcullis_ports::{Clock, Endpoint, Error, Result};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::answers::{TRY_AGAIN, code_of};

/// The longest that a token may take, with the wait for somebody else's: what follows has to fit into the limit of a money call as well.
pub(crate) const TOKEN_LIMIT: Duration = Duration::from_secs(8);
/// How long before its end a token is not used any more.
pub(crate) const EARLY: Duration = Duration::from_mins(5);
/// How long nobody else needs to ask after the credentials were refused.
pub(crate) const KEY_REFUSED: Duration = Duration::from_mins(5);

/// Asks PayPal. A request is sent once; one whose token PayPal did not take, and on which it therefore did not act, once
/// more under a new token.
pub(crate) struct Client {
    pub(crate) http: Arc<dyn HttpClient>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) endpoint: Endpoint,
    /// Those of the app.
    pub(crate) credentials: ClientCredentials,
    pub(crate) limit: Duration,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum NoReply {
    /// PayPal did not get the request.
    NotSent(Reason),
    /// It may have acted.
    Unknown,
}

/// What is sent along.
pub(crate) enum Body {
    None,
    Json(Value),
    /// Media type and bytes.
    Raw(String, Vec<u8>),
}

impl From<NoAnswer> for NoReply {
    fn from(none: NoAnswer) -> Self {
        match none {
            NoAnswer::NotSent(why) => Self::NotSent(Reason::outage("no-connection", why, TRY_AGAIN)),
            NoAnswer::Unknown(_) => Self::Unknown,
        }
    }
}

impl Client {
    /// Asks for something to be done, under a key.
    pub(crate) async fn post(
        &self,
        path: &str,
        body: Body,
        key: Option<&CallKey>,
    ) -> Result<HttpResponse, NoReply> {
        self.send(HttpMethod::Post, path, &body, key).await
    }

    /// Asks for what is the same when it is asked for again.
    pub(crate) async fn delete(&self, path: &str) -> Result<HttpResponse, NoReply> {
        self.send(HttpMethod::Delete, path, &Body::None, None).await
    }

    /// Reads something that may not be there.
    pub(crate) async fn read<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Option<T>> {
        let answer = self.get(path, query).await?;
        match answer.status {
            200..=299 => serde_json::from_slice(&answer.body)
                .map(Some)
                .map_err(|error| UNAVAILABLE.error().with_context("path", path).with_source(error)),
            404 => Ok(None),
            _ => Err(refused(path, &answer)),
        }
    }

    /// Reads something, whatever the answer says.
    pub(crate) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<HttpResponse> {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(query)
            .finish();
        let address = if query.is_empty() {
            path.to_owned()
        } else {
            format!("{path}?{query}")
        };
        let answer = self.send(HttpMethod::Get, &address, &Body::None, None).await;
        answer.map_err(|none| match none {
            NoReply::NotSent(reason) => UNAVAILABLE
                .error()
                .with_context("code", reason.code)
                .with_context("why", reason.detail),
            NoReply::Unknown => UNAVAILABLE.error().with_context("path", path),
        })
    }

    async fn send(
        &self,
        method: HttpMethod,
        address: &str,
        body: &Body,
        key: Option<&CallKey>,
    ) -> Result<HttpResponse, NoReply> {
        let request = |token: &AccessToken| {
            let bearer = format!("Bearer {}", token.text.expose());
            let request = HttpRequest::new(method, format!("{}{address}", self.endpoint))
                .header("authorization", bearer)
                .header("prefer", "return=representation")
                .within(self.limit);
            let request = match key {
                Some(key) => request.header("paypal-request-id", key.as_str()),
                None => request,
            };
            match body {
                Body::None => request,
                Body::Json(value) => request.body("application/json", value.to_string()),
                Body::Raw(media_type, bytes) => request.body(media_type, bytes.clone()),
            }
        };
        let begun = self.clock.now();
        let left = || (TOKEN_LIMIT + self.limit).saturating_sub(self.clock.now().since(begun));
        let token = self.token(None).await?;
        let answer = self.http.send(request(&token)).await?;
        // Once more only where that ends as early as one request does.
        if answer.status != 401 || left() < self.limit {
            return Ok(answer);
        }
        let token = self.token(Some(&token)).await?;
        let left = left().min(self.limit);
        if left < self.limit / 2 {
            return Ok(answer);
        }
        Ok(self.http.send(request(&token).within(left)).await?)
    }

    /// A token that is good for a while, and another one than that which PayPal did not take.
    pub(crate) async fn token(&self, refused: Option<&AccessToken>) -> Result<AccessToken, NoReply> {
        // Whatever becomes of a token, what it was wanted for was not sent.
        self.credentials.token(refused).await.map_err(|why| {
            NoReply::NotSent(match why {
                NoToken::Refused => Reason::outage(
                    "key-refused",
                    "PayPal refuses the credentials: check `client_id`, `client_secret` and `mode`",
                    KEY_REFUSED,
                ),
                NoToken::NoAnswer(_) => {
                    Reason::outage("no-connection", format!("no token: {why}"), TRY_AGAIN)
                }
                NoToken::Status(_) | NoToken::Unreadable | NoToken::TimedOut => Reason::outage(
                    "no-token",
                    format!("PayPal gives no token at the moment: {why}"),
                    TRY_AGAIN,
                ),
            })
        })
    }
}

fn refused(path: &str, answer: &HttpResponse) -> Error {
    UNAVAILABLE
        .error()
        .with_context("path", path)
        .with_context("status", answer.status.to_string())
        .with_context("code", code_of(&answer.body))
        .with_context("request", answer.header("paypal-debug-id").unwrap_or_default())
}
