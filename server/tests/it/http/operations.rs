//! What operators and their machines ask: health, readiness, meters.

use serde_json::json;

use super::deployment::{Deployment, Plan};

#[tokio::test]
async fn a_service_in_order_is_alive_and_ready() {
    let deployment = Deployment::start().await;
    assert_eq!(
        deployment.get("/healthz").ok().await,
        json!({ "status": "alive" })
    );
    assert_eq!(deployment.get("/readyz").ok().await, json!({ "status": "ready" }));
}

#[tokio::test]
async fn what_is_not_well_is_named_without_its_secrets() {
    let deployment = Deployment::with(|plan| plan.well = false).await;
    for _ in 0..2 {
        let answer = deployment.get("/readyz").send().await;
        assert_eq!(answer.status, 503);
        assert_eq!(
            answer.json(),
            json!({ "status": "not ready", "failing": ["store.main (memory)"] })
        );
    }
    deployment.get("/healthz").ok().await;
}

#[tokio::test]
async fn meters_count_by_route_and_know_no_ids() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let device = "dev_01h2xcejqtf2nbrexx3vqjhp41";
    deployment
        .post(&format!("/ui/mfa/totp/devices/{device}/remove"))
        .by(&ada)
        .send()
        .await;
    deployment.get("/no/such/place").send().await;
    deployment.call("BREW", "/ui/me").send().await;
    let answer = deployment.get("/metrics").send().await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, "text/plain; version=0.0.4; charset=utf-8")
    );
    for line in [
        "http_requests_total{method=\"POST\",path=\"/auth/sign-up\",status=\"201\"}",
        "http_requests_total{method=\"POST\",path=\"/ui/mfa/totp/devices/{device_id}/remove\",status=\"404\"}",
        "http_requests_total{method=\"GET\",path=\"unmatched\",status=\"404\"}",
        "http_requests_total{method=\"other\",path=\"/ui/me\",status=\"405\"}",
        "http_request_duration_seconds_bucket{method=\"POST\",path=\"/auth/sign-up\",le=\"0.005\"}",
        "http_request_size_bytes_count{method=\"POST\",path=\"/auth/sign-up\"}",
        "http_response_size_bytes_count{method=\"POST\",path=\"/auth/sign-up\",status=\"201\"}",
        "http_requests_in_progress{method=\"GET\",path=\"/metrics\"}",
        "app_uptime_seconds",
        "app_info{name=\"portcullis\",version=",
    ] {
        assert!(
            answer.text.contains(line),
            "{line} is missing in\n{}",
            answer.text
        );
    }
    let typed = answer
        .text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "));
    for name in typed.filter_map(|line| line.split(' ').next()) {
        let described = answer.text.contains(&format!("# HELP {name} "));
        assert!(described, "{name} is not described");
    }
    for secret in [device, "ada@example.com", "/no/such/place", "BREW", &ada.session] {
        assert!(!answer.text.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn without_a_token_meters_are_for_this_machine_alone() {
    let deployment = Deployment::start().await;
    for (name, value) in [
        ("x-forwarded-for", "127.0.0.1"),
        ("forwarded", "for=127.0.0.1"),
        ("via", "1.1 proxy"),
    ] {
        deployment
            .get("/metrics")
            .header(name, value)
            .refused(404, "not-found")
            .await;
    }
    let from_here = deployment
        .get("/metrics")
        .header("authorization", "Bearer anything");
    assert_eq!(from_here.send().await.status, 200);
}

#[tokio::test]
async fn with_a_token_meters_ask_for_it() {
    let token = "a-token-of-good-length";
    let plan = |plan: &mut Plan| plan.server.metrics_token = Some(portcullis_ports::Secret::new(token));
    let deployment = Deployment::with(plan).await;
    deployment.get("/metrics").refused(401, "unauthenticated").await;
    deployment
        .get("/metrics")
        .header("authorization", "Bearer a-token-of-good-lengtH")
        .refused(401, "unauthenticated")
        .await;
    let call = deployment
        .get("/metrics")
        .header("authorization", &format!("Bearer {token}"));
    assert_eq!(
        call.header("x-forwarded-for", "198.51.100.1").send().await.status,
        200
    );
}
