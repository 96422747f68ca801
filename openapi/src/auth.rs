//! Who is asking: one extractor per level, for headers and for the session cookie alike.

use std::sync::Arc;

use poem::http::{HeaderMap, Method, header};
use poem::{FromRequest, Request, RequestBody};
use portcullis_core::App;
use portcullis_core::access::{Identified, SignedIn, Source};
use portcullis_core::sessions::CSRF;
use portcullis_ports::Result;
use portcullis_ports::identity::{Presented, UNAUTHENTICATED};

use crate::arrival::Arrival;
use crate::cookie;
use crate::problem::Problem;

/// Names the session for clients that keep its credential themselves.
pub const SESSION_HEADER: &str = "X-SESSION-ID";
/// Proves that a request with the session cookie comes from a page of ours.
pub const CSRF_HEADER: &str = "X-CSRF-Token";

/// Level P: anybody.
pub(crate) struct Anyone {
    pub(crate) app: Arc<App>,
    pub(crate) source: Source,
}

/// Level B: somebody who proved the first factor.
pub(crate) struct FirstFactor {
    pub(crate) app: Arc<App>,
    pub(crate) who: Identified,
}

/// Level S: somebody with a live session that is theirs.
pub(crate) struct LiveSession {
    pub(crate) app: Arc<App>,
    pub(crate) who: SignedIn,
    /// Whether the cookie said so, so that pages need a CSRF token.
    pub(crate) by_cookie: bool,
}

/// Level R: a session without an access token beside it.
pub(crate) struct SessionAlone {
    pub(crate) app: Arc<App>,
    pub(crate) who: SignedIn,
}

impl<'a> FromRequest<'a> for Anyone {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let arrival = Arrival::of(request)?;
        Ok(Self {
            app: Arc::clone(arrival.app()),
            source: arrival.source(request),
        })
    }
}

impl<'a> FromRequest<'a> for FirstFactor {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let asking = Asking::new(request)?;
        let who = asking.first_factor().await.map_err(Problem)?;
        Ok(Self {
            app: Arc::clone(asking.app),
            who,
        })
    }
}

impl<'a> FromRequest<'a> for LiveSession {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let asking = Asking::new(request)?;
        let (who, by_cookie) = asking.live_session().await.map_err(Problem)?;
        Ok(Self {
            app: Arc::clone(asking.app),
            who,
            by_cookie,
        })
    }
}

impl<'a> FromRequest<'a> for SessionAlone {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let asking = Asking::new(request)?;
        let who = asking.session_alone().await.map_err(Problem)?;
        Ok(Self {
            app: Arc::clone(asking.app),
            who,
        })
    }
}

/// How a request carries the credential of its session. A header wins: no foreign page can set it.
enum Carried<'a> {
    Header(&'a str),
    Cookie(&'a str),
}

/// A request and what it needs to be recognised.
struct Asking<'a> {
    app: &'a Arc<App>,
    headers: &'a HeaderMap,
    method: &'a Method,
    source: Source,
}

impl<'a> Asking<'a> {
    fn new(request: &'a Request) -> Result<Self, Problem> {
        let arrival = Arrival::of(request)?;
        let source = arrival.source(request);
        Ok(Self {
            app: arrival.app(),
            headers: request.headers(),
            method: request.method(),
            source,
        })
    }

    fn carried(&self) -> Option<Carried<'a>> {
        match self.headers.get(SESSION_HEADER) {
            Some(value) => Some(Carried::Header(value.to_str().unwrap_or_default())),
            None => cookie::find(self.headers).map(Carried::Cookie),
        }
    }

    /// An access token, or whatever an identity provider knows; without one the session cookie is enough.
    async fn first_factor(&self) -> Result<Identified> {
        if !self.headers.contains_key(header::AUTHORIZATION)
            && let Some(credential) = cookie::find(self.headers)
        {
            let who = self.by_cookie(credential).await?;
            return Ok(Identified {
                subject: who.session.subject.clone(),
                at: who.session.created_at,
                source: who.source,
            });
        }
        self.app
            .accounts
            .identify(&Headers(self.headers), &self.source)
            .await
    }

    async fn live_session(&self) -> Result<(SignedIn, bool)> {
        match self.carried() {
            Some(Carried::Header(credential)) => {
                let owner = self
                    .app
                    .accounts
                    .identify(&Headers(self.headers), &self.source)
                    .await?;
                let who = self
                    .app
                    .sessions
                    .resume(credential, Some(&owner.subject), &self.source)
                    .await?;
                Ok((who, false))
            }
            Some(Carried::Cookie(credential)) => Ok((self.by_cookie(credential).await?, true)),
            None => Err(UNAUTHENTICATED.says(
                "A session is required: send X-SESSION-ID beside the access token, or the session cookie.",
            )),
        }
    }

    async fn session_alone(&self) -> Result<SignedIn> {
        match self.carried() {
            Some(Carried::Header(credential)) => {
                self.app.sessions.resume(credential, None, &self.source).await
            }
            Some(Carried::Cookie(credential)) => self.by_cookie(credential).await,
            None => {
                Err(UNAUTHENTICATED.says("A session is required: send X-SESSION-ID, or the session cookie."))
            }
        }
    }

    /// A browser sends the cookie by itself, so that what changes something must prove that a page of ours asked.
    async fn by_cookie(&self, credential: &str) -> Result<SignedIn> {
        if self
            .headers
            .get("sec-fetch-site")
            .is_some_and(|site| site == "cross-site")
        {
            return Err(CSRF.says("Pages of other sites cannot use the session cookie."));
        }
        let who = self.app.sessions.resume(credential, None, &self.source).await?;
        if !self.method.is_safe() {
            let token = self
                .headers
                .get(CSRF_HEADER)
                .and_then(|value| value.to_str().ok());
            self.app
                .sessions
                .check_csrf(&who.session, token.unwrap_or_default())?;
        }
        Ok(who)
    }
}

/// Request headers as identity providers see them.
pub(crate) struct Headers<'a>(pub(crate) &'a HeaderMap);

impl Presented for Headers<'_> {
    fn bearer(&self) -> Option<&str> {
        let value = self.0.get(header::AUTHORIZATION)?.to_str().ok()?;
        let (scheme, token) = value.split_once(' ')?;
        let token = token.trim();
        (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.to_str().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bearer_scheme_is_read_in_any_case_and_nothing_else() {
        let bearer = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, value.parse().expect("a header value"));
            Headers(&headers).bearer().map(str::to_owned)
        };
        assert_eq!(bearer("Bearer abc").as_deref(), Some("abc"));
        assert_eq!(bearer("bEARER  abc ").as_deref(), Some("abc"));
        for other in ["Basic abc", "Bearer", "Bearer ", "abc", ""] {
            assert_eq!(bearer(other), None, "{other}");
        }
    }
}
