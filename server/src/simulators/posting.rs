//! What a simulator posts to the webhooks of the service, again and again until it is taken.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use portcullis_ports::http::{HttpClient, HttpMethod, HttpRequest};
use portcullis_ports::simulation::{Posted, Simulator};

/// How often a simulator is asked for news, and waits before it posts again what was not taken.
const EVERY: Duration = Duration::from_millis(250);
const AGAIN: Duration = Duration::from_secs(2);
/// The most tries of one delivery.
const TRIES: u32 = 30;

/// Posts in order, until the process ends. What is not taken does not hold up what comes after it for long.
pub(super) async fn post(simulator: Arc<dyn Simulator>, webhooks: Vec<String>, http: Arc<dyn HttpClient>) {
    let mut waiting: VecDeque<(String, Posted, u32)> = VecDeque::new();
    loop {
        for delivery in simulator.deliveries() {
            let urls = match &delivery.url {
                None => webhooks.clone(),
                Some(end) if end.starts_with('/') => {
                    webhooks.iter().map(|webhook| format!("{webhook}{end}")).collect()
                }
                Some(url) => vec![url.clone()],
            };
            waiting.extend(urls.into_iter().map(|url| (url, delivery.clone(), 1)));
        }
        let mut refused = false;
        for _ in 0..waiting.len() {
            let Some((url, delivery, tries)) = waiting.pop_front() else {
                break;
            };
            if taken(&url, &delivery, &*http).await {
                continue;
            }
            refused = true;
            if tries < TRIES {
                waiting.push_back((url, delivery, tries + 1));
            } else {
                tracing::warn!(
                    url,
                    "a simulated vendor gave up a delivery that was refused again and again"
                );
            }
        }
        tokio::time::sleep(if refused { AGAIN } else { EVERY }).await;
    }
}

async fn taken(url: &str, delivery: &Posted, http: &dyn HttpClient) -> bool {
    let mut request = HttpRequest::new(HttpMethod::Post, url);
    request.headers.clone_from(&delivery.headers);
    request.body.clone_from(&delivery.body);
    match http.send(request).await {
        Ok(answer) if answer.is_success() => true,
        Ok(answer) => {
            tracing::debug!(
                url,
                status = answer.status,
                "a delivery of a simulated vendor was refused"
            );
            false
        }
        Err(error) => {
            tracing::debug!(url, %error, "a delivery of a simulated vendor did not arrive");
            false
        }
    }
}
