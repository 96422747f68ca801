//! The REST API of CCBill as requests: two applications with a token each, one request each, never repeated.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use portcullis_ports::http::{HttpClient, HttpMethod, HttpRequest, HttpResponse, NoAnswer};
use portcullis_ports::outcome::Reason;
use portcullis_ports::payments::{AccessToken, ClientCredentials, NoToken};
use portcullis_ports::{Clock, Endpoint};

/// The version of the API, which stands in the media type of answers.
pub(crate) const VERSION: &str = "application/vnd.mcn.transaction-service.api.v.2+json";
/// When to try again after no connection.
pub(crate) const TRY_AGAIN: Duration = Duration::from_secs(5);
/// How long nobody else needs to ask after an application was refused.
const REFUSED: Duration = Duration::from_mins(5);
/// The longest that a token may take, with the wait for somebody else's.
pub(crate) const TOKEN_LIMIT: Duration = Duration::from_secs(4);
/// The longest that what only reads may take.
pub(crate) const READ_LIMIT: Duration = Duration::from_secs(5);
/// A token is not used for the last part of its life.
pub(crate) const SPARE: Duration = Duration::from_mins(1);

/// One of the two applications that CCBill issues, with its token.
pub(crate) struct Application {
    /// As the settings call it.
    pub(crate) name: &'static str,
    pub(crate) credentials: ClientCredentials,
}

/// What became of one request.
pub(crate) enum Asked {
    /// It was answered.
    Answer(HttpResponse),
    /// Nothing was asked for.
    NotSent(Reason),
    /// It may have been acted upon.
    Unknown,
}

impl Asked {
    pub(crate) fn of(answer: Result<HttpResponse, NoAnswer>) -> Self {
        match answer {
            Ok(answer) => Self::Answer(answer),
            Err(NoAnswer::NotSent(why)) => Self::NotSent(Reason::outage("no-connection", why, TRY_AGAIN)),
            Err(NoAnswer::Unknown(_)) => Self::Unknown,
        }
    }
}

/// Asks CCBill's API.
pub(crate) struct Client {
    pub(crate) http: Arc<dyn HttpClient>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) endpoint: Endpoint,
    pub(crate) limit: Duration,
    /// Its token goes to browsers, and may make payment tokens only.
    pub(crate) frontend: Application,
    /// Charges.
    pub(crate) backend: Application,
}

impl Client {
    /// Reads what moves no money, for which nobody waits long.
    pub(crate) async fn get(&self, path: &str) -> Asked {
        let limit = READ_LIMIT.min(self.limit);
        self.ask((HttpMethod::Get, path), None, None, limit).await
    }

    /// Asks for what moves money.
    pub(crate) async fn post(&self, path: &str, body: &str, payer: Option<IpAddr>) -> Asked {
        self.ask((HttpMethod::Post, path), Some(body), payer, self.limit)
            .await
    }

    /// Takes no longer than [`TOKEN_LIMIT`] and `limit` together.
    async fn ask(
        &self,
        (method, path): (HttpMethod, &str),
        body: Option<&str>,
        payer: Option<IpAddr>,
        limit: Duration,
    ) -> Asked {
        let request = |token: &AccessToken| {
            let mut request = HttpRequest::new(method, format!("{}{path}", self.endpoint))
                .header("authorization", format!("Bearer {}", token.text.expose()))
                .header("accept", VERSION)
                .header("cache-control", "no-cache")
                .within(limit);
            if let Some(payer) = payer {
                request = request.header("x-origin-ip", payer.to_string());
            }
            match body {
                Some(body) => request.body("application/json", body),
                None => request,
            }
        };
        let begun = self.clock.now();
        let left = || (TOKEN_LIMIT + limit).saturating_sub(self.clock.now().since(begun));
        let refused = || Asked::NotSent(not_allowed(self.backend.name));
        let token = match self.token(&self.backend, None).await {
            Ok(token) => token,
            Err(reason) => return Asked::NotSent(reason),
        };
        match Asked::of(self.http.send(request(&token)).await) {
            Asked::Answer(answer) if answer.status == 401 => {}
            asked => return asked,
        }
        // A token that is refused has ended early: nothing was done, and a new one is tried once, where there is time for it.
        if left() < limit {
            return refused();
        }
        let token = match self.token(&self.backend, Some(&token)).await {
            Ok(token) => token,
            Err(reason) => return Asked::NotSent(reason),
        };
        let left = left().min(limit);
        if left < limit / 2 {
            return refused();
        }
        match Asked::of(self.http.send(request(&token).within(left)).await) {
            Asked::Answer(answer) if answer.status == 401 => refused(),
            asked => asked,
        }
    }

    /// The token of an application; another one than `refused`.
    pub(crate) async fn token(
        &self,
        application: &Application,
        refused: Option<&AccessToken>,
    ) -> Result<AccessToken, Reason> {
        application
            .credentials
            .token(refused)
            .await
            .map_err(|why| match why {
                NoToken::Refused => not_allowed(application.name),
                _ => Reason::outage(
                    "no-token",
                    format!("CCBill issues no token at the moment: {why}"),
                    TRY_AGAIN,
                ),
            })
    }
}

fn not_allowed(name: &str) -> Reason {
    let detail = format!("CCBill refuses the {name} application: check `{name}_id` and `{name}_secret`");
    Reason::outage("application-refused", detail, REFUSED)
}
