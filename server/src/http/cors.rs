//! Pages of other sites: those that the operator lists may call the API, all others get no word of permission.

use std::collections::BTreeSet;

use poem::Response;
use poem::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use poem::http::{Method, StatusCode};
use portcullis_openapi::Resource;

use portcullis_ports::Endpoint;

/// What listed pages may send: our own headers, and those by which traces are followed (W3C Trace Context, Baggage).
const HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, baggage, content-type, idempotency-key, traceparent, tracestate, x-api-key, x-csrf-token, x-device-token, x-request-id, x-session-id",
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
    /// The methods of all routes. Told where there is no route, so that a page learns of the 404.
    methods: HeaderValue,
}

impl Cors {
    pub(super) fn new(origins: &[Endpoint], resources: &[Resource]) -> Self {
        let methods = resources.iter().flat_map(|resource| &resource.methods);
        let mut methods: BTreeSet<&str> = methods.map(|(method, _)| method.as_str()).collect();
        methods.insert("HEAD");
        let methods = Vec::from_iter(methods).join(", ");
        // An origin is made of characters that a header can hold.
        let allowed = origins
            .iter()
            .filter_map(|origin| HeaderValue::try_from(origin.to_string()).ok());
        Self {
            allowed: allowed.collect(),
            methods: HeaderValue::try_from(methods).unwrap_or(HeaderValue::from_static("GET, HEAD")),
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
    pub(super) fn permission(&self, allow: Option<&HeaderValue>) -> Response {
        let mut response = Response::builder().status(StatusCode::NO_CONTENT).finish();
        let answered: [(HeaderName, HeaderValue); 3] = [
            (
                header::ACCESS_CONTROL_ALLOW_METHODS,
                allow.unwrap_or(&self.methods).clone(),
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
