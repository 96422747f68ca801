//! What the business came to, over HTTP: told to operators alone, and as it was.

use portcullis_core::operators::Role;
use portcullis_ports::payments::{DisputeKind, VendorRef};
use serde_json::{Value, json};

use super::client::Person;
use super::deployment::Deployment;
use super::operators::{grant, with_factor};

const FIGURES: &str = "/api/operator/billing/figures";
const PAYMENTS: &str = "/api/billing/payments";

async fn operator(deployment: &Deployment, email: &str, role: Role) -> Person {
    let (person, subject) = with_factor(deployment, email).await;
    grant(deployment, &subject, role).await;
    person
}

/// Somebody pays for a purchase.
async fn paid(deployment: &Deployment, who: &Person, key: &str, amount: i64) -> (String, VendorRef) {
    let body = json!({ "purpose": "purchase", "amount": amount, "currency": "USD", "pay_by": "browser" });
    let call = deployment.post(PAYMENTS).by(who).header("idempotency-key", key);
    let begun = call.json(body).send().await.json();
    let secret = begun["next_action"]["client_secret"].as_str().unwrap();
    let theirs = VendorRef::parse(secret.strip_suffix("_secret").unwrap()).unwrap();
    assert!(deployment.vendor.pay(&theirs));
    let id = begun["payment_id"].as_str().unwrap().to_owned();
    complete(deployment, who, &id).await;
    (id, theirs)
}

async fn complete(deployment: &Deployment, who: &Person, id: &str) {
    deployment
        .post(&format!("{PAYMENTS}/{id}/complete"))
        .by(who)
        .ok()
        .await;
}

/// What both months of the test came to.
async fn total(deployment: &Deployment, who: &Person) -> Value {
    let path = format!("{FIGURES}?from=2026-09-01&to=2026-10-31&by=month");
    let read = deployment.get(&path).by(who).ok().await;
    assert_eq!(read["currencies"].as_array().unwrap().len(), 1, "{read}");
    assert_eq!(read["currencies"][0]["spans"].as_array().unwrap().len(), 2);
    read["currencies"][0]["total"].clone()
}

#[tokio::test]
async fn nobody_reads_them_but_operators() {
    let deployment = Deployment::start().await;
    deployment.get(FIGURES).refused(401, "unauthenticated").await;
    let ada = deployment.person("ada@example.com").await;
    deployment
        .get(FIGURES)
        .by(&ada)
        .refused(403, "not-an-operator")
        .await;
    let viewer = operator(&deployment, "grace@example.com", Role::Viewer).await;
    let read = deployment.get(FIGURES).by(&viewer).ok().await;
    assert_eq!(
        (&read["currencies"], &read["time_zone"]),
        (&json!([]), &json!("UTC"))
    );
    assert_eq!(
        (&read["by"], &read["from"]),
        (&json!("day"), &json!("2026-09-01"))
    );
}

#[tokio::test]
async fn spans_that_are_none_are_named() {
    let deployment = Deployment::start().await;
    let viewer = operator(&deployment, "grace@example.com", Role::Viewer).await;
    for (query, field) in [
        ("from=2026-13-01", "/from"),
        ("to=today", "/to"),
        ("from=2026-09-02&to=2026-09-01", "/to"),
        ("from=2025-09-01&to=2026-09-01", "/to"),
    ] {
        let answer = deployment
            .get(&format!("{FIGURES}?{query}"))
            .by(&viewer)
            .send()
            .await;
        let refused = answer.json();
        assert_eq!(
            (answer.status, &refused["code"]),
            (400, &json!("invalid-request")),
            "{refused}"
        );
        assert_eq!(refused["errors"][0]["pointer"], field, "{refused}");
    }
    for (query, named) in [("by=week", "`by`"), ("currency=Dollar", "`currency`")] {
        let path = format!("{FIGURES}?{query}");
        let answer = deployment.get(&path).by(&viewer).send().await;
        let refused = answer.json();
        assert_eq!(
            (answer.status, &refused["code"]),
            (400, &json!("invalid-request"))
        );
        assert!(refused["detail"].as_str().unwrap().contains(named), "{refused}");
    }
}

#[tokio::test]
async fn they_tell_what_was_paid_given_back_and_contested() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let support = operator(&deployment, "grace@example.com", Role::Support).await;
    let (first, _) = paid(&deployment, &ada, "one", 2_000).await;
    let (second, theirs) = paid(&deployment, &ada, "two", 1_000).await;
    let back = format!("/api/operator/billing/payments/{first}/refunds");
    let call = deployment
        .post(&back)
        .by(&support)
        .header("idempotency-key", "back");
    call.json(json!({ "amount": 300, "reason": "requested" }))
        .ok()
        .await;
    deployment
        .vendor
        .dispute(&theirs, DisputeKind::Chargeback)
        .unwrap();
    complete(&deployment, &ada, &second).await;
    let told = total(&deployment, &support).await;
    for (name, value) in [
        ("captured", 3_000),
        ("refunded", 300),
        ("disputed", 1_000),
        ("earned", 2_700),
        ("payments_succeeded", 2),
        ("payments_failed", 0),
        ("disputes_opened", 1),
        ("subscriptions_at_start", 0),
    ] {
        assert_eq!(told[name], value, "{name} of {told}");
    }
    let fees = told["fees"].as_i64().unwrap();
    assert_eq!(told["net"], 3_000 - 300 - 1_000 - fees);
    // Folded they are told as before.
    deployment.run_tasks("tallying").await;
    assert_eq!(total(&deployment, &support).await, told);
    let other = deployment
        .get(&format!("{FIGURES}?currency=EUR"))
        .by(&support)
        .ok()
        .await;
    assert_eq!(other["currencies"], json!([]));
}
