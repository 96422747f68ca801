//! What surrounds every endpoint: a time limit, a net for panics, problems for errors, meters, one line in the log.

use std::any::Any;
use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::FutureExt as _;
use http_body_util::combinators::BoxBody;
use hyper::body::Body as _;
use poem::http::header::CONTENT_LENGTH;
use poem::http::{HeaderMap, Method};
use poem::{Body, Endpoint, Request, Response};
use portcullis_openapi::problem;
use portcullis_ports::Error;
use tokio::time::timeout_at;

use super::meters::{Answered, Meters, label};
use super::request_body::BodyState;
use super::request_id;

/// The methods that have meters at hand.
const METERED: [Method; 4] = [Method::GET, Method::POST, Method::HEAD, Method::OPTIONS];

/// An endpoint under watch.
pub(super) struct Watched<E> {
    inner: E,
    route: String,
    meters: Vec<(Method, Meters)>,
    limit: Duration,
}

impl<E> Watched<E> {
    pub(super) fn new(route: impl Into<String>, inner: E, limit: Duration) -> Self {
        let route = route.into();
        let meters = METERED.map(|method| {
            let meters = Meters::new(&route, label(&method));
            (method, meters)
        });
        Self {
            inner,
            meters: meters.into(),
            route,
            limit,
        }
    }
}

impl<E: Endpoint<Output = Response>> Watched<E> {
    /// Never fails: whatever goes wrong becomes a problem.
    async fn answer(&self, request: Request, request_id: &str, started: Instant) -> Response {
        let body = request.data::<Arc<BodyState>>().cloned();
        let answer = AssertUnwindSafe(self.inner.call(request)).catch_unwind();
        match timeout_at((started + self.limit).into(), answer).await {
            Ok(Ok(Ok(response))) => response,
            Ok(Ok(Err(error))) => problem::respond(error, request_id),
            Ok(Err(panic)) => {
                let error =
                    Error::internal("a handler panicked").with_context("panic", message(panic.as_ref()));
                problem::answer(&error.with_context("route", self.route.as_str()), request_id)
            }
            Err(_) => {
                // Whose fault it is: a client that sends nothing, or we.
                let is_awaited = body.is_some_and(|body| body.is_awaited());
                let code = if is_awaited {
                    problem::SLOW_REQUEST
                } else {
                    problem::REQUEST_TIMEOUT
                };
                problem::answer(
                    &code.error().with_context("route", self.route.as_str()),
                    request_id,
                )
            }
        }
    }

    fn record(&self, asked: &Method, answered: &Answered, request_id: &str) {
        match self.meters.iter().find(|(metered, _)| metered == asked) {
            Some((_, meters)) => meters.record(answered),
            None => Meters::new(&self.route, label(asked)).record(answered),
        }
        let (method, route, status) = (label(asked), self.route.as_str(), answered.status.as_u16());
        let ms = (answered.took.as_secs_f64() * 1_000_000.0).round() / 1000.0;
        // What only read and went well is of interest to few, and there is much of it.
        let read = matches!(*asked, Method::GET | Method::HEAD) && answered.status.as_u16() < 400;
        if read {
            tracing::debug!(method, route, status, ms, request_id, "request");
        } else {
            tracing::info!(method, route, status, ms, request_id, "request");
        }
    }
}

impl<E: Endpoint<Output = Response>> Endpoint for Watched<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let started = Instant::now();
        let method = request.method().clone();
        let request_size = announced(request.headers());
        let id = request_id::of(&request).clone();
        let id = id.to_str().unwrap_or_default();
        let meters = self.meters.iter().find(|(metered, _)| *metered == method);
        let under_way = meters.map(|(_, meters)| meters.enter());
        let mut response = self.answer(request, id, started).await;
        drop(under_way);
        let response_size = measure(&mut response);
        let answered = Answered {
            status: response.status(),
            took: started.elapsed(),
            request_size,
            response_size,
        };
        self.record(&method, &answered, id);
        Ok(response)
    }
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The length of the body, if it is known; streams have none.
fn measure(response: &mut Response) -> Option<u64> {
    let body: BoxBody<Bytes, io::Error> = response.take_body().into();
    let size = body.size_hint().exact();
    response.set_body(Body::from(body));
    size
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned())
}
