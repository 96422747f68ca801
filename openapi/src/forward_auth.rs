//! What reverse proxies ask before they pass a request on to an application, and the way back after signing in.

use std::sync::Arc;

use poem::endpoint::{BoxEndpoint, make};
use poem::error::NotFoundError;
use poem::http::header::{ACCEPT, CACHE_CONTROL, HeaderName, HeaderValue, LOCATION};
use poem::http::{HeaderMap, Method, StatusCode, Uri};
use poem::{Endpoint as _, EndpointExt as _, FromRequest, IntoResponse, Request, RequestBody, Response};
use poem_openapi::registry::{MetaHeader, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiResponse, OpenApi};
use portcullis_core::App;
use portcullis_core::forward_auth::{ReturnToApplication, VerifiedBy, VerifiedIdentity};
use portcullis_ports::Kind;

use crate::answer::SeeOther;
use crate::auth::Attempt;
use crate::key_scopes::{ApplicationsEnter, OfSessionOrKey};
use crate::problem::Refusal;
use crate::query::Query;
use crate::resource::{Methods, Resource};
use crate::tags::Tag;

/// What proxies ask.
const VERIFY: &str = "/api/auth/verify";

/// With whatever method Envoy may ask.
const METHODS: [Method; 7] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
];

/// The headers that tell an application who is coming.
const USER: HeaderName = HeaderName::from_static("x-auth-request-user");
const EMAIL: HeaderName = HeaderName::from_static("x-auth-request-email");
const METHOD: HeaderName = HeaderName::from_static("x-auth-request-method");
const CREDENTIAL: HeaderName = HeaderName::from_static("x-auth-request-credential");

/// What proxies tell of the request that they hold.
const FORWARDED_METHOD: &str = "x-forwarded-method";
const FORWARDED_PROTO: &str = "x-forwarded-proto";
const FORWARDED_HOST: &str = "x-forwarded-host";
const FORWARDED_URI: &str = "x-forwarded-uri";

pub(crate) struct ForwardAuthApi {
    pub(crate) app: Arc<App>,
}

crate::context::from_context!(ForwardAuthApi);

#[OpenApi(tag = "Tag::Applications")]
impl ForwardAuthApi {
    /// May this request pass?
    ///
    /// For reverse proxies that ask before they pass a request on: `auth_request` of nginx, `forwardAuth` of Traefik,
    /// `forward_auth` of Caddy. They send the credentials of the request along; the answer says in headers who it is, for the
    /// application behind. With `redirect=true` a browser that asks for a page without being signed in is sent to the sign-in
    /// page, and from there back to the address in `X-Forwarded-Proto`, `X-Forwarded-Host` and `X-Forwarded-Uri`, if its
    /// origin is one of `forward_auth.return_origins`.
    #[oai(path = "/api/auth/verify", method = "get", operation_id = "verify_request")]
    async fn verify(
        &self,
        attempt: Attempt<OfSessionOrKey<ApplicationsEnter>>,
        /// Whether browsers are sent to the sign-in page instead of being refused.
        redirect: Query<Option<bool>>,
        held: HeldRequest,
    ) -> Result<Verified, Refusal<()>> {
        match attempt.who {
            Ok(requester) => Ok(Verified::Passes(
                self.app.forward_auth.identity(&requester).await?,
            )),
            Err(error) => {
                let sent = redirect.0 == Some(true) && held.page && error.kind() == Kind::Unauthenticated;
                let page = sent.then(|| self.app.forward_auth.sign_in_page(held.address.as_deref()));
                match page.flatten() {
                    Some(page) => Ok(Verified::SignsIn(page)),
                    None => Err(error.into()),
                }
            }
        }
    }

    /// Go back to an application after signing in
    ///
    /// The sign-in page leads here. Browsers are sent to the origin of this service and to those of
    /// `forward_auth.return_origins`, and nowhere else.
    #[expect(
        clippy::unused_async,
        reason = "poem-openapi takes asynchronous handlers only"
    )]
    #[oai(path = "/auth/return", method = "get", operation_id = "return_to_application")]
    async fn back(
        &self,
        /// The whole address to go to; the front page of the panel if none is given.
        to: Query<Option<String>>,
    ) -> Result<SeeOther, Refusal<ReturnToApplication>> {
        Ok(SeeOther(match to.0 {
            Some(to) => self.app.forward_auth.return_address(&to)?,
            None => "/".to_owned(),
        }))
    }
}

/// How a proxy asks that does not ask as the document says.
#[derive(Clone, Copy)]
enum Asked {
    /// With the method of the request that it holds: also `OPTIONS` is for those who may pass.
    ByMethod,
    /// As Envoy, with the method and below it with the path of that request. It takes 200 alone for a yes.
    Below,
}

/// What is answered as `GET` at the documented path is.
fn answered_alike(verify: &Arc<Option<Methods>>, asked: Asked) -> BoxEndpoint<'static, Response> {
    let verify = Arc::clone(verify);
    let ask = move |mut request: Request| {
        let verify = Arc::clone(&verify);
        async move {
            let Some(verify) = verify.as_ref() else {
                return Err(poem::Error::from(NotFoundError));
            };
            request.set_method(Method::GET);
            if let Asked::Below = asked {
                *request.uri_mut() = Uri::from_static(VERIFY);
            }
            let mut response = verify.call(request).await?;
            if let (Asked::Below, StatusCode::NO_CONTENT) = (asked, response.status()) {
                response.set_status(StatusCode::OK);
            }
            Ok(response)
        }
    };
    make(ask).boxed()
}

/// Adds what proxies ask that do not ask as the document says.
pub(crate) fn add_undocumented(resources: &mut Vec<Resource>, app: &Arc<App>) {
    let api = Resource::of(ForwardAuthApi { app: Arc::clone(app) });
    let verify = api.into_iter().find(|resource| resource.template == VERIFY);
    let verify = Arc::new(verify.map(Resource::into_endpoint));
    let documented = resources.iter_mut().find(|resource| resource.template == VERIFY);
    if let Some(documented) = documented {
        let by_method = answered_alike(&verify, Asked::ByMethod);
        documented.methods.push((Method::OPTIONS, by_method));
    }
    // What a wildcard stands for is never empty.
    resources.extend(["/", "/*held"].map(|below| {
        Resource {
            template: format!("{VERIFY}{below}"),
            methods: METHODS
                .map(|method| (method, answered_alike(&verify, Asked::Below)))
                .into(),
        }
    }));
}

/// The most characters of an address that somebody comes back to: it is handed on in the address of the sign-in page.
const LONGEST_ADDRESS: usize = 2_000;

/// Whether it is a host, perhaps with a port, and nothing else.
fn is_host(text: &str) -> bool {
    let named = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    !text.is_empty() && text.bytes().all(named)
}

/// The request that a proxy holds, as far as it tells.
struct HeldRequest {
    /// Where it goes.
    address: Option<String>,
    /// Whether a browser asks for a page with it.
    page: bool,
}

impl HeldRequest {
    fn of(headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let address = match (text(FORWARDED_PROTO), text(FORWARDED_HOST), text(FORWARDED_URI)) {
            (Some(scheme @ ("https" | "http")), Some(host), Some(path))
                if is_host(host) && path.starts_with('/') =>
            {
                Some(format!("{scheme}://{host}{path}"))
            }
            _ => None,
        };
        let reads = text(FORWARDED_METHOD).is_none_or(|method| matches!(method, "GET" | "HEAD"));
        let accepts = text(ACCEPT.as_str()).is_some_and(|accept| accept.contains("text/html"));
        let goes_there = text("sec-fetch-mode").is_none_or(|mode| mode == "navigate");
        Self {
            address: address.filter(|address| address.len() <= LONGEST_ADDRESS),
            page: reads && accepts && goes_there,
        }
    }
}

impl<'a> FromRequest<'a> for HeldRequest {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Ok(Self::of(request.headers()))
    }
}

/// What a proxy is told.
enum Verified {
    Passes(VerifiedIdentity),
    SignsIn(String),
}

impl IntoResponse for Verified {
    fn into_response(self) -> Response {
        let mut response = match self {
            Self::Passes(identity) => {
                let (method, credential) = match &identity.by {
                    VerifiedBy::Session(id) => ("session", id.as_str()),
                    VerifiedBy::ApiKey(id) => ("api_key", id.as_str()),
                };
                let mut response = Response::builder().status(StatusCode::NO_CONTENT).finish();
                // All of them always: what a proxy does not replace came from the client.
                for (name, value) in [
                    (USER, identity.subject.as_str()),
                    (EMAIL, identity.email.as_deref().unwrap_or_default()),
                    (METHOD, method),
                    (CREDENTIAL, credential),
                ] {
                    let value = HeaderValue::from_bytes(value.as_bytes());
                    response
                        .headers_mut()
                        .insert(name, value.unwrap_or(HeaderValue::from_static("")));
                }
                response
            }
            Self::SignsIn(page) => Response::builder()
                .status(StatusCode::FOUND)
                .header(LOCATION, page)
                .finish(),
        };
        response
            .headers_mut()
            .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

fn header(name: &str, description: &str) -> MetaHeader {
    MetaHeader {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        required: true,
        deprecated: false,
        schema: String::schema_ref(),
    }
}

fn answer(status: u16, description: &'static str, headers: Vec<MetaHeader>) -> MetaResponse {
    MetaResponse {
        description,
        status: Some(status),
        status_range: None,
        content: vec![],
        headers,
    }
}

impl ApiResponse for Verified {
    fn meta() -> MetaResponses {
        let who = vec![
            header("X-Auth-Request-User", "The account: `user_sub` of `GET /ui/me`."),
            header(
                "X-Auth-Request-Email",
                "The address to sign in with, once it was proven; empty before.",
            ),
            header("X-Auth-Request-Method", "`session` or `api_key`."),
            header(
                "X-Auth-Request-Credential",
                "The id of the session or of the key, for the log of the application.",
            ),
        ];
        let to = vec![header("Location", "The sign-in page.")];
        MetaResponses {
            responses: vec![
                answer(
                    204,
                    "It may pass. The headers say who it is; there is no body.",
                    who,
                ),
                answer(302, "A browser that has to sign in first is sent there.", to),
            ],
        }
    }

    fn register(_: &mut Registry) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(headers: &[(&'static str, &'static str)]) -> HeldRequest {
        let pairs = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        HeldRequest::of(&pairs.collect())
    }

    #[test]
    fn a_page_is_what_a_browser_reads_as_html() {
        assert!(held(&[("accept", "text/html,*/*;q=0.8")]).page);
        assert!(held(&[("accept", "text/html"), ("x-forwarded-method", "HEAD")]).page);
        assert!(!held(&[("accept", "text/html"), ("x-forwarded-method", "POST")]).page);
        assert!(!held(&[("accept", "application/json")]).page && !held(&[]).page);
        assert!(held(&[("accept", "text/html"), ("sec-fetch-mode", "navigate")]).page);
        assert!(!held(&[("accept", "text/html"), ("sec-fetch-mode", "cors")]).page);
    }

    #[test]
    fn an_address_is_known_when_a_proxy_tells_all_of_it() {
        let all = [
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "shop.example.com"),
            ("x-forwarded-uri", "/cart?a=b"),
        ];
        assert_eq!(
            held(&all).address.as_deref(),
            Some("https://shop.example.com/cart?a=b")
        );
        assert_eq!(held(&all[..2]).address, None);
        for (at, wrong) in [
            (0, "javascript"),
            (1, "shop.example.com/x"),
            (1, "a\\b"),
            (1, "a?"),
            (1, ""),
            (2, "@evil.example/"),
        ] {
            let mut lying = all;
            lying[at].1 = wrong;
            assert_eq!(held(&lying).address, None, "{wrong}");
        }
        let long = HeaderValue::try_from(format!("/{}", "a".repeat(3_000))).expect("a header value");
        let mut headers = HeaderMap::new();
        for (name, value) in all {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        headers.insert("x-forwarded-uri", long);
        assert_eq!(HeldRequest::of(&headers).address, None);
    }
}
