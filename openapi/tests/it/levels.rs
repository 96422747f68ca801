//! The levels that the document tells, beside what the operations really ask for.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use poem::http::StatusCode;
use portcullis_core::operators::Role;
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
    /// The same as [`Level::Session`], of an operator.
    Operator,
    /// An API key, and nothing else.
    Key,
}

/// Every operation that is not [`Level::Session`], by its id.
const EXCEPTIONS: &[(&str, Level)] = &[
    ("options", Level::Public),
    ("ping", Level::Public),
    ("billing_config", Level::Public),
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
    ("receive_webhook_with_token", Level::Public),
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
    ("return_from_vendor", Level::Public),
    ("return_to_application", Level::Public),
    ("return_unpaid", Level::Public),
    ("list_all_payments", Level::Operator),
    ("read_any_payment", Level::Operator),
    ("refund_payment", Level::Operator),
    ("capture_payment", Level::Operator),
    ("void_payment", Level::Operator),
    ("resolve_payment", Level::Operator),
    ("answer_dispute", Level::Operator),
    ("list_reconciliations", Level::Operator),
    ("begin_reconciliation", Level::Operator),
    ("list_differences", Level::Operator),
    ("decide_difference", Level::Operator),
    ("operator_me", Level::Operator),
    ("list_operators", Level::Operator),
    ("read_customer", Level::Operator),
    ("list_customer_entries", Level::Operator),
    ("read_payment_timeline", Level::Operator),
    ("read_figures", Level::Operator),
    ("print_any_receipt", Level::Operator),
    ("adjust_customer", Level::Operator),
    ("freeze_customer", Level::Operator),
    ("thaw_customer", Level::Operator),
    ("give_up_invoice", Level::Operator),
    ("issue_invoice", Level::Operator),
    ("list_all_invoices", Level::Operator),
    ("list_customer_invoices", Level::Operator),
    ("mark_paid_out", Level::Operator),
    ("mark_received", Level::Operator),
    ("print_customer_invoice", Level::Operator),
    ("read_customer_invoice", Level::Operator),
    ("void_invoice", Level::Operator),
    ("write_invoice", Level::Operator),
    ("alias_ccbill_webhook", Level::Public),
    ("alias_paypal_webhook", Level::Public),
    ("list_all_plans", Level::Operator),
    ("create_plan", Level::Operator),
    ("list_customer_subscriptions", Level::Operator),
    ("cancel_customer_subscription", Level::Operator),
    ("change_plan", Level::Operator),
    ("alias_stripe_webhook", Level::Public),
    ("alias_ui_config", Level::Public),
    ("list_vendor_events", Level::Operator),
    ("read_vendor_event", Level::Operator),
    ("replay_vendor_event", Level::Operator),
    ("create_category", Level::Operator),
    ("remove_category", Level::Operator),
    ("add_item", Level::Operator),
    ("change_item", Level::Operator),
    ("remove_item", Level::Operator),
    ("respond_order_cancel", Level::Operator),
    ("ship_order", Level::Operator),
    ("complete_order", Level::Operator),
    ("revert_order", Level::Operator),
    ("list_open_orders", Level::Operator),
    ("read_any_order", Level::Operator),
    ("list_customer_orders", Level::Operator),
    ("verify_api_key", Level::Key),
];

/// What the document says of an operation.
fn level(operation: &Operation) -> Level {
    if operation.value.get("x-operator-role").is_some() {
        return Level::Operator;
    }
    let is_key = |alternative: &&Value| {
        let named = |scheme| alternative.get(scheme).is_some();
        named("api_key") || named("api_key_bearer")
    };
    let security = operation.value["security"].as_array().into_iter().flatten();
    let (keys, others): (Vec<&Value>, Vec<&Value>) = security.partition(is_key);
    let scope = operation.value["x-api-key-scope"].as_str();
    assert_eq!(
        keys.len(),
        if scope.is_some() { 2 } else { 0 },
        "{}",
        operation.id()
    );
    if others.is_empty() && scope.is_some() {
        return Level::Key;
    }
    let security = &json!(others);
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

/// It is long, and made once for all requests.
static DOCUMENT: LazyLock<Value> = LazyLock::new(portcullis_openapi::document);

fn all() -> Vec<Operation> {
    operations(&DOCUMENT)
}

/// A part of a path, with the example of its parameter if it is one.
fn filled<'a>(operation: &'a Operation, part: &'a str) -> &'a str {
    let Some(name) = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) else {
        return part;
    };
    let mut parameters = operation.value["parameters"].as_array().into_iter().flatten();
    let declared = parameters.find(|parameter| parameter["name"] == name);
    let example = declared.and_then(|parameter| parameter["schema"]["example"].as_str());
    example.unwrap_or("dev_01h2xcejqtf2nbrexx3vqjhp41")
}

/// Calls an operation with its own examples.
async fn call(service: &Service, operation: &Operation, headers: Headers<'_>) -> Answer {
    let path = operation.path.replace("{factor}", "totp");
    let path: Vec<_> = path.split('/').map(|part| filled(operation, part)).collect();
    let content = &operation.value["requestBody"]["content"]["application/json"];
    let example = example(&DOCUMENT, content);
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
    assert_eq!(found, EXCEPTIONS.iter().copied().collect::<BTreeMap<_, _>>());
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
            (vec![bearer, session], level != Level::Key),
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
async fn a_session_that_was_revoked_serves_nobody() {
    let service = Service::start().await;
    let (bearer, session) = service.person("ada@example.com").await;
    let headers = [
        ("authorization", bearer.as_str()),
        ("x-session-id", session.as_str()),
    ];
    let ended = service
        .call("POST", "/auth/sign-out", &headers, &Value::Null)
        .await;
    assert_eq!(ended.status, StatusCode::OK, "{}", ended.body);
    let asking = |operation: &&Operation| {
        let public = [Level::Public, Level::Key].contains(&level(operation));
        // Whoever signs out is told the same again.
        !public && operation.id() != "sign_out"
    };
    for operation in all().iter().filter(asking) {
        let answer = call(&service, operation, &headers).await;
        assert_eq!(
            answer.status,
            StatusCode::UNAUTHORIZED,
            "{}: {}",
            operation.id(),
            answer.body
        );
    }
}

/// The role that an operation for operators needs.
fn needed(operation: &Operation) -> Role {
    let role = operation.value["x-operator-role"].as_str().expect("a role");
    role.parse().expect("a role that there is")
}

#[tokio::test]
async fn an_operation_for_operators_tells_everybody_else_what_is_missing_as_documented() {
    let service = Service::start().await;
    let mut people = Vec::new();
    for role in [None, Some(Role::Viewer), Some(Role::Support), Some(Role::Admin)] {
        let number = people.len();
        let person = service.person(&format!("operator{number}@example.com")).await;
        if let Some(role) = role {
            let headers = [
                ("authorization", person.0.as_str()),
                ("x-session-id", person.1.as_str()),
            ];
            service.grant(&headers, role).await;
        }
        people.push((role, person));
    }
    let mut count = 0;
    for operation in all()
        .iter()
        .filter(|operation| level(operation) == Level::Operator)
    {
        let documented = &operation.value["responses"]["403"]["content"]["application/problem+json"];
        for (role, (bearer, session)) in &people {
            count += 1;
            let headers = [
                ("authorization", bearer.as_str()),
                ("x-session-id", session.as_str()),
            ];
            let answer = call(&service, operation, &headers).await;
            let expected = match role {
                None => "not-an-operator",
                Some(role) if *role < needed(operation) => "operator-role-required",
                Some(_) => "operator-factor-required",
            };
            let id = operation.id();
            assert_eq!(answer.code(), expected, "{id} {role:?}: {}", answer.body);
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{id}");
            assert!(
                documented["examples"].get(expected).is_some(),
                "{id}: {documented}"
            );
        }
    }
    assert!(count >= 8, "{count}");
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
        let media = answer.media_type();
        if responses[&status].is_object() && responses[&status].get("content").is_none() {
            assert!(
                answer.body == "" && !answer.headers.contains_key("content-type"),
                "{} {media}",
                operation.id()
            );
            continue;
        }
        if answer.status.is_success() && media != "application/json" {
            let documented = &responses[&status]["content"];
            assert!(documented.get(media).is_some(), "{} {media}", operation.id());
            continue;
        }
        let content = match status.as_bytes().first() {
            Some(b'2') => &responses[&status]["content"]["application/json"],
            _ => &responses[&status]["content"]["application/problem+json"],
        };
        let found = crate::schema::complaints(&DOCUMENT, &content["schema"], &answer.body);
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
