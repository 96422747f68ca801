//! Pages of other sites: those that the operator lists may call the API, all others get no word of permission.

use poem::Response;
use poem::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use poem::http::{Method, StatusCode};

use crate::values::Origin;

/// Where there is no route: so that a page learns of the 404.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST");
/// What listed pages may send: our own headers, and those by which traces are followed (W3C Trace Context, Baggage).
const HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, baggage, content-type, traceparent, tracestate, x-csrf-token, x-device-token, x-request-id, x-session-id",
);
/// What listed pages may read besides the body.
const EXPOSED: HeaderValue = HeaderValue::from_static("retry-after, www-authenticate, x-request-id");
/// How long a browser remembers the permission, in seconds.
const REMEMBERED: HeaderValue = HeaderValue::from_static("600");
const YES: HeaderValue = HeaderValue::from_static("true");
const VARY: HeaderValue = HeaderValue::from_static("origin");

/// The listed origins.
pub(super) struct Cors {
    allowed: Vec<HeaderValue>,
}

impl Cors {
    pub(super) fn new(origins: &[Origin]) -> Self {
        // An origin is made of characters that a header can hold.
        let allowed = origins
            .iter()
            .filter_map(|origin| HeaderValue::try_from(origin.to_string()).ok());
        Self {
            allowed: allowed.collect(),
        }
    }

    /// The origin of the request, if it is listed.
    pub(super) fn listed(&self, headers: &HeaderMap) -> Option<&HeaderValue> {
        if self.allowed.is_empty() {
            return None;
        }
        let origin = headers.get(header::ORIGIN)?;
        self.allowed.iter().find(|allowed| *allowed == origin)
    }

    /// Whether a browser asks what a listed page may send.
    pub(super) fn is_preflight(&self, method: &Method, headers: &HeaderMap) -> bool {
        method == Method::OPTIONS
            && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
            && self.listed(headers).is_some()
    }

    /// What a browser is told then; `allow` are the methods of the route.
    pub(super) fn permission(allow: Option<&HeaderValue>) -> Response {
        let mut response = Response::builder().status(StatusCode::NO_CONTENT).finish();
        let answered: [(HeaderName, HeaderValue); 3] = [
            (
                header::ACCESS_CONTROL_ALLOW_METHODS,
                allow.cloned().unwrap_or(METHODS),
            ),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS),
            (header::ACCESS_CONTROL_MAX_AGE, REMEMBERED),
        ];
        response.headers_mut().extend(answered);
        response
    }

    /// Adds the permission to an answer.
    pub(super) fn add(&self, origin: Option<HeaderValue>, headers: &mut HeaderMap) {
        if self.allowed.is_empty() {
            return;
        }
        headers.append(header::VARY, VARY);
        if let Some(origin) = origin {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, YES);
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
    }
}
