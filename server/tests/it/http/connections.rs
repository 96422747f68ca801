//! Connections: a stop that lets requests finish, limits on time and size, clients that misbehave.

use std::net::SocketAddr;

use portcullis_ports::Span;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::conversation::Conversation;
use super::deployment::Deployment;
use super::hasher::WAITS;

fn waiting(email: &str) -> String {
    let body = json!({ "email": email, "password": format!("{WAITS}-7") }).to_string();
    format!(
        "POST /auth/sign-up HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Sends bytes and gives what comes back until the server closes.
async fn raw(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    // A reset instead of a clean end is as much of an answer.
    if stream.read_to_end(&mut answer).await.is_err() {
        answer.extend_from_slice(b"(reset)");
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// Refused in the form of every other problem, also after an answer on the same connection.
async fn refuses(deployment: &Deployment, request: &str, status: u16, code: &str) {
    let mut client = Conversation::with(deployment.address).await;
    let fine = client.ask("GET /api/ping HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(fine.status, 200);
    for mut client in [client, Conversation::with(deployment.address).await] {
        client.say(request).await;
        let answer = client
            .hear()
            .await
            .unwrap_or_else(|| panic!("no answer to {request:?}"));
        answer.is_problem(status, code);
        assert!(answer.closes() && !answer.header("date").is_empty(), "{answer:?}");
        assert!(client.hear().await.is_none());
    }
}

#[tokio::test]
async fn a_stop_lets_the_request_under_way_finish_and_takes_no_more() {
    let mut deployment = Deployment::start().await;
    let (address, hasher) = (deployment.address, deployment.hasher.clone());
    let under_way = tokio::spawn(async move { raw(address, waiting("ada@example.com").as_bytes()).await });
    hasher.waiting.acquire().await.unwrap().forget();
    let mut idle = TcpStream::connect(address).await.unwrap();
    deployment.stop();
    // An idle connection is closed, and new ones are refused.
    assert_eq!(idle.read(&mut [0; 1]).await.unwrap_or(0), 0);
    assert!(TcpStream::connect(address).await.is_err());
    hasher.door.add_permits(1);
    let answer = under_way.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 Created\r\n"), "{answer}");
    deployment.stopped().await;
}

#[tokio::test]
async fn a_request_that_does_not_finish_is_cut_when_the_time_is_over() {
    let deployment = Deployment::with(|plan| plan.server.drain_timeout = Span::seconds(0)).await;
    let (address, hasher) = (deployment.address, deployment.hasher.clone());
    let under_way = tokio::spawn(async move { raw(address, waiting("ada@example.com").as_bytes()).await });
    hasher.waiting.acquire().await.unwrap().forget();
    deployment.stopped().await;
    assert!(["", "(reset)"].contains(&under_way.await.unwrap().as_str()));
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_answered() {
    let deployment = Deployment::with(|plan| plan.server.request_timeout = Span::seconds(1)).await;
    let body = json!({ "email": "ada@example.com", "password": format!("{WAITS}-7") });
    let problem = deployment
        .post("/auth/sign-up")
        .json(body)
        .refused(503, "request-timeout")
        .await;
    assert_eq!(problem["retry_after"], 1);
    deployment.get("/api/ping").ok().await;
}

#[tokio::test]
async fn heads_that_are_too_large_or_no_http_are_refused() {
    let deployment = Deployment::start().await;
    let large = format!(
        "GET /api/ping HTTP/1.1\r\nhost: x\r\nx-large: {}\r\n\r\n",
        "a".repeat(40_000)
    );
    refuses(&deployment, &large, 431, "header-fields-too-large").await;
    let many = "x-many: 1\r\n".repeat(200);
    let many = format!("GET /api/ping HTTP/1.1\r\nhost: x\r\n{many}\r\n");
    refuses(&deployment, &many, 431, "header-fields-too-large").await;
    let post = |lines: &str| format!("POST /api/ping HTTP/1.1\r\nhost: x\r\n{lines}\r\n\r\nabcd");
    for request in [
        "nonsense\r\n\r\n",
        "\u{16}\u{3}\u{1}\0a hello of TLS\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET /api/ping HTTP/3.1\r\nhost: x\r\n\r\n",
        "GET /api ping HTTP/1.1\r\nhost: x\r\n\r\n",
        &post("content-length: 3\r\ncontent-length: 4"),
        &post("content-length: -1"),
        &post("content-length: 3, 3"),
        &post("transfer-encoding: gzip"),
        &post("x-nul: a\0b"),
        &post("x-folded: a\r\n b"),
    ] {
        refuses(&deployment, request, 400, "malformed-request").await;
    }
    deployment.get("/api/ping").ok().await;
}

#[tokio::test]
async fn a_body_that_ends_early_is_not_taken_for_a_whole_one() {
    let deployment = Deployment::start().await;
    let mut stream = TcpStream::connect(deployment.address).await.unwrap();
    let head = "POST /auth/sign-in HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{}";
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    let read = stream.read_to_string(&mut answer).await;
    assert!(read.is_err() || !answer.contains(" 200 "), "{answer}");
    deployment.get("/api/ping").ok().await;
}

#[tokio::test]
async fn strange_targets_and_methods_are_answered_like_all_others() {
    let deployment = Deployment::start().await;
    for (line, status) in [
        ("OPTIONS * HTTP/1.1", 404),
        ("CONNECT a:1 HTTP/1.1", 404),
        ("GET http://elsewhere.example/api/ping HTTP/1.1", 200),
        ("GET //api/ping HTTP/1.1", 404),
        ("GET /api//ping HTTP/1.1", 404),
        ("GET /api/ping? HTTP/1.1", 200),
        ("GET /api/../api/ping HTTP/1.1", 404),
        ("TRACE /api/ping HTTP/1.1", 405),
        ("GET /%ff%00 HTTP/1.1", 404),
        ("GET /assets/..%2findex.html HTTP/1.1", 404),
        ("POST /ui/mfa/recovery/%ff HTTP/1.1", 401),
        ("GET /problems/%3Cscript%3E HTTP/1.1", 404),
    ] {
        let request = format!("{line}\r\nhost: x\r\nconnection: close\r\n\r\n");
        let answer = raw(deployment.address, request.as_bytes()).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{line}: {answer}"
        );
        assert!(answer.contains("\r\nx-request-id: "), "{line}: {answer}");
        assert!(
            status == 200 || answer.contains("application/problem+json"),
            "{line}: {answer}"
        );
    }
}
