//! What a request shows of whoever sent it, in headers and in the session cookie alike.

use poem::Request;
use poem::http::header::{self, GetAll, HeaderValue};
use poem::http::{HeaderMap, Method};
use portcullis_core::App;
use portcullis_core::api_keys::{self, KeyHolder};
use portcullis_core::operators::{Operator, Role};
use portcullis_core::sessions::{CSRF, Identified, SESSION_ENDED, SignedIn};
use portcullis_core::{Scope, Source};
use portcullis_ports::identity::{Presented, UNAUTHENTICATED};
use portcullis_ports::{Kind, Result};

use crate::auth::{API_KEY_HEADER, CREDENTIALS_MISMATCH, CSRF_HEADER, SESSION_HEADER};
use crate::context::RequestContext;
use crate::cookie;
use crate::problem::Problem;

/// What names a session that was recognised already, beside a token.
fn credential_of(who: &SignedIn) -> String {
    format!("{}.", who.session.id)
}

/// How a request carries the credential of its session. A header wins: no foreign page can set it.
enum Carried<'a> {
    Header(&'a str),
    Cookies(Vec<&'a str>),
}

/// What a request shows of whoever sent it.
pub(crate) struct Credentials<'a> {
    app: &'a App,
    headers: &'a HeaderMap,
    method: &'a Method,
    source: Source,
}

impl<'a> Credentials<'a> {
    pub(crate) fn new(request: &'a Request) -> Result<Self, Problem> {
        let context = RequestContext::of(request)?;
        Ok(Self {
            app: &context.app,
            headers: request.headers(),
            method: request.method(),
            source: context.source(request),
        })
    }

    fn carried(&self) -> Option<Carried<'a>> {
        match self.headers.get(SESSION_HEADER) {
            Some(value) => Some(Carried::Header(value.to_str().unwrap_or_default())),
            None => Some(cookie::find(self.headers))
                .filter(|cookies| !cookies.is_empty())
                .map(Carried::Cookies),
        }
    }

    /// An access token, or whatever an identity provider knows; without one the session cookie is enough.
    pub(crate) async fn first_factor(&self) -> Result<Identified> {
        self.require_no_key()?;
        match self.carried() {
            Some(Carried::Header(credential)) => match self.beside(credential).await {
                Ok((owner, _)) => Ok(owner),
                // A session that is over does no harm to a token that goes on without it.
                Err(error) if error.kind() == Kind::Unauthenticated => self.identify(None).await,
                Err(error) => Err(error),
            },
            Some(Carried::Cookies(cookies)) if !self.headers.contains_key(header::AUTHORIZATION) => {
                let who = self.by_cookie(&cookies).await?;
                self.same_person(&who, false).await?;
                self.app.sessions.as_first_factor(&who).await
            }
            Some(Carried::Cookies(cookies)) => match self.of_cookies(&cookies).await {
                Ok(who) => match self.identify(Some(&credential_of(&who))).await? {
                    owner if owner.subject == *who.subject() => Ok(owner),
                    _ => Err(CREDENTIALS_MISMATCH.error()),
                },
                Err(error) if error.code() == SESSION_ENDED => self.identify(None).await,
                Err(error) => Err(error),
            },
            None => self.identify(None).await,
        }
    }

    pub(crate) async fn live_session(&self) -> Result<SignedIn> {
        self.require_no_key()?;
        match self.carried() {
            Some(Carried::Header(credential)) => {
                let (_, who) = self.beside(credential).await?;
                Ok(who)
            }
            Some(Carried::Cookies(cookies)) => {
                let who = self.by_cookie(&cookies).await?;
                self.same_person(&who, self.bears_token()).await?;
                Ok(who)
            }
            None => Err(UNAUTHENTICATED.with_detail(
                "A session is required: send X-SESSION-ID beside the access token, or the session cookie.",
            )),
        }
    }

    /// The API key that is shown, in the header of its own or as bearer. Beside a key nothing else counts.
    pub(crate) fn api_key(&self) -> Result<Option<&'a str>> {
        shown_key(self.headers)
    }

    /// Whoever shows a key that has this scope.
    pub(crate) async fn key_holder(&self, key: &str, scope: &Scope) -> Result<KeyHolder> {
        self.app.api_keys.authenticate(key, scope, &self.source).await
    }

    /// A live session that may act as an operator.
    pub(crate) async fn operator(&self, needed: Role) -> Result<Operator> {
        let who = self.live_session().await?;
        self.app.operators.authorize(who, needed).await
    }

    pub(crate) async fn session_alone(&self) -> Result<SignedIn> {
        self.require_no_key()?;
        match self.carried() {
            Some(Carried::Header(credential)) => {
                self.app.sessions.resume(credential, None, &self.source).await
            }
            Some(Carried::Cookies(cookies)) => {
                let who = self.by_cookie(&cookies).await?;
                // Whoever asks for a new token may send the expired one along.
                self.same_person(&who, false).await?;
                Ok(who)
            }
            None => Err(UNAUTHENTICATED
                .with_detail("A session is required: send X-SESSION-ID, or the session cookie.")),
        }
    }

    /// A live session, or `None` for one that is over already.
    pub(crate) async fn session_to_end(&self) -> Result<Option<SignedIn>> {
        self.require_no_key()?;
        let live = match self.carried() {
            // Whoever signs out may send an expired token along.
            Some(Carried::Cookies(_)) => self.session_alone().await,
            _ => self.live_session().await,
        };
        let refused = match live {
            Ok(who) => return Ok(Some(who)),
            Err(error) if error.kind() == Kind::Unauthenticated => error,
            Err(error) => return Err(error),
        };
        match self.carried() {
            // Signing out has ended the token as well.
            Some(Carried::Header(credential)) if self.app.sessions.is_over(credential).await? => Ok(None),
            Some(Carried::Cookies(_)) if refused.code() == SESSION_ENDED => Ok(None),
            _ => Err(refused),
        }
    }

    /// Whoever proved the first factor, with the live session that the header names.
    async fn beside(&self, credential: &str) -> Result<(Identified, SignedIn)> {
        let presented = Headers(self.headers);
        let accounts = &self.app.accounts;
        accounts
            .identify_with_session(&presented, credential, &self.source)
            .await
    }

    async fn identify(&self, beside: Option<&str>) -> Result<Identified> {
        let presented = Headers(self.headers);
        self.app.accounts.identify(&presented, beside, &self.source).await
    }

    /// Refuses an API key where none is taken, whatever is beside it: nobody goes on as somebody else than the key says, and no
    /// other identity provider sees one.
    fn require_no_key(&self) -> Result<()> {
        match self.api_key()? {
            Some(_) => Err(UNAUTHENTICATED.with_detail("No API key is taken here: a session is required.")),
            None => Ok(()),
        }
    }

    fn bears_token(&self) -> bool {
        Headers(self.headers).bearer().is_some()
    }

    /// Refuses the proof of one person beside the cookie of another. If it is `needed`, it must be valid as well.
    async fn same_person(&self, who: &SignedIn, needed: bool) -> Result<()> {
        if !self.bears_token() && !self.app.accounts.has_other_providers() {
            return Ok(());
        }
        match self.identify(Some(&credential_of(who))).await {
            Ok(owner) if owner.subject == who.session.subject => Ok(()),
            Ok(_) => Err(CREDENTIALS_MISMATCH.error()),
            Err(error) if error.kind() == Kind::Unauthenticated && !needed => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// A browser sends the cookie by itself, so that what changes something must prove that a page of ours asked.
    async fn by_cookie(&self, cookies: &[&str]) -> Result<SignedIn> {
        if self
            .headers
            .get("sec-fetch-site")
            .is_some_and(|site| site == "cross-site")
        {
            return Err(CSRF.with_detail("Pages of other sites cannot use the session cookie."));
        }
        let who = self.of_cookies(cookies).await?;
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

    /// The first session of several cookies that lives. If none does, the first that is known says why.
    async fn of_cookies(&self, cookies: &[&str]) -> Result<SignedIn> {
        let mut ended = SESSION_ENDED.error();
        for cookie in cookies {
            match self.app.sessions.resume(cookie, None, &self.source).await {
                Err(error) if error.code() == SESSION_ENDED => {
                    if ended.members().is_empty() {
                        ended = error;
                    }
                }
                decided => return decided,
            }
        }
        Err(ended)
    }
}

/// Request headers as identity providers see them.
pub(crate) struct Headers<'a>(pub(crate) &'a HeaderMap);

impl Presented for Headers<'_> {
    fn bearer(&self) -> Option<&str> {
        bearer_of(self.0.get(header::AUTHORIZATION)?)
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.to_str().ok()
    }
}

/// The token of a header of the bearer scheme.
fn bearer_of(value: &HeaderValue) -> Option<&str> {
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// The API key that a request shows. One in both headers is one key.
///
/// # Errors
/// `unauthenticated` for several keys, and for a header that is there several times: nobody is left to guess which one counts.
fn shown_key(headers: &HeaderMap) -> Result<Option<&str>> {
    let own = only(
        headers.get_all(API_KEY_HEADER),
        "One API key is expected, not several.",
    )?;
    let own = own.map(|value| value.to_str().unwrap_or_default().trim());
    let authorization = only(
        headers.get_all(header::AUTHORIZATION),
        "One header Authorization is expected, not several.",
    )?;
    let bearer = authorization
        .and_then(bearer_of)
        .filter(|token| is_api_key(token));
    match (own, bearer) {
        (Some(own), Some(bearer)) if own != bearer => {
            Err(UNAUTHENTICATED.with_detail("One API key is expected, not several."))
        }
        (own, bearer) => Ok(own.or(bearer)),
    }
}

/// The value of a header that is there at most once.
fn only<'a>(values: GetAll<'a, HeaderValue>, otherwise: &'static str) -> Result<Option<&'a HeaderValue>> {
    let mut values = values.iter();
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(UNAUTHENTICATED.with_detail(otherwise)),
        (value, None) => Ok(value),
    }
}

/// Whether a token is meant as an API key.
fn is_api_key(token: &str) -> bool {
    token.starts_with(api_keys::PREFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Headers, with their values.
    type Shown = &'static [(&'static str, &'static str)];

    const OWN: &str = "x-api-key";
    const BEARER: &str = "authorization";

    #[test]
    fn one_key_is_shown_in_either_header_and_no_header_is_there_twice() {
        let shown = |shown: Shown| {
            let mut headers = HeaderMap::new();
            for (name, value) in shown {
                headers.append(*name, value.parse().expect("a header value"));
            }
            shown_key(&headers).map(|key| key.map(str::to_owned))
        };
        let one: [(Shown, Option<&str>); 7] = [
            (&[], None),
            (&[(BEARER, "Bearer eyJ")], None),
            (&[(OWN, "pck_a")], Some("pck_a")),
            (&[(OWN, "")], Some("")),
            (&[(BEARER, "bearer  pck_a")], Some("pck_a")),
            (&[(OWN, "pck_a"), (BEARER, "Bearer eyJ")], Some("pck_a")),
            (&[(OWN, " pck_a"), (BEARER, "Bearer pck_a ")], Some("pck_a")),
        ];
        for (headers, key) in one {
            assert_eq!(shown(headers).expect("one key").as_deref(), key, "{headers:?}");
        }
        let several: [Shown; 6] = [
            &[(OWN, "pck_a"), (BEARER, "Bearer pck_b")],
            &[(OWN, "pck_a"), (OWN, "pck_a")],
            &[(BEARER, "Bearer eyJ"), (BEARER, "Bearer pck_a")],
            &[(BEARER, "Bearer pck_a"), (BEARER, "Bearer eyJ")],
            &[(BEARER, "Bearer pck_a"), (BEARER, "Bearer pck_a")],
            &[(BEARER, "Bearer eyJ"), (BEARER, "Basic abc")],
        ];
        for headers in several {
            assert!(shown(headers).is_err(), "{headers:?}");
        }
    }

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
