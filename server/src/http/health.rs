//! Whether the service is alive, and whether it is ready for requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use poem::Response;
use poem::http::StatusCode;
use poem::http::header::{CONTENT_TYPE, HeaderValue};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::compose::NamedProbe;
use crate::exit::in_full;

/// How long an answer of the probes counts: whoever asks more often gets the same.
const FRESH: Duration = Duration::from_secs(1);

/// Asks all probes, and knows whether the service is on its way out.
pub(super) struct Readiness {
    probes: Vec<NamedProbe>,
    /// How long one probe may take.
    limit: Duration,
    draining: Arc<AtomicBool>,
    last: Mutex<Option<(Instant, Vec<String>)>>,
}

impl Readiness {
    pub(super) fn new(probes: Vec<NamedProbe>, limit: Duration, draining: Arc<AtomicBool>) -> Self {
        Self {
            probes,
            limit,
            draining,
            last: Mutex::new(None),
        }
    }

    /// `GET /readyz`.
    pub(super) async fn answer(&self) -> Response {
        if self.draining.load(Ordering::Relaxed) {
            return json_response(StatusCode::SERVICE_UNAVAILABLE, &json!({ "status": "stopping" }));
        }
        let failing = self.failing().await;
        if failing.is_empty() {
            json_response(StatusCode::OK, &json!({ "status": "ready" }))
        } else {
            json_response(
                StatusCode::SERVICE_UNAVAILABLE,
                &json!({ "status": "not ready", "failing": failing }),
            )
        }
    }

    /// The names of those that are not well. Why is told to the log alone.
    async fn failing(&self) -> Vec<String> {
        // Whoever comes while the probes are asked waits for the same answer.
        let mut last = self.last.lock().await;
        if let Some((asked, failing)) = last.as_ref()
            && asked.elapsed() < FRESH
        {
            return failing.clone();
        }
        let answers = join_all(self.probes.iter().map(|probe| self.ask(probe))).await;
        let failing: Vec<String> = answers.into_iter().flatten().collect();
        *last = Some((Instant::now(), failing.clone()));
        failing
    }

    async fn ask(&self, probe: &NamedProbe) -> Option<String> {
        let reason = match timeout(self.limit, probe.probe.check()).await {
            Ok(Ok(_)) => return None,
            Ok(Err(error)) => in_full(&error),
            Err(_) => format!("no answer within {} s", self.limit.as_secs()),
        };
        tracing::warn!(name = probe.name, reason, "not ready");
        Some(probe.name.clone())
    }
}

/// `GET /healthz`: whoever can answer is alive.
pub(super) fn alive() -> Response {
    json_response(StatusCode::OK, &json!({ "status": "alive" }))
}

fn json_response(status: StatusCode, body: &Value) -> Response {
    let mut response = Response::builder().status(status).body(body.to_string());
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use async_trait::async_trait;
    use portcullis_ports::Result;
    use portcullis_ports::probe::Probe;

    use super::*;

    /// Counts how often it is asked.
    #[derive(Default)]
    struct Counting(AtomicUsize);

    #[async_trait]
    impl Probe for Counting {
        async fn check(&self) -> Result<String> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Ok("fine".to_owned())
        }
    }

    /// Never answers.
    struct Silent;

    #[async_trait]
    impl Probe for Silent {
        async fn check(&self) -> Result<String> {
            std::future::pending().await
        }
    }

    fn readiness(probe: Arc<dyn Probe>) -> Readiness {
        let probes = vec![NamedProbe {
            name: "store.main (fake)".to_owned(),
            probe,
        }];
        Readiness::new(
            probes,
            Duration::from_millis(10),
            Arc::new(AtomicBool::new(false)),
        )
    }

    #[tokio::test]
    async fn many_who_ask_at_once_cost_one_question() {
        let probe = Arc::new(Counting::default());
        let readiness = readiness(probe.clone());
        let answers = join_all((0..50).map(|_| readiness.answer())).await;
        assert!(answers.iter().all(|answer| answer.status() == StatusCode::OK));
        assert_eq!(probe.0.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn who_does_not_answer_in_time_is_not_ready() {
        let answer = readiness(Arc::new(Silent)).answer().await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    }

    #[tokio::test]
    async fn a_service_on_its_way_out_says_so_without_asking() {
        let probe = Arc::new(Counting::default());
        let readiness = readiness(probe.clone());
        readiness.draining.store(true, Ordering::Relaxed);
        let answer = readiness.answer().await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(
            answer.into_body().into_string().await.unwrap(),
            r#"{"status":"stopping"}"#
        );
        assert_eq!(probe.0.load(Ordering::Relaxed), 0);
    }
}
