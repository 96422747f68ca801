//! The edge: request ids, the client's address, pages of other sites, security headers.

use super::deployment::{Deployment, Plan};

#[tokio::test]
async fn every_answer_has_an_id_and_a_sane_one_is_taken_over() {
    let deployment = Deployment::start().await;
    let ping = |id: &str| deployment.get("/api/ping").header("x-request-id", id);
    assert_eq!(
        ping("trace-1.2_3").send().await.header("x-request-id"),
        "trace-1.2_3"
    );
    for strange in ["", "a b", "a\"b", &"x".repeat(65)] {
        let answer = ping(strange).send().await;
        let id = answer.header("x-request-id");
        assert!(id != strange && id.len() == 16, "{id}");
    }
    for path in ["/api/ping", "/nothing", "/ui/me", "/", "/docs"] {
        assert!(
            !deployment
                .get(path)
                .send()
                .await
                .header("x-request-id")
                .is_empty(),
            "{path}"
        );
    }
}

async fn address_seen(plan: impl FnOnce(&mut Plan), forwarded: &[&str]) -> String {
    let deployment = Deployment::with(plan).await;
    let ada = deployment.person("ada@example.com").await;
    let call = deployment.get("/ui/me").by(&ada);
    let call = forwarded
        .iter()
        .fold(call, |call, line| call.header("x-forwarded-for", line));
    call.ok().await["ip"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn only_a_trusted_proxy_says_who_asks() {
    let nobody = |_: &mut Plan| {};
    assert_eq!(address_seen(nobody, &["198.51.100.1"]).await, "127.0.0.1");
    let here = |plan: &mut Plan| plan.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    assert_eq!(address_seen(here, &["198.51.100.1"]).await, "198.51.100.1");
    assert_eq!(
        address_seen(here, &["203.0.113.66, 198.51.100.1"]).await,
        "198.51.100.1"
    );
    assert_eq!(
        address_seen(here, &["203.0.113.66", "::ffff:198.51.100.1"]).await,
        "198.51.100.1"
    );
    assert_eq!(address_seen(here, &["198.51.100.1, junk"]).await, "127.0.0.1");
}

#[tokio::test]
async fn only_listed_sites_may_call_from_their_pages() {
    let list = |plan: &mut Plan| plan.server.cors_origins = vec!["https://app.example.com".parse().unwrap()];
    let deployment = Deployment::with(list).await;
    let preflight = |origin: &str| {
        let call = deployment
            .call("OPTIONS", "/auth/sign-in")
            .header("origin", origin);
        call.header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization")
    };
    let answer = preflight("https://app.example.com").send().await;
    assert_eq!(answer.status, 204);
    assert_eq!(
        answer.header("access-control-allow-origin"),
        "https://app.example.com"
    );
    for name in [
        "x-session-id",
        "x-device-token",
        "traceparent",
        "tracestate",
        "baggage",
    ] {
        let allowed: Vec<&str> = answer
            .header("access-control-allow-headers")
            .split(", ")
            .collect();
        assert!(allowed.contains(&name), "{name}: {allowed:?}");
    }
    assert_eq!(answer.header("access-control-allow-methods"), "POST, OPTIONS");
    assert_eq!(answer.header("vary"), "origin");
    let answer = deployment
        .get("/api/ping")
        .header("origin", "https://app.example.com")
        .send()
        .await;
    assert_eq!(
        answer.header("access-control-allow-origin"),
        "https://app.example.com"
    );
    assert_eq!(answer.header("access-control-allow-credentials"), "true");
    for stranger in [
        "https://evil.example.com",
        "https://app.example.com.evil.com",
        "null",
        "http://app.example.com",
    ] {
        for answer in [
            preflight(stranger).send().await,
            deployment
                .get("/api/ping")
                .header("origin", stranger)
                .send()
                .await,
        ] {
            assert_eq!(answer.header("access-control-allow-origin"), "", "{stranger}");
            assert_eq!(answer.header("vary"), "origin", "caches keep them apart");
        }
    }
}

#[tokio::test]
async fn a_preflight_allows_every_method_that_the_route_has() {
    let list = |plan: &mut Plan| plan.server.cors_origins = vec!["https://app.example.com".parse().unwrap()];
    let deployment = Deployment::with(list).await;
    let document = portcullis_openapi::document();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let path = path.replace(['{', '}'], "");
        let call = deployment
            .call("OPTIONS", &path)
            .header("origin", "https://app.example.com");
        let answer = call.header("access-control-request-method", "POST").send().await;
        let allowed: Vec<&str> = answer
            .header("access-control-allow-methods")
            .split(", ")
            .collect();
        for method in methods.as_object().unwrap().keys() {
            let method = method.to_uppercase();
            assert!(
                allowed.contains(&method.as_str()),
                "{path}: {method} of {allowed:?}"
            );
        }
    }
}

#[tokio::test]
async fn answers_of_the_api_are_kept_nowhere_and_load_nothing() {
    let deployment = Deployment::start().await;
    for path in ["/api/ping", "/ui/me", "/nothing"] {
        let answer = deployment.get(path).send().await;
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(
            answer.header("content-security-policy"),
            "default-src 'none'; frame-ancestors 'none'"
        );
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
        assert_eq!(answer.header("strict-transport-security"), "max-age=63072000");
        assert_eq!(answer.header("server"), "", "nobody needs to know");
    }
}

#[tokio::test]
async fn tls_is_demanded_only_where_browsers_use_it() {
    let deployment = Deployment::with(|plan| plan.public_url = "http://127.0.0.1:8080").await;
    assert_eq!(
        deployment
            .get("/api/ping")
            .send()
            .await
            .header("strict-transport-security"),
        ""
    );
}
