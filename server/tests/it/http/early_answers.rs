//! Answers that are given before the body was read, and bodies that do not come.

use portcullis_ports::Span;

use super::conversation::Conversation;
use super::deployment::Deployment;

/// The head of a request that is refused whatever its body says.
fn refused(length: usize, more: &str) -> String {
    format!(
        "POST /ui/sessions/revoke HTTP/1.1\r\nhost: x\r\nauthorization: Bearer x\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n{more}\r\n"
    )
}

#[tokio::test]
async fn a_refusal_that_is_faster_than_the_body_does_not_break_the_connection() {
    let deployment = Deployment::start().await;
    let mut client = Conversation::with(deployment.address).await;
    let body = br#"{"session_id":"ses_00000000000000000000000000"}"#;
    for round in 0..200 {
        client.say(refused(body.len(), "")).await;
        // Now and then the answer is ready before the rest arrives, now and then after.
        for _ in 0..round % 20 {
            tokio::task::yield_now().await;
        }
        let answer = client.ask(body).await;
        answer.is_problem(401, "unauthenticated");
        assert!(!answer.closes(), "round {round}: {answer:?}");
    }
}

#[tokio::test]
async fn a_rest_that_is_too_long_ends_the_connection_and_says_so() {
    let deployment = Deployment::start().await;
    let mut client = Conversation::with(deployment.address).await;
    let body = vec![b' '; 3 << 20];
    client.say(refused(body.len(), "")).await;
    // Clients that read when they have said all get the answer nevertheless, and no reset.
    client.say(&body).await;
    let answer = client.hear().await.unwrap();
    answer.is_problem(401, "unauthenticated");
    assert!(answer.closes(), "{answer:?}");
    assert!(client.hear().await.is_none());
}

#[tokio::test]
async fn a_chunked_rest_is_read_as_well() {
    let deployment = Deployment::start().await;
    let mut client = Conversation::with(deployment.address).await;
    let head = refused(0, "").replace("content-length: 0", "transfer-encoding: chunked");
    client.say(&head).await;
    let answer = client.ask("2\r\n{}\r\n0\r\nx-trailer: a\r\n\r\n").await;
    answer.is_problem(401, "unauthenticated");
    assert!(!answer.closes(), "{answer:?}");
    // One that cannot be followed is the last.
    client.say(&head).await;
    let answer = client.ask("nonsense\r\n").await;
    answer.is_problem(401, "unauthenticated");
    assert!(answer.closes(), "{answer:?}");
}

#[tokio::test]
async fn nobody_is_invited_to_send_what_is_refused_already() {
    let deployment = Deployment::start().await;
    let mut client = Conversation::with(deployment.address).await;
    let answer = client.ask(refused(100, "expect: 100-continue\r\n")).await;
    answer.is_problem(401, "unauthenticated");
    assert!(answer.closes(), "{answer:?}");
    assert!(client.hear().await.is_none());
}

#[tokio::test]
async fn a_body_that_does_not_come_is_the_clients_fault() {
    let deployment = Deployment::with(|plan| plan.server.request_timeout = Span::seconds(1)).await;
    let mut client = Conversation::with(deployment.address).await;
    let head = "POST /auth/sign-in HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
    let answer = client.ask(head).await;
    answer.is_problem(408, "slow-request");
    assert!(answer.closes(), "{answer:?}");
    assert!(client.hear().await.is_none());
}

#[tokio::test]
async fn a_head_that_does_not_come_is_told_so_and_an_idle_connection_is_not() {
    let deployment = Deployment::with(|plan| plan.server.idle_timeout = Span::seconds(1)).await;
    let mut slow = Conversation::with(deployment.address).await;
    let mut idle = Conversation::with(deployment.address).await;
    let mut kept = Conversation::with(deployment.address).await;
    assert_eq!(
        kept.ask("GET /api/ping HTTP/1.1\r\nhost: x\r\n\r\n").await.status,
        200
    );
    let answer = slow.ask("GET /api/ping HTTP/1.1\r\nhost: x\r\nx-slow: ").await;
    answer.is_problem(408, "slow-request");
    assert!(answer.closes(), "{answer:?}");
    assert!(slow.hear().await.is_none());
    assert!(idle.hear().await.is_none());
    assert!(kept.hear().await.is_none());
}

#[tokio::test]
async fn a_body_that_ends_early_is_answered_where_anybody_listens() {
    let deployment = Deployment::start().await;
    let mut client = Conversation::with(deployment.address).await;
    client
        .say("POST /auth/sign-in HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{")
        .await;
    client.fall_silent().await;
    if let Some(answer) = client.hear().await {
        answer.is_problem(400, "invalid-request");
        assert!(answer.closes(), "{answer:?}");
    }
}
