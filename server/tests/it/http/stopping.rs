//! The end: first it is said, then nobody new is taken, then what is under way finishes. And the bound on clients.

use portcullis_ports::Span;
use tokio::net::TcpStream;

use super::conversation::Conversation;
use super::deployment::{Deployment, Plan};

const PING: &str = "GET /api/ping HTTP/1.1\r\nhost: x\r\n\r\n";
const READY: &str = "GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n";

fn with_a_pause(plan: &mut Plan) {
    plan.server.shutdown_delay = Span::minutes(1);
    plan.server.drain_timeout = Span::minutes(2);
}

/// Waits until the service says that it is not ready.
async fn noticed(deployment: &Deployment) {
    while deployment.get("/readyz").send().await.status == 200 {}
}

#[tokio::test]
async fn a_pause_before_the_end_tells_everybody() {
    let mut deployment = Deployment::with(with_a_pause).await;
    let mut kept = Conversation::with(deployment.address).await;
    let answer = kept.ask(PING).await;
    assert!(answer.status == 200 && !answer.closes(), "{answer:?}");
    deployment.stop();
    noticed(&deployment).await;
    // New clients are served, and those that balance the load learn to send no more.
    let mut fresh = Conversation::with(deployment.address).await;
    let answer = fresh.ask(READY).await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (503, r#"{"status":"stopping"}"#)
    );
    assert!(answer.closes(), "{answer:?}");
    // A kept connection gets an answer that says that it is the last one.
    let answer = kept.ask(PING).await;
    assert!(answer.status == 200 && answer.closes(), "{answer:?}");
    assert!(kept.hear().await.is_none());
    let address = deployment.address;
    let waiting = Conversation::with(address).await;
    deployment.hurry();
    drop(waiting);
    deployment.stopped().await;
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn whoever_connected_before_the_end_is_answered() {
    let mut deployment = Deployment::with(with_a_pause).await;
    deployment.stop();
    noticed(&deployment).await;
    let mut last = Conversation::with(deployment.address).await;
    deployment.hurry();
    let answer = last.ask(PING).await;
    assert!(answer.status == 200 && answer.closes(), "{answer:?}");
    deployment.stopped().await;
}

#[tokio::test]
async fn the_pause_counts_towards_the_time_for_the_end() {
    let mut deployment = Deployment::with(|plan| {
        plan.server.shutdown_delay = Span::minutes(10);
        plan.server.drain_timeout = Span::seconds(1);
    })
    .await;
    let mut half = Conversation::with(deployment.address).await;
    half.say("POST /auth/sign-in HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{")
        .await;
    deployment.stop();
    deployment.stopped().await;
}

#[tokio::test]
async fn one_client_cannot_take_the_places_of_all() {
    let deployment = Deployment::with(|plan| plan.server.max_connections_per_client = 1).await;
    let mut one = Conversation::with(deployment.address).await;
    assert_eq!(one.ask(PING).await.status, 200);
    let mut two = Conversation::with(deployment.address).await;
    let answer = two.ask(PING).await;
    answer.is_problem(429, "too-many-connections-of-one-client");
    assert!(answer.closes(), "{answer:?}");
    assert_eq!(one.ask(PING).await.status, 200, "the first does not notice");
}

#[tokio::test]
async fn a_trusted_proxy_connects_for_many() {
    let deployment = Deployment::with(|plan| {
        plan.server.max_connections_per_client = 1;
        plan.server.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    })
    .await;
    let mut connected = Vec::new();
    for _ in 0..3 {
        let mut next = Conversation::with(deployment.address).await;
        assert_eq!(next.ask(PING).await.status, 200);
        connected.push(next);
    }
}

#[tokio::test]
async fn one_client_too_many_is_told_so() {
    let deployment = Deployment::with(|plan| plan.server.max_connections = 2).await;
    let mut one = Conversation::with(deployment.address).await;
    let mut two = Conversation::with(deployment.address).await;
    for client in [&mut one, &mut two] {
        assert_eq!(client.ask(PING).await.status, 200);
    }
    let mut three = Conversation::with(deployment.address).await;
    let answer = three.ask(PING).await;
    answer.is_problem(503, "too-many-connections");
    assert!(
        answer.closes() && answer.header("retry-after") == "1",
        "{answer:?}"
    );
    assert!(three.hear().await.is_none());
    assert_eq!(one.ask(PING).await.status, 200, "others do not notice");
    drop((two, three));
    // The place is free as soon as the server has noticed.
    loop {
        let mut next = Conversation::with(deployment.address).await;
        let answer = next.ask(PING).await;
        if answer.status == 200 {
            break;
        }
        answer.is_problem(503, "too-many-connections");
    }
}
