//! Answers to what never became a request: no HTTP, a head that is too large or too slow, one client too many.
//!
//! They look like every other problem and close the connection.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use futures_util::FutureExt as _;
use poem::Response;
use poem::http::StatusCode;
use poem::http::header::{CONNECTION, CONTENT_LENGTH, DATE, HeaderValue};
use portcullis_openapi::problem;
use portcullis_ports::{Clock, Error};

use super::meters::{Answered, Meters};
use super::request_id::{REQUEST_ID, RequestIds};
use super::security;

/// The route under which they are counted.
const ROUTE: &str = "refused";

/// Writes and counts them.
pub(super) struct Refusals {
    ids: Arc<RequestIds>,
    clock: Arc<dyn Clock>,
    secure: bool,
    meters: Meters,
}

impl Refusals {
    pub(super) fn new(ids: Arc<RequestIds>, clock: Arc<dyn Clock>, secure: bool) -> Self {
        Self {
            ids,
            clock,
            secure,
            meters: Meters::new(ROUTE, "other"),
        }
    }

    /// Counts one, and gives it a line in the log.
    pub(super) fn record(&self, status: StatusCode, length: Option<u64>, request_id: &HeaderValue) {
        self.meters.record(&Answered {
            status,
            took: Duration::ZERO,
            request_size: None,
            response_size: length,
        });
        let (status, request_id) = (status.as_u16(), request_id.to_str().unwrap_or_default());
        tracing::info!(
            method = "other",
            route = ROUTE,
            status,
            ms = 0.0,
            request_id,
            "request"
        );
    }

    /// The whole answer, byte by byte.
    pub(super) fn write(&self, error: &Error) -> Vec<u8> {
        let request_id = self.ids.new_id();
        let mut response = problem::answer(error, request_id.to_str().unwrap_or_default());
        // The body of a problem is at hand: nothing is waited for.
        let body = response.take_body().into_vec().now_or_never();
        let body = body.and_then(Result::ok).unwrap_or_default();
        self.record(response.status(), Some(body.len() as u64), &request_id);
        security::add(response.headers_mut(), self.secure);
        let headers = response.headers_mut();
        headers.insert(REQUEST_ID, request_id);
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        if let Some(date) = self.date() {
            headers.insert(DATE, date);
        }
        serialise(&response, &body)
    }

    fn date(&self) -> Option<HeaderValue> {
        let millis = u64::try_from(self.clock.now().millis()).ok()?;
        let date = UNIX_EPOCH.checked_add(Duration::from_millis(millis))?;
        HeaderValue::try_from(httpdate::fmt_http_date(date)).ok()
    }
}

fn serialise(response: &Response, body: &[u8]) -> Vec<u8> {
    let status = response.status();
    let reason = status.canonical_reason().unwrap_or_default();
    let mut bytes = format!("HTTP/1.1 {} {reason}\r\n", status.as_u16()).into_bytes();
    for (name, value) in response.headers() {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    bytes
}
