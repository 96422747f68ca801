//! Meters of requests, by the template of their route, never by what stands in their path.

use std::sync::OnceLock;
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use poem::http::{Method, StatusCode};
use portcullis_core::meter::MeterKind;

use crate::exit::Failure;

const TOTAL: &str = "http_requests_total";
const ERRORS: &str = "http_request_errors_total";
const DURATION: &str = "http_request_duration_seconds";
const REQUEST_SIZE: &str = "http_request_size_bytes";
const RESPONSE_SIZE: &str = "http_response_size_bytes";
const IN_PROGRESS: &str = "http_requests_in_progress";

const SECONDS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
const BYTES: [f64; 10] = [
    0.0,
    100.0,
    500.0,
    1_000.0,
    5_000.0,
    10_000.0,
    50_000.0,
    100_000.0,
    500_000.0,
    1_000_000.0,
];

/// The recorder of the process. There can be one only.
static RECORDER: OnceLock<Result<PrometheusHandle, String>> = OnceLock::new();

/// Starts to record, for the whole process; a second call gives the same.
///
/// # Errors
/// [`Failure::Other`] when something else records already.
pub fn install_meters() -> Result<PrometheusHandle, Failure> {
    let installed = RECORDER.get_or_init(|| install().map_err(|error| error.to_string()));
    installed
        .clone()
        .map_err(|error| Failure::Other(format!("meters cannot be recorded: {error}")))
}

fn install() -> Result<PrometheusHandle, BuildError> {
    let exactly = |name: &str| Matcher::Full(name.to_owned());
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(exactly(DURATION), &SECONDS)?
        .set_buckets_for_metric(exactly(REQUEST_SIZE), &BYTES)?
        .set_buckets_for_metric(exactly(RESPONSE_SIZE), &BYTES)?
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .install_recorder()?;
    describe();
    let version = env!("CARGO_PKG_VERSION");
    gauge!("app_info", "name" => "portcullis", "version" => version).set(1.0);
    Ok(handle)
}

fn describe() {
    metrics::describe_counter!(TOTAL, "All requests.");
    metrics::describe_counter!(
        ERRORS,
        "Requests that were answered with a status of 500 or more."
    );
    metrics::describe_histogram!(
        DURATION,
        "Seconds from the head of the request to the head of the answer."
    );
    metrics::describe_histogram!(REQUEST_SIZE, "Bytes of the request body, as announced.");
    metrics::describe_histogram!(RESPONSE_SIZE, "Bytes of the answer's body.");
    metrics::describe_gauge!(IN_PROGRESS, "Requests under way.");
    metrics::describe_gauge!("http_connections", "Clients that are connected.");
    metrics::describe_gauge!("app_info", "The program that answers.");
    metrics::describe_gauge!("app_uptime_seconds", "Seconds since the program began to serve.");
    for meter in portcullis_core::meters() {
        match meter.kind {
            MeterKind::Counter => metrics::describe_counter!(meter.name, meter.summary),
            MeterKind::Gauge => metrics::describe_gauge!(meter.name, meter.summary),
            MeterKind::Histogram => metrics::describe_histogram!(meter.name, meter.summary),
        }
    }
}

/// The statuses that we answer with; others are recorded as well, a little slower.
const STATUSES: [u16; 23] = [
    200, 201, 202, 204, 304, 400, 401, 403, 404, 405, 408, 409, 410, 412, 413, 414, 415, 422, 429, 431, 500,
    503, 504,
];

/// Meters of one route and one method. Each exists from the first request that it measures: most routes never see most
/// methods, and every series costs whoever stores it.
pub(super) struct Meters {
    route: String,
    method: &'static str,
    in_progress: OnceLock<Gauge>,
    duration: OnceLock<Histogram>,
    request_size: OnceLock<Histogram>,
    by_status: [OnceLock<StatusMeters>; STATUSES.len()],
}

struct StatusMeters {
    total: Counter,
    errors: Option<Counter>,
    response_size: Histogram,
}

impl StatusMeters {
    fn new(route: &str, method: &'static str, status: u16) -> Self {
        let labels = [
            metrics::Label::from_static_parts("method", method),
            metrics::Label::new("path", route.to_owned()),
            metrics::Label::new("status", status.to_string()),
        ];
        Self {
            total: counter!(TOTAL, labels.iter()),
            errors: (status >= 500).then(|| counter!(ERRORS, labels.iter())),
            response_size: histogram!(RESPONSE_SIZE, labels.iter()),
        }
    }

    fn record(&self, response_size: Option<u64>) {
        self.total.increment(1);
        if let Some(errors) = &self.errors {
            errors.increment(1);
        }
        if let Some(size) = response_size {
            self.response_size.record(bytes(size));
        }
    }
}

impl Meters {
    pub(super) fn new(route: &str, method: &'static str) -> Self {
        Self {
            route: route.to_owned(),
            method,
            in_progress: OnceLock::new(),
            duration: OnceLock::new(),
            request_size: OnceLock::new(),
            by_status: Default::default(),
        }
    }

    fn labels(&self) -> [(&'static str, String); 2] {
        [("method", self.method.to_owned()), ("path", self.route.clone())]
    }

    /// Counts the request as under way until the result is dropped.
    pub(super) fn enter(&self) -> UnderWay<'_> {
        let in_progress = self
            .in_progress
            .get_or_init(|| gauge!(IN_PROGRESS, &self.labels()));
        in_progress.increment(1);
        UnderWay(in_progress)
    }

    /// Records a request that was answered.
    pub(super) fn record(&self, answered: &Answered) {
        let duration = self.duration.get_or_init(|| histogram!(DURATION, &self.labels()));
        duration.record(answered.took);
        if let Some(size) = answered.request_size {
            let request_size = self
                .request_size
                .get_or_init(|| histogram!(REQUEST_SIZE, &self.labels()));
            request_size.record(bytes(size));
        }
        let status = answered.status.as_u16();
        let new = || StatusMeters::new(&self.route, self.method, status);
        let place = STATUSES
            .iter()
            .position(|known| *known == status)
            .and_then(|at| self.by_status.get(at));
        match place {
            Some(place) => place.get_or_init(new).record(answered.response_size),
            None => new().record(answered.response_size),
        }
    }
}

/// What is recorded of a request.
pub(super) struct Answered {
    pub(super) status: StatusCode,
    pub(super) took: Duration,
    pub(super) request_size: Option<u64>,
    pub(super) response_size: Option<u64>,
}

/// A request that is under way, however it ends.
pub(super) struct UnderWay<'a>(&'a Gauge);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}

/// A method as a label; anybody may invent methods, and no meter grows from that.
pub(super) fn label(method: &Method) -> &'static str {
    const KNOWN: [(Method, &str); 7] = [
        (Method::GET, "GET"),
        (Method::POST, "POST"),
        (Method::HEAD, "HEAD"),
        (Method::OPTIONS, "OPTIONS"),
        (Method::PUT, "PUT"),
        (Method::PATCH, "PATCH"),
        (Method::DELETE, "DELETE"),
    ];
    KNOWN
        .iter()
        .find(|(known, _)| known == method)
        .map_or("other", |(_, label)| label)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a body beyond 2^53 bytes is refused long before"
)]
fn bytes(size: u64) -> f64 {
    size as f64
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;

    #[test]
    fn a_route_that_nobody_used_has_no_series() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        metrics::with_local_recorder(&recorder, || {
            let meters = Meters::new("/ui/me", "GET");
            assert_eq!(handle.render(), "");
            drop(meters.enter());
            meters.record(&Answered {
                status: StatusCode::OK,
                took: Duration::ZERO,
                request_size: None,
                response_size: Some(2),
            });
        });
        let text = handle.render();
        for (name, is_there) in [
            (IN_PROGRESS, true),
            (TOTAL, true),
            (DURATION, true),
            (REQUEST_SIZE, false),
        ] {
            assert_eq!(text.contains(name), is_there, "{name}\n{text}");
        }
    }
}
