//! The host of a request: named once, believed for nothing, and one of this machine's names under `dev`.

use super::conversation::Conversation;
use super::deployment::{Deployment, Plan};

async fn answer(deployment: &Deployment, head: &str) -> super::conversation::Said {
    let mut client = Conversation::with(deployment.address).await;
    client.ask(format!("{head}\r\n\r\n")).await
}

#[tokio::test]
async fn a_request_names_its_host_exactly_once() {
    let deployment = Deployment::start().await;
    for head in [
        "GET /healthz HTTP/1.1",
        "GET /healthz HTTP/1.1\r\nhost: a\r\nhost: b",
        "GET /healthz HTTP/1.1\r\nhost: a\r\nhost: a",
        "GET /healthz HTTP/1.0\r\nhost: a\r\nhost: b",
        "GET /healthz HTTP/1.1\r\nhost: a b",
        "GET /healthz HTTP/1.1\r\nhost: u:p@a",
        "GET /healthz HTTP/1.1\r\nhost: a/b",
        "GET http://a/healthz HTTP/1.1",
        "POST /auth/sign-in HTTP/1.1\r\ncontent-length: 0",
    ] {
        answer(&deployment, head).await.is_problem(400, "invalid-host");
    }
    for head in [
        "GET /healthz HTTP/1.0",
        "GET /healthz HTTP/1.1\r\nhost: anything.example:1",
        "GET /healthz HTTP/1.1\r\nhost:",
        "GET http://a.example/healthz HTTP/1.1\r\nhost: b.example",
    ] {
        assert_eq!(answer(&deployment, head).await.status, 200, "{head}");
    }
}

#[tokio::test]
async fn nothing_is_built_from_the_host() {
    let deployment = Deployment::start().await;
    for path in [
        "/",
        "/docs",
        "/openapi.json",
        "/ui/options",
        "/ui/me",
        "/problems/csrf",
        "/nothing",
    ] {
        let ask = async |host: &str| {
            let mut client = Conversation::with(deployment.address).await;
            let head = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nx-request-id: same\r\n\r\n");
            client.ask(head).await
        };
        let (usual, foreign) = (ask("gate.example.com").await, ask("evil.example:1").await);
        assert_eq!(usual.body, foreign.body, "{path}");
        assert!(!foreign.head.contains("evil.example"), "{path}: {}", foreign.head);
    }
}

fn development(plan: &mut Plan) {
    plan.development = true;
    plan.public_url = "http://127.0.0.1:8080";
    plan.server.cors_origins = vec!["https://app.example.com".parse().unwrap()];
}

#[tokio::test]
async fn a_developers_machine_is_not_reached_under_a_strangers_name() {
    let deployment = Deployment::with(development).await;
    for host in [
        "evil.example",
        "evil.example:8080",
        "127.0.0.1.evil.example",
        "10.1.2.3",
    ] {
        let ask = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: {host}");
        answer(&deployment, &ask("/dev/mailbox"))
            .await
            .is_problem(403, "host-not-allowed");
        answer(&deployment, &ask("/"))
            .await
            .is_problem(403, "host-not-allowed");
    }
    answer(
        &deployment,
        "GET http://evil.example/dev/mailbox HTTP/1.1\r\nhost: localhost",
    )
    .await
    .is_problem(403, "host-not-allowed");
    for origin in ["https://evil.example", "null"] {
        let head = format!(
            "POST /auth/sign-in HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\norigin: {origin}"
        );
        answer(&deployment, &head)
            .await
            .is_problem(403, "origin-not-allowed");
    }
    for lines in [
        "host: localhost:8080",
        "host: 127.0.0.1:8080\r\norigin: http://127.0.0.1:8080",
        "host: [::1]:8080\r\norigin: http://localhost:5173",
        "host: localhost\r\norigin: https://app.example.com",
    ] {
        let head = format!("GET /dev/mailbox HTTP/1.1\r\n{lines}");
        assert_eq!(answer(&deployment, &head).await.status, 200, "{lines}");
    }
}
