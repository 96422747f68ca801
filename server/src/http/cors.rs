//! Pages of other sites: those that the operator lists may call the API, all others get no word of permission.

use poem::Response;
use poem::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use poem::http::{Method, StatusCode};

use crate::config::Origin;

/// What listed pages may send.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST");
const HEADERS: HeaderValue =
    HeaderValue::from_static("authorization, content-type, x-csrf-token, x-request-id, x-session-id");
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

    /// The answer to the question that a browser asks before it lets a listed page send something.
    pub(super) fn preflight(&self, method: &Method, headers: &HeaderMap) -> Option<Response> {
        if method != Method::OPTIONS || !headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
            return None;
        }
        self.listed(headers)?;
        let mut response = Response::builder().status(StatusCode::NO_CONTENT).finish();
        let answered: [(HeaderName, HeaderValue); 3] = [
            (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS),
            (header::ACCESS_CONTROL_MAX_AGE, REMEMBERED),
        ];
        response.headers_mut().extend(answered);
        Some(response)
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
