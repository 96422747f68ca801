//! `GET /metrics`: for whoever has the token; without a token, for programs on this machine.

use std::sync::Arc;
use std::time::Instant;

use metrics::gauge;
use metrics_exporter_prometheus::PrometheusHandle;
use poem::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use poem::{Addr, Request, Response};
use portcullis_core::App;
use portcullis_openapi::problem::{self, NOT_FOUND};
use portcullis_ports::Secret;
use portcullis_ports::identity::UNAUTHENTICATED;

use super::address::is_forwarded;
use super::request_id;

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// Shows the meters.
pub(super) struct Scrape {
    pub(super) recorder: PrometheusHandle,
    pub(super) app: Arc<App>,
    pub(super) token: Option<Secret>,
    pub(super) started: Instant,
}

impl Scrape {
    pub(super) fn answer(&self, request: &Request) -> Response {
        let request_id = request_id::of(request).to_str().unwrap_or_default();
        match &self.token {
            Some(token) if !bearer(request).is_some_and(|given| token.matches(given)) => problem::answer(
                &UNAUTHENTICATED.with_detail("The token of the metrics is required."),
                request_id,
            ),
            // To everybody else the address is as unknown as any other.
            None if !is_from_here(request) => problem::answer(&NOT_FOUND.error(), request_id),
            _ => self.show(),
        }
    }

    fn show(&self) -> Response {
        self.app.record_gauges();
        gauge!("app_uptime_seconds").set(self.started.elapsed().as_secs_f64());
        let mut response = Response::builder().body(self.recorder.render());
        response.headers_mut().insert(CONTENT_TYPE, TEXT);
        response
    }
}

fn bearer(request: &Request) -> Option<&str> {
    let (scheme, token) = request
        .headers()
        .get(AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn is_from_here(request: &Request) -> bool {
    let Addr::SocketAddr(peer) = request.remote_addr().0 else {
        return false;
    };
    peer.ip().to_canonical().is_loopback() && !is_forwarded(request.headers())
}
