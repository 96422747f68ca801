//! The levels that the document tells, beside what the operations really ask for.

use std::collections::BTreeMap;

use poem::http::StatusCode;
use serde_json::{Value, json};

use crate::lint::{Operation, example, operations};
use crate::service::{Answer, Headers, Service};

/// What a caller must bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    /// Nothing.
    Public,
    /// An access token, or the cookie of a live session.
    FirstFactor,
    /// An access token and the credential of a live session that is its owner's, or the cookie.
    Session,
    /// The credential of a live session, in the header or in the cookie.
    SessionAlone,
}

/// Every operation that is not [`Level::Session`], by its id.
const EXCEPTIONS: [(&str, Level); 26] = [
    ("options", Level::Public),
    ("ping", Level::Public),
    ("sign_up", Level::Public),
    ("sign_in", Level::Public),
    ("verify_email", Level::Public),
    ("resend_verification", Level::Public),
    ("start_password_recovery", Level::Public),
    ("verify_password_recovery", Level::Public),
    ("confirm_password_recovery", Level::Public),
    ("verify_recovery_totp", Level::Public),
    ("send_recovery_sms_code", Level::Public),
    ("verify_recovery_sms_code", Level::Public),
    ("send_recovery_email_code", Level::Public),
    ("verify_recovery_email_code", Level::Public),
    ("use_recovery_code_for_password", Level::Public),
    ("receive_webhook", Level::Public),
    ("refresh", Level::SessionAlone),
    ("start_session", Level::FirstFactor),
    ("finalize_session", Level::FirstFactor),
    ("verify_totp", Level::FirstFactor),
    ("send_sms_code", Level::FirstFactor),
    ("verify_sms_code", Level::FirstFactor),
    ("send_email_code", Level::FirstFactor),
    ("verify_email_code", Level::FirstFactor),
    ("use_recovery_code", Level::FirstFactor),
    ("use_recovery_code_alias", Level::FirstFactor),
];

/// What the document says of an operation.
fn level(operation: &Operation) -> Level {
    let security = &operation.value["security"];
    let known = [
        (Level::Public, json!([])),
        (Level::FirstFactor, json!([{ "bearer": [] }, { "cookie": [] }])),
        (
            Level::Session,
            json!([{ "bearer": [], "session": [] }, { "cookie": [] }]),
        ),
        (Level::SessionAlone, json!([{ "session": [] }, { "cookie": [] }])),
    ];
    let found = known
        .into_iter()
        .find(|(_, alternatives)| alternatives == security);
    found.map(|(level, _)| level).expect("a level that is known")
}

fn all() -> Vec<Operation> {
    operations(&portcullis_openapi::document())
}

/// Calls an operation with its own examples.
async fn call(service: &Service, operation: &Operation, headers: Headers<'_>) -> Answer {
    let device = "dev_01h2xcejqtf2nbrexx3vqjhp41";
    let path = operation.path.replace("{factor}", "totp");
    let path: Vec<_> = path
        .split('/')
        .map(|part| if part.starts_with('{') { device } else { part })
        .collect();
    let document = portcullis_openapi::document();
    let content = &operation.value["requestBody"]["content"]["application/json"];
    let example = example(&document, content);
    service
        .call(
            &operation.method.to_uppercase(),
            &path.join("/"),
            headers,
            example,
        )
        .await
}

#[test]
fn every_exception_is_known_and_none_is_unused() {
    let operations = all();
    let found: BTreeMap<&str, Level> = operations
        .iter()
        .map(|operation| (operation.id(), level(operation)))
        .filter(|(_, level)| *level != Level::Session)
        .collect();
    assert_eq!(found, BTreeMap::from(EXCEPTIONS));
}

#[tokio::test]
async fn without_credentials_only_public_operations_answer() {
    let service = Service::start().await;
    for operation in all() {
        let answer = call(&service, &operation, &[]).await;
        let refused = answer.code() == "unauthenticated";
        assert_eq!(
            refused,
            level(&operation) != Level::Public,
            "{}: {}",
            operation.id(),
            answer.body
        );
        if refused {
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", operation.id());
            assert_eq!(answer.headers["www-authenticate"], "Bearer", "{}", operation.id());
        }
    }
}

#[tokio::test]
async fn wrong_credentials_are_no_better_than_none() {
    let service = Service::start().await;
    let strange: [Headers<'_>; 6] = [
        &[("authorization", "Bearer pct_x.y"), ("x-session-id", "ses_x.y")],
        &[("authorization", "Basic YWRhOmFkYQ==")],
        &[("x-session-id", "rl#verify_email")],
        &[
            ("cookie", "__Host-portcullis=ses_01h2xcejqtf2nbrexx3vqjhp41.AAAA"),
            ("x-csrf-token", "x"),
        ],
        &[("x-user-sub", "usr_01h2xcejqtf2nbrexx3vqjhp41")],
        &[("authorization", "Bearer \u{fffd}"), ("x-session-id", "")],
    ];
    for operation in all().iter().filter(|operation| level(operation) != Level::Public) {
        for headers in strange {
            let answer = call(&service, operation, headers).await;
            // Signing out rids a browser of a cookie that opens nothing any more.
            let by_cookie = headers.iter().any(|(name, _)| *name == "cookie");
            if operation.id() == "sign_out" && by_cookie {
                assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
                continue;
            }
            assert_eq!(
                answer.status,
                StatusCode::UNAUTHORIZED,
                "{} {headers:?}: {}",
                operation.id(),
                answer.body
            );
        }
    }
}

#[tokio::test]
async fn each_level_asks_for_exactly_its_credentials() {
    let service = Service::start().await;
    let mut count = 0;
    for operation in all().iter().filter(|operation| level(operation) != Level::Public) {
        // Operations end sessions, so each one gets its own person.
        count += 1;
        let (bearer, session) = service.person(&format!("ada{count}@example.com")).await;
        let (bearer, session) = (
            ("authorization", bearer.as_str()),
            ("x-session-id", session.as_str()),
        );
        let level = level(operation);
        for (headers, enough) in [
            (vec![bearer], level == Level::FirstFactor),
            (vec![session], level == Level::SessionAlone),
            (vec![bearer, session], true),
        ] {
            let answer = call(&service, operation, &headers).await;
            let refused = ["unauthenticated", "session-ended"].contains(&answer.code());
            assert_eq!(
                !refused,
                enough,
                "{} with {} of two: {}",
                operation.id(),
                headers.len(),
                answer.body
            );
        }
    }
    assert!(count > 30);
}

#[tokio::test]
async fn a_session_serves_only_its_owner() {
    let service = Service::start().await;
    let (_, session) = service.person("ada@example.com").await;
    let (other, _) = service.person("eve@example.com").await;
    let headers = [
        ("authorization", other.as_str()),
        ("x-session-id", session.as_str()),
    ];
    for operation in all()
        .iter()
        .filter(|operation| level(operation) == Level::Session)
    {
        let answer = call(&service, operation, &headers).await;
        assert_eq!(
            (answer.status, answer.code()),
            (StatusCode::UNAUTHORIZED, "session-ended"),
            "{}",
            operation.id()
        );
    }
}

#[tokio::test]
async fn every_example_of_a_request_is_understood() {
    let service = Service::start().await;
    let mut count = 0;
    for operation in all() {
        count += 1;
        let (bearer, session) = service.person(&format!("grace{count}@example.com")).await;
        let headers = [
            ("authorization", bearer.as_str()),
            ("x-session-id", session.as_str()),
        ];
        let answer = call(&service, &operation, &headers).await;
        assert!(
            answer.status != StatusCode::INTERNAL_SERVER_ERROR,
            "{}: {}",
            operation.id(),
            answer.body
        );
        assert_ne!(
            answer.code(),
            "invalid-request",
            "{}: {}",
            operation.id(),
            answer.body
        );
    }
}

#[tokio::test]
async fn every_answer_and_problem_is_what_the_document_says() {
    let service = Service::start().await;
    let document = portcullis_openapi::document();
    let mut count = 0;
    for operation in all() {
        count += 1;
        let (bearer, session) = service.person(&format!("mary{count}@example.com")).await;
        let headers = [
            ("authorization", bearer.as_str()),
            ("x-session-id", session.as_str()),
        ];
        let answer = call(&service, &operation, &headers).await;
        let responses = &operation.value["responses"];
        let status = answer.status.as_u16().to_string();
        let content = match status.as_bytes().first() {
            Some(b'2') => &responses[&status]["content"]["application/json"],
            _ => &responses[&status]["content"]["application/problem+json"],
        };
        let found = crate::schema::complaints(&document, &content["schema"], &answer.body);
        assert!(found.is_empty(), "{} {status}: {found:#?}", operation.id());
        if !answer.status.is_success() {
            let documented: Vec<&String> = content["examples"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(code, _)| code)
                .collect();
            assert!(
                documented.iter().any(|code| *code == answer.code()),
                "{}: {}",
                operation.id(),
                answer.body
            );
            assert_eq!(answer.body["instance"], Value::from("request-1"));
        }
    }
}
